//! Accounts: made, first admin, read and changed.

mod profile;
mod register;
mod setup;
