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
    let mut letters = BTreeMap::new();
    for row in reseal::delete_unreadable(tx, &store::SEALED, seal).await? {
        *letters.entry(row.text("letter")?).or_default() += 1;
    }
    Ok(letters)
}
