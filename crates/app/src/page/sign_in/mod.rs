//! Screens of signing in.

pub(crate) mod code;
pub(crate) mod enrol;
pub(crate) mod password;
pub(crate) mod second_factor;
