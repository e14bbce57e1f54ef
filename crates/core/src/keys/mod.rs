//! The keyrings as people see them: rings, states and what became of a compromised key. Never a value.

pub mod api;

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::id::{Id, Kind};

/// Marks the ids of incidents.
#[derive(Debug)]
pub enum IncidentKind {}
impl Kind for IncidentKind {
    const PREFIX: &'static str = "inc_";
}
/// Identifies an incident; no secret.
pub type IncidentId = Id<IncidentKind>;

/// Which of the two rings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum RingName {
    /// Signs access tokens.
    Signing,
    /// Wraps the keys that seal data at rest.
    Sealing,
}

impl RingName {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Signing, Self::Sealing];

    /// The stable text.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Signing => "signing",
            Self::Sealing => "sealing",
        }
    }
}

impl fmt::Display for RingName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names neither ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the rings are signing and sealing")]
pub struct NoSuchRing;

impl FromStr for RingName {
    type Err = NoSuchRing;

    fn from_str(text: &str) -> Result<Self, NoSuchRing> {
        Self::ALL
            .into_iter()
            .find(|ring| ring.as_str() == text)
            .ok_or(NoSuchRing)
    }
}

/// What a key may do at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum KeyStanding {
    /// Verifies everywhere, signs nowhere yet.
    Pending,
    /// Signs or seals; exactly one of a ring.
    Active,
    /// Verifies for a while yet.
    Grace,
    /// Refused, its use is counted.
    Retired,
    /// Refused: somebody else may have it.
    Revoked,
}

impl KeyStanding {
    /// The stable text.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::Grace => "grace",
            Self::Retired => "retired",
            Self::Revoked => "revoked",
        }
    }
}
