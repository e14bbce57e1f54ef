//! Re-sealing: what an older version of a key sealed moves to the newest, a batch of rows at a time.
//!
//! Each batch is one short transaction, and a row changes only while it holds what was read: whoever changes it in the
//! meantime wins. A kill leaves rows that have moved and rows that have not, and the next pass finds the latter.

use super::{Db, Row, Statement, StoreError, Tx};
use crate::platform::{rng::Rng, seal::SealKeys};

/// Rows of a batch: on SQLite every writer waits for it.
pub const RESEALED_AT_ONCE: i64 = 200;

/// A sealed value and where it is.
#[derive(Debug)]
pub struct SealedRow {
    /// The key of its row.
    pub id: String,
    /// What it is bound to.
    pub associated: String,
    /// The value.
    pub sealed: Vec<u8>,
}

/// What came of some rows.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Resealed {
    /// How many moved.
    pub moved: u64,
    /// How many somebody else changed or deleted in the meantime. They may need an older version still.
    pub overtaken: u64,
    /// How many no version opens.
    pub unreadable: u64,
    /// The last row of the batch; none when there was none left.
    pub last: Option<String>,
}

/// Moves the rows of a batch. `mark` is the statement that puts a new value in the place of the one that was read,
/// and of no other.
pub async fn reseal(
    db: &Db,
    rows: Vec<SealedRow>,
    seal: &SealKeys,
    rng: &dyn Rng,
    mark: fn(SealedRow, Vec<u8>) -> Statement,
) -> Result<Resealed, StoreError> {
    let mut done = Resealed {
        last: rows.last().map(|row| row.id.clone()),
        ..Resealed::default()
    };
    let mut moves = Vec::new();
    for row in rows {
        match seal.reseal(rng, &row.associated, &row.sealed) {
            Ok(None) => {}
            Ok(Some(sealed)) => moves.push(mark(row, sealed)),
            Err(_) => done.unreadable += 1,
        }
    }
    if moves.is_empty() {
        return Ok(done);
    }
    let mut tx = db.begin().await?;
    for statement in moves {
        match statement.execute(&mut tx).await? {
            0 => done.overtaken += 1,
            _ => done.moved += 1,
        }
    }
    tx.commit().await?;
    Ok(done)
}

/// Deletes the rows of a batch that no version opens, after the loss of a key; answers what `delete` returns of each.
pub async fn delete_unreadable(
    tx: &mut Tx,
    rows: Vec<SealedRow>,
    seal: &SealKeys,
    delete: fn(SealedRow) -> Statement,
) -> Result<Vec<Row>, StoreError> {
    let mut deleted = Vec::new();
    for row in rows {
        if seal.open(&row.associated, &row.sealed).is_err() {
            deleted.extend(delete(row).fetch_optional(&mut *tx).await?);
        }
    }
    Ok(deleted)
}
