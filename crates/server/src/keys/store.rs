//! SQL of the `data_key` and `key_fact` tables.

use concierge_core::time::Timestamp;

use crate::store::{Db, On, StoreError, sql};

pub(super) struct WrappedKey {
    pub(super) version: i64,
    pub(super) wrapped: Vec<u8>,
    pub(super) wrapped_by: String,
}

pub(super) async fn find_newest(db: &Db, purpose: &str) -> Result<Option<WrappedKey>, StoreError> {
    let row = sql("SELECT version, wrapped, wrapped_by FROM data_key WHERE purpose = $1 ORDER BY version DESC LIMIT 1")
        .bind(purpose)
        .fetch_optional(db)
        .await?;
    row.map(|row| {
        Ok(WrappedKey {
            version: row.int("version")?,
            wrapped: row.bytes("wrapped")?,
            wrapped_by: row.text("wrapped_by")?,
        })
    })
    .transpose()
}

pub(super) async fn insert_if_absent(
    db: &Db,
    purpose: &str,
    version: i64,
    wrapped: Vec<u8>,
    wrapped_by: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    sql("INSERT INTO data_key (purpose, version, wrapped, wrapped_by, created_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (purpose, version) DO NOTHING")
        .bind(purpose)
        .bind(version)
        .bind(wrapped)
        .bind(wrapped_by)
        .bind(now.as_millis())
        .execute(On::Write(db))
        .await
        .map(|_| ())
}

/// When something about the keys was last done.
pub(super) async fn find_fact(db: &Db, name: &str) -> Result<Option<Timestamp>, StoreError> {
    let row = sql("SELECT at FROM key_fact WHERE name = $1")
        .bind(name)
        .fetch_optional(db)
        .await?;
    row.map(|row| row.int("at").map(Timestamp::from_millis))
        .transpose()
}
