//! "Did you mean": the known name that is closest to a mistyped one.

/// The candidate at the smallest edit distance, if that is close enough to be a typing error.
pub(super) fn nearest<'a>(
    given: &str,
    candidates: impl Iterator<Item = &'a str>,
) -> Option<&'a str> {
    candidates
        .map(|candidate| (distance(given, candidate), candidate))
        .min()
        .filter(|(distance, candidate)| *distance <= 2.max(candidate.len() / 4))
        .map(|(_, candidate)| candidate)
}

/// The sentence for a remedy: the near name, or how to see them all.
pub(super) fn suggestion<'a>(given: &str, candidates: impl Iterator<Item = &'a str>) -> String {
    match nearest(given, candidates) {
        Some(name) => format!("did you mean `{name}`? Otherwise remove it"),
        None => "remove it; `concierge config explain` lists every setting".to_owned(),
    }
}

/// Levenshtein distance in characters, one row at a time.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typing_error_finds_its_name() {
        let names = ["CONCIERGE_LISTEN", "CONCIERGE_LOG"];
        assert_eq!(
            nearest("CONCIERGE_LISTN", names.into_iter()),
            Some("CONCIERGE_LISTEN")
        );
        assert_eq!(nearest("CONCIERGE_SMTP_URL", ["abc"].into_iter()), None);
    }

    #[test]
    fn the_distance_counts_single_edits() {
        for (a, b, edits) in [
            ("", "abc", 3),
            ("kitten", "sitting", 3),
            ("same", "same", 0),
        ] {
            assert_eq!(distance(a, b), edits, "{a} {b}");
        }
    }
}
