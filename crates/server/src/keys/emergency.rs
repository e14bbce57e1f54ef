//! The first half of the emergency: the keyring, which must not wait for a database.
//!
//! The key is revoked, its successor is active and the epoch is set, in one write. Whoever reads the keyring from
//! then on finishes the other half in the database, so a kill in between changes nothing.

use std::path::Path;

use concierge_core::time::Timestamp;

use super::{
    KeyringContents as Contents, Purpose, StoredRing, StoredState,
    epoch_store::RevokedKey,
    fingerprint,
    keeper::{Keeper, KeeperError},
    load,
    place::{Opened, Place},
};
use crate::{config::Reading, platform::rng::Rng};

/// A key that is to be revoked.
#[derive(Debug)]
pub struct Target {
    /// Its ring.
    pub purpose: Purpose,
    /// The key.
    pub key: RevokedKey,
    /// Whether it is the one that signs or seals.
    pub is_active: bool,
}

/// What the keyring says after its half.
#[derive(Debug)]
pub struct Halved {
    /// Nothing that began at or before this counts.
    pub epoch: Timestamp,
    /// The key that is active now; none where the program could not write one.
    pub active: Option<String>,
}

impl Target {
    /// The key of an id, wherever it is.
    pub fn find(reading: &Reading, kid: &str, now: Timestamp) -> Option<Self> {
        let path = super::keyring_path(reading.keys(), reading.environment, &reading.data);
        let found = load::gather(reading.keys(), reading.environment, &path, now);
        let key = found.keys.iter().find(|key| key.id == kid)?;
        Some(Self {
            purpose: key.purpose,
            is_active: key.state == crate::platform::keyring::KeyState::Active,
            key: RevokedKey {
                fingerprint: fingerprint(key.text.expose()),
                kid: key.id.clone(),
            },
        })
    }
}

impl Keeper {
    /// Revokes a key in the keyring; where it was revoked already, says what the keyring says. A ring that lives
    /// elsewhere stays as it is: the database refuses the key there.
    pub fn revoke_in_keyring(
        &self,
        target: &Target,
        out: Option<&Path>,
    ) -> Result<Halved, KeeperError> {
        let reading = self.supply.read();
        let now = self.clock.now();
        if Place::of(&reading, target.purpose, out)
            .remedy(target.purpose)
            .is_some()
        {
            return Ok(Halved {
                epoch: now,
                active: None,
            });
        }
        let (opened, mut ring) = self.open(&reading, target.purpose, out)?;
        let mut contents = opened.contents().clone();
        let key = ring.keys.iter().find(|key| key.id == target.key.kid);
        if key.is_some_and(|key| key.state == StoredState::Revoked) {
            return Ok(Halved {
                epoch: contents.epoch.unwrap_or(now),
                active: Some(ring.active),
            });
        }
        let successor = self.draft_like(&reading, &ring)?;
        ring.revoke(&target.key.kid, &successor, now)?;
        let active = ring.active.clone();
        contents.set(target.purpose, ring);
        contents.epoch = Some(now);
        self.put(&opened, &contents)?;
        Ok(Halved {
            epoch: now,
            active: Some(active),
        })
    }

    /// Wipes a revoked sealing key that wraps nothing any more.
    pub fn wipe(&self, kid: &str, out: Option<&Path>) -> Result<(), KeeperError> {
        let reading = self.supply.read();
        let (opened, mut ring) = self.open(&reading, Purpose::Sealing, out)?;
        ring.wipe(kid);
        self.write(&opened, Purpose::Sealing, ring)
    }

    fn put(&self, opened: &Opened, contents: &Contents) -> Result<(), KeeperError> {
        let rng: &dyn Rng = &*self.rng;
        opened.write(contents, rng).map_err(KeeperError::File)
    }
}

/// The keys that the keyring calls revoked.
pub fn revoked_in(contents: &Contents) -> Vec<(Purpose, RevokedKey)> {
    let of = |purpose: Purpose, ring: &StoredRing| -> Vec<(Purpose, RevokedKey)> {
        let revoked = ring
            .keys
            .iter()
            .filter(|key| key.state == StoredState::Revoked);
        revoked
            .filter(|key| !key.value.expose().is_empty())
            .map(|key| {
                let key = RevokedKey {
                    fingerprint: fingerprint(key.value.expose()),
                    kid: key.id.clone(),
                };
                (purpose, key)
            })
            .collect()
    };
    let rings = Purpose::ALL.into_iter().filter_map(|purpose| {
        let ring = contents.ring(purpose)?;
        Some(of(purpose, ring))
    });
    rings.flatten().collect()
}
