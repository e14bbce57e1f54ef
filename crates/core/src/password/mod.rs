//! Passwords: what both sides judge before the server's estimator has its say.

pub mod policy;
