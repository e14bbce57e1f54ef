//! Getting back in without the password: a link in a mail, or from an admin.
//!
//! States of a link: made -> used, or dead when it runs out or the password changes. Invariants: a link sets one
//! password once; it never signs in and stands for no second factor; what is kept of it is a digest.
//! Threats met here: asking who has an account (the answer comes before the look-up), a stolen database (holds no
//! link), a link used twice or after another change (one statement, bound to the password's version).

pub mod http;
mod link_store;
mod links;

pub use links::{LinkError, LinkParts, Links};
