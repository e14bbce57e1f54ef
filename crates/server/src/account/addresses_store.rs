//! SQL of the `email_change` table, and of the address itself.

use concierge_core::{
    account::{AccountId, Email},
    time::Timestamp,
};

use crate::store::{Db, On, StoreError, Tx, sql};

/// Keeps a new address that waits, in the place of an older one. It is bound to the password that the account has right
/// now: whatever voids that voids this.
pub(super) async fn insert(
    tx: &mut Tx,
    account: AccountId,
    digest: &str,
    email: &Email,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    sql(
        "INSERT INTO email_change (account_id, digest, email, expires_at, version)
         SELECT account_id, $2, $3, $4, version FROM password WHERE account_id = $1
         ON CONFLICT (account_id) DO UPDATE SET digest = $2, email = $3, expires_at = $4, version = excluded.version",
    )
    .bind(account.to_string())
    .bind(digest)
    .bind(email.as_str())
    .bind(expires_at.as_millis())
    .execute(tx)
    .await
    .map(|_| ())
}

/// Whose waiting address it is, while it may be confirmed.
pub(super) async fn find_by_digest(
    db: &Db,
    digest: &str,
    now: Timestamp,
) -> Result<Option<AccountId>, StoreError> {
    let row = sql("SELECT account_id FROM email_change WHERE digest = $1 AND expires_at > $2")
        .bind(digest)
        .bind(now.as_millis())
        .fetch_optional(db)
        .await?;
    row.map(|row| {
        let account = row.text("account_id")?;
        let corrupt = |_| StoreError::corrupt("email_change", "account_id", &account);
        account.parse().map_err(corrupt)
    })
    .transpose()
}

/// Takes a waiting address, once, in time, and while the password is the one of when it was asked for.
pub(super) async fn delete_claimed(
    tx: &mut Tx,
    digest: &str,
    now: Timestamp,
) -> Result<Option<Email>, StoreError> {
    let row = sql("DELETE FROM email_change WHERE digest = $1 AND expires_at > $2
                     AND version = (SELECT version FROM password WHERE password.account_id = email_change.account_id)
                   RETURNING account_id, email")
    .bind(digest)
    .bind(now.as_millis())
    .fetch_optional(tx)
    .await?;
    row.map(|row| {
        let account = row.text("account_id")?;
        let corrupt = |_| StoreError::corrupt("email_change", "email", &account);
        row.text("email")?.parse().map_err(corrupt)
    })
    .transpose()
}

/// Gives an account its new address; `Conflict` when another has it.
pub(super) async fn mark_email(
    tx: &mut Tx,
    account: AccountId,
    email: &Email,
) -> Result<(), StoreError> {
    sql("UPDATE account SET email = $1, email_normalised = $2, email_sorted = $2 WHERE id = $3")
        .bind(email.as_str())
        .bind(email.normalised())
        .bind(account.to_string())
        .execute(tx)
        .await
        .map(|_| ())
}

/// Deletes addresses that nobody confirmed in time.
pub(super) async fn delete_expired(db: &Db, now: Timestamp) -> Result<u64, StoreError> {
    sql("DELETE FROM email_change WHERE expires_at <= $1")
        .bind(now.as_millis())
        .execute(On::Write(db))
        .await
}
