//! Chance, as an argument: services hold an [`Rng`], tests hold a seeded one.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use concierge_core::{
    id::{Id, Kind},
    sensitive::Sensitive,
    time::Timestamp,
};

/// Gives random bytes.
pub trait Rng: Send + Sync {
    /// Fills the bytes with chance fit for keys.
    fn fill(&self, bytes: &mut [u8]);
}

impl dyn Rng + '_ {
    /// That many random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// A one-time token: 256 bits, as text that stands in an address.
    pub fn token(&self) -> Sensitive {
        Sensitive::new(BASE64_URL_SAFE_NO_PAD.encode(self.bytes::<32>()))
    }

    /// A new id of a kind.
    pub fn id<K: Kind>(&self, now: Timestamp) -> Id<K> {
        Id::from_parts(u64::try_from(now.as_millis()).unwrap_or(0), &self.bytes())
    }
}

/// The operating system's generator, through the house's crypto library.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsRng;

impl Rng for OsRng {
    fn fill(&self, bytes: &mut [u8]) {
        // A machine without chance can keep no secret: going on would hand out guessable tokens.
        #[expect(
            clippy::expect_used,
            reason = "nothing fails open: without chance there is no safe answer"
        )]
        aws_lc_rs::rand::fill(bytes).expect("the operating system gives random bytes");
    }
}
