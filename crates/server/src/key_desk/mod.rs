//! The key desk: what became of the keys, and the emergency.
//!
//! Invariant: a revoked key is refused everywhere within a second and brings nothing back, whatever fails on the way:
//! the keyring comes first, then one transaction of the database; whoever finds the first without the second does it.
//! For a signing key in a store it is the other way round, and the same revoke, given again, does the second.
//! Threats met here: a key in the wrong hands (every token, link and session that it could have made ends), a
//! database restored from before (the later epoch of keyring and database holds), an admin's stolen session (fresh
//! proof for every act).

mod abuse;
mod error;
mod finish;
pub mod http;
mod incident_store;
mod note;
mod revoke;
mod signing_rate;
mod view;

pub use error::KeyDeskError;
pub use incident_store::{find_by_id as find_incident, list_newest as list_incidents};
pub use revoke::Desk;
