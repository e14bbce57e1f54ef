//! Changes the rings where they live: what every change needs, and undoing.
//!
//! One change at a time, by a lease. A ring is read whole, changed on a copy and replaced whole, unless somebody else
//! wrote meanwhile.

use std::{path::Path, sync::Arc, time::Duration};

use concierge_core::{
    account::AccountId,
    audit::EventName,
    keys::{RingName, api::Rotated},
    time::Timestamp,
};
use serde_json::json;
use zeroize::Zeroizing;

use super::{
    Draft, Format, LifeError, Purpose, StoredRing, Supply, data_keys::DataKeyError, draft,
    home::refuse_a_second_home, instance, keyring_write::Unwritten, turn::LEASE,
};
use crate::{
    audit::{self, Event, Origin},
    config::{Environment, Reading},
    platform::{
        clock::Clock,
        keyring::{Key, KeyState, Ring, Scheme},
        rng::Rng,
    },
    store::{Db, StoreError},
};

/// How long a rotation waits for the processes that serve.
const PATIENCE: Duration = Duration::from_secs(60);
/// Why the keys were not changed.
#[derive(Debug, thiserror::Error)]
pub enum KeeperError {
    /// The ring lives where this program writes nothing. The text says what to do.
    #[error("{0}")]
    ReadOnly(String),
    /// Another change is under way.
    #[error(
        "another change of the keys is under way; one that was broken off gives up its turn within {} s, and `key revoke` waits for none",
        LEASE.as_secs()
    )]
    Busy,
    /// A process that serves works with other keys than those here.
    #[error(
        "{0} serves with other keys than those here: several machines need one shared folder, or a store (vault, aws, azure)"
    )]
    Stranger(String),
    /// Processes that did not say in time that they know the new key.
    #[error(
        "the new key is not known everywhere after a minute; nothing signs with it yet, and the next rotation goes on from here. Silent: {0}"
    )]
    Silent(String),
    /// The keyring can't be read or written.
    #[error("{0}")]
    File(String),
    /// Somebody else wrote the keyring since it was read.
    #[error("{0}")]
    Changed(String),
    /// The ring does not allow it.
    #[error(transparent)]
    Life(#[from] LifeError),
    /// Somebody revoked a key meanwhile, which goes before everything else.
    #[error("a key was revoked meanwhile, so this change was given up")]
    Overtaken,
    /// What a weak key signed can't be believed, so there is nothing to be gentle with.
    #[error(
        "the key {0} is weak or known, so it must not verify for a while yet: `concierge key revoke --kid {0} --reason weak` replaces it at once"
    )]
    Weak(String),
    /// Longer than anybody plans.
    #[error("the grace is at most 365 days")]
    GraceTooLong,
    /// What lives longer must stay verifiable.
    #[error("the grace must not be shorter than the life of an access token, {} seconds", .0.as_secs())]
    GraceTooShort(Duration),
    /// There is no such ring or key yet.
    #[error("there is no {} key yet: `concierge key generate` makes one", .0.as_str())]
    NoKey(Purpose),
    /// The randomness of the machine is broken, or the new key does not work.
    #[error("the new key failed its test: {0}")]
    Probe(&'static str),
    /// A data key can't be opened.
    #[error(transparent)]
    DataKey(#[from] DataKeyError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Unwritten> for KeeperError {
    fn from(error: Unwritten) -> Self {
        match error {
            Unwritten::Changed(_) => Self::Changed(error.to_string()),
            Unwritten::Failed(message) => Self::File(message),
        }
    }
}

/// Who changes the keys.
#[derive(Debug, Clone, Copy)]
pub struct By<'a> {
    /// The account, when it is one.
    pub actor: Option<AccountId>,
    /// From where.
    pub origin: &'a Origin,
}

impl<'a> By<'a> {
    /// The program itself, or whoever sits at its command line.
    pub const fn nobody(origin: &'a Origin) -> Self {
        Self {
            actor: None,
            origin,
        }
    }
}

/// Changes the keyrings.
pub struct Keeper {
    pub(super) db: Db,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) rng: Arc<dyn Rng>,
    pub(super) supply: Supply,
    /// How long a rotation waits for the processes that serve.
    pub patience: Duration,
    /// The shortest grace: the life of an access token and what clocks may be apart.
    pub(super) shortest_grace: Duration,
    /// The grace where none was asked for.
    pub(super) usual_grace: Duration,
}

impl Keeper {
    /// A keeper of the rings of this supply.
    pub fn new(
        db: Db,
        clock: Arc<dyn Clock>,
        rng: Arc<dyn Rng>,
        supply: Supply,
        access_ttl: Duration,
        usual_grace: Duration,
    ) -> Self {
        let shortest_grace = access_ttl + Duration::from_secs(5);
        Self {
            db,
            clock,
            rng,
            supply,
            patience: PATIENCE,
            shortest_grace,
            usual_grace: usual_grace.max(shortest_grace),
        }
    }

    /// Where the keys come from.
    pub fn supply(&self) -> &Supply {
        &self.supply
    }

    /// Makes the key in grace active again that was so last.
    pub async fn undo(
        &self,
        purpose: Purpose,
        out: Option<&Path>,
        by: By<'_>,
    ) -> Result<Rotated, KeeperError> {
        let lease = self.lease().await?;
        let undone = self.undo_alone(&lease, purpose, out, by).await;
        self.give_back(&lease).await;
        undone
    }

    async fn undo_alone(
        &self,
        lease: &str,
        purpose: Purpose,
        out: Option<&Path>,
        by: By<'_>,
    ) -> Result<Rotated, KeeperError> {
        let reading = self.supply.read();
        refuse_a_second_home(&reading, purpose)?;
        let (opened, mut ring) = self.open(&reading, purpose, out).await?;
        self.refuse_strangers(purpose, &ring).await?;
        let now = self.clock.now();
        let verify_until = now.plus(self.usual_grace);
        let previous = ring.active.clone();
        // Every process has known it as a key that verifies, so it may sign at once.
        let active = ring.undo(now, verify_until)?;
        if purpose == Purpose::Sealing {
            self.rewrap(lease, &ring, &active).await?;
        }
        self.hold_on(lease).await?;
        self.write(&opened, purpose, ring).await?;
        let instances = instance::list_live(&self.db, now).await?.len();
        let rotated = rotated(purpose, active, previous, verify_until, instances);
        let details =
            json!({ "ring": rotated.ring, "active": rotated.active, "previous": rotated.previous });
        self.record(EventName::KeyRotationUndone, by, details)
            .await?;
        Ok(rotated)
    }

    /// A new key of the algorithm of the active one. Its id says where the ring is used, also to who has forgotten to
    /// say so on the command line: a server refuses the key of another environment.
    pub(super) fn draft_like(
        &self,
        reading: &Reading,
        ring: &StoredRing,
    ) -> Result<Draft, KeeperError> {
        let algorithm = ring.active_key().map(|key| key.alg).unwrap_or_default();
        let now = self.clock.now();
        let environment = Environment::of_id(&ring.active)
            .filter(|home| home.is_deployed())
            .unwrap_or(reading.environment);
        // Four hex digits tell the keys of one day apart, but for once in 65,536 times.
        (0..10)
            .filter_map(|_| draft(Format::Hex, environment, now, &*self.rng))
            .find(|draft| ring.keys.iter().all(|key| key.id != draft.id))
            .map(|draft| Draft { algorithm, ..draft })
            .ok_or(KeeperError::Probe("the source of randomness is broken"))
    }

    /// The keys here must be those that every process serves with; otherwise this is not their file.
    pub(super) async fn refuse_strangers(
        &self,
        purpose: Purpose,
        ring: &StoredRing,
    ) -> Result<(), KeeperError> {
        let active = ring.active_key().ok_or(KeeperError::NoKey(purpose))?;
        let live = instance::list_live(&self.db, self.clock.now()).await?;
        let strangers = live
            .iter()
            .filter(|one| !one.knows(purpose, &active.id, active.value.expose()));
        match strangers.map(|one| one.host.as_str()).collect::<Vec<_>>() {
            none if none.is_empty() => Ok(()),
            hosts => Err(KeeperError::Stranger(hosts.join(", "))),
        }
    }

    pub(super) async fn record(
        &self,
        name: EventName,
        by: By<'_>,
        details: serde_json::Value,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        let event = Event {
            actor: by.actor,
            ..Event::anonymous(name, by.origin).with(details)
        };
        audit::record(&mut tx, &event, self.clock.now(), &*self.rng).await?;
        tx.commit().await
    }
}

pub(super) fn rotated(
    purpose: Purpose,
    active: String,
    previous: String,
    verify_until: Timestamp,
    instances: usize,
) -> Rotated {
    Rotated {
        ring: RingName::from(purpose),
        active,
        previous,
        verify_until,
        instances: u32::try_from(instances).unwrap_or(u32::MAX),
    }
}

/// The ring in memory, as if this key were active.
pub(super) fn in_memory(
    ring: &StoredRing,
    now: Timestamp,
    active: &str,
) -> Result<Ring, KeeperError> {
    let mut keys = Vec::new();
    for stored in &ring.keys {
        let scheme = Scheme::of_stored(stored.alg, stored.value.expose());
        keys.push(Key {
            scheme: scheme.ok_or(KeeperError::Probe("its seed is no seed"))?,
            secret: Zeroizing::new(stored.value.expose().as_bytes().to_vec()),
            id: stored.id.clone(),
            state: if stored.id == active {
                KeyState::Active
            } else {
                stored.state_at(now)
            },
        });
    }
    let at = keys.iter().position(|key| key.id == active);
    let active = keys.remove(at.ok_or(KeeperError::Life(LifeError::NoSuchKey))?);
    Ok(Ring::new(active, keys))
}
