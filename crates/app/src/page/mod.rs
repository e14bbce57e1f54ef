//! The screens, one file each, in the folder of their capability. A page loads, shows and acts; the rest
//! is in `layout`, `ui` and `client`.

pub(crate) mod account;
pub(crate) mod admin;
pub(crate) mod monitor;
pub(crate) mod recovery;
pub(crate) mod session;
pub(crate) mod sign_in;
pub(crate) mod system;
