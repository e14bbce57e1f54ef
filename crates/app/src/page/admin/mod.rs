//! The screens of the admin desk.

mod account;
pub(crate) mod accounts;
mod checklist;
mod desk;
mod facts;
mod handed;
mod incidents;
pub(crate) mod invitations;
mod key_acts;
pub(crate) mod keys;
mod revoke;
mod ring;
