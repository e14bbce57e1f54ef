//! Integration tests: the server as its clients see it, in process over the router and as the real program.
//!
//! Every test has a database of its own. SQLite always; PostgreSQL too when `TEST_DATABASE_URL` names a cluster.

#[macro_use]
mod support;

mod account;
mod admin;
mod alert;
mod audit;
mod backup;
mod doctor;
mod durability;
mod http;
mod jwt;
mod key_desk;
mod key_files;
mod key_scan;
mod key_store;
mod lost_key;
mod mail;
mod metrics;
mod monitor;
mod otlp;
mod recovery;
mod report;
mod reseal;
mod session;
mod sign_in;
mod store;
mod totp;
