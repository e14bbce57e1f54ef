//! Re-sealing: what an older version of a key sealed moves to the newest, a batch of rows at a time.
//!
//! Each batch is one short transaction, and a row changes only while it holds what was read: whoever changes it in the
//! meantime wins. A kill leaves rows that have moved and rows that have not, and the next pass finds the latter.

use super::{Db, On, Row, Statement, StoreError, Tx};
use crate::platform::{rng::Rng, seal::SealKeys};

/// Rows of a batch: on SQLite every writer waits for it.
pub const RESEALED_AT_ONCE: i64 = 200;

/// A table with a sealed value in each row: its statements, without their values.
#[derive(Debug)]
pub struct SealedTable {
    /// Lists `id` and `sealed` of so many rows ($2) after an id ($1), in the order of their ids.
    pub list: fn() -> Statement,
    /// What the value of a row is bound to; the id is given, the rest is in the row.
    pub associated: fn(&str, &Row) -> Result<String, StoreError>,
    /// Puts a value ($1) into a row ($2) that holds what was read ($3), and into no other.
    pub mark: fn() -> Statement,
    /// Deletes a row ($1) that holds what was read ($2).
    pub delete: fn() -> Statement,
}

impl SealedTable {
    async fn list<'a>(
        &self,
        on: impl Into<On<'a>>,
        after: &str,
    ) -> Result<Vec<SealedRow>, StoreError> {
        let rows = (self.list)().bind(after).bind(RESEALED_AT_ONCE);
        let rows = rows.fetch_all(on).await?;
        let read = |row: &Row| {
            let id = row.text("id")?;
            Ok(SealedRow {
                associated: (self.associated)(&id, row)?,
                sealed: row.bytes("sealed")?,
                id,
            })
        };
        rows.iter().map(read).collect()
    }
}

/// A sealed value and where it is.
struct SealedRow {
    id: String,
    associated: String,
    sealed: Vec<u8>,
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

/// Moves the rows of the batch after this id.
pub async fn reseal(
    db: &Db,
    table: &SealedTable,
    after: &str,
    seal: &SealKeys,
    rng: &dyn Rng,
) -> Result<Resealed, StoreError> {
    let rows = table.list(db, after).await?;
    let mut done = Resealed {
        last: rows.last().map(|row| row.id.clone()),
        ..Resealed::default()
    };
    let mut moves = Vec::new();
    for row in rows {
        match seal.reseal(rng, &row.associated, &row.sealed) {
            Ok(None) => {}
            Ok(Some(sealed)) => {
                moves.push((table.mark)().bind(sealed).bind(row.id).bind(row.sealed))
            }
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

/// Deletes every row that no version opens, after the loss of a key; answers what the table's statement returns of each.
pub async fn delete_unreadable(
    tx: &mut Tx,
    table: &SealedTable,
    seal: &SealKeys,
) -> Result<Vec<Row>, StoreError> {
    let (mut after, mut deleted) = (String::new(), Vec::new());
    loop {
        let rows = table.list(&mut *tx, &after).await?;
        let Some(last) = rows.last() else {
            return Ok(deleted);
        };
        after.clone_from(&last.id);
        for row in rows {
            if seal.open(&row.associated, &row.sealed).is_err() {
                let delete = (table.delete)().bind(row.id).bind(row.sealed);
                deleted.extend(delete.fetch_optional(&mut *tx).await?);
            }
        }
    }
}
