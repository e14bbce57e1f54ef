//! Sessions: one sign-in of one browser or client, and the life of its tokens.

pub mod api;
pub mod device;
pub mod refresh;

use serde::{Deserialize, Serialize};

use crate::id::{Id, Kind};

/// Marks the ids of sessions.
#[derive(Debug)]
pub enum SessionKind {}
impl Kind for SessionKind {
    const PREFIX: &'static str = "ses_";
}
/// Identifies a session.
pub type SessionId = Id<SessionKind>;

/// How a session's tokens travel. A session keeps its transport for life: a refresh token that was
/// stolen out of one does not work through the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// In cookies that no script can read.
    #[default]
    Cookie,
    /// In bodies and the `Authorization` header, for clients that are not browsers.
    Bearer,
}

impl Transport {
    /// The stable text.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cookie => "cookie",
            Self::Bearer => "bearer",
        }
    }

    /// The transport of a stable text.
    pub fn from_text(text: &str) -> Option<Self> {
        [Self::Cookie, Self::Bearer]
            .into_iter()
            .find(|transport| transport.as_str() == text)
    }
}

/// Why a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// The person signed out.
    SignedOut,
    /// A newer sign-in took its place.
    Replaced,
    /// An old refresh token came back: somebody has a copy.
    Reuse,
    /// An admin ended it.
    Admin,
    /// Its owner ended it from another session.
    EndedElsewhere,
    /// The password was changed or reset.
    PasswordChanged,
    /// The owner of the account said that this sign-in was not theirs.
    NotMe,
    /// What the account may do, or what it must prove for it, changed.
    RightsChanged,
    /// A key was revoked in an emergency, and every session with it.
    KeyRevoked,
}

impl EndReason {
    /// Every reason.
    pub const ALL: [Self; 9] = [
        Self::SignedOut,
        Self::Replaced,
        Self::Reuse,
        Self::Admin,
        Self::EndedElsewhere,
        Self::PasswordChanged,
        Self::NotMe,
        Self::RightsChanged,
        Self::KeyRevoked,
    ];

    /// The reason of a stable text.
    pub fn from_text(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text)
    }

    /// The stable text.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignedOut => "signed_out",
            Self::Replaced => "replaced",
            Self::Reuse => "reuse",
            Self::Admin => "admin",
            Self::EndedElsewhere => "ended_elsewhere",
            Self::PasswordChanged => "password_changed",
            Self::NotMe => "not_me",
            Self::RightsChanged => "rights_changed",
            Self::KeyRevoked => "key_revoked",
        }
    }

    /// What is said to whoever still holds a token of the session: signing out here would have taken it away, so
    /// this sign-out was one elsewhere.
    pub const fn for_holder(self) -> Self {
        match self {
            Self::SignedOut => Self::EndedElsewhere,
            other => other,
        }
    }
}
