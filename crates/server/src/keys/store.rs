//! SQL of the `data_key` table.

use concierge_core::time::Timestamp;

use super::data_keys::DataPurpose;
use crate::store::{Db, On, StoreError, Tx, sql};

/// A data key as the table holds it.
pub(super) struct WrappedKey {
    pub(super) purpose: String,
    pub(super) version: i64,
    pub(super) wrapped: Vec<u8>,
    pub(super) wrapped_by: String,
}

/// All of them: a few rows. Of each purpose the newest version first.
pub(super) async fn list_wrapped<'a>(on: impl Into<On<'a>>) -> Result<Vec<WrappedKey>, StoreError> {
    let rows = sql(
        "SELECT purpose, version, wrapped, wrapped_by FROM data_key ORDER BY purpose, version DESC",
    )
    .fetch_all(on)
    .await?;
    let read = rows.iter().map(|row| {
        Ok(WrappedKey {
            purpose: row.text("purpose")?,
            version: row.int("version")?,
            wrapped: row.bytes("wrapped")?,
            wrapped_by: row.text("wrapped_by")?,
        })
    });
    read.collect()
}

pub(super) async fn insert_if_absent(
    db: &Db,
    key: WrappedKey,
    now: Timestamp,
) -> Result<(), StoreError> {
    sql("INSERT INTO data_key (purpose, version, wrapped, wrapped_by, created_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (purpose, version) DO NOTHING")
        .bind(key.purpose)
        .bind(key.version)
        .bind(key.wrapped)
        .bind(key.wrapped_by)
        .bind(now.as_millis())
        .execute(On::Write(db))
        .await
        .map(|_| ())
}

pub(super) async fn insert(tx: &mut Tx, key: WrappedKey, now: Timestamp) -> Result<(), StoreError> {
    sql("INSERT INTO data_key (purpose, version, wrapped, wrapped_by, created_at) VALUES ($1, $2, $3, $4, $5)")
        .bind(key.purpose)
        .bind(key.version)
        .bind(key.wrapped)
        .bind(key.wrapped_by)
        .bind(now.as_millis())
        .execute(tx)
        .await
        .map(|_| ())
}

/// Puts a new wrapping in the place of the one that was read; `false` when somebody else was faster.
pub(super) async fn mark_wrapped(
    tx: &mut Tx,
    before: &[u8],
    key: WrappedKey,
) -> Result<bool, StoreError> {
    let changed = sql("UPDATE data_key SET wrapped = $1, wrapped_by = $2
                       WHERE purpose = $3 AND version = $4 AND wrapped = $5")
    .bind(key.wrapped)
    .bind(key.wrapped_by)
    .bind(key.purpose)
    .bind(key.version)
    .bind(before.to_vec())
    .execute(tx)
    .await?;
    Ok(changed == 1)
}

/// Deletes the versions of a purpose before this one, once it was made before a time: by then every process seals with
/// it. Answers which.
pub async fn delete_older(
    tx: &mut Tx,
    purpose: DataPurpose,
    newest: i64,
    made_before: Timestamp,
) -> Result<Vec<i64>, StoreError> {
    let rows = sql("DELETE FROM data_key WHERE purpose = $1 AND version < $2 AND EXISTS
                        (SELECT 1 FROM data_key AS newest
                         WHERE newest.purpose = $1 AND newest.version = $2 AND newest.created_at <= $3)
                    RETURNING version")
    .bind(purpose.as_str())
    .bind(newest)
    .bind(made_before.as_millis())
    .fetch_all(tx)
    .await?;
    rows.iter().map(|row| row.int("version")).collect()
}

pub(super) async fn delete_version(tx: &mut Tx, key: &WrappedKey) -> Result<(), StoreError> {
    sql("DELETE FROM data_key WHERE purpose = $1 AND version = $2")
        .bind(key.purpose.as_str())
        .bind(key.version)
        .execute(tx)
        .await
        .map(|_| ())
}
