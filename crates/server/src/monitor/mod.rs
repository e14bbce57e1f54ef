//! The host live: what it does, measured, kept for a week in memory and told to admins who look.
//!
//! Invariants: what is kept is bounded ([`concierge_core::monitor::ring`]); a socket lives no longer than its session
//! and its access token, and hears nothing once either ended; a viewer who takes nothing costs the others nothing.
//! Threats met here: another site that opens a socket with our cookies (exact origin, before the upgrade), a socket
//! that outlives a sign-out, a lock or a demotion (looked up at each sample), floods and hoards of sockets (caps).

pub mod http;
mod hub;
mod probe;
mod sampler;
mod seats;
mod service;
mod viewer;

pub use probe::Probe;
pub use sampler::watch;
pub use seats::{Caps, Full, Seat};
pub use service::Monitor;
