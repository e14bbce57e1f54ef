//! The endpoints of a session: renew, look, end.

use serde::{Deserialize, Serialize};

use crate::{
    account::AccountView,
    api::{Empty, Form, Whole, endpoints},
    sensitive::Sensitive,
    session::{EndReason, SessionId},
    time::Timestamp,
};

/// The one token type there is (RFC 6750).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum TokenType {
    /// `Authorization: Bearer <access token>`
    Bearer,
}

/// The tokens of a bearer session.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Tokens {
    /// For the `Authorization` header; a JWT.
    pub access_token: Sensitive,
    /// For `POST /api/auth/refresh`, once.
    pub refresh_token: Sensitive,
    /// Always `Bearer`.
    pub token_type: TokenType,
    /// Seconds until the access token ends.
    pub expires_in: u64,
}

/// Renews a session. A browser sends its cookie and no body.
#[derive(Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RefreshRequest {
    /// The refresh token of a bearer session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<Sensitive>,
}

/// When the new access token ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Renewed {
    /// When the access token ends.
    pub expires_at: Timestamp,
    /// The same in seconds from now.
    pub expires_in: u64,
}

/// The answer to a refresh, in the session's own transport.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum RefreshAnswer {
    /// The tokens are here.
    Bearer(Tokens),
    /// The tokens are in the cookies.
    Cookies(Renewed),
}

/// Which sessions a sign-out ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Every session of the account.
    All,
    /// Only this one.
    Current,
}

impl Scope {
    /// The stable text.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Current => "current",
        }
    }
}

/// Signs out.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LogoutRequest {
    /// What to end; by default what the operator set, which is `all`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
}

/// Whether a visitor is signed in; never an error.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SessionAnswer {
    /// Whether the request carried a live session.
    pub signed_in: bool,
    /// Who, when signed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountView>,
    /// When the access token ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// The same in seconds from now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<u64>,
    /// Seconds until the session ends if nobody touches it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_in: Option<u64>,
    /// Until when the last proof of identity counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fresh_until: Option<Timestamp>,
    /// Why the session that the cookies speak of ended, when it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<EndReason>,
    /// A live refresh cookie came along: refresh before believing "signed out".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renewable: Option<bool>,
}

/// A live session as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SessionView {
    /// Identifies the session; no secret.
    pub id: SessionId,
    /// The browser or client, such as `Firefox`; empty when unknown.
    pub browser: String,
    /// The system, such as `Linux`; empty when unknown.
    pub system: String,
    /// The address it began at.
    pub address: String,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last renewed or used after a renewal.
    pub last_seen_at: Timestamp,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// The live sessions of an account, the newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SessionList {
    /// The sessions.
    pub sessions: Vec<SessionView>,
}

/// How many sessions ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Ended {
    /// The number.
    pub ended: u32,
}

endpoints! {
    /// `POST /api/auth/refresh`
    Refresh: Anonymous Post "/api/auth/refresh", Whole, RefreshRequest => 200 RefreshAnswer;
    "Renews a session: a new access token and, at most every 20 seconds, a new refresh token.";
    [Unauthenticated Throttled];
    r#"{"refresh_token": "REFRESH_TOKEN"}"#;

    /// `POST /api/auth/logout`
    Logout: Anonymous Post "/api/auth/logout", Whole, LogoutRequest => 204 Empty;
    "Signs out: ends every session of the account, or only this one. Always succeeds.";
    [];
    r#"{"scope": "all"}"#,
    form Form {
        page: "/",
        done: "/sign-in?ended=signed_out",
        flags: &[],
        signs_in: false,
    };

    /// `GET /api/auth/session`
    GetSession: Anonymous Get "/api/auth/session", Whole, Empty => 200 SessionAnswer;
    "Whether the request is signed in, and as whom; never an error for a visitor.";
    [];
    "";

    /// `GET /api/sessions`
    ListSessions: SignedIn Get "/api/sessions", Whole, Empty => 200 SessionList;
    "One's own live sessions.";
    [];
    "";

    /// `DELETE /api/sessions/{id}`
    EndSession: Fresh Delete "/api/sessions/{id}", SessionId, Empty => 204 Empty;
    "Ends one of one's own sessions.";
    [NotFound];
    "";

    /// `DELETE /api/sessions`
    EndOtherSessions: Fresh Delete "/api/sessions", Whole, Empty => 200 Ended;
    "Ends all of one's own sessions but this one.";
    [];
    "";
}
