//! Mails that nobody can read any more.

use std::collections::BTreeMap;

use super::store;
use crate::{
    platform::seal::SealKeys,
    store::{StoreError, Tx, reseal},
};

/// Deletes the mails that no version opens; answers how many of which letter.
pub async fn delete_unreadable_mails(
    tx: &mut Tx,
    seal: &SealKeys,
) -> Result<BTreeMap<String, u64>, StoreError> {
    let (mut after, mut deleted) = (String::new(), BTreeMap::new());
    loop {
        let rows = store::list_sealed(&mut *tx, &after).await?;
        let Some(last) = rows.last() else {
            return Ok(deleted);
        };
        after.clone_from(&last.id);
        for row in reseal::delete_unreadable(tx, rows, seal, store::delete_sealed).await? {
            *deleted.entry(row.text("letter")?).or_default() += 1;
        }
    }
}
