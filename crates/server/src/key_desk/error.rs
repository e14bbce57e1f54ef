//! Why an act at the key desk was refused.

use crate::{keys::KeeperError, keys::data_keys::DataKeyError, store::StoreError};

/// Why nothing was changed, or not all of it.
#[derive(Debug, thiserror::Error)]
pub enum KeyDeskError {
    /// There is no key of this id.
    #[error("there is no key {0}; `concierge key status` lists them")]
    NoSuchKey(String),
    /// There is no incident of this id.
    #[error("there is no such incident; `concierge key incident list` shows them")]
    NoSuchIncident,
    /// Keys that can't be taken in. The text says which and why.
    #[error("{0}")]
    Unfit(String),
    /// A reason or note is missing or too long.
    #[error("say why in 1 to 500 characters")]
    Reason,
    /// A sealing key that can't be replaced by this program: what it wraps would stay open to who has it.
    #[error(
        "the sealing key comes from where this program cannot change it: set a new SECRET_KEY there, keep this one in SECRET_KEY_PREVIOUS, restart, then revoke it"
    )]
    SealingElsewhere,
    /// The keyring could not be changed, or its lock not be had.
    #[error(transparent)]
    Keeper(#[from] KeeperError),
    /// A data key can't be opened.
    #[error(transparent)]
    DataKey(#[from] DataKeyError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl KeyDeskError {
    /// Whether the database stood in the way, so that the same may succeed in a moment.
    pub fn is_of_the_database(&self) -> bool {
        matches!(
            self,
            Self::Store(_)
                | Self::DataKey(DataKeyError::Store(_))
                | Self::Keeper(
                    KeeperError::Store(_) | KeeperError::DataKey(DataKeyError::Store(_))
                )
        )
    }
}
