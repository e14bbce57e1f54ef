//! Recovery codes: ten ways in without the app, each good once.
//!
//! States of a code: made -> used, or dead when new ones are made. Invariants: an account has codes exactly while it has
//! a second factor; a code is used by one statement; what is kept of it is a hash, beside a sealed copy that lives until
//! its owner has kept the codes, fifteen minutes at most (docs/adr/0009).
//! Threats met here: guessing (65 bits, and a budget of its own), a stolen database (salted hashes), a code used twice.

mod codes;
pub mod error;
pub mod http;
mod service;
mod store;

pub use error::RecoveryError;
pub use service::{Prepared, RecoveryCodes};
