//! The four environments and how strict each is.

use std::fmt;

/// Where this process runs; decides defaults, and what is refused rather than warned about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    /// A developer's machine: keys are made once, weaknesses are warnings.
    Development,
    /// Automated tests: a fixed pair of keys, cheap hashing allowed.
    Test,
    /// A rehearsal of production: keys are given, never made.
    Staging,
    /// The real thing.
    Production,
}

impl Environment {
    /// All of them, from lenient to strict.
    pub const ALL: [Self; 4] = [
        Self::Development,
        Self::Test,
        Self::Staging,
        Self::Production,
    ];

    /// The value of `CONCIERGE_ENV`, also the middle of `secrets.<env>.toml`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Test => "test",
            Self::Staging => "staging",
            Self::Production => "production",
        }
    }

    /// What the ids of its keys start with, before the dash.
    pub const fn id_prefix(self) -> &'static str {
        match self {
            Self::Development => "dev",
            Self::Test => "test",
            Self::Staging => "staging",
            Self::Production => "prod",
        }
    }

    /// The environment of a value of `CONCIERGE_ENV`.
    pub fn from_text(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == text)
    }

    /// The environment that the id of a key names; none where the id says nothing of it.
    pub fn of_id(id: &str) -> Option<Self> {
        let (prefix, _) = id.split_once('-')?;
        Self::ALL.into_iter().find(|one| one.id_prefix() == prefix)
    }

    /// True for production only.
    pub const fn is_production(self) -> bool {
        matches!(self, Self::Production)
    }

    /// True where the operator must give the keys and files must be closed: staging and production.
    pub const fn is_deployed(self) -> bool {
        matches!(self, Self::Staging | Self::Production)
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
