//! SQL of the table `key_fact`: when something about the keys was last done, and how often in an hour.

use concierge_core::time::Timestamp;

use crate::store::{On, Row, StoreError, Tx, sql};

/// When it was last done, if ever.
pub async fn find_fact<'a>(
    on: impl Into<On<'a>>,
    name: &str,
) -> Result<Option<Timestamp>, StoreError> {
    let row = sql("SELECT at FROM key_fact WHERE name = $1")
        .bind(name)
        .fetch_optional(on)
        .await?;
    row.map(|row| row.int("at").map(Timestamp::from_millis))
        .transpose()
}

/// Notes that it was done now, unless it was done at or after `since`: of several who want to, one may.
pub async fn mark_fact_unless_since(
    tx: &mut Tx,
    name: &str,
    since: Timestamp,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let marked = sql("INSERT INTO key_fact (name, at, detail) VALUES ($1, $2, '')
                      ON CONFLICT (name) DO UPDATE SET at = $2 WHERE key_fact.at < $3")
    .bind(name)
    .bind(now.as_millis())
    .bind(since.as_millis())
    .execute(tx)
    .await?;
    Ok(marked == 1)
}

/// Notes that it was done now.
pub async fn mark_fact(
    tx: &mut Tx,
    name: &str,
    detail: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    sql("INSERT INTO key_fact (name, at, detail) VALUES ($1, $2, $3)
         ON CONFLICT (name) DO UPDATE SET at = $2, detail = $3")
    .bind(name)
    .bind(now.as_millis())
    .bind(detail)
    .execute(tx)
    .await
    .map(|_| ())
}

/// Adds to what was counted in an hour. One statement: of several processes none overwrites what another counted.
pub async fn mark_counted(
    tx: &mut Tx,
    kind: &str,
    hour: Timestamp,
    more: u64,
) -> Result<(), StoreError> {
    sql("INSERT INTO key_fact (name, at, detail) VALUES ($1, $2, $3)
         ON CONFLICT (name) DO UPDATE SET detail = CAST(CAST(key_fact.detail AS BIGINT) + $4 AS TEXT)")
    .bind(format!("{kind} {}", hour.as_millis()))
    .bind(hour.as_millis())
    .bind(more.to_string())
    .bind(i64::try_from(more).unwrap_or(i64::MAX))
    .execute(tx)
    .await
    .map(|_| ())
}

/// What was counted, by hour.
pub async fn list_counted<'a>(
    on: impl Into<On<'a>>,
    kind: &str,
) -> Result<Vec<(Timestamp, u64)>, StoreError> {
    let rows = sql("SELECT name, at, detail FROM key_fact WHERE name LIKE $1 ORDER BY at")
        .bind(format!("{kind} %"))
        .fetch_all(on)
        .await?;
    let read = |row: &Row| {
        let count = row.text("detail")?.parse();
        let name = row.text("name")?;
        Ok((
            Timestamp::from_millis(row.int("at")?),
            count.map_err(|_| StoreError::corrupt("key_fact", "detail", name))?,
        ))
    };
    rows.iter().map(read).collect()
}

/// Forgets what was counted before a time.
pub async fn delete_counted_before(
    tx: &mut Tx,
    kind: &str,
    time: Timestamp,
) -> Result<u64, StoreError> {
    sql("DELETE FROM key_fact WHERE name LIKE $1 AND at < $2")
        .bind(format!("{kind} %"))
        .bind(time.as_millis())
        .execute(tx)
        .await
}
