//! What can go wrong at the admin desk.

use crate::{account::AccountError, store::StoreError};

/// Why an admin was not served.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// The cursor is none of ours.
    #[error("the cursor is not one that was handed out")]
    Cursor,
    /// What the account's own rules say.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// A fault of ours.
    #[error(transparent)]
    Store(#[from] StoreError),
}
