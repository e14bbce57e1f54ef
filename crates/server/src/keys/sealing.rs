//! What the keeper does with the data keys: they are wrapped by the active sealing key, and a key that still wraps one
//! is not taken away.

use super::{
    Keeper, KeeperError, Purpose, StoredRing,
    data_keys::{Wrapper, needed_by, rewrap},
    instance,
    keeper::in_memory,
};
use crate::platform::keyring::{KeyState, Ring};

impl Keeper {
    /// Wraps the data keys with another key of the ring, as long as the lease is held. Until the ring says so, too, both
    /// open them.
    pub(super) async fn rewrap(
        &self,
        lease: &str,
        ring: &StoredRing,
        id: &str,
    ) -> Result<(), KeeperError> {
        let keys = in_memory(ring, self.clock.now(), id)?;
        let mut tx = self.db.begin().await?;
        self.hold_in(&mut tx, lease).await?;
        rewrap(&mut tx, &keys, keys.active(), &*self.rng).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Wraps the data keys with the active key, where another one still does: a ring that is changed by hand, or a
    /// rotation that was broken off, leaves them with the key before. Only when every process that serves knows the
    /// active key, and nobody changes keys right now.
    pub async fn wrap_with_active(&self, sealing: &Ring) -> Result<bool, KeeperError> {
        let active = sealing.active();
        let wrappers = needed_by(&self.db, sealing).await?;
        let live = instance::list_live(&self.db, self.clock.now()).await?;
        let value = String::from_utf8_lossy(&active.secret);
        let is_known = |one: &instance::Live| one.knows(Purpose::Sealing, &active.id, &value);
        if active.state == KeyState::Revoked
            || wrappers.iter().all(|wrapper| wrapper.kid == active.id)
            || !live.iter().all(is_known)
        {
            return Ok(false);
        }
        let Ok(lease) = self.lease().await else {
            return Ok(false);
        };
        let wrapped = self.wrap_alone(&lease, sealing).await;
        self.give_back(&lease).await;
        wrapped
    }

    /// Whether the keys, read anew, have the same active sealing key as these. A store that does not answer leaves it
    /// open.
    pub async fn is_still_active(&self, sealing: &Ring) -> Result<bool, KeeperError> {
        let renewed = self.supply.renew(self.clock.now(), &*self.rng).await;
        renewed.map_err(|fault| KeeperError::File(format!("{}: {fault}", self.supply.name())))?;
        let now = super::open(&self.supply.read(), self.clock.now());
        Ok(now.is_ok_and(|rings| {
            let active = rings.sealing.active();
            active.id == sealing.active().id && active.secret == sealing.active().secret
        }))
    }

    async fn wrap_alone(&self, lease: &str, sealing: &Ring) -> Result<bool, KeeperError> {
        // Read again with the lease in hand: the ring may have changed since, and a key that was revoked wraps nothing.
        match self.is_still_active(sealing).await {
            Ok(true) => {}
            Ok(false) => return Ok(false),
            Err(fault) => {
                tracing::warn!("the data keys wait for another wrapping: {fault}");
                return Ok(false);
            }
        }
        let mut tx = self.db.begin().await?;
        match self.hold_in(&mut tx, lease).await {
            Err(KeeperError::Overtaken) => return Ok(false),
            held => held?,
        }
        rewrap(&mut tx, sealing, sealing.active(), &*self.rng).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// What the keys of a ring still wrap.
    pub(super) async fn needed(
        &self,
        purpose: Purpose,
        ring: &StoredRing,
    ) -> Result<Vec<Wrapper>, KeeperError> {
        if purpose == Purpose::Signing {
            return Ok(Vec::new());
        }
        let keys = in_memory(ring, self.clock.now(), &ring.active)?;
        Ok(needed_by(&self.db, &keys).await?)
    }
}
