//! Why a request about alerts was refused.

use std::time::Duration;

use concierge_core::problem::FieldError;

use crate::store::StoreError;

/// Why it was refused.
#[derive(Debug, thiserror::Error)]
pub enum AlertError {
    /// Fields that are not right.
    #[error("fields are not right")]
    Invalid(Vec<FieldError>),
    /// There is no such rule, channel or alert.
    #[error("there is no such thing")]
    NotFound,
    /// It can't be done to this one, or no more.
    #[error("it can't be done to this one")]
    Conflict,
    /// Too many tests.
    #[error("too many tests")]
    Throttled(Duration),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
