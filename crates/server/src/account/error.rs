//! What can happen to somebody who makes or changes an account.

use std::time::Duration;

use concierge_core::problem::FieldError;

use crate::{session::SessionError, store::StoreError};

/// Why an account was not made or changed.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// Some fields are not right.
    #[error("some fields are not right: {}", .0.iter().map(|f| format!("{} ({})", f.name, f.code.as_str())).collect::<Vec<_>>().join(", "))]
    Invalid(Vec<FieldError>),
    /// The address has an account.
    #[error("this e-mail address already has an account")]
    EmailTaken,
    /// Registration is not open.
    #[error("registration is closed")]
    RegistrationClosed,
    /// The setup token is used, expired or unknown, or there is an admin already.
    #[error("the setup token is used, expired or unknown")]
    TicketExpired,
    /// Too many tries; wait this long.
    #[error("too many tries")]
    Throttled(Duration),
    /// Too many passwords wait to be hashed.
    #[error("too many passwords wait to be hashed")]
    Overloaded,
    /// The password given as proof is not the account's.
    #[error("the password is not right")]
    BadCredentials,
    /// There is no such account.
    #[error("there is no such account")]
    NotFound,
    /// Nobody does this to themself, or to the last admin who can sign in.
    #[error("nobody does this to themself or to the last admin who can sign in")]
    Conflict,
    /// Whoever acts is no admin any more.
    #[error("only an admin may do this")]
    Forbidden,
    /// A fault of ours.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The session could not begin.
    #[error(transparent)]
    Session(#[from] SessionError),
}
