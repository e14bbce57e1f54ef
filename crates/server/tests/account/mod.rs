//! Accounts: made, first admin, read and changed.

mod password;
mod profile;
mod register;
mod setup;
