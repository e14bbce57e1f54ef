//! Whether a key's text can have come from a random source.
//!
//! Measured thresholds, not Shannon entropy, which scores `0123456789abcdef` four times at its
//! maximum. Of a million keys that really are random a handful fail; every pattern a person or a
//! careless program makes does.

use std::{collections::HashSet, io::Write as _};

use flate2::{Compression, write::ZlibEncoder};

use super::known;

/// Longer keys are judged by their beginning: a random beginning is enough, whatever follows.
const JUDGED: usize = 256;
/// Nobody needs a longer key.
const LONGEST: usize = 4096;

/// What a key's characters are taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Alphabet {
    Hex,
    Base64,
    Other,
}

impl Alphabet {
    fn of(text: &str) -> Self {
        let is_base64 = |c: char| c.is_ascii_alphanumeric() || "+/-_".contains(c);
        if text.chars().all(|c| c.is_ascii_hexdigit()) {
            Self::Hex
        } else if text.trim_end_matches('=').chars().all(is_base64) {
            Self::Base64
        } else {
            Self::Other
        }
    }
}

/// Why a key is refused, each reason a sentence; empty for a good key.
pub fn weaknesses(text: &str) -> Vec<String> {
    if let Some(reason) = malformed(text) {
        return vec![reason];
    }
    let alphabet = Alphabet::of(text);
    let mut reasons: Vec<String> = too_short(text, alphabet).into_iter().collect();
    let judged: Vec<u8> = text.bytes().take(JUDGED).collect();
    reasons.extend(patterns(&judged, alphabet));
    if alphabet != Alphabet::Hex
        && let Some(word) = known::dictionary_word(text)
    {
        reasons.push(format!("it contains the word \"{word}\""));
    }
    reasons
}

/// Whether the text has too few bits, however random they are.
pub(super) fn is_short(text: &str) -> bool {
    text.is_empty() || malformed(text).is_none() && too_short(text, Alphabet::of(text)).is_some()
}

/// Blanks and control characters are typing or copying errors, and some readers trim them.
fn malformed(text: &str) -> Option<String> {
    if text.is_empty() {
        Some("it is empty".to_owned())
    } else if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        Some("it contains blanks or control characters".to_owned())
    } else if text.len() > LONGEST {
        Some(format!("it is longer than {LONGEST} characters"))
    } else {
        None
    }
}

/// How much `count` characters can say: 4 bits each in hex, 6 in base64, else one of 88 letters, digits and symbols.
fn bits_of(alphabet: Alphabet, count: usize) -> usize {
    match alphabet {
        Alphabet::Hex => 4 * count,
        Alphabet::Base64 => 6 * count,
        // log2(88) is 6.459.
        Alphabet::Other => (6_459 * count + 500) / 1000,
    }
}

fn too_short(text: &str, alphabet: Alphabet) -> Option<String> {
    let (name, least, count) = match alphabet {
        Alphabet::Hex => ("hex characters", 64, text.len()),
        Alphabet::Base64 => ("base64 characters", 43, text.trim_end_matches('=').len()),
        Alphabet::Other => ("letters, digits and symbols", 40, text.chars().count()),
    };
    (count < least).then(|| {
        let bits = bits_of(alphabet, count);
        format!("{count} {name} are {bits} bits; {least} are needed")
    })
}

fn patterns(text: &[u8], alphabet: Alphabet) -> Vec<String> {
    let n = text.len();
    let is_hex = alphabet == Alphabet::Hex;
    let distinct = text.iter().collect::<HashSet<_>>().len();
    let needed = if is_hex { 10 } else { (n / 3).min(24) };
    let (run, sequence) = (longest_steps(text, &[0]), longest_steps(text, &[1, -1]));
    let repeats = repeated_4_grams(text);
    let period = shortest_period(text);
    let size = deflated(text);
    [
        (
            distinct < needed,
            format!("it has {distinct} different characters; a random one has at least {needed}"),
        ),
        (
            run > 9,
            format!("one character stands {run} times in a row"),
        ),
        (
            sequence > 9,
            format!("it counts up or down over {sequence} characters"),
        ),
        (
            repeats > 8,
            format!("{repeats} groups of four characters come more than once"),
        ),
        (
            4 * period <= 3 * n,
            format!(
                "it repeats itself after {period} characters, so it has {} bits at most",
                bits_of(alphabet, period)
            ),
        ),
        (
            size < least_deflated(n, is_hex),
            format!("it can be compressed to {size} bytes, so it is not random"),
        ),
    ]
    .into_iter()
    .filter_map(|(fails, reason)| fails.then_some(reason))
    .chain(unbalanced(text, alphabet))
    .collect()
}

/// Random text of one alphabet holds its classes of characters in proportion.
fn unbalanced(text: &[u8], alphabet: Alphabet) -> Option<String> {
    let n = text.len();
    let letters = text.iter().filter(|c| c.is_ascii_alphabetic()).count();
    let upper = text.iter().filter(|c| c.is_ascii_uppercase()).count();
    let (count, least, class) = match alphabet {
        Alphabet::Hex => (letters, n / 8, "letters"),
        Alphabet::Base64 if n == 64 => (upper, 8, "upper-case letters"),
        Alphabet::Base64 | Alphabet::Other => (upper, n / 16, "upper-case letters"),
    };
    (count < least).then(|| format!("it has only {count} {class} in {n} characters"))
}

/// The most characters in a row in which each is the one before plus the same step.
fn longest_steps(text: &[u8], steps: &[i16]) -> usize {
    steps
        .iter()
        .map(|step| {
            let mut longest = 1;
            let mut current = 1;
            for pair in text.windows(2) {
                let follows = i16::from(pair[1]) - i16::from(pair[0]) == *step;
                current = if follows { current + 1 } else { 1 };
                longest = longest.max(current);
            }
            longest
        })
        .max()
        .unwrap_or(0)
}

fn repeated_4_grams(text: &[u8]) -> usize {
    let mut seen = HashSet::new();
    text.windows(4).filter(|gram| !seen.insert(*gram)).count()
}

/// The smallest shift under which the text covers itself; its length when there is none.
fn shortest_period(text: &[u8]) -> usize {
    (1..text.len())
        .find(|shift| text[*shift..] == text[..text.len() - shift])
        .unwrap_or(text.len())
}

/// Half a byte for a hex digit; up to 8 bits for others, since the short tables of deflate do not
/// pay. From about 140 characters on they do: then six bits of base64 and the tables.
fn least_deflated(n: usize, is_hex: bool) -> usize {
    if is_hex {
        n / 2 + 16
    } else {
        (n * 94 / 100).min(n * 72 / 100 + 30)
    }
}

/// In zlib's format, whose 6 bytes of frame the thresholds include.
fn deflated(text: &[u8]) -> usize {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    let packed = encoder.write_all(text).and_then(|()| encoder.finish());
    // Writing to memory cannot fail; were it to, the key would count as incompressible.
    packed.map_or(usize::MAX, |packed| packed.len())
}

#[cfg(test)]
mod tests {
    use base64::{
        Engine as _,
        engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
    };

    use super::*;
    use crate::{
        config::Environment,
        keys::{Format, draft, tests::Counter},
        platform::rng::Rng as _,
    };
    use concierge_core::time::Timestamp;

    fn random(rng: &Counter, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        rng.fill(&mut bytes);
        bytes
    }

    #[test]
    fn generated_keys_pass_in_every_format() {
        let rng = Counter::default();
        let now = Timestamp::from_millis(1_795_219_200_000);
        for format in [Format::Hex, Format::Base64url, Format::Symbols] {
            for _ in 0..1_000 {
                let draft = draft(format, Environment::Production, now, &rng).unwrap();
                assert_eq!(draft.value.expose().len(), 64);
                assert!(draft.id.starts_with("prod-20261121-"), "{}", draft.id);
                assert!(weaknesses(draft.value.expose()).is_empty());
            }
        }
    }

    #[test]
    fn raw_draws_of_the_ways_people_know_pass() {
        let rng = Counter::default();
        let symbols = |n| -> String {
            let alphabet = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!@#$%^&*()_+-=[]{}|;:,.<>?";
            let fair = random(&rng, 4 * n).into_iter().filter(|byte| *byte < 176);
            fair.map(|byte| char::from(alphabet[usize::from(byte) % 88]))
                .take(n)
                .collect()
        };
        for _ in 0..700 {
            for key in [
                hex::encode(random(&rng, 32)),
                hex::encode(random(&rng, 64)),
                hex::encode_upper(random(&rng, 32)),
                hex::encode(random(&rng, 512)),
                STANDARD.encode(random(&rng, 32)),
                STANDARD.encode(random(&rng, 64)),
                STANDARD.encode(random(&rng, 384)),
                URL_SAFE_NO_PAD.encode(random(&rng, 32)),
                URL_SAFE_NO_PAD.encode(random(&rng, 48)),
                symbols(40),
                symbols(50),
                symbols(64),
                symbols(128),
            ] {
                assert_eq!(weaknesses(&key), Vec::<String>::new(), "{key}");
            }
        }
    }

    #[test]
    fn keys_printed_by_other_programs_pass() {
        for key in [
            "5ddb3a0bb8f0e35fb96a2acd4f2b0dbeca80ab2b1b2e4c6e3a3fd7be7f0e9cc1",
            "q7R0mSxv9eYJf3K1bZt8Lw2uNcHpGd5AoVi6TnXyEkM=",
        ] {
            assert_eq!(weaknesses(key), Vec::<String>::new(), "{key}");
        }
    }

    fn assert_refused(key: &str, part: &str) {
        let reasons = weaknesses(key).join("; ");
        assert!(reasons.contains(part), "{key}: {reasons}");
    }

    #[test]
    fn a_key_that_is_too_short_is_refused_with_its_bits() {
        for (key, part) in [
            ("secret", "6 base64 characters are 36 bits; 43 are needed"),
            (
                "0123456789abcdef0123456789abcdef",
                "32 hex characters are 128 bits; 64 are needed",
            ),
            (
                "3f9a61c07be82d54a1f0c6937d5b28e4069cfe1783b2a4d5e6710f9c8b3d2a6",
                "63 hex characters are 252 bits; 64 are needed",
            ),
            (
                "your_very_secure_random_secret_key",
                "34 base64 characters are 204 bits; 43 are needed",
            ),
            (
                "aB3$kL9!mN#pQ2@rS5%tU8^vW1&xY4*z",
                "32 letters, digits and symbols are 207 bits; 40 are needed",
            ),
            (
                "correct!horse!battery!staple",
                "28 letters, digits and symbols are 181 bits; 40 are needed",
            ),
        ] {
            assert_refused(key, part);
        }
        let sixteen = "0123456789abcdef".repeat(4);
        assert_refused(
            &sixteen,
            "repeats itself after 16 characters, so it has 64 bits at most",
        );
    }

    #[test]
    fn what_no_chance_draws_is_refused() {
        for (key, part) in [
            ("a".repeat(64), "64 times in a row"),
            ("ab".repeat(32), "different characters"),
            ("0".repeat(64), "different characters"),
            ("1234567890".repeat(7), "counts up or down"),
            ("9876543210".repeat(7), "counts up or down"),
            ("3f9a".repeat(16), "it can be compressed to"),
            (
                "3f9a61c07be82d54a1f0c6937d5b28e4".repeat(2),
                "repeats itself after 32",
            ),
        ] {
            assert_refused(&key, part);
        }
    }

    #[test]
    fn what_people_write_is_refused() {
        for (key, part) in [
            ("", "empty"),
            (
                "31415926535897932384626433832795028841971693993751058209749445923078",
                "letters",
            ),
            ("kf8v0ytn3jr1bq7xwzs5dlh2mgca9ueopirtyxuznvbk", "upper-case"),
            (
                "MySuperSecretPasswordForTheConciergeServer2024Xk9",
                "the word",
            ),
            (
                "LeMotDePasseSecretDeMonEntreprise2024AvecAzerty99",
                "the word",
            ),
            ("Kf8v0yTn3Jr1bq7XwZs5dLh2mGcA9uEoPiRtYx z", "blanks"),
            ("Kf8v0yTn3Jr1bq7XwZs5dLh2mGcA9uEoPiRtYxUz\n", "blanks"),
            (
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
                "counts up or down",
            ),
            (
                "7Qm;kTz2Wd,9xLp7Qm;kTz2WdR,9xLpB7Qm;kTz2Wd,9xLpN",
                "groups of four characters come more than once",
            ),
        ] {
            assert_refused(key, part);
        }
        assert_refused(&"x9".repeat(3_000), "longer");
    }
}
