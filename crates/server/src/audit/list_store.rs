//! SQL of the lists of events: one statement for each set of filters, so that each finds its index.

use concierge_core::{
    audit::{Severity, api::EventView},
    time::Timestamp,
};

use super::list::{Place, Wanted};
use crate::store::{Db, Row, Statement, StoreError, sql};

/// The statement with the values of its filters; none where the filters exclude each other.
pub(super) fn statement(wanted: &Wanted) -> Option<Statement> {
    let account = wanted.account.map(|account| account.to_string());
    let severity = wanted.severity.map(Severity::as_str);
    if let (Some(name), Some(severity)) = (wanted.name, wanted.severity)
        && name.severity() != severity
    {
        return None;
    }
    Some(match (account, wanted.name, severity) {
        (None, None, None) => {
            sql("SELECT id, at, name, severity, account_id, actor_id, address, user_agent, request_id, details
                 FROM recorded_event WHERE at >= $1 AND (at, id) < ($2, $3)
                 ORDER BY at DESC, id DESC LIMIT $4")
        }
        // A name has one severity.
        (None, Some(name), _) => {
            sql("SELECT id, at, name, severity, account_id, actor_id, address, user_agent, request_id, details
                 FROM recorded_event WHERE name = $1 AND at >= $2 AND (at, id) < ($3, $4)
                 ORDER BY at DESC, id DESC LIMIT $5")
                .bind(name.as_str())
        }
        (None, None, Some(severity)) => {
            sql("SELECT id, at, name, severity, account_id, actor_id, address, user_agent, request_id, details
                 FROM recorded_event WHERE severity = $1 AND at >= $2 AND (at, id) < ($3, $4)
                 ORDER BY at DESC, id DESC LIMIT $5")
                .bind(severity)
        }
        (Some(account), None, None) => {
            sql("SELECT id, at, name, severity, account_id, actor_id, address, user_agent, request_id, details
                 FROM recorded_event WHERE account_id = $1 AND at >= $2 AND (at, id) < ($3, $4)
                 ORDER BY at DESC, id DESC LIMIT $5")
                .bind(account)
        }
        (Some(account), Some(name), _) => {
            sql("SELECT id, at, name, severity, account_id, actor_id, address, user_agent, request_id, details
                 FROM recorded_event WHERE account_id = $1 AND name = $2 AND at >= $3 AND (at, id) < ($4, $5)
                 ORDER BY at DESC, id DESC LIMIT $6")
                .bind(account)
                .bind(name.as_str())
        }
        (Some(account), None, Some(severity)) => {
            sql("SELECT id, at, name, severity, account_id, actor_id, address, user_agent, request_id, details
                 FROM recorded_event WHERE account_id = $1 AND severity = $2 AND at >= $3 AND (at, id) < ($4, $5)
                 ORDER BY at DESC, id DESC LIMIT $6")
                .bind(account)
                .bind(severity)
        }
    })
}

pub(super) async fn list_events(
    db: &Db,
    statement: Statement,
    since: i64,
    place: &Place,
    most: i64,
) -> Result<Vec<EventView>, StoreError> {
    let rows = statement
        .bind(since)
        .bind(place.at)
        .bind(place.id.as_str())
        .bind(most)
        .fetch_all(db)
        .await?;
    rows.iter().map(view).collect()
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
