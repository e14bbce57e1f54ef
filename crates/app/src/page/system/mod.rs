//! Screens about the service itself: the start, the page that is not there, the page that failed.

pub(crate) mod failed;
pub(crate) mod home;
pub(crate) mod not_found;
