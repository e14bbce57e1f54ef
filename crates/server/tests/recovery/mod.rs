//! Getting back in: recovery codes, and links that set a new password.

mod codes;
mod links;
mod not_me;
