//! The admin desk: accounts of others, looked at and acted on by who may.
//!
//! Invariants: no answer holds a password or a hash; every act is an event with actor and target; the rules of who
//! may act on whom are those of `Accounts`, inside its transaction.

pub mod error;
pub mod http;
mod service;

pub use error::AdminError;
pub use service::Desk;
