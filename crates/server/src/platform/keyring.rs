//! Keys in memory: two rings, each with exactly one key that acts and others that still verify.
//!
//! A ring without an active key cannot be built. Secrets are wiped when dropped and shown nowhere.

use std::fmt;

use concierge_core::time::Timestamp;
use zeroize::Zeroizing;

use super::ed25519::Pair;

/// How a key signs. A key has exactly one algorithm for its whole life: what a token says about it is compared
/// with this and chooses nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Algorithm {
    /// HMAC with SHA-256: who verifies can also sign.
    #[default]
    Hs256,
    /// Ed25519 by its name of RFC 9864: others verify with the public key.
    Ed25519,
}

impl Algorithm {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Hs256, Self::Ed25519];

    /// The name in key files and in tokens.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Ed25519 => "Ed25519",
        }
    }

    /// The algorithm of a name, written exactly so.
    pub fn from_text(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == text)
    }

    /// Whether a token's `alg` means this one. `EdDSA` is what RFC 8037 called Ed25519.
    pub fn is_named(self, alg: &str) -> bool {
        alg == self.as_str() || (self == Self::Ed25519 && alg == "EdDSA")
    }
}

/// A key's algorithm, with what it needs beside the key's text.
#[derive(Debug)]
pub enum Scheme {
    /// The text itself is the key.
    Hs256,
    /// The text is the seed of this pair.
    Ed25519(Box<Pair>),
}

impl Scheme {
    /// The same for a key of a keyring, where the value of a revoked one may be wiped: that one verifies nothing.
    pub fn of_stored(algorithm: Algorithm, text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self::Hs256);
        }
        Self::of(algorithm, text)
    }

    /// The scheme of a key with this text; `None` when the text is no key of the algorithm.
    pub fn of(algorithm: Algorithm, text: &str) -> Option<Self> {
        match algorithm {
            Algorithm::Hs256 => Some(Self::Hs256),
            Algorithm::Ed25519 => Pair::of_seed(text).map(Box::new).map(Self::Ed25519),
        }
    }
}

/// What a key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyState {
    /// Signs or seals, and verifies.
    Active,
    /// Verifies; signs once every instance knows it.
    Pending,
    /// Verifies until then.
    Grace {
        /// The end of it.
        until: Timestamp,
    },
    /// Refused, its use is counted.
    Retired,
    /// Refused: somebody else may have it.
    Revoked,
}

/// A key and its name.
pub struct Key {
    /// The `kid`.
    pub id: String,
    /// The bytes of the key's text exactly as given: other tools, given the same text, agree.
    pub secret: Zeroizing<Vec<u8>>,
    /// How it signs.
    pub scheme: Scheme,
    /// What it may do.
    pub state: KeyState,
}

impl Key {
    /// Whether what it signed is believed at this time.
    pub fn verifies_at(&self, now: Timestamp) -> bool {
        match self.state {
            KeyState::Active | KeyState::Pending => true,
            KeyState::Grace { until } => now < until,
            KeyState::Retired | KeyState::Revoked => false,
        }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key")
            .field("id", &self.id)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// The keys of one purpose.
#[derive(Debug)]
pub struct Ring {
    active: Key,
    others: Vec<Key>,
}

impl Ring {
    /// A ring around its active key.
    pub fn new(active: Key, others: Vec<Key>) -> Self {
        Self { active, others }
    }

    /// The key that signs or seals.
    pub fn active(&self) -> &Key {
        &self.active
    }

    /// The key of an id, whatever its state: a retired one is known, and refused as such.
    pub fn find(&self, id: &str) -> Option<&Key> {
        self.keys().find(|key| key.id == id)
    }

    /// Takes away from the keys with such a secret whatever they may do.
    pub fn revoke_where(&mut self, is_revoked: impl Fn(&[u8]) -> bool) {
        for key in std::iter::once(&mut self.active).chain(&mut self.others) {
            if is_revoked(&key.secret) {
                key.state = KeyState::Revoked;
            }
        }
    }

    /// The keys that verify at this time, the active one first.
    pub fn verifying(&self, now: Timestamp) -> impl Iterator<Item = &Key> {
        self.keys().filter(move |key| key.verifies_at(now))
    }

    /// Taken apart: the active key, and the others.
    pub fn into_keys(self) -> (Key, Vec<Key>) {
        (self.active, self.others)
    }

    /// All keys, the active one first.
    pub fn keys(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.active).chain(&self.others)
    }
}

/// Both rings. The key that signs is never the key that seals.
#[derive(Debug)]
pub struct Keyrings {
    /// Signs access tokens.
    pub signing: Ring,
    /// Wraps the keys that seal data at rest.
    pub sealing: Ring,
    /// Nothing that began at or before this counts any more.
    pub epoch: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(id: &str, state: KeyState) -> Key {
        Key {
            id: id.to_owned(),
            secret: Zeroizing::new(b"hunter2".to_vec()),
            scheme: Scheme::Hs256,
            state,
        }
    }

    #[test]
    fn a_key_verifies_as_long_as_its_state_lets_it() {
        let at = Timestamp::from_millis;
        let ring = Ring::new(
            key("a", KeyState::Active),
            vec![
                key("p", KeyState::Pending),
                key("g", KeyState::Grace { until: at(10) }),
                key("r", KeyState::Retired),
                key("x", KeyState::Revoked),
            ],
        );
        let ids =
            |now| -> Vec<&str> { ring.verifying(at(now)).map(|key| key.id.as_str()).collect() };
        assert_eq!(ids(9), ["a", "p", "g"]);
        assert_eq!(ids(10), ["a", "p"]);
        assert_eq!(ring.active().id, "a");
        assert_eq!(ring.find("x").unwrap().state, KeyState::Revoked);
        assert!(ring.find("y").is_none());
    }

    #[test]
    fn debug_shows_no_secret() {
        let shown = format!("{:?}", Ring::new(key("a", KeyState::Active), vec![]));
        assert!(
            !shown.contains("hunter2") && !shown.contains("104"),
            "{shown}"
        );
    }
}
