//! SQL of the `email_change` table, and of the address itself.

use concierge_core::{
    account::{AccountId, Email},
    time::Timestamp,
};

use crate::store::{Db, On, StoreError, Tx, sql};

/// Keeps a new address that waits, in the place of an older one.
pub(super) async fn insert(
    tx: &mut Tx,
    account: AccountId,
    digest: &str,
    email: &Email,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    sql(
        "INSERT INTO email_change (account_id, digest, email, expires_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (account_id) DO UPDATE SET digest = $2, email = $3, expires_at = $4",
    )
    .bind(account.to_string())
    .bind(digest)
    .bind(email.as_str())
    .bind(expires_at.as_millis())
    .execute(tx)
    .await
    .map(|_| ())
}

/// Takes a waiting address, once and in time.
pub(super) async fn delete_claimed(
    tx: &mut Tx,
    digest: &str,
    now: Timestamp,
) -> Result<Option<(AccountId, Email)>, StoreError> {
    let row = sql("DELETE FROM email_change WHERE digest = $1 AND expires_at > $2 RETURNING account_id, email")
        .bind(digest)
        .bind(now.as_millis())
        .fetch_optional(tx)
        .await?;
    row.map(|row| {
        let account = row.text("account_id")?;
        let corrupt = |column| StoreError::corrupt("email_change", column, &account);
        let email = row.text("email")?.parse().map_err(|_| corrupt("email"))?;
        Ok((account.parse().map_err(|_| corrupt("account_id"))?, email))
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
