//! What can happen to somebody who signs in.

use std::time::Duration;

use crate::{session::SessionError, store::StoreError};

/// Why a sign-in failed.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Wrong name, wrong password or locked account: never told apart.
    #[error("wrong name or password")]
    BadCredentials,
    /// Too many tries; wait this long.
    #[error("too many tries")]
    Throttled(Duration),
    /// Too many sign-ins at once.
    #[error("too many sign-ins wait")]
    Overloaded,
    /// A script in a page asked for raw tokens.
    #[error("bearer tokens are not for pages")]
    BearerFromBrowser,
    /// A fault of ours.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The session could not begin.
    #[error(transparent)]
    Session(#[from] SessionError),
}
