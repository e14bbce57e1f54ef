//! SQL of the `password` table.

use concierge_core::{account::AccountId, time::Timestamp};

use crate::store::{Db, StoreError, Tx, sql};

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

/// The hash of an account, in PHC form.
pub async fn find_by_account(db: &Db, account: AccountId) -> Result<Option<String>, StoreError> {
    let row = sql("SELECT phc FROM password WHERE account_id = $1")
        .bind(account.to_string())
        .fetch_optional(db)
        .await?;
    row.map(|row| row.text("phc")).transpose()
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
