//! New keys, from the operating system's randomness.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use concierge_core::{sensitive::Sensitive, time::Timestamp};
use zeroize::Zeroizing;

use super::{fingerprint, strength};
use crate::{
    config::Environment,
    platform::{keyring::Algorithm, rng::Rng},
};

/// What can be drawn for `symbols`: 88 characters, no quote among them.
const SYMBOLS: &[u8] =
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!@#$%^&*()_+-=[]{}|;:,.<>?";

/// How a key is written; each is 64 characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Format {
    /// 32 bytes in hex; needs no quoting anywhere.
    #[default]
    Hex,
    /// 48 bytes in base64url.
    Base64url,
    /// Letters, digits and symbols.
    Symbols,
}

/// A new key and its id.
#[derive(Debug)]
pub struct Draft {
    /// `<env>-<yyyymmdd>-<4 hex>`
    pub id: String,
    /// How it will sign. A key in hex is a seed of Ed25519, too.
    pub algorithm: Algorithm,
    /// Its text.
    pub value: Sensitive,
}

/// Draws a key that passes its own check; `None` when the source of randomness is broken, which a
/// hundred bad draws in a row prove.
pub fn draft(
    format: Format,
    environment: Environment,
    now: Timestamp,
    rng: &dyn Rng,
) -> Option<Draft> {
    let value = (0..100)
        .map(|_| draw(format, rng))
        .find(|text| strength::weaknesses(text.expose()).is_empty())?;
    let day: String = now
        .to_rfc3339()
        .chars()
        .take(10)
        .filter(|c| *c != '-')
        .collect();
    Some(Draft {
        id: id(environment, &day, value.expose()),
        algorithm: Algorithm::default(),
        value,
    })
}

/// The id of a key that was given without one: the same wherever the same key is given.
pub fn implicit_id(environment: Environment, text: &str) -> String {
    id(environment, "00000000", text)
}

fn id(environment: Environment, day: &str, text: &str) -> String {
    let prefix = environment.id_prefix();
    format!("{prefix}-{day}-{}", &fingerprint(text)[..4])
}

fn draw(format: Format, rng: &dyn Rng) -> Sensitive {
    match format {
        Format::Hex => Sensitive::new(hex::encode(bytes::<32>(rng))),
        Format::Base64url => Sensitive::new(URL_SAFE_NO_PAD.encode(bytes::<48>(rng))),
        Format::Symbols => symbols(rng),
    }
}

fn bytes<const N: usize>(rng: &dyn Rng) -> Zeroizing<[u8; N]> {
    let mut bytes = Zeroizing::new([0; N]);
    rng.fill(&mut *bytes);
    bytes
}

/// Bytes beyond the last whole multiple of the alphabet are thrown away: taking them modulo its
/// length would favour its first characters. 64 of 256 bytes are always left, or the draw is short
/// and fails its check.
fn symbols(rng: &dyn Rng) -> Sensitive {
    let fair = 256 - 256 % SYMBOLS.len();
    let text: String = bytes::<256>(rng)
        .iter()
        .map(|byte| usize::from(*byte))
        .filter(|byte| *byte < fair)
        .map(|byte| char::from(SYMBOLS[byte % SYMBOLS.len()]))
        .take(64)
        .collect();
    Sensitive::new(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_source_of_randomness_is_noticed() {
        struct Stuck;
        impl Rng for Stuck {
            fn fill(&self, bytes: &mut [u8]) {
                bytes.fill(255);
            }
        }
        for format in [Format::Hex, Format::Base64url, Format::Symbols] {
            let now = Timestamp::from_millis(0);
            assert!(draft(format, Environment::Test, now, &Stuck).is_none());
        }
    }
}
