//! The server of Concierge, as a map.
//!
//! A request's way in: `http` (outer door, route, admission) -> `<capability>/http.rs` (decode) ->
//! `<capability>/service.rs` (authorise, decide, store, audit, commit) -> `<capability>/store.rs` (SQL).
//!
//! Capabilities and the doors each may knock at:
//! - audit:
//! - alert: audit
//! - keys: audit
//! - doctor: keys
//! - password:
//! - report:
//! - session: audit
//! - account: audit keys password session
//! - recovery: account audit keys password session
//! - totp: account audit keys recovery session
//! - sign_in: account audit keys password recovery session totp
//! - admin: account audit session sign_in
//! - key_desk: account audit keys recovery session
//! - lost_key: account alert audit keys recovery session sign_in totp
//! - monitor: alert audit session
//!
//! Plumbing, which knows no capability: `platform`, `store`, `config`, `http`, `mail`, `job`, `cli`. Assembled in
//! `services`, `boot` and `running`.

pub mod account;
pub mod admin;
pub mod alert;
pub mod audit;
pub mod boot;
pub mod cli;
pub mod config;
pub mod doctor;
pub mod event_chain;
mod floor;
mod gauges;
pub mod http;
pub mod job;
pub mod key_desk;
mod key_schedule;
mod key_store_watch;
mod key_watch;
pub mod keys;
pub mod lost_key;
pub mod mail;
pub mod monitor;
pub mod password;
pub mod platform;
pub mod recovery;
pub mod report;
mod resealing;
mod running;
pub mod services;
pub mod session;
mod setup_link;
pub mod sign_in;
pub mod store;
mod telling;
pub mod totp;
