//! The screens of the admin desk.

mod account;
pub(crate) mod accounts;
mod desk;
mod facts;
mod handed;
pub(crate) mod invitations;
