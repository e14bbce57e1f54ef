//! One whole keyring in place of another, as on its way into a store and back: what would be lost by it.
//!
//! Guarantee: what one of the two calls revoked stays so, and the time of the last revoke never goes back, whatever an
//! older keyring says.

use concierge_core::sensitive::Sensitive;

use super::{KeyringContents as Contents, Purpose, Stored, StoredRing, StoredState, fingerprint};

impl Contents {
    /// What is lost of this keyring when another takes its place. What a lost key signed is refused from then on, and
    /// what it sealed is never read again.
    pub fn loss_by(&self, other: &Self) -> Option<String> {
        let of = |purpose: Purpose| {
            let mut keys = self.ring(purpose)?.keys.iter();
            keys.find_map(|key| {
                let lost = lost_by(key, other.ring(purpose)?.keys.iter())?;
                Some(format!("the {} key {} {lost}", purpose.as_str(), key.id))
            })
        };
        let ring = Purpose::ALL.into_iter().find(|one| {
            self.ring(*one).is_some_and(|ring| !ring.keys.is_empty()) && other.ring(*one).is_none()
        });
        let ring = ring.map(|ring| format!("the {} ring would be lost", ring.as_str()));
        let epoch = (self.epoch > other.epoch)
            .then(|| "the time of the last revoke would be lost".to_owned());
        ring.or_else(|| Purpose::ALL.into_iter().find_map(of))
            .or(epoch)
    }

    /// Takes over from the keyring before what it calls revoked, and its time. A revoked key that is active here can't
    /// be both.
    pub fn keep_revoked_of(&mut self, before: &Self) -> Result<(), String> {
        self.epoch = self.epoch.max(before.epoch);
        for purpose in Purpose::ALL {
            let (Some(mut ring), Some(before)) =
                (self.ring(purpose).cloned(), before.ring(purpose))
            else {
                continue;
            };
            let revoked = before
                .keys
                .iter()
                .filter(|key| key.state == StoredState::Revoked);
            for key in revoked {
                revoke_as(&mut ring, key).map_err(|id| {
                    format!(
                        "the {} key {id} was revoked and does not come back",
                        purpose.as_str()
                    )
                })?;
            }
            self.set(purpose, ring);
        }
        Ok(())
    }
}

fn lost_by<'a>(key: &Stored, mut others: impl Iterator<Item = &'a Stored>) -> Option<&'static str> {
    let Some(same) = others.find(|other| other.id == key.id) else {
        return Some("would be lost");
    };
    let (was, is) = (
        key.state == StoredState::Revoked,
        same.state == StoredState::Revoked,
    );
    match (was, is) {
        (true, false) => Some("would no longer be revoked"),
        // Its value may be wiped by now.
        (true, true) => None,
        (false, true) if same.value.expose().is_empty() => None,
        (false, _) => (key.value.expose() != same.value.expose()).then_some("would be lost"),
    }
}

/// Revokes a key as it was, under this id or another; answers the id of one that is active.
fn revoke_as(ring: &mut StoredRing, revoked: &Stored) -> Result<(), String> {
    let print = |key: &Stored| fingerprint(key.value.expose());
    let is_same = |key: &Stored| key.id == revoked.id || print(key) == print(revoked);
    if let Some(active) = ring.active_key().filter(|key| is_same(key)) {
        return Err(active.id.clone());
    }
    for key in ring.keys.iter_mut().filter(|key| is_same(key)) {
        key.state = StoredState::Revoked;
        key.verify_until = None;
        if revoked.value.expose().is_empty() {
            key.value = Sensitive::new("");
        }
    }
    if ring.keys.iter().all(|key| key.id != revoked.id) {
        ring.keys.push(revoked.clone());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{
        config::Environment,
        keys::{Draft, Format, draft, tests::NOW},
        platform::rng::OsRng,
    };

    fn new_key() -> Draft {
        draft(Format::Hex, Environment::Staging, NOW, &OsRng).unwrap()
    }

    fn keyring() -> Contents {
        let mut contents = Contents::default();
        for purpose in Purpose::ALL {
            contents.set(purpose, StoredRing::of(&new_key(), NOW));
        }
        contents
    }

    /// The same after a revoke of its active key.
    fn after_a_revoke(before: &Contents, purpose: Purpose) -> Contents {
        let mut after = before.clone();
        let mut ring = before.ring(purpose).cloned().unwrap();
        let id = ring.active.clone();
        ring.revoke(&id, &new_key(), NOW).unwrap();
        after.set(purpose, ring);
        after.epoch = Some(NOW);
        after
    }

    #[test]
    fn an_older_keyring_brings_no_revoked_key_back() {
        let older = keyring();
        for purpose in Purpose::ALL {
            let newer = after_a_revoke(&older, purpose);
            let loss = newer.loss_by(&older).unwrap();
            assert!(loss.contains("no longer be revoked"), "{loss}");
            assert_eq!(older.loss_by(&newer), None);
            let refused = older.clone().keep_revoked_of(&newer).unwrap_err();
            assert!(refused.contains("does not come back"), "{refused}");
        }
    }

    #[test]
    fn what_is_replaced_by_force_keeps_what_was_revoked_and_when() {
        let older = keyring();
        let mut newer = after_a_revoke(&older, Purpose::Sealing);
        let mut ring = newer.ring(Purpose::Sealing).cloned().unwrap();
        ring.wipe(|_| false);
        newer.set(Purpose::Sealing, ring);
        let leaked = older.ring(Purpose::Sealing).unwrap().active.clone();
        // Another keyring, in which that key is one of those before.
        let mut other = keyring();
        let mut ring = other.ring(Purpose::Sealing).cloned().unwrap();
        let mut old = older.ring(Purpose::Sealing).unwrap().keys[0].clone();
        old.state = StoredState::Retired;
        ring.keys.push(old);
        other.set(Purpose::Sealing, ring);
        other.keep_revoked_of(&newer).unwrap();
        assert_eq!(other.epoch, Some(NOW));
        let ring = other.ring(Purpose::Sealing).unwrap();
        let kept = ring.keys.iter().find(|key| key.id == leaked).unwrap();
        assert_eq!(kept.state, StoredState::Revoked);
        assert!(kept.value.expose().is_empty(), "what is wiped stays so");
        assert_eq!(Contents::parse(&other.to_string()).unwrap(), other);
    }

    #[test]
    fn a_key_a_ring_or_the_time_of_the_last_revoke_is_a_loss() {
        let one = keyring();
        assert_eq!(one.loss_by(&one), None);
        let loss = one.loss_by(&keyring()).unwrap();
        assert!(loss.contains("would be lost"), "{loss}");
        let loss = one.loss_by(&Contents::default()).unwrap();
        assert!(loss.contains("the signing ring"), "{loss}");
        let mut later = one.clone();
        later.epoch = Some(NOW.plus(Duration::from_secs(1)));
        let loss = later.loss_by(&one).unwrap();
        assert!(loss.contains("time of the last revoke"), "{loss}");
        assert_eq!(one.loss_by(&later), None);
    }
}
