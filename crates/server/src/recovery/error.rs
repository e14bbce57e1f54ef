//! What can happen to somebody with recovery codes.

use std::time::Duration;

use crate::store::StoreError;

/// Why there are no codes, or why one was not taken.
#[derive(Debug, thiserror::Error)]
pub enum RecoveryError {
    /// The account has no second factor, or its codes are no longer shown.
    #[error("there are no recovery codes to show")]
    NotFound,
    /// The code is wrong or used.
    #[error("the code is not right")]
    BadCode,
    /// Too many wrong codes; wait this long.
    #[error("too many wrong recovery codes")]
    Throttled(Duration),
    /// Too much waits to be hashed.
    #[error("too much waits to be hashed")]
    Overloaded,
    /// A fault of ours.
    #[error(transparent)]
    Store(#[from] StoreError),
}
