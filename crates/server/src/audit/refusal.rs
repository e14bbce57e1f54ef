//! Refusals that need no account: a token that is not ours, a cookie sent twice, a request from another site.
//!
//! Anybody can cause them, as many as they like. So each is a count and a log line, and the database gets one row
//! per reason, address and minute; nobody outside decides how many rows there are. A crash loses the counts of
//! the running minute and nothing that was answered.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
};

use concierge_core::{audit::EventName, time::Timestamp};
use serde_json::json;

use super::{Event, Origin, insert};
use crate::{
    platform::{limit::AddressKey, rng::Rng},
    store::{Db, StoreError},
};

/// Rows per minute at most. Whoever has more addresses than that shares the rows of `OTHERS`.
const CAPACITY: usize = 1000;
/// Stands for all addresses that found no row of their own.
const OTHERS: &str = "";

/// Why a request was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Refusal {
    /// The event it counts as.
    pub event: EventName,
    /// The reason, as a stable word. Of a fixed set: never what somebody sent.
    pub reason: &'static str,
}

/// What was refused lately, and how often each reason since the start.
#[derive(Debug, Default)]
pub struct Refusals(Mutex<Table>);

#[derive(Debug, Default)]
struct Table {
    counts: BTreeMap<&'static str, u64>,
    rows: Rows,
}

type Rows = HashMap<(Refusal, String), Row>;

#[derive(Debug, Clone)]
struct Row {
    count: u64,
    /// Where the first of them came from.
    origin: Origin,
}

impl Refusals {
    /// Counts a reason that is no event: what honest browsers do every day.
    pub fn count(&self, reason: &'static str) {
        *self.table().counts.entry(reason).or_default() += 1;
    }

    /// Counts a refusal, logs it, and keeps it for the minute's rows.
    pub fn note(&self, refusal: Refusal, key: &AddressKey, origin: &Origin) {
        let mut table = self.table();
        *table.counts.entry(refusal.reason).or_default() += 1;
        add(&mut table.rows, refusal, key.host(), origin);
        drop(table);
        tracing::info!(
            target: "security",
            event = refusal.event.as_str(),
            severity = refusal.event.severity().as_str(),
            reason = refusal.reason,
            address = origin.address,
            request_id = origin.request_id,
            "{}: {}", refusal.event.as_str(), refusal.reason
        );
    }

    /// How often each reason came up since the start.
    pub fn counts(&self) -> BTreeMap<&'static str, u64> {
        self.table().counts.clone()
    }

    /// Writes the rows of the minute that ends now. They are taken out only once they are in the database: what
    /// fails, or is dropped half way, is written the next time.
    pub async fn flush(&self, db: &Db, now: Timestamp, rng: &dyn Rng) -> Result<(), StoreError> {
        let rows = self.table().rows.clone();
        if rows.is_empty() {
            return Ok(());
        }
        write(db, &rows, now, rng).await?;
        let mut table = self.table();
        for (key, written) in rows {
            if let Some(row) = table.rows.get_mut(&key) {
                row.count = row.count.saturating_sub(written.count);
            }
        }
        table.rows.retain(|_, row| row.count > 0);
        Ok(())
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn add(rows: &mut Rows, refusal: Refusal, key: &str, origin: &Origin) {
    let own = (refusal, key.to_owned());
    let has_room = rows.len() < CAPACITY || rows.contains_key(&own);
    let (key, origin) = if has_room {
        (own, origin.clone())
    } else {
        ((refusal, OTHERS.to_owned()), Origin::default())
    };
    rows.entry(key).or_insert(Row { count: 0, origin }).count += 1;
}

async fn write(db: &Db, rows: &Rows, now: Timestamp, rng: &dyn Rng) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    for ((refusal, _), row) in rows {
        let details = json!({ "reason": refusal.reason, "count": row.count });
        let event = Event::anonymous(refusal.event, &row.origin).with(details);
        insert(&mut tx, &event, now, rng).await?;
    }
    tx.commit().await
}
