//! Accounts: made, first admin, read and changed.

mod cli;
mod closing;
mod confirm;
mod password;
mod profile;
mod register;
mod setup;
