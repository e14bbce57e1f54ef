//! A lost second factor: its seed is gone, and the account still says that it has one. So a sign-in asks for the second
//! step as before. No code of the app passes it; a recovery code does, and after it a new seed can be set up.

use super::store;
use crate::{
    platform::seal::SealKeys,
    store::{StoreError, Tx, reseal},
};

/// Deletes the seeds that no version opens, and those that wait for their first code; answers how many accounts lost
/// a factor that was set up. The note of it beside the account stays: without it the password alone would do.
pub async fn delete_unreadable_seeds(tx: &mut Tx, seal: &SealKeys) -> Result<u64, StoreError> {
    store::delete_waiting(tx).await?;
    let deleted = reseal::delete_unreadable(tx, &store::SEALED, seal).await?;
    Ok(deleted.len() as u64)
}
