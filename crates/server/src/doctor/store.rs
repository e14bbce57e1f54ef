//! The one statement the doctor writes with, and takes back.

use crate::store::{Db, StoreError, sql};

/// Takes the writer's turn and writes a row as it is, then drops the transaction: nothing of it stays.
pub(super) async fn mark_nothing(db: &Db) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    sql("UPDATE feed SET position = position WHERE id = 1")
        .execute(&mut tx)
        .await?;
    drop(tx);
    Ok(())
}
