//! Finishing in the database what a keyring says: a revoke that was broken off, or a database from before it.

use std::slice;

use super::{
    error::KeyDeskError,
    revoke::{Account, Desk},
};
use crate::{
    config::Reading,
    keys::{
        self, By, KeeperError,
        emergency::Target,
        epoch_store::{RevokedKey, find_epoch, list_revoked, mark_epoch},
    },
    platform::keyring::Keyrings,
    store::feed::Change,
};

/// What stands in an incident that nobody has told the reason of yet.
pub(super) const FOUND: &str =
    "found in the keyring: a revoke or a restore that this database had not seen";

impl Desk<'_> {
    /// Finishes what a keyring says and the database does not know yet: a revoke that was broken off, also where another
    /// one came after it, or a database from before it. Whether there was anything to do; what one process did, no other
    /// does again.
    pub async fn finish(
        &self,
        reading: &Reading,
        rings: &Keyrings,
        by: By<'_>,
    ) -> Result<bool, KeyDeskError> {
        let contents = keys::contents(reading).filter(|read| read.epoch == Some(rings.epoch));
        let Some(contents) = contents else {
            // It has changed since the rings were read, and will be read again.
            return Ok(false);
        };
        let unknown = |known: &[RevokedKey]| {
            Target::revoked_in(&contents, |key| is_unknown(slice::from_ref(key), known))
        };
        // Nearly always there is nothing to do, which needs no transaction to be known.
        if find_epoch(self.db).await? >= rings.epoch
            && unknown(&list_revoked(self.db).await?).is_empty()
        {
            return Ok(false);
        }
        self.require_kept(rings).await?;
        let mut tx = self.db.begin().await?;
        // First: whoever finishes the same waits here, and then finds it done.
        let moved = mark_epoch(&mut tx, rings.epoch).await?;
        let targets = unknown(&list_revoked(&mut tx).await?);
        if targets.is_empty() {
            if !moved {
                return Ok(false);
            }
            self.end_everything(&mut tx).await?;
        }
        for target in targets {
            let account = Account { by, reason: FOUND };
            self.finish_in(&mut tx, rings.epoch, &target, rings, &account)
                .await?;
        }
        tx.announce(&[Change::Everything], self.clock.now()).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Refuses what a store has replaced since it was read: where it can't compare and set, the text of who came second
    /// stands there for a moment, and what is wrapped with its key would be lost. A store that is silent keeps nobody.
    async fn require_kept(&self, rings: &Keyrings) -> Result<(), KeyDeskError> {
        let kept = match self.supply.is_remote() {
            true => self.keeper.is_still_active(&rings.sealing).await,
            false => Ok(true),
        };
        match kept {
            Ok(false) => {
                let message = format!("{} was changed meanwhile", self.supply.name());
                Err(KeyDeskError::Keeper(KeeperError::Changed(message)))
            }
            _ => Ok(()),
        }
    }
}

/// Whether one of these keys is none of the revoked ones that are known.
pub(super) fn is_unknown(keys: &[RevokedKey], known: &[RevokedKey]) -> bool {
    let is_new = |key: &RevokedKey| known.iter().all(|one| one.fingerprint != key.fingerprint);
    keys.iter().any(is_new)
}
