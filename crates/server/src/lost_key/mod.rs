//! A sealing key that is lost, without a backup: what it sealed is gone, and this is the way on.
//!
//! Invariants: nothing is given up while a key at hand opens everything; either all of it happens or nothing; nobody
//! gets in with the password alone who had a second factor. Whoever lost the key starts with new data keys, every
//! session ended, second factors without a seed, and without the links, devices and waits that old digests stood for.
//! Threats met here: a mistyped key taken for a lost one (what goes is counted and shown before), an old session or link
//! that outlives the key (all end in one transaction).

mod service;

pub use service::{Loss, LostKeyError, rehearse, replace};
