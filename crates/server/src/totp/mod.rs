//! The second factor: codes of an authenticator app (RFC 6238).
//!
//! States: none -> waiting for its first code -> set up -> none, or set up -> lost with its seed (`lost`) -> waiting.
//! Invariants: a step's code passes once, ever (decision
//! D9): one update claims it in the transaction of what it opens; the seed is sealed, bound to its account and version;
//! attempts are counted before the work.
//! Threats met here: guessing (ten an hour, a hundred in a row), a code seen over the shoulder (used up), a row copied
//! from another account (does not open).

mod code;
mod drawing;
pub mod error;
pub mod http;
mod lost;
mod service;
mod setting_up;
mod store;

pub use error::TotpError;
pub use lost::delete_unreadable_seeds;
pub use service::{Claim, Parts, Totp};
pub use setting_up::First;
