//! Screens of signing in.

pub(crate) mod password;
