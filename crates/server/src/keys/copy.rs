//! Copies of rings, made on purpose: nothing here is `Clone`, so that no secret is copied by the way.

use concierge_core::{sensitive::Sensitive, time::Timestamp};

use super::{Draft, KeyringContents as Contents, Stored, StoredRing, StoredState};

impl Contents {
    /// A copy to change.
    pub(super) fn copied(&self) -> Self {
        Self {
            epoch: self.epoch,
            signing: self.signing.as_ref().map(StoredRing::copied),
            sealing: self.sealing.as_ref().map(StoredRing::copied),
        }
    }
}

impl StoredRing {
    pub(super) fn copied(&self) -> Self {
        Self {
            active: self.active.clone(),
            keys: self.keys.iter().map(Stored::copied).collect(),
        }
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

    fn copied(&self) -> Self {
        Self {
            id: self.id.clone(),
            alg: self.alg,
            value: Sensitive::new(self.value.expose()),
            state: self.state,
            created_at: self.created_at,
            not_before: self.not_before,
            verify_until: self.verify_until,
        }
    }
}
