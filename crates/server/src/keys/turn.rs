//! The turn to change keys: a lease in the database, because one changes them at a time.

use std::time::Duration;

use concierge_core::{id::Id, time::Timestamp};

use super::{Keeper, KeeperError, instance::InstanceKind};
use crate::{
    platform::rng::Rng,
    store::{Db, StoreError, Tx},
};

/// Longer than anything that is waited for in one step: whoever holds the lease longer is dead.
pub(super) const LEASE: Duration = Duration::from_secs(150);
/// Its name.
const NAME: &str = "keys";

/// The turn of whoever changes keys without a keeper: a command that moves whole keyrings.
pub struct Turn<'a> {
    db: &'a Db,
    holder: String,
}

impl<'a> Turn<'a> {
    /// Takes it, unless somebody has it.
    pub async fn take(db: &'a Db, now: Timestamp, rng: &dyn Rng) -> Result<Self, KeeperError> {
        let holder = holder(now, rng);
        match db.take_lease(NAME, &holder, LEASE, now).await? {
            true => Ok(Self { db, holder }),
            false => Err(KeeperError::Busy),
        }
    }

    /// Gives it back.
    pub async fn give_back(self) {
        give_back(self.db, &self.holder).await;
    }
}

impl Keeper {
    /// Goes on only while the lease is ours: a revoke takes it from anybody.
    pub(super) async fn hold(&self, lease: &str) -> Result<(), KeeperError> {
        held(self.db.has_lease(NAME, lease).await?)
    }

    /// The same before the next step, which has the whole time of the lease for itself: a store may take long for each.
    pub(super) async fn hold_on(&self, lease: &str) -> Result<(), KeeperError> {
        let now = self.clock.now();
        held(self.db.keep_lease(NAME, lease, LEASE, now).await?)
    }

    /// The same inside a transaction: nobody takes the lease before its end.
    pub async fn hold_in(&self, tx: &mut Tx, lease: &str) -> Result<(), KeeperError> {
        held(tx.holds_lease(NAME, lease).await?)
    }

    /// Takes the turn to change keys; answers its holder, to be given back.
    pub async fn lease(&self) -> Result<String, KeeperError> {
        let turn = Turn::take(&self.db, self.clock.now(), &*self.rng).await?;
        Ok(turn.holder)
    }

    /// Takes the turn from whoever has it: a revoke waits for nobody.
    pub async fn seize(&self) -> Result<String, KeeperError> {
        let now = self.clock.now();
        let holder = holder(now, &*self.rng);
        self.db.seize_lease(NAME, &holder, LEASE, now).await?;
        Ok(holder)
    }

    /// Gives the turn back.
    pub async fn give_back(&self, lease: &str) {
        give_back(&self.db, lease).await;
    }
}

const fn held(is_held: bool) -> Result<(), KeeperError> {
    if is_held {
        Ok(())
    } else {
        Err(KeeperError::Overtaken)
    }
}

fn holder(now: Timestamp, rng: &dyn Rng) -> String {
    let id: Id<InstanceKind> = rng.id(now);
    id.to_string()
}

/// That it can't be given back hides nothing that was done: it ends by itself.
async fn give_back(db: &Db, holder: &str) {
    let given: Result<(), StoreError> = db.give_lease_back(NAME, holder).await;
    if let Err(error) = given {
        tracing::warn!(%error, "the turn to change keys could not be given back; it ends by itself");
    }
}
