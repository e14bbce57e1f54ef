//! The endpoint of the password step.

use serde::{Deserialize, Serialize};

use crate::{
    account::AccountView,
    api::{Anonymous, Endpoint, Form, Method},
    problem::ErrorCode,
    sensitive::Sensitive,
    session::{Transport, api::Tokens},
    time::Timestamp,
};

/// Signs in with a password.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LoginRequest {
    /// The e-mail address.
    pub email: String,
    /// The password.
    pub password: Sensitive,
    /// Keep the session for days and over a restart of the browser.
    #[serde(default)]
    pub remember: bool,
    /// How the tokens travel; cookies unless said otherwise.
    #[serde(default)]
    pub transport: Transport,
}

/// The one state a finished sign-in has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SignedInStatus {
    /// The session is live.
    SignedIn,
}

/// A sign-in with cookies that is complete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SignedInAnswer {
    /// Always `signed_in`.
    pub status: SignedInStatus,
    /// Who signed in.
    pub account: AccountView,
    /// When the access token ends.
    pub expires_at: Timestamp,
    /// The same in seconds from now: clients schedule by this, never by their own clock.
    pub expires_in: u64,
}

/// The answer to a sign-in: by cookies, or with the tokens for a bearer client.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum LoginAnswer {
    /// The tokens are in the cookies.
    Cookies(SignedInAnswer),
    /// The tokens are here.
    Bearer(Tokens),
}

/// `POST /api/auth/login`
#[derive(Debug)]
pub enum Login {}
impl Endpoint for Login {
    type Access = Anonymous;
    type Request = LoginRequest;
    type Response = LoginAnswer;
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/api/auth/login";
    const SUCCESS: u16 = 200;
    const SUMMARY: &'static str = "Signs in with a password; by cookies, or with tokens in the answer for `transport: \"bearer\"`.";
    const ERRORS: &'static [ErrorCode] = &[
        ErrorCode::BadCredentials,
        ErrorCode::Forbidden,
        ErrorCode::Throttled,
        ErrorCode::Overloaded,
    ];
    const EXAMPLE: &'static str = r#"{"email": "ada@example.org", "password": "four brass bells ring", "transport": "bearer"}"#;
    const FORM: Option<Form> = Some(Form {
        page: "/sign-in",
        done: "/profile",
        flags: &["remember"],
        signs_in: true,
    });
}
