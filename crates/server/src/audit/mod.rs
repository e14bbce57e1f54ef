//! Security events: what happened, to whom, from where.
//!
//! Invariant: an event is a row of the transaction it records, so neither exists without the other; rows are
//! only ever added, and deleted by the retention alone. A log line with target `security` follows the commit, for the operator's own tools:
//! no line tells of what was rolled back. Refusals, which anybody
//! can cause, are counted first ([`Refusals`]).

mod chain;
mod chain_end;
mod chain_store;
pub mod copy;
mod halves;
pub mod http;
mod link;
mod list;
mod list_store;
mod purge;
mod refusal;
mod report;
mod store;
mod verify;
mod watched_store;

use concierge_core::{
    account::AccountId,
    audit::{EventName, api::EventView},
    id::{Id, Kind},
    monitor::live::Occurrence,
    time::Timestamp,
};

pub use chain::{Chain, Extended, Head, chain_anew, chain_needs_older};
pub use copy::record_copy;
pub use list::{ListError, Wanted, page, pages};
pub use purge::Purged;
pub use refusal::{Refusal, Refusals};
pub use report::{Damage, Finding, Report};
pub use verify::{VerifyError, verify};
pub use watched_store::{Watched, list_watched};

use crate::{
    platform::rng::Rng,
    store::{Db, StoreError, Tx},
};

/// Marks the ids of events.
#[derive(Debug)]
pub enum EventKind {}
impl Kind for EventKind {
    const PREFIX: &'static str = "evt_";
}

/// Where a request came from, as far as it matters to events and sessions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// The client's address; empty for the command line.
    pub address: String,
    /// The `User-Agent`, cut to 300 characters.
    pub user_agent: String,
    /// The request's id.
    pub request_id: String,
}

/// An event on its way into the table.
#[derive(Debug)]
pub struct Event<'a> {
    /// What happened.
    pub name: EventName,
    /// The account it happened to.
    pub account: Option<AccountId>,
    /// Who did it, when not the account itself.
    pub actor: Option<AccountId>,
    /// From where.
    pub origin: &'a Origin,
    /// More, as a JSON object; never a secret.
    pub details: serde_json::Value,
}

impl<'a> Event<'a> {
    /// An event that an account did to itself.
    pub fn of(name: EventName, account: AccountId, origin: &'a Origin) -> Self {
        Self {
            name,
            account: Some(account),
            actor: None,
            origin,
            details: serde_json::json!({}),
        }
    }

    /// An event that belongs to no account we know.
    pub fn anonymous(name: EventName, origin: &'a Origin) -> Self {
        Self {
            name,
            account: None,
            actor: None,
            origin,
            details: serde_json::json!({}),
        }
    }

    /// The same with details.
    pub fn with(self, details: serde_json::Value) -> Self {
        Self { details, ..self }
    }
}

/// A row of refusals: one reason, one address, one minute.
#[derive(Debug)]
pub struct Refused {
    /// The stable word of the reason.
    pub reason: String,
    /// From where; empty for those that found no row of their own.
    pub address: String,
    /// How many.
    pub count: u64,
}

/// A bounded look: each instance writes a thousand rows of refusals a minute at most.
const REFUSED: usize = 10_000;

/// What was refused since then, as an event of this name.
pub async fn list_refused(
    db: &Db,
    name: EventName,
    since: Timestamp,
) -> Result<Vec<Refused>, StoreError> {
    let wanted = Wanted {
        name: Some(name),
        since: Some(since),
        ..Wanted::default()
    };
    let events = list::newest(db, &wanted, REFUSED).await?;
    let refused = events.into_iter().map(|event| Refused {
        reason: event.details["reason"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
        count: event.details["count"].as_u64().unwrap_or(1),
        address: event.address,
    });
    Ok(refused.collect())
}

/// What happened since a time, to whomever, the newest first; so many events at most.
pub async fn list_newest(
    db: &Db,
    since: Timestamp,
    most: usize,
) -> Result<Vec<Occurrence>, StoreError> {
    let wanted = Wanted {
        since: Some(since),
        ..Wanted::default()
    };
    let events = list::newest(db, &wanted, most).await?;
    let occurred = events.into_iter().map(|event| Occurrence {
        id: event.id,
        at: event.at,
        name: event.event,
        severity: event.severity.as_str().to_owned(),
        account: event.account,
        address: Some(event.address).filter(|address| !address.is_empty()),
    });
    Ok(occurred.collect())
}

/// What happened to an account, as its owner may see it, the newest first; so many events at most.
pub async fn list_own(
    db: &Db,
    account: AccountId,
    most: usize,
) -> Result<Vec<EventView>, StoreError> {
    let wanted = Wanted {
        account: Some(account),
        own: true,
        ..Wanted::default()
    };
    list::newest(db, &wanted, most).await
}

async fn insert(
    tx: &mut Tx,
    event: &Event<'_>,
    now: Timestamp,
    rng: &dyn Rng,
) -> Result<(), StoreError> {
    let id: Id<EventKind> = rng.id(now);
    store::insert(tx, id, event, now).await
}

/// Adds the event to the transaction of what it records; its log line waits for the commit.
pub async fn record(
    tx: &mut Tx,
    event: &Event<'_>,
    now: Timestamp,
    rng: &dyn Rng,
) -> Result<(), StoreError> {
    insert(tx, event, now, rng).await?;
    let (name, account, actor) = (event.name, event.account, event.actor);
    let details = match event.details.as_object() {
        Some(none) if none.is_empty() => String::new(),
        _ => event.details.to_string(),
    };
    let (address, request_id) = (
        event.origin.address.clone(),
        event.origin.request_id.clone(),
    );
    tx.after_commit(move || {
        let text = |id: Option<AccountId>| id.map(|id| id.to_string()).unwrap_or_default();
        tracing::info!(
            target: "security",
            event = name.as_str(),
            severity = name.severity().as_str(),
            account = text(account),
            actor = text(actor),
            address,
            request_id,
            details,
            "{}",
            name.as_str()
        );
    });
    Ok(())
}
