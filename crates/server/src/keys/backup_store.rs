//! SQL of a backup and of a restore: what the database knows of data keys that went into backups.

use std::collections::BTreeMap;

use crate::store::{Db, StoreError, sql};

/// The facts whose names begin so.
pub(super) async fn list_facts(
    db: &Db,
    beginning: &str,
) -> Result<BTreeMap<String, String>, StoreError> {
    let rows = sql("SELECT name, detail FROM key_fact")
        .fetch_all(db)
        .await?;
    let facts = rows
        .into_iter()
        .map(|row| Ok((row.text("name")?, row.text("detail")?)));
    let facts: Result<BTreeMap<String, String>, StoreError> = facts.collect();
    facts.map(|mut facts| {
        facts.retain(|name, _| name.starts_with(beginning));
        facts
    })
}
