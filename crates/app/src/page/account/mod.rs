//! Screens of accounts, and the fields that making one has wherever it is made.

mod change_email;
mod change_password;
pub(crate) mod credentials;
pub(crate) mod event_list;
pub(crate) mod events;
mod factor;
mod own_data;
pub(crate) mod profile;
pub(crate) mod security;
pub(crate) mod sessions;
pub(crate) mod setup;
pub(crate) mod sign_up;
