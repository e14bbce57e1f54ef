//! Where a value came from. Every value remembers it, so that each error can say where to look.

use std::{fmt, path::PathBuf};

use concierge_core::{sensitive::Sensitive, time::Timestamp};

/// The place a value was found in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The table of settings.
    Default,
    /// `concierge.toml`, with the key in it.
    File {
        /// The file.
        path: PathBuf,
        /// `section.key`
        key: &'static str,
    },
    /// A `.env` file.
    Dotenv {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
    },
    /// The process environment.
    Environment,
    /// A file named by a `_FILE` variable.
    SecretFile {
        /// For example `JWT_SECRET_FILE`.
        variable: String,
        /// The file it names.
        path: PathBuf,
    },
    /// A systemd credential.
    Credential(PathBuf),
    /// A flag of the command line.
    Flag(&'static str),
    /// The keyring file.
    Keyring(PathBuf),
    /// A key store, and the secret in it.
    Store {
        /// Its name.
        store: &'static str,
        /// Path, name or address of the secret.
        name: String,
        /// When the last good copy was fetched, where the store did not answer.
        copy_of: Option<Timestamp>,
    },
    /// The documented pair of the test environment.
    TestPair,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, key } => write!(f, "{}, key `{key}`", path.display()),
            Self::Dotenv { path, line } => write!(f, "{}, line {line}", path.display()),
            Self::Environment => f.write_str("environment"),
            Self::SecretFile { variable, path } => {
                write!(f, "{}, named by {variable}", path.display())
            }
            Self::Credential(path) => write!(f, "systemd credential {}", path.display()),
            Self::Flag(flag) => write!(f, "flag {flag}"),
            Self::Keyring(path) => write!(f, "keyring file {}", path.display()),
            Self::Store {
                store,
                name,
                copy_of,
            } => {
                write!(f, "{store}, secret {name}")?;
                match copy_of {
                    Some(at) => write!(f, ", the last good copy of {}", at.to_rfc3339()),
                    None => Ok(()),
                }
            }
            Self::TestPair => f.write_str("fixed pair of the test environment"),
        }
    }
}

/// A value as it was written, with its source. Redacted in `Debug`: any of them may be a secret.
#[derive(Debug)]
pub struct Given {
    /// The text, byte for byte.
    pub text: Sensitive,
    /// Where it was found.
    pub source: Source,
}

impl Given {
    /// A value and its source.
    pub fn new(text: impl Into<String>, source: Source) -> Self {
        Self {
            text: Sensitive::new(text),
            source,
        }
    }
}
