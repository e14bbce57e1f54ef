//! Signing in with a password: equal answers in equal time, slower with every failure, never locked for good.
//!
//! Order: address limit, hashing slot, account lookup, count (before the work), one Argon2 run in every case,
//! then one transaction with everything a success changes. Threats met here: guessing (ladder per account and
//! device), spraying (limit per address), finding out who has an account (same work, same answer, a failure held
//! to a fixed deadline), locking somebody out (a known device has its own count), exhausting the host (bounded pool).

mod completion;
pub mod error;
mod fresh;
pub mod http;
mod second_step;
mod service;
mod store;

pub use completion::{Outcome, SignedIn};
pub use error::SignInError;
use second_step::METHODS;
pub use second_step::Second;
pub use service::{Attempt, Parts, SignIn};
pub use store::delete_counts;
