//! What can happen to somebody who shows a token.

use super::Grant;
use crate::{platform::metrics::RefreshResult, store::StoreError};

/// Every reason of [`SessionError::Unauthenticated`]: those of the access token first, then the session's and the
/// refresh token's own.
pub const REASONS: [&str; 15] = [
    "malformed",
    "unknown_kid",
    "revoked_kid",
    "retired_kid",
    "alg_mismatch",
    "bad_signature",
    "wrong_env",
    "not_yet",
    "wrong_account",
    "unknown_generation",
    "no_live_session",
    "refresh_malformed",
    "refresh_wrong_transport",
    "refresh_bad_mac",
    "refresh_reused",
];

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

/// As what a renewal is counted.
pub fn counted(renewed: &Result<Grant, SessionError>) -> RefreshResult {
    match renewed {
        Ok(_) => RefreshResult::Renewed,
        Err(SessionError::Unauthenticated("refresh_reused")) => RefreshResult::Reused,
        Err(SessionError::Unauthenticated(_) | SessionError::TokenExpired) => {
            RefreshResult::Refused
        }
        Err(SessionError::Throttled(_)) => RefreshResult::Throttled,
        Err(SessionError::Store(_) | SessionError::Token(_)) => RefreshResult::Failed,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::REASONS;

    #[test]
    fn every_reason_is_listed_and_no_other() {
        let sources = [
            include_str!("live.rs"),
            include_str!("service.rs"),
            include_str!("../platform/jwt.rs"),
        ];
        let said = sources.iter().flat_map(|source| {
            let own = source.split("Unauthenticated(\"").skip(1);
            let from_jwt = source.split("Self::").skip(1);
            let from_jwt =
                from_jwt.filter_map(|rest| rest.split_once(" => \"").map(|(_, text)| text));
            own.chain(from_jwt)
                .filter_map(|rest| rest.split('"').next())
        });
        let said: BTreeSet<&str> = said.collect();
        assert_eq!(said, BTreeSet::from(REASONS));
    }
}
