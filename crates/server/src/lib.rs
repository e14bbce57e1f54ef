//! The server of Concierge, as a map.
//!
//! A request's way in: `http` (outer door, route, admission) -> `<capability>/http.rs` (decode) ->
//! `<capability>/service.rs` (authorise, decide, store, audit, commit) -> `<capability>/store.rs` (SQL).
//!
//! Capabilities and the doors each may knock at:
//! - audit:
//! - keys: audit
//! - doctor: keys
//! - password:
//! - session: audit
//! - account: audit keys password session
//! - recovery: account audit keys password session
//! - totp: account audit keys recovery session
//! - sign_in: account audit keys password recovery session totp
//! - admin: account audit session sign_in
//! - key_desk: account audit keys recovery session
//! - lost_key: account audit keys recovery session sign_in totp
//!
//! Plumbing, which knows no capability: `platform`, `store`, `config`, `http`, `mail`, `job`, `cli`. Assembled in
//! `services` and `boot`.

pub mod account;
pub mod admin;
pub mod audit;
pub mod boot;
pub mod cli;
pub mod config;
pub mod doctor;
mod floor;
pub mod http;
pub mod job;
pub mod key_desk;
mod key_schedule;
mod key_store_watch;
mod key_watch;
pub mod keys;
pub mod lost_key;
pub mod mail;
pub mod password;
pub mod platform;
pub mod recovery;
mod resealing;
pub mod services;
pub mod session;
pub mod sign_in;
pub mod store;
pub mod totp;
