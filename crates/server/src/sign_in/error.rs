//! What can happen to somebody who signs in.

use std::time::Duration;

use crate::{recovery::RecoveryError, session::SessionError, store::StoreError, totp::TotpError};

/// Why a sign-in failed.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Wrong name, wrong password or locked account: never told apart.
    #[error("wrong name or password")]
    BadCredentials,
    /// The code is wrong, used, or missing.
    #[error("the code is not right")]
    BadCode,
    /// The ticket is used, spent, expired, unknown, for another step, or its account was locked since.
    #[error("there is no such step to do")]
    TicketExpired,
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
    /// The second factor said no.
    #[error(transparent)]
    Totp(#[from] TotpError),
    /// A recovery code was not taken.
    #[error(transparent)]
    Recovery(#[from] RecoveryError),
}
