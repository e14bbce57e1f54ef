//! Screens of sessions.

pub(crate) mod idle;
