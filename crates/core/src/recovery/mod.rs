//! Getting back in: recovery codes, a forgotten password, a sign-in that was not one's own.

pub mod api;
