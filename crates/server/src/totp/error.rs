//! What can happen to somebody with a second factor.

use std::time::Duration;

use crate::{recovery::RecoveryError, store::StoreError};

/// Why a factor was not set up, confirmed or removed.
#[derive(Debug, thiserror::Error)]
pub enum TotpError {
    /// The code is wrong, or was used before.
    #[error("the code is not right")]
    BadCode,
    /// Too many wrong codes; wait this long.
    #[error("too many wrong codes")]
    Throttled(Duration),
    /// There is no factor, or none that waits for its first code.
    #[error("there is no such second factor")]
    NotFound,
    /// A factor is set up already, or the policy demands the one that is.
    #[error("the second factor is not in that state")]
    Conflict,
    /// The account is locked or gone, or the session over.
    #[error("the session is over")]
    Over,
    /// A fault of ours.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The recovery codes could not be made.
    #[error(transparent)]
    Recovery(#[from] RecoveryError),
}
