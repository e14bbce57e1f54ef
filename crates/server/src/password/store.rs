//! SQL of the `password` table.

use concierge_core::{account::AccountId, time::Timestamp};

use crate::store::{Db, On, StoreError, Tx, sql};

/// Keeps the first hash of an account.
pub async fn insert(
    tx: &mut Tx,
    account: AccountId,
    phc: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    sql("INSERT INTO password (account_id, phc, changed_at) VALUES ($1, $2, $3)")
        .bind(account.to_string())
        .bind(phc)
        .bind(now.as_millis())
        .execute(tx)
        .await
        .map(|_| ())
}

/// What is kept of a password.
#[derive(Clone)]
pub struct Kept {
    /// The hash, in PHC form.
    pub phc: String,
    /// Counts up with every change, and not with a renewed hash.
    pub version: i64,
}

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Kept(version {})", self.version)
    }
}

/// The hash of an account, in PHC form.
pub async fn find_by_account(db: &Db, account: AccountId) -> Result<Option<String>, StoreError> {
    Ok(find_current(db, account).await?.map(|kept| kept.phc))
}

/// The hash of an account and its version; `None` when there is no password that may be used.
pub async fn find_current<'a>(
    on: impl Into<On<'a>>,
    account: AccountId,
) -> Result<Option<Kept>, StoreError> {
    let row =
        sql("SELECT phc, version FROM password WHERE account_id = $1 AND must_reset_at IS NULL")
            .bind(account.to_string())
            .fetch_optional(on)
            .await?;
    row.map(|row| {
        Ok(Kept {
            phc: row.text("phc")?,
            version: row.int("version")?,
        })
    })
    .transpose()
}

/// Puts another password in the place of that version; `false` when it is another one already.
pub async fn mark_changed(
    tx: &mut Tx,
    account: AccountId,
    version: i64,
    phc: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let changed = sql(
        "UPDATE password SET phc = $1, version = version + 1, changed_at = $2, must_reset_at = NULL
                       WHERE account_id = $3 AND version = $4",
    )
    .bind(phc)
    .bind(now.as_millis())
    .bind(account.to_string())
    .bind(version)
    .execute(tx)
    .await?;
    Ok(changed == 1)
}

/// Closes a password until another was set with a link; what was bound to this version of it is void.
pub async fn mark_closed(
    tx: &mut Tx,
    account: AccountId,
    now: Timestamp,
) -> Result<(), StoreError> {
    sql("UPDATE password SET must_reset_at = $1, version = version + 1 WHERE account_id = $2")
        .bind(now.as_millis())
        .bind(account.to_string())
        .execute(tx)
        .await
        .map(|_| ())
}

/// Voids what was bound to this version of a password, such as links; the password stays.
pub async fn mark_superseded(tx: &mut Tx, account: AccountId) -> Result<(), StoreError> {
    sql("UPDATE password SET version = version + 1 WHERE account_id = $1")
        .bind(account.to_string())
        .execute(tx)
        .await
        .map(|_| ())
}

/// Replaces a hash by one of the same password, unless the password was changed meanwhile.
pub async fn mark_rehashed(
    tx: &mut Tx,
    account: AccountId,
    old: &str,
    new: &str,
) -> Result<bool, StoreError> {
    let changed = sql("UPDATE password SET phc = $1 WHERE account_id = $2 AND phc = $3")
        .bind(new)
        .bind(account.to_string())
        .bind(old)
        .execute(tx)
        .await?;
    Ok(changed == 1)
}
