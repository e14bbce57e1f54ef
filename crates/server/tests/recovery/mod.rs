//! Getting back in: links that set a new password.

mod links;
