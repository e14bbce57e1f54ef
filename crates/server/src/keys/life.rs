//! The life of a key in its ring: pending, active, grace, retired, destroyed; revoked from anywhere.
//!
//! Invariant: whatever happens, exactly one key of the ring is active. Nothing here reads or writes a file.

use std::time::Duration;

use concierge_core::{sensitive::Sensitive, time::Timestamp};

use super::{Draft, Stored, StoredRing, StoredState};

/// More than enough to wrap a handful of rows anew, or to repeat it.
const UNWRAPPING: Duration = Duration::from_secs(30 * 24 * 3600);

/// What can't be done to a ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LifeError {
    /// No key of this id, or not in the state that it needs.
    #[error("the ring has no such key")]
    NoSuchKey,
    /// Nothing to go back to.
    #[error("no key is in grace, so there is nothing to go back to")]
    NothingToUndo,
}

impl StoredRing {
    /// The key that waits to become active. A rotation that was broken off leaves one, which the next one takes up.
    pub fn pending(&self) -> Option<&Stored> {
        self.in_state(StoredState::Pending)
    }

    fn in_state(&self, state: StoredState) -> Option<&Stored> {
        self.keys.iter().find(|key| key.state == state)
    }

    fn find_mut(&mut self, id: &str) -> Option<&mut Stored> {
        self.keys.iter_mut().find(|key| key.id == id)
    }

    /// Adds a key that verifies everywhere and signs nowhere yet.
    pub fn add_pending(&mut self, draft: &Draft, now: Timestamp) {
        self.keys.push(Stored {
            state: StoredState::Pending,
            ..Stored::of(draft, now)
        });
    }

    /// Takes a key for the pending one that a `.env` file can't call so, and lists among the previous ones.
    pub(super) fn expect_pending(&mut self, id: &str) {
        if let Some(key) = self
            .find_mut(id)
            .filter(|key| key.state == StoredState::Grace)
        {
            key.state = StoredState::Pending;
        }
    }

    /// Makes a pending key active; the one before verifies until then.
    pub fn promote(&mut self, id: &str, verify_until: Timestamp) -> Result<(), LifeError> {
        self.keys
            .iter()
            .find(|key| key.id == id && key.state == StoredState::Pending)
            .ok_or(LifeError::NoSuchKey)?;
        self.change_over(id, verify_until);
        Ok(())
    }

    /// Takes pending keys away that nothing can have signed or sealed with.
    pub(super) fn drop_pending(&mut self) {
        self.keys.retain(|key| key.state != StoredState::Pending);
    }

    /// Takes a key away that stands among the previous ones of a `.env` and was never active.
    pub(super) fn drop_key(&mut self, id: &str) {
        self.keys
            .retain(|key| key.id != id || key.id == self.active);
    }

    /// Makes the key in grace active again that signed last, if it may still sign; answers its id.
    pub fn undo(&mut self, now: Timestamp, verify_until: Timestamp) -> Result<String, LifeError> {
        let until = |key: &Stored| key.verify_until.filter(|until| now < *until);
        let last = self
            .keys
            .iter()
            .filter(|key| key.state == StoredState::Grace && until(key).is_some())
            .max_by_key(|key| until(key))
            .ok_or(LifeError::NothingToUndo)?;
        let id = last.id.clone();
        self.change_over(&id, verify_until);
        Ok(id)
    }

    fn change_over(&mut self, id: &str, verify_until: Timestamp) {
        let before = std::mem::replace(&mut self.active, id.to_owned());
        if let Some(key) = self.find_mut(&before) {
            key.state = StoredState::Grace;
            key.verify_until = Some(verify_until);
        }
        if let Some(key) = self.find_mut(id) {
            key.state = StoredState::Active;
            key.verify_until = None;
        }
    }

    /// Revokes a key. An active one is followed at once by `successor`, and takes with it every key that still verifies:
    /// whoever has the place where it stood has those, too. All of them stay in the ring, because a sealing key among
    /// them may still wrap something.
    pub fn revoke(&mut self, id: &str, successor: &Draft, now: Timestamp) -> Result<(), LifeError> {
        if self.find_mut(id).is_none() {
            return Err(LifeError::NoSuchKey);
        }
        let is_active = self.active == id;
        for key in &mut self.keys {
            let verifies = matches!(key.state, StoredState::Grace | StoredState::Pending);
            if key.id == id || (is_active && verifies) {
                key.state = StoredState::Revoked;
                key.verify_until = None;
            }
        }
        if is_active {
            self.active.clone_from(&successor.id);
            self.keys.push(Stored::of(successor, now));
        }
        Ok(())
    }

    /// Retires the keys whose grace is over; whether there were any.
    pub fn retire(&mut self, now: Timestamp) -> bool {
        let over = self.keys.iter_mut().filter(|key| {
            key.state == StoredState::Grace && key.verify_until.is_some_and(|until| until <= now)
        });
        over.map(|key| key.state = StoredState::Retired).count() > 0
    }

    /// Removes the keys that verify nothing any more and that nothing needs; answers their ids. A retired key stays
    /// for as long as its use is worth counting, a revoked one for good: it must not come back under its name.
    pub fn destroy(&mut self, before: Timestamp, is_needed: impl Fn(&str) -> bool) -> Vec<String> {
        let is_over = |key: &Stored| {
            key.state == StoredState::Retired
                && key.verify_until.is_none_or(|until| until < before)
                && !is_needed(&key.id)
        };
        let (gone, kept): (Vec<_>, Vec<_>) = self.keys.drain(..).partition(is_over);
        self.keys = kept;
        gone.into_iter().map(|key| key.id).collect()
    }

    /// Lets revoked keys stand among the previous ones: they sign nothing, and still open what is to be wrapped anew.
    pub(super) fn keep_until_unwrapped(&mut self, now: Timestamp) {
        let revoked = |key: &&mut Stored| key.state == StoredState::Revoked;
        for key in self.keys.iter_mut().filter(revoked) {
            key.state = StoredState::Grace;
            key.verify_until = Some(now.plus(UNWRAPPING));
        }
    }

    /// Takes every key away but the active one and those that something needs.
    pub(super) fn keep_active_and(&mut self, is_needed: impl Fn(&str) -> bool) {
        self.keys
            .retain(|key| key.id == self.active || is_needed(&key.id));
    }

    /// Wipes the values of revoked keys that open nothing any more; whether there were any. Their ids stay, so that
    /// their use is told apart.
    pub fn wipe(&mut self, is_needed: impl Fn(&Stored) -> bool) -> bool {
        let revoked = |key: &&mut Stored| {
            let is_there = !key.value.expose().is_empty();
            key.state == StoredState::Revoked && is_there && !is_needed(key)
        };
        let wiped = self.keys.iter_mut().filter(revoked);
        wiped.map(|key| key.value = Sensitive::new("")).count() > 0
    }
}

impl Stored {
    /// A new key that is active at once.
    pub(super) fn of(draft: &Draft, now: Timestamp) -> Self {
        Self {
            id: draft.id.clone(),
            alg: draft.algorithm,
            value: Sensitive::new(draft.value.expose()),
            state: StoredState::Active,
            created_at: Some(now),
            not_before: None,
            verify_until: None,
        }
    }

    /// A key that signed before, and verifies until then.
    pub(super) fn in_grace(draft: &Draft, now: Timestamp, until: Timestamp) -> Self {
        Self {
            state: StoredState::Grace,
            verify_until: Some(until),
            ..Self::of(draft, now)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        config::Environment,
        keys::{Format, draft},
        platform::rng::OsRng,
    };

    const NOW: Timestamp = Timestamp::from_millis(1_795_219_200_000);

    fn new() -> Draft {
        draft(Format::Hex, Environment::Production, NOW, &OsRng).unwrap()
    }

    fn after(seconds: u64) -> Timestamp {
        NOW.plus(Duration::from_secs(seconds))
    }

    fn states(ring: &StoredRing) -> Vec<StoredState> {
        ring.keys.iter().map(|key| key.state).collect()
    }

    #[test]
    fn a_rotation_and_its_undoing() {
        let (first, second) = (new(), new());
        let mut ring = StoredRing::of(&first, NOW);
        ring.add_pending(&second, NOW);
        assert_eq!(ring.active, first.id);
        ring.promote(&second.id, after(100)).unwrap();
        assert_eq!(ring.active, second.id);
        assert_eq!(states(&ring), [StoredState::Grace, StoredState::Active]);
        assert_eq!(ring.undo(after(99), after(200)), Ok(first.id.clone()));
        assert_eq!(states(&ring), [StoredState::Active, StoredState::Grace]);
        assert_eq!(
            ring.undo(after(200), after(300)),
            Err(LifeError::NothingToUndo)
        );
        assert_eq!(ring.active, first.id);
    }

    #[test]
    fn only_a_pending_key_is_promoted() {
        let first = new();
        let mut ring = StoredRing::of(&first, NOW);
        for id in [first.id.as_str(), "nobody"] {
            assert_eq!(ring.promote(id, NOW), Err(LifeError::NoSuchKey), "{id}");
        }
    }

    #[test]
    fn a_revoked_active_key_has_a_successor_and_takes_every_key_that_verifies_with_it() {
        let (first, second, third) = (new(), new(), new());
        let mut ring = StoredRing::of(&first, NOW);
        ring.add_pending(&second, NOW);
        ring.promote(&second.id, after(100)).unwrap();
        ring.add_pending(&new(), NOW);
        ring.revoke(&second.id, &third, NOW).unwrap();
        assert_eq!(ring.active, third.id);
        let revoked = StoredState::Revoked;
        assert_eq!(
            states(&ring),
            [revoked, revoked, revoked, StoredState::Active]
        );
        assert_eq!(ring.undo(NOW, NOW), Err(LifeError::NothingToUndo));
    }

    #[test]
    fn a_key_is_destroyed_when_its_time_is_over_and_nothing_needs_it() {
        let (first, second) = (new(), new());
        let mut ring = StoredRing::of(&first, NOW);
        ring.add_pending(&second, NOW);
        ring.promote(&second.id, after(10)).unwrap();
        assert!(!ring.retire(after(9)));
        assert!(ring.retire(after(10)));
        assert!(
            ring.destroy(after(10), |_| false).is_empty(),
            "still counted"
        );
        assert!(ring.destroy(after(11), |_| true).is_empty(), "still needed");
        assert_eq!(ring.destroy(after(11), |_| false), [first.id]);
        assert_eq!(states(&ring), [StoredState::Active]);
    }

    proptest! {
        #[test]
        fn one_key_is_active_whatever_happens(steps in proptest::collection::vec((0_u8..6, any::<prop::sample::Index>()), 0..40)) {
            let mut ring = StoredRing::of(&new(), NOW);
            for (time, (step, which)) in (1..).zip(steps) {
                let (now, id) = (after(time), which.get(&ring.keys).id.clone());
                let _ = match step {
                    0 => { ring.add_pending(&new(), now); Ok(()) }
                    1 => ring.promote(&id, after(time + 5)),
                    2 => ring.undo(now, after(time + 5)).map(|_| ()),
                    3 => ring.revoke(&id, &new(), now),
                    4 => { ring.retire(now); Ok(()) }
                    _ => { ring.destroy(now, |_| false); Ok(()) }
                };
                let active = ring.keys.iter().filter(|key| key.state == StoredState::Active);
                let ids: Vec<_> = active.map(|key| key.id.as_str()).collect();
                prop_assert_eq!(ids, [ring.active.as_str()]);
            }
        }
    }
}
