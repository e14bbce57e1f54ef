//! Accounts: who somebody is, from the first admin on.
//!
//! States: open -> locked -> open. Invariants: one account per address, whatever its case; the first admin can
//! be made once, with a one-time token, and only while there is no admin; a change of an account is announced
//! in its transaction, so no process shows an old name for longer than the feed takes.

mod addresses;
mod addresses_store;
pub mod cli;
mod desk;
mod desk_store;
pub mod error;
mod factor;
pub mod http;
mod news;
mod passphrase;
mod passwords;
mod service;
mod store;
mod vetting;

pub use desk::{Deed, Place};
pub use error::AccountError;
pub use passwords::letter_to;
pub use service::{Accounts, NewAccount, Parts, SetupLink, Started};
pub use store::Account;
