//! SQL of the `account` and `setup_token` tables.

use concierge_core::{
    account::{AccountId, AccountView, Email, Name, Role},
    locale::Locale,
    time::Timestamp,
};

use crate::store::{Db, On, Row, StoreError, Tx, sql};

/// An account as the house sees it.
#[derive(Debug, Clone)]
pub struct Account {
    /// What its owner sees, too.
    pub view: AccountView,
    /// When it was locked.
    pub locked_at: Option<Timestamp>,
}

/// Keeps a new account; `Conflict` when the address has one.
pub(super) async fn insert(
    tx: &mut Tx,
    view: &AccountView,
    email: &Email,
) -> Result<(), StoreError> {
    sql(
        "INSERT INTO account (id, email, email_normalised, name, locale, role, created_at,
                              email_sorted, name_normalised)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $3, $8)",
    )
    .bind(view.id.to_string())
    .bind(email.as_str())
    .bind(email.normalised())
    .bind(view.name.as_str())
    .bind(view.locale.tag())
    .bind(view.role.as_str())
    .bind(view.created_at.as_millis())
    .bind(view.name.to_lowercase())
    .execute(tx)
    .await
    .map(|_| ())
}

const COLUMNS_BY_ID: &str = "SELECT id, email, name, locale, role, created_at, locked_at, second_factor_at FROM account WHERE id = $1";
const COLUMNS_BY_EMAIL: &str = "SELECT id, email, name, locale, role, created_at, locked_at, second_factor_at FROM account WHERE email_normalised = $1";
const COLUMNS_OF_ALL: &str = "SELECT id, email, name, locale, role, created_at, locked_at, second_factor_at FROM account ORDER BY created_at, id";

pub(super) async fn find_by_id<'a>(
    on: impl Into<On<'a>>,
    id: AccountId,
) -> Result<Option<Account>, StoreError> {
    let row = sql(COLUMNS_BY_ID)
        .bind(id.to_string())
        .fetch_optional(on)
        .await?;
    row.map(|row| read(&row)).transpose()
}

pub(super) async fn find_by_email(
    db: &Db,
    normalised: &str,
) -> Result<Option<Account>, StoreError> {
    let row = sql(COLUMNS_BY_EMAIL)
        .bind(normalised)
        .fetch_optional(db)
        .await?;
    row.map(|row| read(&row)).transpose()
}

pub(super) async fn list(db: &Db) -> Result<Vec<Account>, StoreError> {
    sql(COLUMNS_OF_ALL)
        .fetch_all(db)
        .await?
        .iter()
        .map(read)
        .collect()
}

/// Changes what is given and leaves the rest.
pub(super) async fn mark_changed(
    tx: &mut Tx,
    id: AccountId,
    name: Option<&Name>,
    locale: Option<Locale>,
) -> Result<bool, StoreError> {
    let changed = sql(
        "UPDATE account SET name = COALESCE($1, name), name_normalised = COALESCE($4, name_normalised),
                locale = COALESCE($2, locale)
         WHERE id = $3",
    )
    .bind(name.map(Name::as_str))
    .bind(locale.map(Locale::tag))
    .bind(id.to_string())
    .bind(name.map(|name| name.as_str().to_lowercase()))
    .execute(tx)
    .await?;
    Ok(changed == 1)
}

/// Locks or unlocks; `false` when it was so already.
pub(super) async fn mark_locked(
    tx: &mut Tx,
    id: AccountId,
    locked_at: Option<Timestamp>,
) -> Result<bool, StoreError> {
    let statement = if locked_at.is_some() {
        sql("UPDATE account SET locked_at = $1 WHERE id = $2 AND locked_at IS NULL")
    } else {
        sql("UPDATE account SET locked_at = $1 WHERE id = $2 AND locked_at IS NOT NULL")
    };
    let changed = statement
        .bind(locked_at.map(Timestamp::as_millis))
        .bind(id.to_string())
        .execute(tx)
        .await?;
    Ok(changed == 1)
}

/// Holds the row of an account that is not locked until the transaction ends; `false` when it is locked. Writes
/// nothing new: it makes whoever locks the account, and every other sign-in to it, wait.
pub(super) async fn mark_held(tx: &mut Tx, id: AccountId) -> Result<bool, StoreError> {
    let held = sql("UPDATE account SET locked_at = NULL WHERE id = $1 AND locked_at IS NULL")
        .bind(id.to_string())
        .execute(tx)
        .await?;
    Ok(held == 1)
}

/// Holds the row of an account with a second factor; `false` when it has none. Writes nothing new.
pub(super) async fn mark_factor_held(tx: &mut Tx, id: AccountId) -> Result<bool, StoreError> {
    let held = sql("UPDATE account SET second_factor_at = second_factor_at
                    WHERE id = $1 AND second_factor_at IS NOT NULL")
    .bind(id.to_string())
    .execute(tx)
    .await?;
    Ok(held == 1)
}

/// Notes that a second factor was set up, or removed; `false` when there is no such account.
pub(super) async fn mark_second_factor(
    tx: &mut Tx,
    id: AccountId,
    at: Option<Timestamp>,
) -> Result<bool, StoreError> {
    let changed = sql("UPDATE account SET second_factor_at = $1 WHERE id = $2")
        .bind(at.map(Timestamp::as_millis))
        .bind(id.to_string())
        .execute(tx)
        .await?;
    Ok(changed == 1)
}

/// Whether there is an admin.
pub(super) async fn has_admin(db: &Db) -> Result<bool, StoreError> {
    let row = sql("SELECT id FROM account WHERE role = 'admin' LIMIT 1")
        .fetch_optional(db)
        .await?;
    Ok(row.is_some())
}

/// Puts the digest of a new setup token in the place of any older one.
pub(super) async fn insert_setup_token(
    db: &Db,
    digest: &str,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    sql(
        "INSERT INTO setup_token (id, digest, expires_at) VALUES (1, $1, $2)
         ON CONFLICT (id) DO UPDATE SET digest = $1, expires_at = $2, used_at = NULL",
    )
    .bind(digest)
    .bind(expires_at.as_millis())
    .execute(On::Write(db))
    .await
    .map(|_| ())
}

/// Whether this is the digest of a setup token that may still be claimed.
pub(super) async fn has_setup_token(
    db: &Db,
    digest: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let row = sql("SELECT id FROM setup_token WHERE id = 1 AND digest = $1 AND used_at IS NULL AND expires_at > $2")
        .bind(digest)
        .bind(now.as_millis())
        .fetch_optional(db)
        .await?;
    Ok(row.is_some())
}

/// Claims a setup token: once, in time, and only while there is no admin; all in one statement.
pub(super) async fn mark_setup_token_used(
    tx: &mut Tx,
    digest: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let changed = sql("UPDATE setup_token SET used_at = $1
                       WHERE id = 1 AND digest = $2 AND used_at IS NULL AND expires_at > $1
                         AND NOT EXISTS (SELECT 1 FROM account WHERE role = 'admin')")
    .bind(now.as_millis())
    .bind(digest)
    .execute(tx)
    .await?;
    Ok(changed == 1)
}

pub(super) fn read(row: &Row) -> Result<Account, StoreError> {
    let id = row.text("id")?;
    let corrupt = |column| StoreError::corrupt("account", column, &id);
    let view = AccountView {
        id: id.parse().map_err(|_| corrupt("id"))?,
        email: row.text("email")?,
        name: row.text("name")?,
        locale: Locale::from_tag(&row.text("locale")?).ok_or_else(|| corrupt("locale"))?,
        role: Role::from_text(&row.text("role")?).ok_or_else(|| corrupt("role"))?,
        second_factor: row.int_or_null("second_factor_at")?.is_some(),
        created_at: Timestamp::from_millis(row.int("created_at")?),
    };
    Ok(Account {
        view,
        locked_at: row.int_or_null("locked_at")?.map(Timestamp::from_millis),
    })
}
