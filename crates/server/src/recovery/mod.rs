//! Getting back in: recovery codes in the place of the app, and links in the place of the password.
//!
//! States of a code: made -> used, or dead when new ones are made. Invariants: an account has codes exactly while it has
//! a second factor; a code is used by one statement; what is kept of it is a hash, beside a sealed copy that lives until
//! its owner has kept the codes, fifteen minutes at most (docs/adr/0009).
//! States of a link: made -> used, or dead when it runs out or the password changes. Invariants: a link sets one
//! password once; it never signs in and stands for no second factor; what is kept of it is a digest.
//! Threats met here: guessing (65 bits, and a budget of its own), a stolen database (hashes and digests), a code or link
//! used twice or after another change (one statement), asking who has an account (the answer comes before the look-up).

mod codes;
pub mod error;
pub mod http;
mod link_store;
mod links;
mod lost;
mod not_me;
mod not_me_store;
mod service;
mod store;

pub use error::RecoveryError;
pub use links::{LinkError, LinkParts, Links};
pub use lost::{delete_open_links, delete_unreadable_copies};
pub use service::{Prepared, RecoveryCodes};
