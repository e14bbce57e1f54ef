//! SQL of the tables `alert_rule`, `alert` and `reading`.

use concierge_core::{
    alert::{AlertId, Metric, Phase, Rule, RuleId, Shipped, api::RuleView, machine::Life},
    time::Timestamp,
};

use crate::store::{Db, On, Row, StoreError, Tx, sql};

/// A rule with how far it was evaluated.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) view: RuleView,
    pub(super) evaluated_at: Timestamp,
    /// The rule as it stands in the table.
    pub(super) text: String,
}

/// An alert as the table holds it.
#[derive(Debug)]
pub(super) struct AlertRow {
    pub(super) id: AlertId,
    pub(super) rule: RuleId,
    pub(super) value: i64,
    pub(super) life: Life,
    pub(super) acknowledged_by: Option<String>,
    pub(super) resolved_at: Option<Timestamp>,
    pub(super) revision: i64,
}

/// Puts a rule in; a shipped one that is there already stays as it is.
pub(super) async fn insert_rule<'a>(
    on: impl Into<On<'a>>,
    view: &RuleView,
    now: Timestamp,
) -> Result<(), StoreError> {
    sql("INSERT INTO alert_rule (id, shipped, rule, created_at, evaluated_at) VALUES ($1, $2, $3, $4, $4)
         ON CONFLICT (shipped) DO NOTHING")
        .bind(view.id.to_string())
        .bind(view.shipped.map(Shipped::as_str))
        .bind(text_of(&view.rule))
        .bind(now.as_millis())
        .execute(on)
        .await
        .map(|_| ())
}

/// Every rule in the order in which they were made.
pub(super) async fn list_rules(db: &Db) -> Result<Vec<Kept>, StoreError> {
    let rows =
        sql("SELECT id, shipped, rule, evaluated_at FROM alert_rule ORDER BY created_at, id")
            .fetch_all(db)
            .await?;
    rows.iter().map(read_rule).collect()
}

pub(super) async fn find_rule_by_id(tx: &mut Tx, id: RuleId) -> Result<Option<Kept>, StoreError> {
    let row = sql("SELECT id, shipped, rule, evaluated_at FROM alert_rule WHERE id = $1")
        .bind(id.to_string())
        .fetch_optional(tx)
        .await?;
    row.map(|row| read_rule(&row)).transpose()
}

pub(super) async fn mark_rule_changed(
    tx: &mut Tx,
    id: RuleId,
    rule: &Rule,
    now: Timestamp,
) -> Result<(), StoreError> {
    sql("UPDATE alert_rule SET rule = $1, evaluated_at = $2 WHERE id = $3")
        .bind(text_of(rule))
        .bind(now.as_millis())
        .bind(id.to_string())
        .execute(tx)
        .await
        .map(|_| ())
}

/// Notes up to when a rule was evaluated. Never back: a rule that was changed meanwhile begins there.
pub(super) async fn mark_evaluated(
    tx: &mut Tx,
    id: RuleId,
    now: Timestamp,
) -> Result<(), StoreError> {
    sql("UPDATE alert_rule SET evaluated_at = $1 WHERE id = $2 AND evaluated_at < $1")
        .bind(now.as_millis())
        .bind(id.to_string())
        .execute(tx)
        .await
        .map(|_| ())
}

/// Notes that a rule is evaluated now, unless somebody changed it since it was read. Until the end of the transaction
/// nobody does.
pub(super) async fn mark_evaluated_as_read(
    tx: &mut Tx,
    kept: &Kept,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let marked = sql("UPDATE alert_rule SET evaluated_at = $1 WHERE id = $2 AND rule = $3")
        .bind(now.as_millis())
        .bind(kept.view.id.to_string())
        .bind(kept.text.as_str())
        .execute(tx)
        .await?;
    Ok(marked == 1)
}

/// Deletes a rule with its alerts.
pub(super) async fn delete_rule(tx: &mut Tx, id: RuleId) -> Result<(), StoreError> {
    sql("DELETE FROM alert WHERE rule_id = $1")
        .bind(id.to_string())
        .execute(&mut *tx)
        .await?;
    sql("DELETE FROM alert_rule WHERE id = $1")
        .bind(id.to_string())
        .execute(tx)
        .await
        .map(|_| ())
}

/// Those that are not over.
pub(super) async fn list_live(db: &Db) -> Result<Vec<AlertRow>, StoreError> {
    let rows = sql("SELECT id, rule_id, phase, value, began_at, told_at, acknowledged_by, acknowledged_until, resolved_at,
                           revision
                    FROM alert WHERE resolved_at IS NULL")
        .fetch_all(db)
        .await?;
    rows.iter().map(read_alert).collect()
}

/// The latest since a time, over or not.
pub(super) async fn list_latest(
    db: &Db,
    since: Timestamp,
    most: i64,
) -> Result<Vec<AlertRow>, StoreError> {
    let rows = sql("SELECT id, rule_id, phase, value, began_at, told_at, acknowledged_by, acknowledged_until, resolved_at,
                           revision
                    FROM alert WHERE began_at > $1 ORDER BY began_at DESC LIMIT $2")
        .bind(since.as_millis())
        .bind(most)
        .fetch_all(db)
        .await?;
    rows.iter().map(read_alert).collect()
}

pub(super) async fn find_alert_by_id(
    tx: &mut Tx,
    id: AlertId,
) -> Result<Option<AlertRow>, StoreError> {
    let row = sql("SELECT id, rule_id, phase, value, began_at, told_at, acknowledged_by, acknowledged_until, resolved_at,
                          revision
                   FROM alert WHERE id = $1")
        .bind(id.to_string())
        .fetch_optional(tx)
        .await?;
    row.map(|row| read_alert(&row)).transpose()
}

/// Puts a new alert in. There is one of a rule at most that is not over: of two who begin one, the second fails.
pub(super) async fn insert_alert(
    tx: &mut Tx,
    id: AlertId,
    rule: RuleId,
    value: i64,
    life: &Life,
) -> Result<(), StoreError> {
    sql("INSERT INTO alert (id, rule_id, phase, value, began_at, told_at, revision) VALUES ($1, $2, $3, $4, $5, $6, 1)")
        .bind(id.to_string())
        .bind(rule.to_string())
        .bind(life.phase.as_str())
        .bind(value)
        .bind(life.began_at.as_millis())
        .bind(life.told_at.map(Timestamp::as_millis))
        .execute(tx)
        .await
        .map(|_| ())
}

/// Writes what became of an alert, unless somebody changed it since it was read.
pub(super) async fn mark_alert(
    tx: &mut Tx,
    row: &AlertRow,
    value: i64,
    life: &Life,
    resolved_at: Option<Timestamp>,
) -> Result<bool, StoreError> {
    let changed = sql(
        "UPDATE alert SET phase = $1, value = $2, told_at = $3, acknowledged_until = $4, resolved_at = $5,
                          revision = revision + 1
         WHERE id = $6 AND revision = $7",
    )
    .bind(life.phase.as_str())
    .bind(value)
    .bind(life.told_at.map(Timestamp::as_millis))
    .bind(life.until.map(Timestamp::as_millis))
    .bind(resolved_at.map(Timestamp::as_millis))
    .bind(row.id.to_string())
    .bind(row.revision)
    .execute(tx)
    .await?;
    Ok(changed == 1)
}

/// Notes who has seen an alert, while it is told and not over.
pub(super) async fn mark_acknowledged(
    tx: &mut Tx,
    id: AlertId,
    by: &str,
    until: Timestamp,
) -> Result<bool, StoreError> {
    let changed = sql(
        "UPDATE alert SET phase = 'acknowledged', acknowledged_by = $1, acknowledged_until = $2, revision = revision + 1
         WHERE id = $3 AND resolved_at IS NULL AND phase IN ('firing', 'acknowledged')",
    )
    .bind(by)
    .bind(until.as_millis())
    .bind(id.to_string())
    .execute(tx)
    .await?;
    Ok(changed == 1)
}

/// Ends what is left of a rule's alert, without a word.
pub(super) async fn mark_rule_over(
    tx: &mut Tx,
    rule: RuleId,
    now: Timestamp,
) -> Result<(), StoreError> {
    sql(
        "UPDATE alert SET phase = 'resolved', resolved_at = $1, revision = revision + 1
         WHERE rule_id = $2 AND resolved_at IS NULL",
    )
    .bind(now.as_millis())
    .bind(rule.to_string())
    .execute(tx)
    .await
    .map(|_| ())
}

/// Deletes an alert that ended before it was told, unless somebody changed it since it was read.
pub(super) async fn delete_alert(tx: &mut Tx, row: &AlertRow) -> Result<bool, StoreError> {
    sql("DELETE FROM alert WHERE id = $1 AND revision = $2")
        .bind(row.id.to_string())
        .bind(row.revision)
        .execute(tx)
        .await
        .map(|rows| rows == 1)
}

/// Deletes alerts that began and ended before a time.
pub(super) async fn delete_over_before(db: &Db, time: Timestamp) -> Result<u64, StoreError> {
    sql("DELETE FROM alert WHERE began_at < $1 AND resolved_at < $1")
        .bind(time.as_millis())
        .execute(On::Write(db))
        .await
}

/// Keeps what a process measured, in the place of what it measured before.
pub(super) async fn insert_reading(
    tx: &mut Tx,
    instance: &str,
    metric: Metric,
    value: i64,
    now: Timestamp,
) -> Result<(), StoreError> {
    sql(
        "INSERT INTO reading (instance, metric, value, at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (instance, metric) DO UPDATE SET value = $3, at = $4",
    )
    .bind(instance)
    .bind(metric.as_str())
    .bind(value)
    .bind(now.as_millis())
    .execute(tx)
    .await
    .map(|_| ())
}

/// What all processes measured of a metric since a time.
pub(super) async fn list_readings(
    db: &Db,
    metric: Metric,
    since: Timestamp,
) -> Result<Vec<i64>, StoreError> {
    let rows = sql("SELECT value FROM reading WHERE metric = $1 AND at > $2")
        .bind(metric.as_str())
        .bind(since.as_millis())
        .fetch_all(db)
        .await?;
    rows.iter().map(|row| row.int("value")).collect()
}

/// Forgets what processes measured that are gone.
pub(super) async fn delete_readings_before(db: &Db, time: Timestamp) -> Result<u64, StoreError> {
    sql("DELETE FROM reading WHERE at < $1")
        .bind(time.as_millis())
        .execute(On::Write(db))
        .await
}

/// Texts, numbers and a list: writing them can't fail.
fn text_of(rule: &Rule) -> String {
    serde_json::to_string(rule).unwrap_or_default()
}

fn read_rule(row: &Row) -> Result<Kept, StoreError> {
    let id = row.text("id")?;
    let corrupt = |column| StoreError::corrupt("alert_rule", column, &id);
    let shipped = row.text_or_null("shipped")?;
    let text = row.text("rule")?;
    Ok(Kept {
        view: RuleView {
            id: id.parse().map_err(|_| corrupt("id"))?,
            // That of a newer program is a rule like any other.
            shipped: shipped.and_then(|text| Shipped::from_text(&text)),
            rule: serde_json::from_str(&text).map_err(|_| corrupt("rule"))?,
        },
        evaluated_at: Timestamp::from_millis(row.int("evaluated_at")?),
        text,
    })
}

fn read_alert(row: &Row) -> Result<AlertRow, StoreError> {
    let id = row.text("id")?;
    let corrupt = |column| StoreError::corrupt("alert", column, &id);
    let time = |column: &str| {
        let millis = row.int_or_null(column)?;
        Ok::<_, StoreError>(millis.map(Timestamp::from_millis))
    };
    Ok(AlertRow {
        id: id.parse().map_err(|_| corrupt("id"))?,
        rule: row
            .text("rule_id")?
            .parse()
            .map_err(|_| corrupt("rule_id"))?,
        value: row.int("value")?,
        life: Life {
            phase: Phase::from_text(&row.text("phase")?).ok_or_else(|| corrupt("phase"))?,
            began_at: Timestamp::from_millis(row.int("began_at")?),
            told_at: time("told_at")?,
            until: time("acknowledged_until")?,
        },
        acknowledged_by: row.text_or_null("acknowledged_by")?,
        resolved_at: time("resolved_at")?,
        revision: row.int("revision")?,
    })
}
