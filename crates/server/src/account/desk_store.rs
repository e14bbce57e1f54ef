//! SQL of the `account` table that the admin desk alone needs, and of the `desk` table.

use concierge_core::account::{AccountId, Role};

use super::store::{Account, read};
use crate::store::{Db, StoreError, Tx, sql};

/// Accounts whose address lies between two texts, by address.
pub(super) async fn list_by_email(
    db: &Db,
    from: &str,
    below: &str,
    most: i64,
) -> Result<Vec<Account>, StoreError> {
    sql(
        "SELECT id, email, name, locale, role, created_at, locked_at, second_factor_at FROM account
         WHERE email_sorted >= $1 AND email_sorted < $2 ORDER BY email_sorted LIMIT $3",
    )
    .bind(from)
    .bind(below)
    .bind(most)
    .fetch_all(db)
    .await?
    .iter()
    .map(read)
    .collect()
}

/// Accounts behind a name and an id whose name is below a text, by name.
pub(super) async fn list_by_name(
    db: &Db,
    (name, id): (&str, &str),
    below: &str,
    most: i64,
) -> Result<Vec<Account>, StoreError> {
    sql(
        "SELECT id, email, name, locale, role, created_at, locked_at, second_factor_at FROM account
         WHERE (name_normalised, id) > ($1, $2) AND name_normalised < $3
         ORDER BY name_normalised, id LIMIT $4",
    )
    .bind(name)
    .bind(id)
    .bind(below)
    .bind(most)
    .fetch_all(db)
    .await?
    .iter()
    .map(read)
    .collect()
}

/// Waits until nobody else changes rights, and keeps others waiting until the transaction ends.
pub(super) async fn mark_turn(tx: &mut Tx) -> Result<(), StoreError> {
    sql("UPDATE desk SET turn = turn + 1 WHERE id = 1")
        .execute(tx)
        .await
        .map(|_| ())
}

/// How many admins can sign in.
pub(super) async fn count_admins(tx: &mut Tx) -> Result<i64, StoreError> {
    sql("SELECT COUNT(*) AS n FROM account WHERE role = 'admin' AND locked_at IS NULL")
        .fetch_one(tx)
        .await?
        .int("n")
}

/// Gives a role; `false` when it had it already.
pub(super) async fn mark_role(tx: &mut Tx, id: AccountId, role: Role) -> Result<bool, StoreError> {
    let changed = sql("UPDATE account SET role = $1 WHERE id = $2 AND role <> $1")
        .bind(role.as_str())
        .bind(id.to_string())
        .execute(tx)
        .await?;
    Ok(changed == 1)
}
