//! SQL of the `not_me_link` table, and of the devices that its use forgets.

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

/// Claims a link, once and in time; answers whose it is.
pub(super) async fn mark_used(
    tx: &mut Tx,
    digest: &str,
    now: Timestamp,
) -> Result<Option<AccountId>, StoreError> {
    let row = sql("UPDATE not_me_link SET used_at = $1
                   WHERE digest = $2 AND used_at IS NULL AND expires_at > $1 RETURNING account_id")
    .bind(now.as_millis())
    .bind(digest)
    .fetch_optional(tx)
    .await?;
    row.map(|row| {
        let account = row.text("account_id")?;
        let corrupt = |_| StoreError::corrupt("not_me_link", "account_id", &account);
        account.parse().map_err(corrupt)
    })
    .transpose()
}

/// Forgets every device of an account: whoever signed in from one has the waits of a stranger.
pub(super) async fn delete_devices(tx: &mut Tx, account: AccountId) -> Result<(), StoreError> {
    sql("DELETE FROM device WHERE account_id = $1")
        .bind(account.to_string())
        .execute(tx)
        .await
        .map(|_| ())
}

/// Deletes links that have run out.
pub(super) async fn delete_expired(db: &Db, now: Timestamp) -> Result<u64, StoreError> {
    sql("DELETE FROM not_me_link WHERE expires_at <= $1")
        .bind(now.as_millis())
        .execute(On::Write(db))
        .await
}
