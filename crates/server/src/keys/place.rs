//! Where a ring lives, and whether this program may change it there.

use std::path::{Path, PathBuf};

use super::{Form, KeySettings, KeyringFile, Purpose, keyring_path};
use crate::config::{Environment, Reading, Source, StoreKind};

/// Where a ring lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A file that this program may write.
    File {
        /// The file.
        path: PathBuf,
        /// How it is written.
        form: Form,
    },
    /// The keyring in the store that the settings name.
    Store,
    /// The process environment, a secret file or a credential: somebody else's to change.
    Elsewhere {
        /// Where, in words.
        source: String,
        /// Whether it is a `.env`, which is changed when asked to by name.
        is_dotenv: bool,
    },
}

impl Place {
    /// Where the ring lives; `out` is the `.env` file that may be changed, when one was named.
    pub fn of(reading: &Reading, purpose: Purpose, out: Option<&Path>) -> Self {
        let (settings, environment) = (reading.keys(), reading.environment);
        let kind = settings.store.kind;
        let file = keyring_path(settings, environment, &reading.data);
        let Some(given) = settings.ring(purpose).keys.first() else {
            if kind.is_remote() {
                return Self::Store;
            }
            if kind == StoreKind::Env {
                return Self::elsewhere(&Source::Environment);
            }
            // The documented pair of tests stands in no file.
            return if environment == Environment::Test
                && KeyringFile::new(&file, None).form() == Ok(None)
            {
                Self::elsewhere(&Source::TestPair)
            } else {
                Self::File {
                    path: file,
                    form: Form::Keyring,
                }
            };
        };
        match (&given.source, out) {
            (Source::Dotenv { path, .. }, Some(out)) if is_same(path, out) => Self::File {
                path: out.to_owned(),
                form: Form::Dotenv,
            },
            (source, _) => Self::elsewhere(source),
        }
    }

    /// Whether it is the keyring, which has a word for every state.
    pub fn is_keyring(&self) -> bool {
        matches!(
            self,
            Self::Store
                | Self::File {
                    form: Form::Keyring,
                    ..
                }
        )
    }

    fn elsewhere(source: &Source) -> Self {
        Self::Elsewhere {
            source: source.to_string(),
            is_dotenv: matches!(source, Source::Dotenv { .. }),
        }
    }

    /// What has to be done by hand; `None` where the program may write.
    pub fn remedy(&self, purpose: Purpose) -> Option<String> {
        let Self::Elsewhere { source, is_dotenv } = self else {
            return None;
        };
        let variable = purpose.variable();
        Some(if *is_dotenv {
            format!(
                "the key stands in {source}: `concierge key rotate --ring {} --out .env` changes it there",
                purpose.as_str()
            )
        } else {
            format!(
                "{variable} comes from {source}, which this program cannot change: `concierge key rotate --ring {}` shows the lines to set there, or keep the keys in a keyring file",
                purpose.as_str()
            )
        })
    }
}

fn is_same(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}

/// Whether this program can change a ring where it lives.
pub fn is_writable(reading: &Reading, purpose: Purpose, out: Option<&Path>) -> bool {
    Place::of(reading, purpose, out).remedy(purpose).is_none()
}

impl KeySettings {
    /// What was given for a ring.
    pub fn ring(&self, purpose: Purpose) -> &crate::config::RingSettings {
        match purpose {
            Purpose::Signing => &self.signing,
            Purpose::Sealing => &self.sealing,
        }
    }
}
