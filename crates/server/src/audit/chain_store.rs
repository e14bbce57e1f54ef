//! SQL of the chain: the columns of `event` that hold it, and the two sealed rows of `event_chain`.

use concierge_core::time::Timestamp;

use super::link::{End, Link, Row};
use crate::store::{self, Db, On, StoreError, Tx, sql};

/// The time of the oldest event that waits for its position.
pub(super) async fn find_waiting(db: &Db) -> Result<Option<Timestamp>, StoreError> {
    // The bound is none: it lets an engine begin in the index instead of walking through it.
    let row = sql("SELECT at FROM event WHERE position IS NULL AND at >= $1 ORDER BY at LIMIT 1")
        .bind(i64::MIN)
        .fetch_optional(db)
        .await?;
    let at = row.map(|row| row.int("at")).transpose()?;
    Ok(at.map(Timestamp::from_millis))
}

pub(super) async fn count_waiting(db: &Db) -> Result<i64, StoreError> {
    let row = sql("SELECT COUNT(*) AS n FROM event WHERE position IS NULL AND at >= $1")
        .bind(i64::MIN)
        .fetch_one(db)
        .await?;
    row.int("n")
}

/// The oldest of the committed events without a position, but for so many; none where a row can't be read, because
/// somebody put something there that the program never writes.
pub(super) async fn list_waiting(
    tx: &mut Tx,
    most: i64,
    but: i64,
) -> Result<Vec<Option<Row>>, StoreError> {
    let rows = sql("SELECT id, at, name, severity, account_id, actor_id, address, user_agent, request_id, details
                    FROM event WHERE position IS NULL AND at >= $1 ORDER BY at, id LIMIT $2 OFFSET $3")
        .bind(i64::MIN)
        .bind(most)
        .bind(but)
        .fetch_all(tx)
        .await?;
    Ok(rows.iter().map(|row| content(row).ok()).collect())
}

pub(super) async fn mark_chained(tx: &mut Tx, id: &str, link: &Link) -> Result<(), StoreError> {
    let chained = sql(
        "UPDATE event SET position = $1, mac_before = $2, mac = $3, mac_key = $4
                       WHERE id = $5 AND position IS NULL",
    )
    .bind(link.position)
    .bind(link.before.clone())
    .bind(link.mac.clone())
    .bind(link.key)
    .bind(id)
    .execute(tx)
    .await?;
    match chained {
        1 => Ok(()),
        _ => Err(StoreError::Conflict),
    }
}

/// A position with what stands there; none where it can't be read.
pub(super) type Standing = (i64, Option<(Row, Link)>);

/// Links in the order of their positions, after one or from the first.
pub(super) async fn list_chained<'a>(
    on: impl Into<On<'a>>,
    after: Option<i64>,
    most: i64,
) -> Result<Vec<Standing>, StoreError> {
    let Some(from) = after.map_or(Some(i64::MIN), |after| after.checked_add(1)) else {
        return Ok(Vec::new());
    };
    let rows = sql("SELECT id, at, name, severity, account_id, actor_id, address, user_agent, request_id, details,
                           position, mac_before, mac, mac_key
                    FROM event WHERE position >= $1 ORDER BY position LIMIT $2")
        .bind(from)
        .bind(most)
        .fetch_all(on)
        .await?;
    rows.iter().map(standing).collect()
}

/// The same backwards, from a position on.
pub(super) async fn list_chained_back(
    tx: &mut Tx,
    from: i64,
    most: i64,
) -> Result<Vec<Standing>, StoreError> {
    let rows = sql("SELECT id, at, name, severity, account_id, actor_id, address, user_agent, request_id, details,
                           position, mac_before, mac, mac_key
                    FROM event WHERE position <= $1 ORDER BY position DESC LIMIT $2")
        .bind(from)
        .bind(most)
        .fetch_all(tx)
        .await?;
    rows.iter().map(standing).collect()
}

/// The highest position that any row has.
pub(super) async fn find_highest(tx: &mut Tx) -> Result<Option<i64>, StoreError> {
    let row = sql("SELECT position FROM event WHERE position >= $1 ORDER BY position DESC LIMIT 1")
        .bind(i64::MIN)
        .fetch_optional(tx)
        .await?;
    row.map(|row| row.int("position")).transpose()
}

/// Whether a row has this position.
pub(super) async fn find_position(tx: &mut Tx, position: i64) -> Result<bool, StoreError> {
    let row = sql("SELECT position FROM event WHERE position = $1")
        .bind(position)
        .fetch_optional(tx)
        .await?;
    Ok(row.is_some())
}

/// The version that made the first link there is.
pub(super) async fn find_first_key(db: &Db) -> Result<Option<i64>, StoreError> {
    let row = sql("SELECT mac_key FROM event WHERE position >= $1 ORDER BY position LIMIT 1")
        .bind(i64::MIN)
        .fetch_optional(db)
        .await?;
    row.map(|row| row.int("mac_key")).transpose()
}

/// The MAC at a position, if there is one that can be read.
pub(super) async fn find_mac_at<'a>(
    on: impl Into<On<'a>>,
    position: i64,
) -> Result<Option<Vec<u8>>, StoreError> {
    let row = sql("SELECT mac FROM event WHERE position = $1")
        .bind(position)
        .fetch_optional(on)
        .await?;
    Ok(row.and_then(|row| row.bytes_or_null("mac").ok().flatten()))
}

/// The versions of the key that there are, the newest first, whoever can open them.
pub(super) async fn list_key_versions<'a>(on: impl Into<On<'a>>) -> Result<Vec<i64>, StoreError> {
    let rows = sql("SELECT version FROM data_key WHERE purpose = 'audit' ORDER BY version DESC")
        .fetch_all(on)
        .await?;
    rows.iter().map(|row| row.int("version")).collect()
}

pub(super) async fn find_end<'a>(
    on: impl Into<On<'a>>,
    name: &str,
) -> Result<Option<End>, StoreError> {
    let row = sql("SELECT position, mac, at, mac_key, seal FROM event_chain WHERE name = $1")
        .bind(name)
        .fetch_optional(on)
        .await?;
    let read = |row: store::Row| {
        Ok(End {
            position: row.int("position")?,
            mac: row.bytes("mac")?,
            at: Timestamp::from_millis(row.int("at")?),
            key: row.int("mac_key")?,
            seal: row.bytes("seal")?,
        })
    };
    row.map(read).transpose()
}

pub(super) async fn insert_end(tx: &mut Tx, name: &str, end: &End) -> Result<(), StoreError> {
    sql("INSERT INTO event_chain (name, position, mac, at, mac_key, seal) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (name) DO UPDATE SET position = $2, mac = $3, at = $4, mac_key = $5, seal = $6")
        .bind(name)
        .bind(end.position)
        .bind(end.mac.clone())
        .bind(end.at.as_millis())
        .bind(end.key)
        .bind(end.seal.clone())
        .execute(tx)
        .await
        .map(|_| ())
}

/// Deletes the links up to a position; answers how many.
pub(super) async fn delete_through(tx: &mut Tx, position: i64) -> Result<u64, StoreError> {
    sql("DELETE FROM event WHERE position <= $1")
        .bind(position)
        .execute(tx)
        .await
}

/// Takes every link apart: the events wait for a position once more.
pub(super) async fn mark_all_waiting(tx: &mut Tx) -> Result<u64, StoreError> {
    sql(
        "UPDATE event SET position = NULL, mac_before = NULL, mac = NULL, mac_key = NULL
         WHERE position IS NOT NULL",
    )
    .execute(tx)
    .await
}

fn standing(row: &store::Row) -> Result<Standing, StoreError> {
    let position = row.int("position")?;
    let whole = content(row).and_then(|content| Ok((content, link(row, position)?)));
    Ok((position, whole.ok()))
}

fn content(row: &store::Row) -> Result<Row, StoreError> {
    Ok(Row {
        id: row.text("id")?,
        at: row.int("at")?,
        name: row.text("name")?,
        severity: row.text("severity")?,
        account: row.text_or_null("account_id")?,
        actor: row.text_or_null("actor_id")?,
        address: row.text_or_null("address")?,
        user_agent: row.text_or_null("user_agent")?,
        request_id: row.text_or_null("request_id")?,
        details: row.text("details")?,
    })
}

fn link(row: &store::Row, position: i64) -> Result<Link, StoreError> {
    Ok(Link {
        position,
        before: row.bytes_or_null("mac_before")?.unwrap_or_default(),
        mac: row.bytes_or_null("mac")?.unwrap_or_default(),
        key: row.int_or_null("mac_key")?.unwrap_or_default(),
    })
}
