//! Where each key comes from, for whoever looks after them; never a value.

use std::path::Path;

use concierge_core::time::Timestamp;

use super::{KeySettings, load};
use crate::{config::Environment, platform::keyring::KeyState};

/// A key without its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The variable it could be set with.
    pub variable: &'static str,
    /// Its id.
    pub id: String,
    /// Where it was found, in words.
    pub source: String,
}

/// Every key there is, the active ones and those that are still accepted; makes none.
pub fn origins(
    settings: &KeySettings,
    environment: Environment,
    data: &Path,
    now: Timestamp,
) -> Vec<Origin> {
    let path = load::keyring_path(settings, environment, data);
    let found = load::gather(settings, environment, &path, now);
    let keys = found.keys.into_iter();
    keys.map(|key| Origin {
        variable: match key.state {
            KeyState::Active => key.purpose.variable(),
            _ => key.purpose.previous_variable(),
        },
        id: key.id,
        source: key.source.to_string(),
    })
    .collect()
}
