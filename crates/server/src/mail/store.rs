//! SQL of the `outbox` table.

use concierge_core::{id::Id, time::Timestamp};

use super::{MailBacklog, MailKind, associated};
use crate::store::{Db, On, Row, StoreError, Tx, reseal::SealedTable, sql};

/// A mail that waits, as it lies in the table.
pub(super) struct Waiting {
    pub(super) id: Id<MailKind>,
    pub(super) letter: String,
    pub(super) sealed: Vec<u8>,
    pub(super) created_at: Timestamp,
    /// How often it was tried.
    pub(super) tries: i64,
}

impl Waiting {
    fn read(row: &Row) -> Result<Self, StoreError> {
        let id = row.text("id")?;
        Ok(Self {
            id: id
                .parse()
                .map_err(|_| StoreError::corrupt("outbox", "id", &id))?,
            letter: row.text("letter")?,
            sealed: row.bytes("sealed")?,
            created_at: Timestamp::from_millis(row.int("created_at")?),
            tries: row.int("tries")?,
        })
    }
}

pub(super) async fn insert(
    tx: &mut Tx,
    id: Id<MailKind>,
    letter: &str,
    sealed: Vec<u8>,
    now: Timestamp,
) -> Result<(), StoreError> {
    sql("INSERT INTO outbox (id, letter, sealed, created_at, next_try_at, tries) VALUES ($1, $2, $3, $4, $4, 0)")
        .bind(id.to_string())
        .bind(letter)
        .bind(sealed)
        .bind(now.as_millis())
        .execute(tx)
        .await
        .map(|_| ())
}

/// A few of those whose time has come, the longest waiting first.
pub(super) async fn list_due(db: &Db, now: Timestamp) -> Result<Vec<Waiting>, StoreError> {
    let rows = sql(
        "SELECT id, letter, sealed, created_at, tries FROM outbox WHERE next_try_at <= $1
         ORDER BY next_try_at, id LIMIT 50",
    )
    .bind(now.as_millis())
    .fetch_all(db)
    .await?;
    rows.iter().map(Waiting::read).collect()
}

/// Claims a mail: of several instances that saw the same row, the count of tries lets one through. The next try
/// is set here, so that a mail whose claimer dies is taken up again.
pub(super) async fn mark_claimed(
    db: &Db,
    mail: &Waiting,
    next_try_at: Timestamp,
) -> Result<bool, StoreError> {
    sql("UPDATE outbox SET tries = tries + 1, next_try_at = $1 WHERE id = $2 AND tries = $3")
        .bind(next_try_at.as_millis())
        .bind(mail.id.to_string())
        .bind(mail.tries)
        .execute(On::Write(db))
        .await
        .map(|rows| rows == 1)
}

pub(super) async fn mark_failed(
    db: &Db,
    id: Id<MailKind>,
    failure: &str,
) -> Result<(), StoreError> {
    sql("UPDATE outbox SET failure = $1 WHERE id = $2")
        .bind(failure)
        .bind(id.to_string())
        .execute(On::Write(db))
        .await
        .map(|_| ())
}

/// Whether the row was still there.
pub(super) async fn delete_by_id<'a>(
    on: impl Into<On<'a>>,
    id: Id<MailKind>,
) -> Result<bool, StoreError> {
    sql("DELETE FROM outbox WHERE id = $1")
        .bind(id.to_string())
        .execute(on)
        .await
        .map(|rows| rows == 1)
}

/// How many wait, since when, and why the one tried last is still here.
pub(super) async fn count_waiting(db: &Db) -> Result<MailBacklog, StoreError> {
    let row = sql("SELECT COUNT(*) AS waiting, MIN(created_at) AS oldest_at FROM outbox")
        .fetch_one(db)
        .await?;
    let failed = sql("SELECT failure FROM outbox WHERE failure IS NOT NULL
         ORDER BY next_try_at DESC, id DESC LIMIT 1")
    .fetch_optional(db)
    .await?;
    Ok(MailBacklog {
        waiting: u64::try_from(row.int("waiting")?).unwrap_or(0),
        oldest_at: row.int_or_null("oldest_at")?.map(Timestamp::from_millis),
        failure: match failed {
            Some(row) => row.text_or_null("failure")?,
            None => None,
        },
    })
}

/// Those that wait, for whoever moves or gives up what is sealed.
pub(super) const SEALED: SealedTable = SealedTable {
    list: || sql("SELECT id, sealed FROM outbox WHERE id > $1 ORDER BY id LIMIT $2"),
    associated: |id, _| Ok(associated(id)),
    mark: || sql("UPDATE outbox SET sealed = $1 WHERE id = $2 AND sealed = $3"),
    delete: || sql("DELETE FROM outbox WHERE id = $1 AND sealed = $2 RETURNING letter"),
};
