//! The key desk: what became of the keys, and the emergency.
//!
//! Invariant: a revoked key is refused everywhere within a second and brings nothing back, whatever fails on the way:
//! the keyring comes first, then one transaction of the database; whoever finds the first without the second does it.
//! Threats met here: a key in the wrong hands (every token, link and session that it could have made ends), a
//! database restored from before (the later epoch of keyring and database holds), an admin's stolen session (fresh
//! proof for every act).

mod abuse;
mod error;
pub mod http;
mod incident_store;
mod revoke;
mod signing_rate;
mod view;

pub use error::KeyDeskError;
pub use incident_store::{find_by_id as find_incident, list_newest as list_incidents};
pub use revoke::{Desk, refuse_revoked};
