//! The questions the doctor asks the database. None of them changes it.

use concierge_core::time::Timestamp;

use crate::store::{Db, StoreError, sql};

/// The engine's version.
pub(super) async fn find_version(db: &Db, is_sqlite: bool) -> Result<String, StoreError> {
    let text = if is_sqlite {
        "SELECT sqlite_version() AS version"
    } else {
        "SELECT current_setting('server_version') AS version"
    };
    sql(text).fetch_one(db).await?.text("version")
}

/// What SQLite finds wrong with its file, ten things at most; nothing when it is whole.
pub(super) async fn list_damage(db: &Db) -> Result<Vec<String>, StoreError> {
    let rows = sql("PRAGMA quick_check(10)").fetch_all(db).await?;
    let mut damage: Vec<String> = rows
        .iter()
        .map(|row| row.text("quick_check"))
        .collect::<Result<_, _>>()?;
    damage.retain(|line| line != "ok");
    Ok(damage)
}

/// The time on PostgreSQL's clock.
pub(super) async fn find_time(db: &Db) -> Result<Timestamp, StoreError> {
    let time = sql("SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT) AS time")
        .fetch_one(db)
        .await?
        .int("time")?;
    Ok(Timestamp::from_millis(time))
}

/// Takes the writer's turn and writes a row as it is, then drops the transaction: nothing of it stays.
pub(super) async fn mark_nothing(db: &Db) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    sql("UPDATE feed SET position = position WHERE id = 1")
        .execute(&mut tx)
        .await?;
    drop(tx);
    Ok(())
}
