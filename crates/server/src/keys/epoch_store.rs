//! SQL of the tables `key_epoch` and `revoked_key`: what no longer counts, whatever an old file says.

use concierge_core::time::Timestamp;

use super::Purpose;
use crate::store::{On, StoreError, Tx, sql};

/// A key that was revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevokedKey {
    /// SHA-256 of its text, in hex.
    pub fingerprint: String,
    /// Its id at that time.
    pub kid: String,
}

/// The time at or before which nothing counts, as the database knows it.
pub async fn find_epoch<'a>(on: impl Into<On<'a>>) -> Result<Timestamp, StoreError> {
    let row = sql("SELECT epoch FROM key_epoch WHERE id = 1")
        .fetch_one(on)
        .await?;
    row.int("epoch").map(Timestamp::from_millis)
}

/// Moves the epoch on; whether it was before. It never goes back. Nobody else moves it before the end of a transaction
/// that did.
pub async fn mark_epoch(tx: &mut Tx, epoch: Timestamp) -> Result<bool, StoreError> {
    let moved = sql("UPDATE key_epoch SET epoch = $1 WHERE id = 1 AND epoch < $1")
        .bind(epoch.as_millis())
        .execute(tx)
        .await?;
    Ok(moved == 1)
}

/// Notes that a key was revoked; `false` when that was known.
pub async fn insert_revoked(
    tx: &mut Tx,
    purpose: Purpose,
    key: &RevokedKey,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let inserted = sql(
        "INSERT INTO revoked_key (fingerprint, ring, kid, revoked_at) VALUES ($1, $2, $3, $4)
                        ON CONFLICT (fingerprint) DO NOTHING",
    )
    .bind(key.fingerprint.as_str())
    .bind(purpose.as_str())
    .bind(key.kid.as_str())
    .bind(now.as_millis())
    .execute(tx)
    .await?;
    Ok(inserted == 1)
}

/// Every revoked key.
pub async fn list_revoked<'a>(on: impl Into<On<'a>>) -> Result<Vec<RevokedKey>, StoreError> {
    let rows = sql("SELECT fingerprint, kid FROM revoked_key ORDER BY revoked_at")
        .fetch_all(on)
        .await?;
    rows.iter()
        .map(|row| {
            Ok(RevokedKey {
                fingerprint: row.text("fingerprint")?,
                kid: row.text("kid")?,
            })
        })
        .collect()
}
