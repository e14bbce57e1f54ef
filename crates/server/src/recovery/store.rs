//! SQL of the `recovery_code` and `recovery_unkept` tables.

use concierge_core::{account::AccountId, time::Timestamp};

use crate::store::{Db, On, StoreError, Tx, reseal::SealedTable, sql};

/// Keeps the hash of a code.
pub(super) async fn insert(tx: &mut Tx, account: AccountId, phc: &str) -> Result<(), StoreError> {
    sql("INSERT INTO recovery_code (account_id, phc) VALUES ($1, $2)")
        .bind(account.to_string())
        .bind(phc)
        .execute(tx)
        .await
        .map(|_| ())
}

/// Keeps the sealed codes until their owner has kept them.
pub(super) async fn insert_unkept(
    tx: &mut Tx,
    account: AccountId,
    sealed: Vec<u8>,
    now: Timestamp,
) -> Result<(), StoreError> {
    sql("INSERT INTO recovery_unkept (account_id, sealed, created_at) VALUES ($1, $2, $3)")
        .bind(account.to_string())
        .bind(sealed)
        .bind(now.as_millis())
        .execute(tx)
        .await
        .map(|_| ())
}

/// One of the hashes, for its salt and parameters: those of all.
pub(super) async fn find_by_account<'a>(
    on: impl Into<On<'a>>,
    account: AccountId,
) -> Result<Option<String>, StoreError> {
    let row = sql("SELECT phc FROM recovery_code WHERE account_id = $1 LIMIT 1")
        .bind(account.to_string())
        .fetch_optional(on)
        .await?;
    row.map(|row| row.text("phc")).transpose()
}

/// The sealed codes, if they were made after a time and not kept since.
pub(super) async fn find_unkept_by_account(
    db: &Db,
    account: AccountId,
    after: Timestamp,
) -> Result<Option<Vec<u8>>, StoreError> {
    let row = sql("SELECT sealed FROM recovery_unkept WHERE account_id = $1 AND created_at > $2")
        .bind(account.to_string())
        .bind(after.as_millis())
        .fetch_optional(db)
        .await?;
    row.map(|row| row.bytes("sealed")).transpose()
}

/// Uses a code up; `false` when there is none of this hash, or it was used before.
pub(super) async fn mark_used(
    tx: &mut Tx,
    account: AccountId,
    phc: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let changed = sql("UPDATE recovery_code SET used_at = $1
                       WHERE account_id = $2 AND phc = $3 AND used_at IS NULL")
    .bind(now.as_millis())
    .bind(account.to_string())
    .bind(phc)
    .execute(tx)
    .await?;
    Ok(changed == 1)
}

/// How many are left.
pub(super) async fn count_unused<'a>(
    on: impl Into<On<'a>>,
    account: AccountId,
) -> Result<u32, StoreError> {
    let row =
        sql("SELECT COUNT(*) AS n FROM recovery_code WHERE account_id = $1 AND used_at IS NULL")
            .bind(account.to_string())
            .fetch_one(on)
            .await?;
    Ok(u32::try_from(row.int("n")?).unwrap_or(u32::MAX))
}

/// Deletes every code of an account.
pub(super) async fn delete_by_account(tx: &mut Tx, account: AccountId) -> Result<(), StoreError> {
    sql("DELETE FROM recovery_code WHERE account_id = $1")
        .bind(account.to_string())
        .execute(&mut *tx)
        .await?;
    delete_unkept_by_account(tx, account).await
}

/// Wipes the sealed codes of an account.
pub(super) async fn delete_unkept_by_account<'a>(
    on: impl Into<On<'a>>,
    account: AccountId,
) -> Result<(), StoreError> {
    sql("DELETE FROM recovery_unkept WHERE account_id = $1")
        .bind(account.to_string())
        .execute(on)
        .await
        .map(|_| ())
}

/// Wipes the sealed codes that were made before a time.
pub(super) async fn delete_unkept_before(db: &Db, time: Timestamp) -> Result<u64, StoreError> {
    sql("DELETE FROM recovery_unkept WHERE created_at <= $1")
        .bind(time.as_millis())
        .execute(On::Write(db))
        .await
}

/// The sealed codes, for whoever moves or gives up what is sealed.
pub(super) const SEALED: SealedTable = SealedTable {
    list: || {
        sql(
            "SELECT account_id AS id, sealed FROM recovery_unkept WHERE account_id > $1 ORDER BY account_id LIMIT $2",
        )
    },
    associated: |id, _| Ok(associated(id)),
    mark: || sql("UPDATE recovery_unkept SET sealed = $1 WHERE account_id = $2 AND sealed = $3"),
    delete: || {
        sql(
            "DELETE FROM recovery_unkept WHERE account_id = $1 AND sealed = $2 RETURNING account_id",
        )
    },
};

/// What a sealed value belongs to: copied into another row it does not open.
pub(super) fn associated(account: &str) -> String {
    format!("recovery_unkept/{account}")
}
