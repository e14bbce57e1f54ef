//! What of recovery dies with a lost key: links, and codes that their owner has not kept. Kept codes are hashed with no
//! key at all, so they stay good: they are the way back in.

use concierge_core::time::Timestamp;

use super::{link_store, not_me_store, store};
use crate::{
    platform::seal::SealKeys,
    store::{StoreError, Tx, reseal},
};

/// Deletes the links that still work; answers how many.
pub async fn delete_open_links(tx: &mut Tx, now: Timestamp) -> Result<u64, StoreError> {
    let resets = link_store::delete_open(tx, now).await?;
    Ok(resets + not_me_store::delete_open(tx, now).await?)
}

/// Deletes sealed copies of new codes that no version opens. The codes themselves stay.
pub async fn delete_unreadable_copies(tx: &mut Tx, seal: &SealKeys) -> Result<u64, StoreError> {
    let deleted = reseal::delete_unreadable(tx, &store::SEALED, seal).await?;
    Ok(deleted.len() as u64)
}
