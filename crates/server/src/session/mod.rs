//! Sessions: one sign-in of one browser or client, from its first token to its end.
//!
//! States: live -> ended (signed out, replaced, reuse, admin) or run out (idle, absolute). An end is final.
//! Invariants: at most one acceptable refresh token at a time; no token is stored; whatever ends a session is
//! announced in the same transaction, and nothing of it works afterwards, not even for requests in flight.
//! Threats met here: a stolen refresh token (noticed within one rotation), a stolen database (holds no token),
//! a forged or replayed token (MAC, generation), signing somebody out with a made-up token (changes nothing).

mod device_store;
mod ending;
pub mod error;
mod everything;
pub mod http;
mod keys;
mod live;
mod lost_store;
mod own;
mod proof;
mod refresh_token;
mod service;
mod store;
mod ticket;
mod ticket_store;

pub use device_store::{delete_devices, mark_device_known};
pub use error::{REASONS, SessionError, counted};
pub use lost_store::{delete_every_device, delete_every_ticket, mark_every_session_ended};
pub use service::{Actor, FRESH, Grant, NewSession, Sessions};
pub use ticket::{NewTicket, Presented, TICKET_LIFE, Ticket};
