//! What can go wrong with a store, one clear line each; never a key, a token or what a server wrote in its answer.

use std::{error::Error, iter::successors};

/// What an answer without end is called.
pub(super) const TOO_LONG: &str = "with more than 1 MB";

/// Why a store did not do what it was asked. The store's name stands before it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It runs and can't open its own data.
    #[error("it is sealed; unseal it and try again")]
    Sealed,
    /// It knows us and says no, or does not know us; with what would be needed.
    #[error("403, it is not allowed; this takes {0}")]
    Forbidden(String),
    /// What was named does not exist.
    #[error("404, {0} is not there")]
    NotFound(String),
    /// Too many requests.
    #[error("429, it has had too many requests; wait a minute and try again")]
    Busy,
    /// Nothing came back in time.
    #[error(
        "no answer within 10 s; look at its address and at what stands between (after a write `concierge key diff` says what happened)"
    )]
    Timeout,
    /// Somebody answered, and did not prove to be the store.
    #[error("no TLS connection: {0}; look at the certificate, or name its authority")]
    Tls(String),
    /// Somebody else wrote between our reading and our writing.
    #[error(
        "the keyring was changed there meanwhile; `concierge key diff` shows it, then do it again"
    )]
    Conflict,
    /// It holds something else.
    #[error("what it holds is no keyring: {0}; mend it there, or put an older version back")]
    Broken(String),
    /// No connection, or an error of the server's own.
    #[error("it can't be reached: {0}")]
    Unreachable(String),
    /// The settings don't say enough.
    #[error("{0}")]
    Settings(String),
    /// Anything else.
    #[error("it answered {0}")]
    Other(String),
}

impl Fault {
    /// Whether it may pass by itself. Then the last good copy may stand in. A refusal is an answer and no outage:
    /// somebody may just have taken our access away. Neither is a certificate that proves nothing.
    pub const fn is_outage(&self) -> bool {
        matches!(
            self,
            Self::Sealed | Self::Busy | Self::Timeout | Self::Unreachable(_)
        )
    }

    /// Whether a write may have been done all the same: its answer was lost, or a library asked a second time.
    pub const fn leaves_open(&self) -> bool {
        matches!(self, Self::Conflict | Self::Timeout | Self::Unreachable(_))
    }

    /// The fault of an HTTP status that means the same everywhere.
    pub fn of_status(status: u16, takes: &str) -> Self {
        match status {
            401 | 403 => Self::Forbidden(takes.to_owned()),
            429 => Self::Busy,
            500..=599 => Self::Unreachable(format!("it answered {status}")),
            _ => Self::Other(status.to_string()),
        }
    }

    /// The fault of a connection that failed. Libraries wrap the cause several times over; it is looked for in the
    /// whole chain.
    pub fn of_connection(error: &(dyn Error + 'static)) -> Self {
        const TLS: [&str; 5] = [
            "certificate",
            "tls",
            "fatal alert",
            "corrupt message",
            "handshake",
        ];
        // What another program wrote on its standard error may hold anything, so no such cause is shown.
        let causes: Vec<String> = successors(Some(error), |&error| error.source())
            .map(|cause| cause.to_string())
            .filter(|cause| !cause.to_lowercase().contains("stderr:"))
            .map(|cause| first_line(&cause))
            .collect();
        // The innermost cause says most.
        let about = |words: &[&str]| {
            let names = |cause: &&String| {
                let cause = cause.to_lowercase();
                words.iter().any(|word| cause.contains(word))
            };
            causes.iter().rev().find(names).cloned()
        };
        if about(&["more than 1 mb"]).is_some() {
            return Self::Other(TOO_LONG.to_owned());
        }
        // A connection that ends in the middle says nothing against the certificate at its beginning.
        if about(&["close_notify"]).is_some() {
            return Self::Unreachable("it cut the connection off".to_owned());
        }
        if let Some(cause) = about(&TLS) {
            return Self::Tls(cause);
        }
        if about(&["timed out", "timeout", "deadline"]).is_some() {
            return Self::Timeout;
        }
        Self::Unreachable(causes.last().cloned().unwrap_or_default())
    }
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    struct Wrapped(&'static str, #[source] Option<Box<Wrapped>>);

    fn chain(outer: &'static str, inner: &'static str) -> Wrapped {
        Wrapped(outer, Some(Box::new(Wrapped(inner, None))))
    }

    #[test]
    fn a_failed_connection_is_named_by_its_innermost_cause() {
        for (inner, fault) in [
            (
                "invalid peer certificate: UnknownIssuer",
                Fault::Tls("invalid peer certificate: UnknownIssuer".to_owned()),
            ),
            ("operation timed out", Fault::Timeout),
            (
                "peer closed connection without sending TLS close_notify",
                Fault::Unreachable("it cut the connection off".to_owned()),
            ),
            (
                "Connection refused (os error 111)\nmore",
                Fault::Unreachable("Connection refused (os error 111)".to_owned()),
            ),
        ] {
            let error = chain("error sending request", inner);
            assert_eq!(Fault::of_connection(&error), fault);
        }
    }

    #[test]
    fn what_another_program_wrote_is_not_shown() {
        let error = chain("no credentials", "it ended with 1. Stderr: tls hunter2");
        let fault = Fault::of_connection(&error);
        assert_eq!(fault, Fault::Unreachable("no credentials".to_owned()));
    }

    #[test]
    fn only_what_passes_by_itself_lets_a_copy_stand_in() {
        let text = String::new;
        for outage in [
            Fault::Sealed,
            Fault::Busy,
            Fault::Timeout,
            Fault::Unreachable(text()),
            Fault::of_status(502, ""),
        ] {
            assert!(outage.is_outage(), "{outage}");
        }
        for answer in [
            Fault::Forbidden(text()),
            Fault::NotFound(text()),
            Fault::Tls(text()),
            Fault::Conflict,
            Fault::Settings(text()),
            Fault::Broken(text()),
            Fault::of_status(401, ""),
            Fault::of_status(418, ""),
        ] {
            assert!(!answer.is_outage(), "{answer}");
        }
    }

    #[test]
    fn every_fault_is_one_line() {
        for fault in [
            Fault::Sealed,
            Fault::Forbidden("`read` on `a/b`".to_owned()),
            Fault::NotFound("the mount `a`".to_owned()),
            Fault::Busy,
            Fault::Timeout,
            Fault::Tls("bad certificate".to_owned()),
            Fault::Conflict,
            Fault::Unreachable("refused".to_owned()),
            Fault::Other("400".to_owned()),
        ] {
            let line = fault.to_string();
            assert!(!line.contains('\n') && line.len() > 10, "{line}");
        }
    }
}
