//! SQL of the lists of events: one statement for each set of filters, so that each finds its index; and one for what
//! waits for its link, which is little.

use concierge_core::{
    audit::{EventName, Severity, api::EventView},
    time::Timestamp,
};

use super::{
    halves,
    list::{Place, Wanted},
};
use crate::store::{Db, Row, Statement, StoreError, sql};

/// The events that are wanted, the newest before a place first; so many at most.
pub(super) async fn list_events(
    db: &Db,
    wanted: &Wanted,
    place: &Place,
    most: i64,
) -> Result<Vec<EventView>, StoreError> {
    if let (Some(name), Some(severity)) = (wanted.name, wanted.severity)
        && name.severity() != severity
    {
        return Ok(Vec::new());
    }
    let since = wanted.since.map_or(i64::MIN, Timestamp::as_millis);
    let [waiting, linked] = [waiting(wanted), linked(wanted)].map(|statement| {
        statement
            .bind(since)
            .bind(place.at)
            .bind(place.id.as_str())
            .bind(most)
    });
    let rows = halves::fetch(db, waiting, linked, most).await?;
    rows.iter().map(view).collect()
}

fn waiting(wanted: &Wanted) -> Statement {
    let account = wanted.account.map(|account| account.to_string());
    sql("SELECT id, at, name, severity, account_id, actor_id, address, user_agent, request_id, details
         FROM event WHERE position IS NULL AND ($1 = '' OR account_id = $1) AND ($2 = '' OR name = $2)
         AND ($3 = '' OR severity = $3) AND at >= $4 AND (at, id) < ($5, $6)
         ORDER BY at DESC, id DESC LIMIT $7")
        .bind(account.unwrap_or_default())
        .bind(wanted.name.map_or("", EventName::as_str))
        .bind(wanted.severity.map_or("", Severity::as_str))
}

fn linked(wanted: &Wanted) -> Statement {
    let account = wanted.account.map(|account| account.to_string());
    let severity = wanted.severity.map(Severity::as_str);
    match (account, wanted.name, severity) {
        (None, None, None) => {
            sql("SELECT id, at, name, severity, account_id, actor_id, address, user_agent, request_id, details
                 FROM event WHERE position IS NOT NULL AND at >= $1 AND (at, id) < ($2, $3)
                 ORDER BY at DESC, id DESC LIMIT $4")
        }
        // A name has one severity.
        (None, Some(name), _) => {
            sql("SELECT id, at, name, severity, account_id, actor_id, address, user_agent, request_id, details
                 FROM event WHERE position IS NOT NULL AND name = $1 AND at >= $2 AND (at, id) < ($3, $4)
                 ORDER BY at DESC, id DESC LIMIT $5")
                .bind(name.as_str())
        }
        (None, None, Some(severity)) => {
            sql("SELECT id, at, name, severity, account_id, actor_id, address, user_agent, request_id, details
                 FROM event WHERE position IS NOT NULL AND severity = $1 AND at >= $2 AND (at, id) < ($3, $4)
                 ORDER BY at DESC, id DESC LIMIT $5")
                .bind(severity)
        }
        (Some(account), None, None) => {
            sql("SELECT id, at, name, severity, account_id, actor_id, address, user_agent, request_id, details
                 FROM event WHERE position IS NOT NULL AND account_id = $1 AND at >= $2 AND (at, id) < ($3, $4)
                 ORDER BY at DESC, id DESC LIMIT $5")
                .bind(account)
        }
        (Some(account), Some(name), _) => {
            sql("SELECT id, at, name, severity, account_id, actor_id, address, user_agent, request_id, details
                 FROM event WHERE position IS NOT NULL AND account_id = $1 AND name = $2 AND at >= $3 AND (at, id) < ($4, $5)
                 ORDER BY at DESC, id DESC LIMIT $6")
                .bind(account)
                .bind(name.as_str())
        }
        (Some(account), None, Some(severity)) => {
            sql("SELECT id, at, name, severity, account_id, actor_id, address, user_agent, request_id, details
                 FROM event WHERE position IS NOT NULL AND account_id = $1 AND severity = $2 AND at >= $3 AND (at, id) < ($4, $5)
                 ORDER BY at DESC, id DESC LIMIT $6")
                .bind(account)
                .bind(severity)
        }
    }
}

/// What somebody spoilt in the table is shown as it is: the rest can still be read.
fn view(row: &Row) -> Result<EventView, StoreError> {
    let severity = row.text("severity")?;
    let details = row.text("details")?;
    Ok(EventView {
        id: row.text("id")?,
        at: Timestamp::from_millis(row.int("at")?),
        event: row.text("name")?,
        title: String::new(),
        severity: Severity::from_text(&severity).unwrap_or(Severity::Critical),
        account: row.text_or_null("account_id")?,
        actor: row.text_or_null("actor_id")?,
        address: row.text_or_null("address")?.unwrap_or_default(),
        user_agent: row.text_or_null("user_agent")?.unwrap_or_default(),
        browser: String::new(),
        system: String::new(),
        request_id: row.text_or_null("request_id")?.unwrap_or_default(),
        details: serde_json::from_str(&details).unwrap_or(serde_json::Value::String(details)),
    })
}
