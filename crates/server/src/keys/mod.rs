//! The life of the secrets: where keys come from, whether they are any good, how new ones are made.
//!
//! Two rings, never one key for two purposes: the signing ring signs access tokens, the sealing ring
//! wraps the keys that seal data at rest. A key is found in this order: secret file or systemd
//! credential, process environment, `.env`, keyring file; two places that disagree are refused.
//! Development makes its keys once, tests share a documented pair, staging and production are given
//! theirs and refuse weak, known and foreign ones.
//!
//! Threats: a guessable key lets anybody sign in as anybody; a key others can read is no key; a key
//! of one environment must open nothing in another. No value of a key is ever shown or logged.

pub mod age_file;
mod atomic;
pub mod backup;
mod backup_store;
mod by_hand;
mod check;
pub mod checklist;
mod convert;
pub mod data_keys;
mod document;
#[cfg(test)]
mod document_properties;
#[cfg(test)]
mod document_tests;
mod dotenv_rings;
pub mod due;
#[cfg(test)]
mod ed25519_tests;
pub mod emergency;
pub mod epoch_store;
pub mod fact_store;
mod generate;
mod home;
pub mod instance;
mod keeper;
mod keyring_edit;
mod keyring_file;
mod keyring_store;
#[cfg(test)]
mod keyring_store_tests;
mod keyring_write;
mod known;
mod life;
mod load;
#[cfg(test)]
mod made_elsewhere_tests;
mod origin;
mod overwrite;
mod place;
mod previous;
pub mod recheck;
mod reread;
pub mod restore;
mod rotation;
pub mod scan;
mod sealing;
mod status;
mod store;
pub mod stores;
mod strength;
mod supply;
#[cfg(test)]
mod tests;
mod tidy;
mod turn;
mod wrapping;

use aws_lc_rs::digest;
use concierge_core::keys::RingName;

pub use self::{
    atomic::{Existing, write as write_secret_file, write_bytes as write_secret_bytes},
    by_hand::lines_for_hand,
    check::{check, check_new},
    convert::Converted,
    document::{Document, Form},
    generate::{Draft, Format, draft, implicit_id},
    home::{Found, Home},
    instance::host,
    keeper::{By, Keeper, KeeperError},
    keyring_file::{Contents as KeyringContents, Stored, StoredRing, StoredState},
    keyring_store::{FileForm, KeyringFile, OpenedKeyring, Unreadable},
    keyring_write::Unwritten,
    known::{TEST_SEALING_KEY, TEST_SIGNING_KEY},
    life::LifeError,
    load::{files, keyring_path, load},
    origin::{Origin, origins},
    place::{Place, is_writable},
    reread::{contents, open, read, watched},
    rotation::{Rotation, Step},
    status::status,
    strength::weaknesses,
    supply::Supply,
    turn::Turn,
};
pub use crate::config::KeySettings;
use check::is_weak;

/// What a ring is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Signs access tokens.
    Signing,
    /// Wraps the keys that seal data at rest.
    Sealing,
}

impl Purpose {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Signing, Self::Sealing];

    /// The section of the keyring file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Signing => "signing",
            Self::Sealing => "sealing",
        }
    }

    /// The variable of the active key.
    pub const fn variable(self) -> &'static str {
        match self {
            Self::Signing => "JWT_SECRET",
            Self::Sealing => "SECRET_KEY",
        }
    }

    /// The variable of its id.
    pub const fn id_variable(self) -> &'static str {
        match self {
            Self::Signing => "JWT_SECRET_ID",
            Self::Sealing => "SECRET_KEY_ID",
        }
    }

    /// The variable of the keys that still verify.
    pub const fn previous_variable(self) -> &'static str {
        match self {
            Self::Signing => "JWT_SECRET_PREVIOUS",
            Self::Sealing => "SECRET_KEY_PREVIOUS",
        }
    }
}

impl From<RingName> for Purpose {
    fn from(ring: RingName) -> Self {
        match ring {
            RingName::Signing => Self::Signing,
            RingName::Sealing => Self::Sealing,
        }
    }
}

impl From<Purpose> for RingName {
    fn from(purpose: Purpose) -> Self {
        match purpose {
            Purpose::Signing => Self::Signing,
            Purpose::Sealing => Self::Sealing,
        }
    }
}

/// SHA-256 of a key's text, in hex. It tells keys apart without telling them.
pub fn fingerprint(text: &str) -> String {
    hex::encode(digest::digest(&digest::SHA256, text.as_bytes()))
}

/// Whether an id may stand in a token's header, in a file and between colons.
fn is_id(text: &str) -> bool {
    let is_safe = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    (1..=64).contains(&text.len()) && text.chars().all(is_safe)
}
