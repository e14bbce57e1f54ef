//! What can happen to somebody who shows a token.

use crate::store::StoreError;

/// Why a token did not open a session.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// No live session stands behind it. The reason is a stable word for counters, events and the log only.
    #[error("no live session: {0}")]
    Unauthenticated(&'static str),
    /// The access token is genuine and its session lives, but its time is up.
    #[error("the access token has expired")]
    TokenExpired,
    /// Renewed too often; wait this long.
    #[error("renewed too often")]
    Throttled(std::time::Duration),
    /// A fault of ours.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A token could not be made.
    #[error("a token could not be made: {0}")]
    Token(String),
}
