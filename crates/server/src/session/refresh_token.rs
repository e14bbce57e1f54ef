//! Refresh tokens: session id, generation, MAC over both with the session's own key.
//!
//! The token of a generation is derived, never stored: whoever asks twice gets the same text.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use concierge_core::session::SessionId;

use crate::platform::seal;

const ID: usize = 16;
const BODY: usize = ID + 8;
const LENGTH: usize = BODY + 32;

/// A refresh token as it was presented; nothing in it is proven before [`Presented::is_genuine`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Presented {
    pub(super) session: SessionId,
    pub(super) generation: u64,
    mac: [u8; 32],
}

impl Presented {
    /// Reads the text form; `None` for anything [`derive`] did not write.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; LENGTH];
        // The strict length first: a decoder should not chew what can't be a token.
        if text.len() != LENGTH.div_ceil(3) * 4 - 1 {
            return None;
        }
        let length = BASE64_URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).ok()?;
        let (id, rest) = bytes[..length].split_first_chunk::<ID>()?;
        let (generation, mac) = rest.split_first_chunk::<8>()?;
        Some(Self {
            session: SessionId::from_bytes(*id),
            generation: u64::from_be_bytes(*generation),
            mac: mac.try_into().ok()?,
        })
    }

    /// Whether the session's key made it.
    pub(super) fn is_genuine(&self, key: &[u8]) -> bool {
        seal::equal(&self.mac, &mac(key, self.session, self.generation))
    }
}

/// The token of a generation.
pub(super) fn derive(key: &[u8], session: SessionId, generation: u64) -> String {
    let body = [
        &session.as_bytes()[..],
        &generation.to_be_bytes(),
        &mac(key, session, generation),
    ]
    .concat();
    BASE64_URL_SAFE_NO_PAD.encode(body)
}

fn mac(key: &[u8], session: SessionId, generation: u64) -> [u8; 32] {
    seal::mac(
        key,
        &[
            b"concierge refresh token",
            session.as_bytes(),
            &generation.to_be_bytes(),
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session() -> SessionId {
        SessionId::from_parts(1_700_000_000_000, &[3; 10])
    }

    #[test]
    fn the_same_generation_gives_the_same_token() {
        let token = derive(&[1; 32], session(), 4);
        assert_eq!(token, derive(&[1; 32], session(), 4));
        let presented = Presented::parse(&token).expect("our own token");
        assert_eq!((presented.session, presented.generation), (session(), 4));
        assert!(presented.is_genuine(&[1; 32]));
        assert!(!presented.is_genuine(&[2; 32]));
    }

    #[test]
    fn every_changed_character_is_refused() {
        let token = derive(&[1; 32], session(), 4);
        for at in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).expect("ascii");
            let genuine =
                Presented::parse(&changed).is_some_and(|presented| presented.is_genuine(&[1; 32]));
            assert!(!genuine, "character {at}");
        }
    }

    #[test]
    fn other_lengths_and_alphabets_are_refused() {
        for text in [
            "",
            "a",
            &"A".repeat(74),
            &"A".repeat(76),
            &"+".repeat(75),
            &"é".repeat(37),
        ] {
            assert!(Presented::parse(text).is_none(), "{text}");
        }
    }
}
