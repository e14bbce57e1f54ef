//! SQL of the `recovery_link` table, and of what a reset clears at the front door.

use concierge_core::{account::AccountId, time::Timestamp};

use crate::store::{Db, On, StoreError, Tx, sql};

/// A link that still works, and the version of the password that it replaces.
#[derive(Debug, Clone, Copy)]
pub(super) struct Open {
    pub(super) account: AccountId,
    pub(super) version: i64,
}

/// Keeps a link for the password that the account has right now.
pub(super) async fn insert(
    tx: &mut Tx,
    digest: &str,
    account: AccountId,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    sql(
        "INSERT INTO recovery_link (digest, account_id, version, created_at, expires_at)
         SELECT $1, account_id, version, $2, $3 FROM password WHERE account_id = $4",
    )
    .bind(digest)
    .bind(now.as_millis())
    .bind(expires_at.as_millis())
    .bind(account.to_string())
    .execute(tx)
    .await
    .map(|_| ())
}

/// The link of a digest, if it still works.
pub(super) async fn find_by_digest(
    db: &Db,
    digest: &str,
    now: Timestamp,
) -> Result<Option<Open>, StoreError> {
    let row = sql(
        "SELECT recovery_link.account_id, recovery_link.version FROM recovery_link
                   JOIN password ON password.account_id = recovery_link.account_id
                                AND password.version = recovery_link.version
                   WHERE digest = $1 AND used_at IS NULL AND expires_at > $2",
    )
    .bind(digest)
    .bind(now.as_millis())
    .fetch_optional(db)
    .await?;
    row.map(|row| {
        let account = row.text("account_id")?;
        let corrupt = |_| StoreError::corrupt("recovery_link", "account_id", &account);
        Ok(Open {
            account: account.parse().map_err(corrupt)?,
            version: row.int("version")?,
        })
    })
    .transpose()
}

/// Claims a link: once and in time, in one statement.
pub(super) async fn mark_used(
    tx: &mut Tx,
    digest: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let changed = sql("UPDATE recovery_link SET used_at = $1
                       WHERE digest = $2 AND used_at IS NULL AND expires_at > $1")
    .bind(now.as_millis())
    .bind(digest)
    .execute(tx)
    .await?;
    Ok(changed == 1)
}

/// Deletes links that have run out.
pub(super) async fn delete_expired(db: &Db, now: Timestamp) -> Result<u64, StoreError> {
    sql("DELETE FROM recovery_link WHERE expires_at <= $1")
        .bind(now.as_millis())
        .execute(On::Write(db))
        .await
}

/// Deletes those that were not used, whatever the time.
pub(super) async fn delete_open(tx: &mut Tx) -> Result<u64, StoreError> {
    sql("DELETE FROM recovery_link WHERE used_at IS NULL")
        .execute(tx)
        .await
}

/// Forgets the failures that strangers piled up on a name.
pub(super) async fn delete_failures(tx: &mut Tx, name_digest: &str) -> Result<(), StoreError> {
    sql("DELETE FROM throttle WHERE digest = $1")
        .bind(name_digest)
        .execute(tx)
        .await
        .map(|_| ())
}
