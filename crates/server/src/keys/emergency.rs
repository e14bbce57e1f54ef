//! The first half of the emergency: the keyring, which must not wait for a database.
//!
//! The key is revoked, its successor is active and the epoch is set, in one write. Whoever reads the keyring from
//! then on finishes the other half in the database, so a kill in between changes nothing. For a signing key in a store
//! it is the second half: why, stands at the desk that revokes.

use std::{path::Path, time::Duration};

use concierge_core::time::Timestamp;

use super::{
    KeyringContents as Contents, Purpose, Stored, StoredState,
    epoch_store::RevokedKey,
    fingerprint,
    home::{Home, Opened},
    keeper::{Keeper, KeeperError},
    load::{self, Held},
    place::Place,
};
use crate::{
    config::Reading,
    platform::keyring::{KeyState, Keyrings},
};

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

impl Halved {
    /// Of a place that could not be written, and why.
    pub const fn in_no_place(epoch: Timestamp, failure: String) -> Self {
        Self {
            epoch,
            active: None,
            failure: Some(failure),
        }
    }
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
    /// Whether a key goes: since the target was found, another of its keys may have become active.
    fn names(&self, key: &Stored) -> bool {
        let print = fingerprint(key.value.expose());
        key.id == self.kid || self.keys.iter().any(|one| one.fingerprint == print)
    }

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
    /// database from refusing a signing key. `at` is the epoch: later than the one that the database knows, or that one,
    /// where its half is done.
    pub async fn revoke_in_keyring(
        &self,
        target: &Target,
        out: Option<&Path>,
        at: Timestamp,
    ) -> Result<Halved, KeeperError> {
        let mut tries = 0;
        loop {
            tries += 1;
            match self.revoke_where_it_lives(target, out, at).await {
                // Whoever wrote in between, as the hourly tidying does, is no reason to leave the key as it is.
                Err(KeeperError::Changed(_)) if tries < TRIES => {}
                Err(KeeperError::File(failure) | KeeperError::Changed(failure))
                    if target.purpose == Purpose::Signing =>
                {
                    return Ok(Halved::in_no_place(at, failure));
                }
                other => return other,
            }
        }
    }

    async fn revoke_where_it_lives(
        &self,
        target: &Target,
        out: Option<&Path>,
        at: Timestamp,
    ) -> Result<Halved, KeeperError> {
        let reading = self.supply.read();
        let place = Place::of(&reading, target.purpose, out);
        let mut kept = at;
        if !place.is_keyring() {
            // Also where the keys live elsewhere, an old database must not bring back what this ends.
            match self.keep_epoch(&reading, at).await {
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
        let (opened, mut ring) = self.open(&reading, target.purpose, out).await?;
        let mut contents = opened.contents().clone();
        if ring.keys.iter().all(|key| key.id != target.kid) {
            return Err(KeeperError::File(format!(
                "{} has another keyring, without the key {}: put the right one back",
                opened.name(),
                target.kid
            )));
        }
        let open: Vec<String> = ring
            .keys
            .iter()
            .filter(|key| key.state != StoredState::Revoked && target.names(key))
            .map(|key| key.id.clone())
            .collect();
        if open.is_empty() {
            return Ok(Halved {
                epoch: contents.epoch.unwrap_or(at),
                active: Some(ring.active),
                failure: None,
            });
        }
        let successor = self.draft_like(&reading, &ring)?;
        for id in &open {
            ring.revoke(id, &successor, at)?;
        }
        if target.purpose == Purpose::Sealing && !place.is_keyring() {
            // A `.env` has no word for a revoked key, and this one still wraps.
            ring.keep_until_unwrapped(at);
        }
        let (active, epoch) = (ring.active.clone(), contents.epoch.max(Some(kept)));
        contents.set(target.purpose, ring);
        contents.epoch = epoch;
        self.replace(&opened, &contents).await?;
        Ok(Halved {
            epoch: epoch.unwrap_or(kept),
            active: Some(active),
            failure: None,
        })
    }

    /// Writes the epoch into the keyring, which holds nothing else where the keys live elsewhere; answers it.
    async fn keep_epoch(&self, reading: &Reading, at: Timestamp) -> Result<Timestamp, KeeperError> {
        let (settings, environment) = (reading.keys(), reading.environment);
        let home = Home::of_keyring(settings, environment, &reading.data, &self.supply);
        let opened = Opened::read_or_begin(home, environment, at, &*self.rng).await;
        let opened = opened.map_err(KeeperError::File)?;
        let mut contents = opened.contents().clone();
        let epoch = contents.epoch.unwrap_or(at).max(at);
        contents.epoch = Some(epoch);
        self.replace(&opened, &contents).await?;
        Ok(epoch)
    }

    /// Refuses to go on where the keyring in the store does not have this key as its active sealing key. Where a store
    /// can't compare and set, somebody else's text may have taken the place of ours, and what is wrapped with a key
    /// that stands nowhere is lost.
    pub async fn require_in_store(&self, active: Option<&str>) -> Result<(), KeeperError> {
        let name = self.supply.name();
        let renewed = self.supply.renew(self.clock.now(), &*self.rng).await;
        renewed.map_err(|fault| KeeperError::File(format!("{name}: {fault}")))?;
        let contents = super::contents(&self.supply.read());
        let sealing = contents.as_ref().and_then(|it| it.ring(Purpose::Sealing));
        match sealing.map(|ring| ring.active.as_str()) {
            found if found.is_some() && found == active => Ok(()),
            _ => Err(KeeperError::File(format!(
                "{name} was changed by somebody else meanwhile; try again"
            ))),
        }
    }

    /// Wipes the revoked sealing keys that wrap nothing any more: whoever finds the file later finds nothing in them.
    /// A store keeps older versions, which only its own tools take away.
    pub async fn wipe(&self, out: Option<&Path>) -> Result<(), KeeperError> {
        let reading = self.supply.read();
        let is_keyring = Place::of(&reading, Purpose::Sealing, out).is_keyring();
        let (opened, mut ring) = self.open(&reading, Purpose::Sealing, out).await?;
        let needed = self.needed(Purpose::Sealing, &ring).await?;
        let is_needed = |id: &str| needed.iter().any(|wrapper| wrapper.kid == id);
        let before = ring.clone();
        if is_keyring {
            self.wipe_in(&mut ring, &needed).await?;
        } else {
            ring.keep_active_and(is_needed);
        }
        if ring == before {
            return Ok(());
        }
        self.write(&opened, Purpose::Sealing, ring).await
    }
}

/// An epoch never goes back, and moves with each revoke. Else an emergency after one by a clock that was ahead would be
/// one that everybody has seen.
pub fn later(epoch: Option<Timestamp>, now: Timestamp) -> Timestamp {
    epoch.map_or(now, |epoch| now.max(epoch.plus(Duration::from_millis(1))))
}

/// Which keys a database calls revoked, applied to rings in memory.
pub fn refuse_revoked(rings: &mut Keyrings, revoked: &[RevokedKey]) {
    let is_revoked = |secret: &[u8]| {
        let print = fingerprint(&String::from_utf8_lossy(secret));
        revoked.iter().any(|key| key.fingerprint == print)
    };
    rings.signing.revoke_where(is_revoked);
    rings.sealing.revoke_where(is_revoked);
}
