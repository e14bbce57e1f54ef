//! Ed25519 pairs, prepared once: neither signing nor verifying a token parses a key.

use std::fmt;

use aws_lc_rs::{
    error::Unspecified,
    signature::{ED25519, Ed25519KeyPair, KeyPair as _, ParsedPublicKey},
};
use zeroize::Zeroizing;

/// A private key and its public half.
pub struct Pair {
    private: Ed25519KeyPair,
    public: ParsedPublicKey,
}

impl Pair {
    /// The pair of a seed: 32 bytes as 64 small hex characters. One spelling only, so that two keys are the same
    /// exactly when their texts are.
    pub fn of_seed(text: &str) -> Option<Self> {
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return None;
        }
        let mut seed = Zeroizing::new([0; 32]);
        hex::decode_to_slice(text, &mut *seed).ok()?;
        let private = Ed25519KeyPair::from_seed_unchecked(&*seed).ok()?;
        let public = ParsedPublicKey::new(&ED25519, private.public_key()).ok()?;
        Some(Self { private, public })
    }

    /// The 32 bytes that anybody may know.
    pub fn public_key(&self) -> &[u8] {
        self.private.public_key().as_ref()
    }

    /// The 64 bytes of a signature.
    pub fn sign(&self, message: &[u8]) -> Result<impl AsRef<[u8]>, Unspecified> {
        self.private.try_sign(message)
    }

    /// Whether a signature is this pair's.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Unspecified> {
        self.public.verify_sig(message, signature)
    }
}

impl fmt::Debug for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pair").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};

    use super::*;

    /// RFC 8037, appendix A.1 and A.2.
    const D: &str = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
    const X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    /// Appendix A.4.
    const MESSAGE: &str = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
    const SIGNATURE: &str =
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";

    fn bytes(text: &str) -> Vec<u8> {
        BASE64_URL_SAFE_NO_PAD.decode(text).expect("base64url")
    }

    #[test]
    fn the_vectors_of_rfc_8037_appendix_a_come_out() {
        let pair = Pair::of_seed(&hex::encode(bytes(D))).expect("a pair");
        assert_eq!(pair.public_key(), bytes(X));
        let signature = pair.sign(MESSAGE.as_bytes()).expect("signed");
        assert_eq!(signature.as_ref(), bytes(SIGNATURE));
        assert_eq!(pair.verify(MESSAGE.as_bytes(), &bytes(SIGNATURE)), Ok(()));
        let mut other = bytes(SIGNATURE);
        other[0] ^= 1;
        assert!(pair.verify(MESSAGE.as_bytes(), &other).is_err());
        assert!(pair.verify(b"another", &bytes(SIGNATURE)).is_err());
        for length in [0, 32, 63] {
            let cut = &bytes(SIGNATURE)[..length];
            assert!(pair.verify(MESSAGE.as_bytes(), cut).is_err());
        }
    }

    #[test]
    fn a_seed_is_64_small_hex_characters() {
        let seed = hex::encode(bytes(D));
        assert!(Pair::of_seed(&seed).is_some());
        for text in [
            "",
            D,
            &seed[1..],
            &seed.to_uppercase(),
            &format!("{seed}00"),
            &seed.replace('9', "g"),
        ] {
            assert!(Pair::of_seed(text).is_none(), "{text}");
        }
    }

    #[test]
    fn debug_shows_nothing() {
        let pair = Pair::of_seed(&hex::encode(bytes(D)));
        assert_eq!(format!("{pair:?}"), "Some(Pair { .. })");
    }
}
