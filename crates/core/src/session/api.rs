//! The endpoints of a session: renew, look, end.

use serde::{Deserialize, Serialize};

use crate::{
    account::AccountView,
    api::{Anonymous, Empty, Endpoint, Form, Method},
    problem::ErrorCode,
    sensitive::Sensitive,
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
    /// A live refresh cookie came along: refresh before believing "signed out".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renewable: Option<bool>,
}

/// `POST /api/auth/refresh`
#[derive(Debug)]
pub enum Refresh {}
impl Endpoint for Refresh {
    type Access = Anonymous;
    type Request = RefreshRequest;
    type Response = RefreshAnswer;
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/api/auth/refresh";
    const SUCCESS: u16 = 200;
    const SUMMARY: &'static str =
        "Renews a session: a new access token and, at most every 20 seconds, a new refresh token.";
    const ERRORS: &'static [ErrorCode] = &[ErrorCode::Unauthenticated, ErrorCode::Throttled];
    const EXAMPLE: &'static str = r#"{"refresh_token": "REFRESH_TOKEN"}"#;
}

/// `POST /api/auth/logout`
#[derive(Debug)]
pub enum Logout {}
impl Endpoint for Logout {
    type Access = Anonymous;
    type Request = LogoutRequest;
    type Response = Empty;
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/api/auth/logout";
    const SUCCESS: u16 = 204;
    const SUMMARY: &'static str =
        "Signs out: ends every session of the account, or only this one. Always succeeds.";
    const ERRORS: &'static [ErrorCode] = &[];
    const EXAMPLE: &'static str = r#"{"scope": "all"}"#;
    const FORM: Option<Form> = Some(Form {
        page: "/",
        done: "/sign-in?ended=signed_out",
        flags: &[],
        signs_in: false,
    });
}

/// `GET /api/auth/session`
#[derive(Debug)]
pub enum GetSession {}
impl Endpoint for GetSession {
    type Access = Anonymous;
    type Request = Empty;
    type Response = SessionAnswer;
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/api/auth/session";
    const SUCCESS: u16 = 200;
    const SUMMARY: &'static str =
        "Whether the request is signed in, and as whom; never an error for a visitor.";
    const ERRORS: &'static [ErrorCode] = &[];
    const EXAMPLE: &'static str = "";
}
