//! `JWT_SECRET_PREVIOUS` and `SECRET_KEY_PREVIOUS`: `kid:alg:key:verify_until_unix`, comma-separated.
//!
//! A key may hold colons and commas. An entry therefore ends at `:<time>` only where the text ends
//! or another entry's `kid:alg:` follows.

use concierge_core::{sensitive::Sensitive, time::Timestamp};
use zeroize::Zeroizing;

use super::{Stored, is_id};
use crate::platform::keyring::Algorithm;

/// One key that still verifies.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) id: String,
    pub(super) algorithm: Algorithm,
    pub(super) key: Sensitive,
    pub(super) until: Timestamp,
}

/// All entries; the error says which one is wrong, by number, and never shows it.
pub(super) fn parse(text: &str) -> Result<Vec<Entry>, String> {
    let mut entries = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let wrong = || {
            format!(
                "entry {} is not kid:alg:key:verify_until_unix, alg being HS256 or Ed25519",
                entries.len() + 1
            )
        };
        let (id, algorithm, body) = head(rest).ok_or_else(wrong)?;
        let (key, until, after) = tail(body).ok_or_else(wrong)?;
        entries.push(Entry {
            id: id.to_owned(),
            algorithm,
            key: Sensitive::new(key),
            until,
        });
        rest = after;
    }
    Ok(entries)
}

/// The text that says these keys and until when each verifies. Who writes it reads it back: a key may hold what looks
/// like the end of its entry.
pub(super) fn text<'a>(keys: impl Iterator<Item = (&'a Stored, Timestamp)>) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::new());
    for (key, until) in keys {
        let comma = if text.is_empty() { "" } else { "," };
        let (id, algorithm, value) = (&key.id, key.alg.as_str(), key.value.expose());
        text.push_str(&format!(
            "{comma}{id}:{algorithm}:{value}:{}",
            until.as_seconds()
        ));
    }
    text
}

/// `kid:alg:`, and what follows it.
fn head(text: &str) -> Option<(&str, Algorithm, &str)> {
    let (id, rest) = text.split_once(':')?;
    let (algorithm, body) = rest.split_once(':')?;
    let algorithm = Algorithm::from_text(algorithm)?;
    is_id(id).then_some((id, algorithm, body))
}

/// `key:verify_until_unix`, and the next entry.
fn tail(body: &str) -> Option<(&str, Timestamp, &str)> {
    body.match_indices(':').find_map(|(colon, _)| {
        let after = &body[colon + 1..];
        let digits = after
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(after.len());
        let seconds: i64 = after[..digits].parse().ok()?;
        let until = Timestamp::from_millis(seconds.checked_mul(1000)?);
        let next = &after[digits..];
        if colon == 0 {
            return None;
        }
        if next.is_empty() {
            return Some((&body[..colon], until, next));
        }
        let next = next.strip_prefix(',')?.trim_start();
        (next.is_empty() || head(next).is_some()).then_some((&body[..colon], until, next))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_may_hold_colons_commas_and_digits() {
        let text = "a-1:HS256:k:12,x:9:1800000000, b:Ed25519:plain:1800000001,";
        let entries = parse(text).unwrap();
        let read: Vec<_> = entries
            .iter()
            .map(|one| {
                let (id, alg) = (one.id.as_str(), one.algorithm.as_str());
                (id, alg, one.key.expose(), one.until.as_seconds())
            })
            .collect();
        assert_eq!(
            read,
            [
                ("a-1", "HS256", "k:12,x:9", 1_800_000_000),
                ("b", "Ed25519", "plain", 1_800_000_001)
            ]
        );
        assert!(parse("").unwrap().is_empty());
    }

    #[test]
    fn a_broken_entry_is_named_by_number_and_not_shown() {
        for text in [
            "a:HS256:hunter2:1,b:HS256:hunter2",
            "a:HS256:k:1,hunter2",
            "a:none:hunter2:1",
            "a:ed25519:hunter2:1",
            "a b:HS256:hunter2:1",
            "hunter2",
            "a:HS256::1",
            "a:HS256:k:99999999999999999999",
        ] {
            let error = parse(text).unwrap_err();
            assert!(
                error.starts_with("entry ") && !error.contains("hunter2"),
                "{error}"
            );
        }
    }
}
