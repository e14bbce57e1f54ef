//! The documents of the API: `/openapi.json`, `docs/api.md` and the page at `/docs`, all three made from the
//! endpoint list in `core`, so that none of them can say what the program does not do.
//!
//! Guarantees: every endpoint of the catalogue and every untyped route is in each document; a committed
//! `docs/api.md` that no longer matches fails a test.

mod fields;
mod markdown;
mod openapi;
mod page;
mod untyped;

use concierge_core::{
    api::{Access, Admin, Anonymous, Fresh, FreshAdmin, FreshOrTicket, Method, TARGET},
    catalogue::Entry,
    problem::ErrorCode,
};

pub use markdown::markdown;
pub use openapi::openapi;
pub use page::{page, policy};
pub use untyped::{UNTYPED, Untyped};

/// The table from code to status, which belongs to `http/error.rs`.
pub type StatusOf = fn(ErrorCode) -> u16;

/// What any request can meet before its endpoint is asked.
const ANY: [ErrorCode; 4] = [
    ErrorCode::BadRequest,
    ErrorCode::WrongOrigin,
    ErrorCode::Internal,
    ErrorCode::Unavailable,
];
/// What a request that may change something can meet besides.
const UNSAFE: [ErrorCode; 3] = [
    ErrorCode::CsrfRefused,
    ErrorCode::PayloadTooLarge,
    ErrorCode::UnsupportedMediaType,
];
/// What a request without a live session meets where one is needed.
const SESSION: [ErrorCode; 2] = [ErrorCode::Unauthenticated, ErrorCode::TokenExpired];

/// Whether an endpoint needs a session.
fn needs_session(entry: &Entry) -> bool {
    entry.access != Anonymous::NAME
}

/// What the access level refuses besides.
fn level_errors(entry: &Entry) -> Vec<ErrorCode> {
    let fresh = [Fresh::NAME, FreshAdmin::NAME, FreshOrTicket::NAME];
    let admin = [Admin::NAME, FreshAdmin::NAME];
    let mut errors = Vec::new();
    if fresh.contains(&entry.access) {
        errors.push(ErrorCode::FreshSignInRequired);
    }
    if admin.contains(&entry.access) {
        errors.extend([ErrorCode::Forbidden, ErrorCode::SecondFactorRequired]);
    }
    if entry.path.contains(TARGET) {
        errors.push(ErrorCode::NotFound);
    }
    errors
}

/// The errors an endpoint shares with others.
fn common_errors(entry: &Entry) -> Vec<ErrorCode> {
    let mut errors = ANY.to_vec();
    if entry.method != Method::Get {
        errors.extend(UNSAFE);
    }
    if needs_session(entry) {
        errors.extend(SESSION);
    }
    errors.extend(level_errors(entry));
    errors
}

/// Every error an endpoint can answer, by status and then in the order of the contract.
fn all_errors(entry: &Entry, status_of: StatusOf) -> Vec<(u16, Vec<ErrorCode>)> {
    let (common, own) = (common_errors(entry), entry.errors);
    let mut grouped: Vec<(u16, Vec<ErrorCode>)> = Vec::new();
    let met = |code: &&ErrorCode| common.contains(code) || own.contains(code);
    for code in ErrorCode::ALL.iter().filter(met) {
        let status = status_of(*code);
        match grouped.iter_mut().find(|(held, _)| *held == status) {
            Some((_, codes)) => codes.push(*code),
            None => grouped.push((status, vec![*code])),
        }
    }
    grouped.sort_by_key(|(status, _)| *status);
    grouped
}

#[cfg(test)]
mod tests {
    use concierge_core::catalogue;

    use super::*;

    #[test]
    fn a_signed_in_change_can_meet_every_common_error() {
        let entries = catalogue::all();
        let change = entries
            .iter()
            .find(|entry| needs_session(entry) && entry.method == Method::Patch)
            .expect("one changes the profile");
        let errors = common_errors(change);
        assert_eq!(errors.len(), ANY.len() + UNSAFE.len() + SESSION.len());
    }

    #[test]
    fn errors_come_by_status_and_none_twice() {
        let status_of = crate::http::error::status_of;
        for entry in catalogue::all() {
            let grouped = all_errors(&entry, status_of);
            assert!(grouped.is_sorted_by(|(one, _), (other, _)| one < other));
            let listed: usize = grouped.iter().map(|(_, codes)| codes.len()).sum();
            let own = entry.errors.iter();
            let extra = own.filter(|code| !common_errors(&entry).contains(code));
            assert_eq!(listed, common_errors(&entry).len() + extra.count());
        }
    }
}
