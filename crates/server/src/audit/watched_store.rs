//! Events by name, for whoever watches for them.

use concierge_core::{audit::EventName, time::Timestamp};

use super::halves;
use crate::store::{Db, Row, StoreError, sql};

/// An event, as far as it matters to who watches for it.
#[derive(Debug, Clone)]
pub struct Watched {
    /// When.
    pub at: Timestamp,
    /// The id of the account it happened to.
    pub account: Option<String>,
    /// From where; empty when from nowhere.
    pub address: String,
    /// More, as a JSON object.
    pub details: serde_json::Value,
}

impl Watched {
    /// For how many it stands: refusals are counted before they are written.
    pub fn count(&self) -> u64 {
        self.details["count"].as_u64().unwrap_or(1)
    }
}

/// The events of a name after a time whose details are `LIKE` this, the newest first; so many at most.
pub async fn list_watched(
    db: &Db,
    name: EventName,
    like: &str,
    since: Timestamp,
    most: i64,
) -> Result<Vec<Watched>, StoreError> {
    let waiting = sql("SELECT id, at, account_id, address, details FROM event
                       WHERE position IS NULL AND name = $1 AND at > $2 AND details LIKE $3
                       ORDER BY at DESC, id DESC LIMIT $4");
    let linked = sql("SELECT id, at, account_id, address, details FROM event
                      WHERE position IS NOT NULL AND name = $1 AND at > $2 AND details LIKE $3
                      ORDER BY at DESC, id DESC LIMIT $4");
    let [waiting, linked] = [waiting, linked].map(|statement| {
        statement
            .bind(name.as_str())
            .bind(since.as_millis())
            .bind(like)
            .bind(most)
    });
    let rows = halves::fetch(db, waiting, linked, most).await?;
    let read = |row: &Row| {
        let at = row.int("at")?;
        let details = serde_json::from_str(&row.text("details")?);
        Ok(Watched {
            at: Timestamp::from_millis(at),
            account: row.text_or_null("account_id")?,
            address: row.text_or_null("address")?.unwrap_or_default(),
            details: details.map_err(|_| StoreError::corrupt("event", "details", at))?,
        })
    };
    rows.iter().map(read).collect()
}
