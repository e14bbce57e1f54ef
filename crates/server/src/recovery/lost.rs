//! What of recovery dies with a lost key: links, and codes that their owner has not kept. Kept codes are hashed with no
//! key at all, so they stay good: they are the way back in.

use super::{link_store, not_me_store, store};
use crate::{
    platform::seal::SealKeys,
    store::{StoreError, Tx, reseal},
};

/// Deletes the links that were not used; answers how many. Whenever they run out: the machine that takes one may have
/// another time.
pub async fn delete_open_links(tx: &mut Tx) -> Result<u64, StoreError> {
    let resets = link_store::delete_open(tx).await?;
    Ok(resets + not_me_store::delete_open(tx).await?)
}

/// Deletes sealed copies of new codes that no version opens. The codes themselves stay.
pub async fn delete_unreadable_copies(tx: &mut Tx, seal: &SealKeys) -> Result<u64, StoreError> {
    let deleted = reseal::delete_unreadable(tx, &store::SEALED, seal).await?;
    Ok(deleted.len() as u64)
}
