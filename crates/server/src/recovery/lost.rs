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
    let (mut after, mut deleted) = (String::new(), 0);
    loop {
        let rows = store::list_sealed(&mut *tx, &after).await?;
        let Some(last) = rows.last() else {
            return Ok(deleted);
        };
        after.clone_from(&last.id);
        let gone = reseal::delete_unreadable(tx, rows, seal, store::delete_sealed).await?;
        deleted += gone.len() as u64;
    }
}
