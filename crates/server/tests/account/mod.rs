//! Accounts: made, first admin, read and changed.

mod closing;
mod confirm;
mod password;
mod profile;
mod register;
mod setup;
