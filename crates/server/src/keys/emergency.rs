//! The first half of the emergency: the keyring, which must not wait for a database.
//!
//! The key is revoked, its successor is active and the epoch is set, in one write. Whoever reads the keyring from
//! then on finishes the other half in the database, so a kill in between changes nothing.

use std::{path::Path, time::Duration};

use concierge_core::{sensitive::Sensitive, time::Timestamp};

use super::{
    Document, Form, KeyringContents as Contents, KeyringFile, Purpose, StoredState,
    epoch_store::{RevokedKey, find_epoch},
    fingerprint,
    keeper::{Keeper, KeeperError},
    load::{self, Held},
    place::Place,
};
use crate::{config::Reading, platform::keyring::KeyState};

/// How often the keyring is read again when somebody else wrote it in between.
const TRIES: u32 = 5;

/// A key that is to be revoked, with those that go with it.
#[derive(Debug)]
pub struct Target {
    /// Its ring.
    pub purpose: Purpose,
    /// Its id.
    pub kid: String,
    /// It, and with an active key every key of the ring that still verifies: who has one has the others. None when its
    /// value is wiped already.
    pub keys: Vec<RevokedKey>,
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
    /// Why the place of the key could not be written, where it should have been.
    pub failure: Option<String>,
}

impl Target {
    /// The key of an id, wherever it is.
    pub fn find(reading: &Reading, kid: &str, now: Timestamp) -> Option<Self> {
        let path = super::keyring_path(reading.keys(), reading.environment, &reading.data);
        let found = load::gather(reading.keys(), reading.environment, &path, now);
        let key = found.keys.iter().find(|key| key.id == kid)?;
        let is_active = key.state == KeyState::Active;
        let goes = |other: &&Held| {
            let verifies = !matches!(other.state, KeyState::Retired | KeyState::Revoked);
            other.id == kid || (is_active && verifies)
        };
        let ring = found
            .keys
            .iter()
            .filter(|other| other.purpose == key.purpose);
        Some(Self {
            purpose: key.purpose,
            kid: kid.to_owned(),
            keys: ring
                .filter(goes)
                .filter_map(|key| RevokedKey::of(&key.id, key.text.expose()))
                .collect(),
            is_active,
        })
    }
}

impl Target {
    /// What the keyring calls revoked and `is_new` does not know: one for each ring, because keys that go together go
    /// in one incident. Which of them the others went with, only whoever revoked can say.
    pub fn revoked_in(contents: &Contents, is_new: impl Fn(&RevokedKey) -> bool) -> Vec<Self> {
        let of = |purpose: Purpose| {
            let ring = contents.ring(purpose)?;
            let revoked = ring
                .keys
                .iter()
                .filter(|key| key.state == StoredState::Revoked)
                .filter_map(|key| RevokedKey::of(&key.id, key.value.expose()));
            let keys: Vec<RevokedKey> = revoked.filter(&is_new).collect();
            Some(Self {
                purpose,
                kid: keys.last()?.kid.clone(),
                keys,
                is_active: false,
            })
        };
        Purpose::ALL.into_iter().filter_map(of).collect()
    }
}

impl RevokedKey {
    /// Of a key's text; none when it is wiped.
    fn of(kid: &str, text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| Self {
            fingerprint: fingerprint(text),
            kid: kid.to_owned(),
        })
    }
}

impl Keeper {
    /// Revokes a key in the keyring; where it was revoked already, says what the keyring says. A ring that lives
    /// elsewhere stays as it is: the database refuses the key there. A place that can't be written must not keep the
    /// database from refusing a signing key.
    pub async fn revoke_in_keyring(
        &self,
        target: &Target,
        out: Option<&Path>,
    ) -> Result<Halved, KeeperError> {
        let now = self.clock.now();
        let known = find_epoch(&self.db).await?;
        let mut tries = 0;
        loop {
            tries += 1;
            match self.revoke_where_it_lives(target, out, now, known) {
                // Whoever wrote in between, as the hourly tidying does, is no reason to leave the key as it is.
                Err(KeeperError::Changed(_)) if tries < TRIES => {}
                Err(KeeperError::File(failure) | KeeperError::Changed(failure))
                    if target.purpose == Purpose::Signing =>
                {
                    return Ok(Halved {
                        epoch: later(Some(known), now),
                        active: None,
                        failure: Some(failure),
                    });
                }
                other => return other,
            }
        }
    }

    fn revoke_where_it_lives(
        &self,
        target: &Target,
        out: Option<&Path>,
        now: Timestamp,
        known: Timestamp,
    ) -> Result<Halved, KeeperError> {
        let reading = self.supply.read();
        let place = Place::of(&reading, target.purpose, out);
        let mut kept = later(Some(known), now);
        if !place.is_keyring() {
            // Also where the keys live elsewhere, an old database must not bring back what this ends.
            match self.keep_epoch(&reading, now, known) {
                Ok(epoch) => kept = epoch,
                Err(error) => {
                    tracing::warn!(%error, "the time of the revoke stands in the database only");
                }
            }
        }
        if place.remedy(target.purpose).is_some() {
            return Ok(Halved {
                epoch: kept,
                active: None,
                failure: None,
            });
        }
        let (opened, mut ring) = self.open(&reading, target.purpose, out)?;
        let mut contents = opened.contents().clone();
        let key = ring.keys.iter().find(|key| key.id == target.kid);
        if key.is_some_and(|key| key.state == StoredState::Revoked) {
            return Ok(Halved {
                epoch: contents.epoch.unwrap_or(now),
                active: Some(ring.active),
                failure: None,
            });
        }
        let successor = self.draft_like(&reading, &ring)?;
        ring.revoke(&target.kid, &successor, now)?;
        if target.purpose == Purpose::Sealing && !place.is_keyring() {
            // A `.env` has no word for a revoked key, and this one still wraps.
            ring.keep_until_unwrapped(now);
        }
        let (active, epoch) = (
            ring.active.clone(),
            later(contents.epoch.max(Some(known)), now),
        );
        contents.set(target.purpose, ring);
        contents.epoch = Some(epoch);
        opened.write(&contents, &*self.rng)?;
        Ok(Halved {
            epoch,
            active: Some(active),
            failure: None,
        })
    }

    /// Writes the epoch into the keyring file, which holds nothing else where the keys live elsewhere; answers it.
    fn keep_epoch(
        &self,
        reading: &Reading,
        now: Timestamp,
        known: Timestamp,
    ) -> Result<Timestamp, String> {
        let path = super::keyring_path(reading.keys(), reading.environment, &reading.data);
        let file = KeyringFile::of(reading.keys(), &path);
        let read = file.read()?;
        let before = read.as_ref().map(Sensitive::expose);
        let text = before.unwrap_or_default();
        let document = Document::parse(Form::Keyring, text, reading.environment)?;
        let mut contents = document.contents().clone();
        let epoch = later(contents.epoch.max(Some(known)), now);
        contents.epoch = Some(epoch);
        let text = document.rewritten(&contents)?;
        file.replace(before, text.expose(), &*self.rng)?;
        Ok(epoch)
    }

    /// Wipes the revoked sealing keys that wrap nothing any more: whoever finds the file later finds nothing in them.
    pub async fn wipe(&self, out: Option<&Path>) -> Result<(), KeeperError> {
        let reading = self.supply.read();
        let is_keyring = Place::of(&reading, Purpose::Sealing, out).is_keyring();
        let (opened, mut ring) = self.open(&reading, Purpose::Sealing, out)?;
        let needed = self.needed(Purpose::Sealing, &ring).await?;
        let is_needed = |id: &str| needed.iter().any(|wrapper| wrapper.kid == id);
        if is_keyring {
            self.wipe_in(&mut ring, &needed).await?;
        } else {
            ring.keep_active_and(is_needed);
        }
        self.write(&opened, Purpose::Sealing, ring)
    }
}

/// An epoch never goes back, and moves with each revoke: the later of what keyring and database say, and now. Else an
/// emergency after one by a clock that was ahead would be one that everybody has seen.
pub(super) fn later(epoch: Option<Timestamp>, now: Timestamp) -> Timestamp {
    epoch.map_or(now, |epoch| now.max(epoch.plus(Duration::from_millis(1))))
}
