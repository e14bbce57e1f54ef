//! Alerts: rules are held against events and metrics, and what comes of it is told over channels.
//!
//! Guarantees: one process evaluates at a time; what it decides, and the messages that follow, are one transaction, so
//! whoever dies loses no alert and the next goes on; a message keeps its id on each try, so a receiver can drop doubles;
//! nothing is sent to an address inside the house unless the operator allowed it.

mod channel_store;
mod channels;
mod deliver;
mod delivery_store;
mod door;
mod error;
mod evaluate;
pub mod http;
mod measure;
mod message;
mod queue;
mod reach;
mod receiver;
mod service;
mod shipped;
mod sightings;
mod store;
mod words;

use std::{collections::HashMap, sync::Arc, time::Duration};

use concierge_core::{alert::RuleId, id::Id, time::Timestamp};
use tokio::sync::{Mutex, Notify};

pub use channel_store::delete_unreadable_channels;
pub use error::AlertError;
pub use measure::Answers;
pub use service::{list_live, standing};
pub use sightings::Sightings;

use crate::{
    config::Config,
    mail::{Courier, Outbox},
    platform::{
        clock::Clock,
        limit::{Beyond, Limiter, Quota},
        rng::Rng,
        seal::SealKeys,
    },
    store::{
        Db, StoreError,
        reseal::{self, Resealed},
    },
};

/// Marks the ids of processes that evaluate.
#[derive(Debug)]
pub enum WatchKind {}
impl concierge_core::id::Kind for WatchKind {
    const PREFIX: &'static str = "wat_";
}

/// Six tests a minute of one channel: the button must not become a tool to knock at doors with.
const TESTS: Quota = Quota {
    burst: 6,
    period: Duration::from_secs(60),
    beyond: Beyond::Wait,
};

/// The alerts of the house.
pub struct Alerts {
    db: Db,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    seal: SealKeys,
    outbox: Arc<Outbox>,
    courier: Arc<Courier>,
    receiver: receiver::Receiver,
    /// Where people see the alerts.
    page: String,
    data: std::path::PathBuf,
    /// What is counted at the outer door.
    pub answers: Answers,
    /// Where sessions were seen.
    pub sightings: Sightings,
    holder: String,
    turn: Mutex<Turn>,
    queued: Notify,
    tests: Limiter,
}

/// What the evaluating process knows beside the database.
#[derive(Default)]
struct Turn {
    /// The lease is good until it is renewed at this time.
    renewed_at: Option<Timestamp>,
    measured_at: Option<Timestamp>,
    /// Up to when each rule was evaluated by this process.
    evaluated: HashMap<RuleId, Timestamp>,
}

/// What the alerts are made of.
pub struct Parts {
    /// The database.
    pub db: Db,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub rng: Arc<dyn Rng>,
    /// The data key of alerts.
    pub seal: SealKeys,
    /// Takes mails in.
    pub outbox: Arc<Outbox>,
    /// Sends the mails of tests.
    pub courier: Arc<Courier>,
}

impl Alerts {
    /// The service of a configuration.
    pub fn new(parts: Parts, config: &Config) -> Self {
        let now = parts.clock.now();
        let id: Id<WatchKind> = parts.rng.id(now);
        Self {
            receiver: receiver::Receiver::new(config),
            page: config
                .public_url
                .join(concierge_core::link::Page::Alerts.path()),
            data: config.data.clone(),
            answers: Answers::default(),
            sightings: Sightings::default(),
            holder: id.to_string(),
            turn: Mutex::default(),
            queued: Notify::new(),
            tests: Limiter::new(TESTS, 1),
            db: parts.db,
            clock: parts.clock,
            rng: parts.rng,
            seal: parts.seal,
            outbox: parts.outbox,
            courier: parts.courier,
        }
    }

    /// Moves channels after this id to the newest version of the key.
    pub async fn reseal(&self, after: &str) -> Result<Resealed, StoreError> {
        let table = &channel_store::SEALED;
        reseal::reseal(&self.db, table, after, &self.seal, &*self.rng).await
    }

    /// Resolves when this process has queued a message since the last time.
    pub async fn queued(&self) {
        self.queued.notified().await;
    }
}
