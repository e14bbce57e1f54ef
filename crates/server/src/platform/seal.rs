//! Sealing (AES-256-GCM), MACs (HMAC-SHA256) and digests (SHA-256), all from one library.
//!
//! Sealed bytes open only with the same key **and** the same associated data, which names the table and
//! the row they belong to: a sealed value copied into another row does not open.
//!
//! A key has versions. The newest seals and all open; sealed bytes do not name theirs, because the cipher tells.

use std::{collections::BTreeMap, sync::Arc};

use arc_swap::ArcSwap;
use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    constant_time, digest, hmac,
};
use zeroize::Zeroizing;

use super::rng::Rng;

/// The bytes do not open: another key, another row, or somebody changed them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("sealed data does not open")]
pub struct Unsealable;

/// A 256-bit key that seals.
#[derive(Debug)]
pub struct SealKey(LessSafeKey);

impl SealKey {
    /// The key of these bytes.
    pub fn new(bytes: &[u8; 32]) -> Self {
        #[expect(clippy::expect_used, reason = "32 bytes are the length AES-256 takes")]
        let key = UnboundKey::new(&AES_256_GCM, bytes).expect("an AES-256 key has 32 bytes");
        Self(LessSafeKey::new(key))
    }

    /// Nonce, ciphertext and tag. The nonce is random: under 2^32 seals per key are safe (NIST SP 800-38D).
    pub fn seal(&self, rng: &dyn Rng, associated: &str, plain: &[u8]) -> Vec<u8> {
        let nonce: [u8; NONCE_LEN] = rng.bytes();
        let mut sealed = plain.to_vec();
        #[expect(clippy::expect_used, reason = "AES-GCM fails only beyond 64 GiB")]
        self.0
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(associated),
                &mut sealed,
            )
            .expect("short plain text seals");
        [&nonce[..], &sealed].concat()
    }

    /// The plain bytes of what [`SealKey::seal`] made with the same associated data.
    pub fn open(&self, associated: &str, sealed: &[u8]) -> Result<Vec<u8>, Unsealable> {
        let (nonce, rest) = sealed.split_at_checked(NONCE_LEN).ok_or(Unsealable)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| Unsealable)?;
        let mut buffer = rest.to_vec();
        let plain = self
            .0
            .open_in_place(nonce, Aad::from(associated), &mut buffer)
            .map_err(|_| Unsealable)?;
        Ok(plain.to_vec())
    }
}

/// A key with its versions. A clone is a handle on the same versions: new ones reach every handle at once.
#[derive(Debug, Clone)]
pub struct SealKeys(Arc<ArcSwap<Versions>>);

#[derive(Debug)]
struct Versions {
    newest: Arc<SealKey>,
    /// Newest first: what is left of an older one is seldom.
    older: Vec<SealKey>,
}

impl Versions {
    fn open_with_older(&self, associated: &str, sealed: &[u8]) -> Result<Vec<u8>, Unsealable> {
        let opened = self
            .older
            .iter()
            .find_map(|key| key.open(associated, sealed).ok());
        opened.ok_or(Unsealable)
    }
}

impl SealKeys {
    /// A key of these versions; the older ones newest first.
    pub fn new(newest: SealKey, older: Vec<SealKey>) -> Self {
        let newest = Arc::new(newest);
        Self(Arc::new(ArcSwap::from_pointee(Versions { newest, older })))
    }

    /// Puts other versions in the place of these, for every handle.
    pub fn swap(&self, newest: SealKey, older: Vec<SealKey>) {
        let newest = Arc::new(newest);
        self.0.store(Arc::new(Versions { newest, older }));
    }

    /// Forgets all versions but the newest, for every handle.
    pub fn keep_newest(&self) {
        let newest = Arc::clone(&self.0.load().newest);
        let older = Vec::new();
        self.0.store(Arc::new(Versions { newest, older }));
    }

    /// Seals with the newest version; see [`SealKey::seal`].
    pub fn seal(&self, rng: &dyn Rng, associated: &str, plain: &[u8]) -> Vec<u8> {
        self.0.load().newest.seal(rng, associated, plain)
    }

    /// The plain bytes of what any version sealed with the same associated data.
    pub fn open(&self, associated: &str, sealed: &[u8]) -> Result<Vec<u8>, Unsealable> {
        let versions = self.0.load();
        let newest = versions.newest.open(associated, sealed);
        newest.or_else(|_| versions.open_with_older(associated, sealed))
    }

    /// The plain bytes of what the newest version sealed; `None` when an older one did.
    pub fn open_newest(
        &self,
        associated: &str,
        sealed: &[u8],
    ) -> Result<Option<Vec<u8>>, Unsealable> {
        let versions = self.0.load();
        if let Ok(plain) = versions.newest.open(associated, sealed) {
            return Ok(Some(plain));
        }
        drop(Zeroizing::new(
            versions.open_with_older(associated, sealed)?,
        ));
        Ok(None)
    }

    /// The same plain bytes sealed with the newest version; `None` when it was the newest that sealed them.
    pub fn reseal(
        &self,
        rng: &dyn Rng,
        associated: &str,
        sealed: &[u8],
    ) -> Result<Option<Vec<u8>>, Unsealable> {
        let versions = self.0.load();
        if let Ok(plain) = versions.newest.open(associated, sealed) {
            drop(Zeroizing::new(plain));
            return Ok(None);
        }
        let plain = Zeroizing::new(versions.open_with_older(associated, sealed)?);
        Ok(Some(versions.newest.seal(rng, associated, &plain)))
    }
}

/// HMAC-SHA256 of the parts, one after the other.
pub fn mac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    for part in parts {
        context.update(part);
    }
    let mut out = [0; 32];
    out.copy_from_slice(context.sign().as_ref());
    out
}

/// A key for MACs with its versions. Unlike sealed bytes a MAC stands beside the number of the version that made it.
/// A clone is a handle on the same versions.
#[derive(Debug, Clone)]
pub struct MacKeys(Arc<ArcSwap<BTreeMap<i64, hmac::Key>>>);

impl MacKeys {
    /// A key of these versions.
    pub fn new(versions: BTreeMap<i64, Zeroizing<[u8; 32]>>) -> Self {
        Self(Arc::new(ArcSwap::from_pointee(prepared(versions))))
    }

    /// Puts other versions in the place of these, for every handle.
    pub fn swap(&self, versions: BTreeMap<i64, Zeroizing<[u8; 32]>>) {
        self.0.store(Arc::new(prepared(versions)));
    }

    /// Forgets all versions but the newest, for every handle.
    pub fn keep_newest(&self) {
        let newest = self
            .0
            .load()
            .last_key_value()
            .map(|(n, key)| (*n, key.clone()));
        self.0.store(Arc::new(newest.into_iter().collect()));
    }

    /// The number of the newest version; 0 where there is none.
    pub fn newest(&self) -> i64 {
        self.0
            .load()
            .last_key_value()
            .map_or(0, |(number, _)| *number)
    }

    /// Whether a version is at hand.
    pub fn has(&self, version: i64) -> bool {
        self.0.load().contains_key(&version)
    }

    /// HMAC-SHA256 with a version; `None` where it is not at hand.
    pub fn mac(&self, version: i64, message: &[u8]) -> Option<[u8; 32]> {
        let versions = self.0.load();
        let mut out = [0; 32];
        out.copy_from_slice(hmac::sign(versions.get(&version)?, message).as_ref());
        Some(out)
    }

    /// Whether a version made this MAC.
    pub fn verifies(&self, version: i64, message: &[u8], mac: &[u8]) -> bool {
        let versions = self.0.load();
        let key = versions.get(&version);
        key.is_some_and(|key| hmac::verify(key, message, mac).is_ok())
    }
}

fn prepared(versions: BTreeMap<i64, Zeroizing<[u8; 32]>>) -> BTreeMap<i64, hmac::Key> {
    let key = |bytes: &[u8; 32]| hmac::Key::new(hmac::HMAC_SHA256, bytes);
    let each = versions.iter();
    each.map(|(number, bytes)| (*number, key(bytes))).collect()
}

/// SHA-256.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    out
}

/// Whether two secrets are equal, in a time that tells nothing about where they differ.
pub fn equal(one: &[u8], other: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(one, other).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::rng::OsRng;

    #[test]
    fn sealed_data_opens_only_in_its_own_row() {
        let key = SealKey::new(&[7; 32]);
        let sealed = key.seal(&OsRng, "session/a", b"secret");
        assert_eq!(
            key.open("session/a", &sealed).as_deref(),
            Ok(&b"secret"[..])
        );
        assert_eq!(key.open("session/b", &sealed), Err(Unsealable));
        assert_eq!(
            SealKey::new(&[8; 32]).open("session/a", &sealed),
            Err(Unsealable)
        );
    }

    #[test]
    fn every_flipped_or_cut_byte_is_refused() {
        let key = SealKey::new(&[7; 32]);
        let sealed = key.seal(&OsRng, "row", b"secret");
        for at in 0..sealed.len() {
            let mut flipped = sealed.clone();
            flipped[at] ^= 1;
            assert_eq!(key.open("row", &flipped), Err(Unsealable), "byte {at}");
            assert_eq!(
                key.open("row", &sealed[..at]),
                Err(Unsealable),
                "cut at {at}"
            );
        }
    }

    #[test]
    fn the_newest_version_seals_and_each_opens() {
        let (old, new) = (|| SealKey::new(&[7; 32]), || SealKey::new(&[8; 32]));
        let keys = SealKeys::new(old(), vec![]);
        let handle = keys.clone();
        let sealed = keys.seal(&OsRng, "row", b"secret");
        assert_eq!(handle.reseal(&OsRng, "row", &sealed), Ok(None));
        assert_eq!(
            handle.open_newest("row", &sealed),
            Ok(Some(b"secret".to_vec()))
        );
        keys.swap(new(), vec![old()]);
        assert_eq!(handle.open("row", &sealed).as_deref(), Ok(&b"secret"[..]));
        assert_eq!(handle.open_newest("row", &sealed), Ok(None));
        assert_eq!(handle.open_newest("another row", &sealed), Err(Unsealable));
        assert_eq!(handle.open("another row", &sealed), Err(Unsealable));
        let moved = handle.reseal(&OsRng, "row", &sealed).expect("it opens");
        let moved = moved.expect("an older version sealed it");
        keys.swap(new(), vec![]);
        assert_eq!(handle.open("row", &moved).as_deref(), Ok(&b"secret"[..]));
        assert_eq!(handle.reseal(&OsRng, "row", &moved), Ok(None));
        assert_eq!(handle.reseal(&OsRng, "row", &sealed), Err(Unsealable));
    }

    #[test]
    fn rfc_4231_case_2() {
        let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(
            hex::encode(mac(b"Jefe", &[b"what do ya want ", b"for nothing?"])),
            expected
        );
    }
}
