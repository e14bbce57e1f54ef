//! How a recovery code looks: 13 characters of RFC 4648 base32, 65 bits, shown as `K7QX2-M4TBA-9RN` is, and read with
//! or without dashes, in either case.

use argon2::Params;
use concierge_core::sensitive::Sensitive;
use zeroize::Zeroizing;

use crate::platform::rng::Rng;

/// How many an account gets.
pub(super) const COUNT: usize = 10;
const LENGTH: usize = 13;
const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// 4 MiB and one pass. A password is guessed from a list, so its hash must be slow; 65 random bits are on no list: at a
/// billion of these hashes a second, which no machine makes, half of them take six hundred years.
pub(super) fn cost() -> Option<Params> {
    Params::new(4096, 1, 1, None).ok()
}

/// A new code, as it is typed.
pub(super) fn make(rng: &dyn Rng) -> Zeroizing<String> {
    let bytes = Zeroizing::new(rng.bytes::<LENGTH>());
    let letters = bytes
        .iter()
        .map(|byte| char::from(ALPHABET[usize::from(byte % 32)]));
    Zeroizing::new(letters.collect())
}

/// The code as people read it: groups of five, five and three.
pub(super) fn shown(code: &str) -> Sensitive {
    let (first, rest) = code.split_at_checked(5).unwrap_or((code, ""));
    let (second, third) = rest.split_at_checked(5).unwrap_or((rest, ""));
    Sensitive::new(format!("{first}-{second}-{third}"))
}

/// The code that somebody typed; nothing when it can't be one.
pub(super) fn parse(typed: &str) -> Option<Zeroizing<String>> {
    // Longer than any way of writing one: no work for what can't be right.
    if typed.len() > 64 {
        return None;
    }
    let code: Zeroizing<String> = Zeroizing::new(
        typed
            .chars()
            .filter(|c| !c.is_whitespace() && *c != '-')
            .map(|c| c.to_ascii_uppercase())
            .collect(),
    );
    let is_one = code.len() == LENGTH && code.bytes().all(|byte| ALPHABET.contains(&byte));
    is_one.then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::rng::OsRng;

    #[test]
    fn a_code_is_read_however_it_is_typed() {
        let code = make(&OsRng);
        let shown = shown(&code);
        assert_eq!(shown.expose().len(), 15);
        let typed = [
            shown.expose().to_owned(),
            shown.expose().to_lowercase(),
            shown.expose().replace('-', " "),
            format!("  {}\n", code.as_str()),
        ];
        for typed in typed {
            assert_eq!(parse(&typed), Some(code.clone()), "{typed}");
        }
    }

    #[test]
    fn what_can_not_be_a_code_is_none() {
        for typed in [
            "",
            "492039",
            "AAAAA-AAAAA-AA1",
            "AAAAA-AAAAA-AA",
            "ÄAAAA-AAAAA-AAA",
        ] {
            assert_eq!(parse(typed), None, "{typed}");
        }
        assert_eq!(parse(&"A".repeat(65)), None);
    }

    #[test]
    fn asvs_6_5_3_every_letter_is_as_likely_as_another() {
        let mut seen = std::collections::BTreeMap::<char, u32>::new();
        for _ in 0..1000 {
            for letter in make(&OsRng).chars() {
                *seen.entry(letter).or_default() += 1;
            }
        }
        // 13,000 letters, 406 of each; the bounds are seven deviations off.
        assert_eq!(seen.len(), 32);
        assert!(
            seen.values().all(|count| (266..546).contains(count)),
            "{seen:?}"
        );
    }
}
