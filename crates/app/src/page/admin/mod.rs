//! The screens of the admin desk.

mod account;
pub(crate) mod accounts;
pub(crate) mod alerts;
mod alerts_channel_form;
mod alerts_channels;
mod alerts_fields;
mod alerts_form;
pub(crate) mod alerts_parts;
mod alerts_rules;
mod checklist;
pub(crate) mod desk;
pub(crate) mod events;
mod facts;
mod handed;
mod incidents;
pub(crate) mod invitations;
mod key_acts;
pub(crate) mod keys;
pub(crate) mod reports;
mod revoke;
mod ring;
