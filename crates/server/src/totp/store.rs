//! SQL of the `totp` table.

use concierge_core::{account::AccountId, time::Timestamp};

use crate::store::{Db, On, Row, StoreError, Tx, reseal::SealedTable, sql};

/// A seed as the table holds it.
#[derive(Debug)]
pub(super) struct Seed {
    pub(super) version: i64,
    pub(super) sealed: Vec<u8>,
    pub(super) confirmed_at: Option<Timestamp>,
}

/// Keeps a seed that waits for its first code, in the place of another that waited; `false` when one is set up.
pub(super) async fn insert(
    db: &Db,
    account: AccountId,
    version: i64,
    sealed: Vec<u8>,
    maker: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let changed = sql("INSERT INTO totp (account_id, version, sealed, last_step, created_at, maker) VALUES ($1, $2, $3, 0, $4, $5)
                       ON CONFLICT (account_id) DO UPDATE SET version = $2, sealed = $3, last_step = 0, created_at = $4, maker = $5
                       WHERE totp.confirmed_at IS NULL")
        .bind(account.to_string())
        .bind(version)
        .bind(sealed)
        .bind(now.as_millis())
        .bind(maker)
        .execute(On::Write(db))
        .await?;
    Ok(changed == 1)
}

/// The seed that waits for its first code, if this maker made it after a time.
pub(super) async fn find_waiting(
    db: &Db,
    account: AccountId,
    maker: &str,
    after: Timestamp,
) -> Result<Option<Seed>, StoreError> {
    let row = sql("SELECT version, sealed, confirmed_at FROM totp
                   WHERE account_id = $1 AND confirmed_at IS NULL AND maker = $2 AND created_at > $3")
    .bind(account.to_string())
    .bind(maker)
    .bind(after.as_millis())
    .fetch_optional(db)
    .await?;
    row.map(|row| read(&row)).transpose()
}

pub(super) async fn find_by_account<'a>(
    on: impl Into<On<'a>>,
    account: AccountId,
) -> Result<Option<Seed>, StoreError> {
    let row = sql("SELECT version, sealed, confirmed_at FROM totp WHERE account_id = $1")
        .bind(account.to_string())
        .fetch_optional(on)
        .await?;
    row.map(|row| read(&row)).transpose()
}

/// Confirms a seed with the step of its first code, which is used up by it; `false` when it is another seed by now.
pub(super) async fn mark_confirmed(
    tx: &mut Tx,
    account: AccountId,
    version: i64,
    step: i64,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let changed = sql("UPDATE totp SET confirmed_at = $1, last_step = $2
                       WHERE account_id = $3 AND version = $4 AND confirmed_at IS NULL")
    .bind(now.as_millis())
    .bind(step)
    .bind(account.to_string())
    .bind(version)
    .execute(tx)
    .await?;
    Ok(changed == 1)
}

/// Claims a step (decision D9); `false` when it, or a later one, was claimed before. One statement: of parallel tries
/// with one code a single one gets it.
pub(super) async fn mark_step(
    tx: &mut Tx,
    account: AccountId,
    version: i64,
    step: i64,
) -> Result<bool, StoreError> {
    let changed = sql("UPDATE totp SET last_step = $1
                       WHERE account_id = $2 AND version = $3 AND confirmed_at IS NOT NULL AND last_step < $1")
        .bind(step)
        .bind(account.to_string())
        .bind(version)
        .execute(tx)
        .await?;
    Ok(changed == 1)
}

/// Deletes every seed that waits for its first code.
pub(super) async fn delete_waiting(tx: &mut Tx) -> Result<u64, StoreError> {
    sql("DELETE FROM totp WHERE confirmed_at IS NULL")
        .execute(tx)
        .await
}

/// Deletes the seed of an account.
pub(super) async fn delete_by_account(tx: &mut Tx, account: AccountId) -> Result<(), StoreError> {
    sql("DELETE FROM totp WHERE account_id = $1")
        .bind(account.to_string())
        .execute(tx)
        .await
        .map(|_| ())
}

/// The seeds, for whoever moves or gives up what is sealed.
pub(super) const SEALED: SealedTable = SealedTable {
    list: || {
        sql(
            "SELECT account_id AS id, version, sealed FROM totp WHERE account_id > $1 ORDER BY account_id LIMIT $2",
        )
    },
    associated: |id, row| Ok(associated(id, row.int("version")?)),
    mark: || sql("UPDATE totp SET sealed = $1 WHERE account_id = $2 AND sealed = $3"),
    delete: || sql("DELETE FROM totp WHERE account_id = $1 AND sealed = $2 RETURNING account_id"),
};

fn read(row: &Row) -> Result<Seed, StoreError> {
    Ok(Seed {
        version: row.int("version")?,
        sealed: row.bytes("sealed")?,
        confirmed_at: row.int_or_null("confirmed_at")?.map(Timestamp::from_millis),
    })
}

/// What a sealed value belongs to: copied into another row it does not open.
pub(super) fn associated(account: &str, version: i64) -> String {
    format!("totp/{account}/{version}")
}
