//! Accounts: who somebody is, from the first admin on.
//!
//! States: (registered, waiting for its address ->) open -> locked -> open -> closed, which leaves nothing but its
//! events. Invariants: one account per address, whatever its case; the first admin can be made once, with a one-time
//! token, and only while there is no admin; a change of an account is announced in its transaction, so no process
//! shows an old name for longer than the feed takes.

mod addresses;
mod addresses_store;
pub mod cli;
mod closing;
mod closing_store;
mod desk;
mod desk_store;
pub mod error;
mod export;
mod factor;
pub mod http;
mod invitations;
mod invitations_store;
mod lost_store;
mod news;
mod passphrase;
mod passwords;
mod registration;
mod registration_store;
mod service;
mod store;
mod vetting;

pub use desk::{Deed, Place};
pub use error::AccountError;
pub use lost_store::delete_open_account_links;
pub use passwords::letter_to;
pub use registration::{Begun, Confirmation, Request, Started};
pub use service::{Accounts, NewAccount, Parts, SetupLink};
pub use store::Account;
