//! Screens about the service itself: the start, the page that is not there, the page that failed, help.

pub(crate) mod failed;
pub(crate) mod help;
pub(crate) mod home;
pub(crate) mod not_found;
