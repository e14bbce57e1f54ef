//! What changes under living sessions: the keys that sign, and the time before which nothing counts.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use concierge_core::time::Timestamp;

use super::{service::Sessions, store::SessionRow};
use crate::platform::jwt::TokenSigner;

impl Sessions {
    /// Takes in changed keys, and the time at or before which nothing counts.
    pub fn take_in(&self, signer: TokenSigner, epoch: Timestamp) {
        self.signer.store(Arc::new(signer));
        self.refuse(&[], epoch);
    }

    /// Whether the key that signs was revoked.
    pub fn is_revoked(&self) -> bool {
        self.signer.load().is_revoked()
    }

    /// Refuses what keys of these fingerprints signed, and whatever began at or before the epoch, which never goes back.
    pub fn refuse(&self, revoked: &[String], epoch: Timestamp) {
        self.epoch.fetch_max(epoch.as_millis(), Ordering::AcqRel);
        self.signer.load().refuse(revoked);
    }

    /// When a session begins: now, and after the last emergency that this process knows. The clock of whoever declared
    /// it may have been ahead, and must keep nobody out until ours has caught up. A revoke is never refused for its
    /// clock's sake.
    pub(super) fn after_epoch(&self, now: Timestamp) -> Timestamp {
        let epoch = self.epoch.load(Ordering::Acquire);
        now.max(Timestamp::from_millis(epoch.saturating_add(1)))
    }

    /// How many access tokens were signed since whoever counts them last took the number.
    pub fn signed(&self) -> &AtomicU64 {
        &self.signed
    }

    /// Whether a session is neither over nor of a time before the last emergency.
    pub(super) fn lives(&self, row: &SessionRow, now: Timestamp) -> bool {
        row.is_live(now) && row.created_at.as_millis() > self.epoch.load(Ordering::Acquire)
    }
}
