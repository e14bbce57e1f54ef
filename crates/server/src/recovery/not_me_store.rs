//! SQL of the `not_me_link` table.

use concierge_core::{account::AccountId, time::Timestamp};

use crate::store::{Db, On, StoreError, Tx, sql};

pub(super) async fn insert(
    tx: &mut Tx,
    digest: &str,
    account: AccountId,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    sql("INSERT INTO not_me_link (digest, account_id, expires_at) VALUES ($1, $2, $3)")
        .bind(digest)
        .bind(account.to_string())
        .bind(expires_at.as_millis())
        .execute(tx)
        .await
        .map(|_| ())
}

/// Whose link it is, while it works.
pub(super) async fn find_by_digest(
    db: &Db,
    digest: &str,
    now: Timestamp,
) -> Result<Option<AccountId>, StoreError> {
    let row = sql("SELECT account_id FROM not_me_link
         WHERE digest = $1 AND used_at IS NULL AND expires_at > $2")
    .bind(digest)
    .bind(now.as_millis())
    .fetch_optional(db)
    .await?;
    row.map(|row| {
        let account = row.text("account_id")?;
        let corrupt = |_| StoreError::corrupt("not_me_link", "account_id", &account);
        account.parse().map_err(corrupt)
    })
    .transpose()
}

/// Claims a link, once and in time.
pub(super) async fn mark_used(
    tx: &mut Tx,
    digest: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let changed = sql("UPDATE not_me_link SET used_at = $1
                       WHERE digest = $2 AND used_at IS NULL AND expires_at > $1")
    .bind(now.as_millis())
    .bind(digest)
    .execute(tx)
    .await?;
    Ok(changed == 1)
}

/// Deletes links that have run out.
pub(super) async fn delete_expired(db: &Db, now: Timestamp) -> Result<u64, StoreError> {
    sql("DELETE FROM not_me_link WHERE expires_at <= $1")
        .bind(now.as_millis())
        .execute(On::Write(db))
        .await
}

/// Deletes those that were not used, whatever the time.
pub(super) async fn delete_open(tx: &mut Tx) -> Result<u64, StoreError> {
    sql("DELETE FROM not_me_link WHERE used_at IS NULL")
        .execute(tx)
        .await
}
