//! Signing in: the endpoint and the waits between failures.

pub mod api;
pub mod ladder;
