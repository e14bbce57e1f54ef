//! What browsers say went wrong in pages: broken content policies and failures of the pages' own module.
//!
//! Anybody can send such a report and say anything in it. So each is parsed strictly and cut down to words of fixed
//! sets, origins and a scrubbed message; counted in memory per minute; and kept in a table of at most
//! [`MOST`] rows. No address, query, mail address or token gets that far, and nobody outside decides how
//! much is written.

mod error;
pub mod http;
mod policy;
mod scrub;
mod service;
mod store;

pub use error::ReportError;
pub use service::{MOST, Reports};
