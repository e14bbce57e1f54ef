//! SQL of a backup and of a restore: `data_key`, `key_fact`, `key_epoch`, `revoked_key`.

use std::collections::BTreeMap;

use concierge_core::time::Timestamp;

use crate::store::{Db, StoreError, Tx, sql};

/// One wrapped data key.
pub(super) struct WrappedRow {
    pub(super) purpose: String,
    pub(super) version: i64,
    pub(super) wrapped: Vec<u8>,
    pub(super) wrapped_by: String,
}

pub(super) async fn list_wrapped(db: &Db) -> Result<Vec<WrappedRow>, StoreError> {
    let text =
        "SELECT purpose, version, wrapped, wrapped_by FROM data_key ORDER BY purpose, version";
    let rows = sql(text).fetch_all(db).await?;
    let rows = rows.into_iter().map(|row| {
        Ok(WrappedRow {
            purpose: row.text("purpose")?,
            version: row.int("version")?,
            wrapped: row.bytes("wrapped")?,
            wrapped_by: row.text("wrapped_by")?,
        })
    });
    rows.collect()
}

/// A new row; fails when there is one.
pub(super) async fn insert_wrapped(
    tx: &mut Tx,
    row: WrappedRow,
    now: Timestamp,
) -> Result<(), StoreError> {
    sql("INSERT INTO data_key (purpose, version, wrapped, wrapped_by, created_at) VALUES ($1, $2, $3, $4, $5)")
        .bind(row.purpose)
        .bind(row.version)
        .bind(row.wrapped)
        .bind(row.wrapped_by)
        .bind(now.as_millis())
        .execute(tx)
        .await
        .map(|_| ())
}

/// Takes the place of exactly what was there; whether it did.
pub(super) async fn mark_wrapped(
    tx: &mut Tx,
    row: WrappedRow,
    before: &[u8],
) -> Result<bool, StoreError> {
    sql("UPDATE data_key SET wrapped = $1, wrapped_by = $2 WHERE purpose = $3 AND version = $4 AND wrapped = $5")
        .bind(row.wrapped)
        .bind(row.wrapped_by)
        .bind(row.purpose)
        .bind(row.version)
        .bind(before.to_vec())
        .execute(tx)
        .await
        .map(|rows| rows == 1)
}

/// The facts whose names begin so.
pub(super) async fn list_facts(
    db: &Db,
    beginning: &str,
) -> Result<BTreeMap<String, String>, StoreError> {
    let rows = sql("SELECT name, detail FROM key_fact")
        .fetch_all(db)
        .await?;
    let facts = rows
        .into_iter()
        .map(|row| Ok((row.text("name")?, row.text("detail")?)));
    let facts: Result<BTreeMap<String, String>, StoreError> = facts.collect();
    facts.map(|mut facts| {
        facts.retain(|name, _| name.starts_with(beginning));
        facts
    })
}

/// Takes the place of the fact of that name.
pub(super) async fn insert_fact(
    tx: &mut Tx,
    name: &str,
    detail: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    sql("INSERT INTO key_fact (name, at, detail) VALUES ($1, $2, $3)
         ON CONFLICT (name) DO UPDATE SET at = excluded.at, detail = excluded.detail")
    .bind(name)
    .bind(now.as_millis())
    .bind(detail)
    .execute(tx)
    .await
    .map(|_| ())
}

/// Never to an earlier time: what ended stays so.
pub(super) async fn mark_epoch(tx: &mut Tx, now: Timestamp) -> Result<(), StoreError> {
    sql("UPDATE key_epoch SET epoch = $1 WHERE id = 1 AND epoch < $1")
        .bind(now.as_millis())
        .execute(tx)
        .await
        .map(|_| ())
}

pub(super) async fn find_revoked(db: &Db, fingerprint: &str) -> Result<bool, StoreError> {
    sql("SELECT kid FROM revoked_key WHERE fingerprint = $1")
        .bind(fingerprint)
        .fetch_optional(db)
        .await
        .map(|row| row.is_some())
}
