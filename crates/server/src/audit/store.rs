//! SQL of the `event` table. There is no update and no delete.

use concierge_core::{
    account::AccountId, audit::EventName, id::Id, monitor::live::Occurrence, time::Timestamp,
};

use super::{Event, EventKind, Kept, Refused};
use crate::store::{Db, StoreError, Tx, sql};

pub(super) async fn insert(
    tx: &mut Tx,
    id: Id<EventKind>,
    event: &Event<'_>,
    now: Timestamp,
) -> Result<(), StoreError> {
    sql("INSERT INTO event (id, at, name, severity, account_id, actor_id, address, user_agent, request_id, details)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)")
        .bind(id.to_string())
        .bind(now.as_millis())
        .bind(event.name.as_str())
        .bind(event.name.severity().as_str())
        .bind(event.account.map(|id| id.to_string()))
        .bind(event.actor.map(|id| id.to_string()))
        .bind(event.origin.address.as_str())
        .bind(event.origin.user_agent.as_str())
        .bind(event.origin.request_id.as_str())
        .bind(event.details.to_string())
        .execute(tx)
        .await
        .map(|_| ())
}

/// What happened after a time, the newest first.
pub(super) async fn list_newest(
    db: &Db,
    since: Timestamp,
    most: i64,
) -> Result<Vec<Occurrence>, StoreError> {
    let rows = sql("SELECT id, at, name, severity, account_id, address FROM recorded_event WHERE at > $1 ORDER BY at DESC, id DESC LIMIT $2")
        .bind(since.as_millis())
        .bind(most)
        .fetch_all(db)
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Occurrence {
                id: row.text("id")?,
                at: Timestamp::from_millis(row.int("at")?),
                name: row.text("name")?,
                severity: row.text("severity")?,
                account: row.text_or_null("account_id")?,
                address: row
                    .text_or_null("address")?
                    .filter(|address| !address.is_empty()),
            })
        })
        .collect()
}

/// What happened to an account, the newest first.
pub(super) async fn list_by_account(
    db: &Db,
    account: AccountId,
    most: i64,
) -> Result<Vec<Kept>, StoreError> {
    sql(
        "SELECT id, at, name, actor_id, address, user_agent, details FROM recorded_event
         WHERE account_id = $1 AND at >= $2 ORDER BY at DESC LIMIT $3",
    )
    .bind(account.to_string())
    // The bound is none: it lets an engine begin in the index of what waits instead of walking through it.
    .bind(i64::MIN)
    .bind(most)
    .fetch_all(db)
    .await?
    .iter()
    .map(|row| {
        let details = serde_json::from_str(&row.text("details")?);
        Ok(Kept {
            at: Timestamp::from_millis(row.int("at")?),
            name: row.text("name")?,
            actor: row.text_or_null("actor_id")?,
            address: row.text_or_null("address")?.unwrap_or_default(),
            user_agent: row.text_or_null("user_agent")?.unwrap_or_default(),
            details: match details {
                Ok(details) => details,
                Err(_) => return Err(StoreError::corrupt("event", "details", row.text("id")?)),
            },
        })
    })
    .collect()
}

/// A bounded look: each instance writes a thousand rows a minute at most.
pub(super) async fn list_refused(
    db: &Db,
    name: EventName,
    since: Timestamp,
) -> Result<Vec<Refused>, StoreError> {
    let rows = sql("SELECT at, address, details FROM recorded_event WHERE at > $1 AND name = $2 ORDER BY at DESC LIMIT 10000")
        .bind(since.as_millis())
        .bind(name.as_str())
        .fetch_all(db)
        .await?;
    rows.iter()
        .map(|row| {
            let details: serde_json::Value = serde_json::from_str(&row.text("details")?)
                .map_err(|_| StoreError::corrupt("event", "details", "?"))?;
            Ok(Refused {
                reason: details["reason"].as_str().unwrap_or_default().to_owned(),
                address: row.text_or_null("address")?.unwrap_or_default(),
                count: details["count"].as_u64().unwrap_or(1),
            })
        })
        .collect()
}
