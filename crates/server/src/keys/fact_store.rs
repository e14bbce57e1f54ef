//! SQL of the table `key_fact`: when something about the keys was last done.

use concierge_core::time::Timestamp;

use crate::store::{On, StoreError, Tx, sql};

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
