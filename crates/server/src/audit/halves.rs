//! Events as one list, though each waits for its link or has it: what waits has an index of its own, and nothing else has
//! those of the filters (see the migration).

use std::collections::HashSet;

use crate::store::{Db, Row, Statement, StoreError};

/// The rows of both, the newest first; so many at most. Both statements answer `id` and `at`, in that order of time.
pub(super) async fn fetch(
    db: &Db,
    waiting: Statement,
    linked: Statement,
    most: i64,
) -> Result<Vec<Row>, StoreError> {
    // In this order: what is linked meanwhile is in both, and never in neither. (Where a lost key takes every link
    // apart, which is rare, one answer may lack what goes the other way.)
    let waiting = placed(waiting.fetch_all(db).await?)?;
    let linked = placed(linked.fetch_all(db).await?)?;
    if waiting.is_empty() {
        return Ok(linked.into_iter().map(|(_, row)| row).collect());
    }
    let known: HashSet<&str> = waiting.iter().map(|((_, id), _)| id.as_str()).collect();
    let fresh = linked
        .into_iter()
        .filter(|((_, id), _)| !known.contains(id.as_str()));
    let fresh: Vec<_> = fresh.collect();
    let mut rows: Vec<_> = waiting.into_iter().chain(fresh).collect();
    rows.sort_by(|(one, _), (other, _)| other.cmp(one));
    rows.truncate(usize::try_from(most).unwrap_or_default());
    Ok(rows.into_iter().map(|(_, row)| row).collect())
}

/// A row with the time and the id that it is ordered by.
type Placed = ((i64, String), Row);

fn placed(rows: Vec<Row>) -> Result<Vec<Placed>, StoreError> {
    let place = |row: Row| Ok(((row.int("at")?, row.text("id")?), row));
    rows.into_iter().map(place).collect()
}
