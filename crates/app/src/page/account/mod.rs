//! Screens of accounts, and the fields that making one has wherever it is made.

pub(crate) mod credentials;
pub(crate) mod profile;
pub(crate) mod setup;
pub(crate) mod sign_up;
