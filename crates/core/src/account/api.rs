//! The endpoints of accounts: register, first admin, profile.

use serde::{Deserialize, Serialize};

use super::AccountView;
use crate::{
    api::{Anonymous, Empty, Endpoint, Form, Method, SignedIn},
    locale::Locale,
    problem::ErrorCode,
    sensitive::Sensitive,
};

/// Makes an account and signs in.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RegisterRequest {
    /// The e-mail address; the name to sign in with.
    pub email: String,
    /// The new password.
    pub password: Sensitive,
    /// The name to greet with.
    #[serde(default)]
    pub name: Option<String>,
    /// The language; by default the one of the request.
    #[serde(default)]
    pub locale: Option<Locale>,
}

/// Makes the first admin with the one-time setup token.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SetupRequest {
    /// The token of the setup link.
    pub token: Sensitive,
    /// The e-mail address; the name to sign in with.
    pub email: String,
    /// The new password.
    pub password: Sensitive,
    /// The name to greet with.
    #[serde(default)]
    pub name: Option<String>,
}

/// An account that was made or read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AccountAnswer {
    /// The account.
    pub account: AccountView,
}

/// What to change in one's own account; what is left out stays.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ProfileChange {
    /// The name to greet with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The language of pages and mails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<Locale>,
}

/// `POST /api/auth/register`
#[derive(Debug)]
pub enum Register {}
impl Endpoint for Register {
    type Access = Anonymous;
    type Request = RegisterRequest;
    type Response = AccountAnswer;
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/api/auth/register";
    const SUCCESS: u16 = 201;
    const SUMMARY: &'static str = "Makes an account and signs in with cookies.";
    const ERRORS: &'static [ErrorCode] = &[
        ErrorCode::InvalidFields,
        ErrorCode::EmailTaken,
        ErrorCode::RegistrationClosed,
        ErrorCode::Throttled,
        ErrorCode::Overloaded,
    ];
    const EXAMPLE: &'static str =
        r#"{"email": "ada@example.org", "password": "four brass bells ring", "name": "Ada"}"#;
    const FORM: Option<Form> = Some(Form {
        page: "/sign-up",
        done: "/profile",
        flags: &[],
        signs_in: true,
    });
}

/// `POST /api/setup`
#[derive(Debug)]
pub enum Setup {}
impl Endpoint for Setup {
    type Access = Anonymous;
    type Request = SetupRequest;
    type Response = AccountAnswer;
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/api/setup";
    const SUCCESS: u16 = 201;
    const SUMMARY: &'static str =
        "Makes the first admin with the one-time setup token and signs in with cookies.";
    const ERRORS: &'static [ErrorCode] = &[
        ErrorCode::InvalidFields,
        ErrorCode::TicketExpired,
        ErrorCode::Throttled,
        ErrorCode::Overloaded,
    ];
    const EXAMPLE: &'static str =
        r#"{"token": "TOKEN", "email": "ada@example.org", "password": "four brass bells ring"}"#;
    const FORM: Option<Form> = Some(Form {
        page: "/setup",
        done: "/profile",
        flags: &[],
        signs_in: true,
    });
}

/// `GET /api/profile`
#[derive(Debug)]
pub enum GetProfile {}
impl Endpoint for GetProfile {
    type Access = SignedIn;
    type Request = Empty;
    type Response = AccountAnswer;
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/api/profile";
    const SUCCESS: u16 = 200;
    const SUMMARY: &'static str = "One's own account.";
    const ERRORS: &'static [ErrorCode] = &[];
    const EXAMPLE: &'static str = "";
}

/// `PATCH /api/profile`
#[derive(Debug)]
pub enum ChangeProfile {}
impl Endpoint for ChangeProfile {
    type Access = SignedIn;
    type Request = ProfileChange;
    type Response = AccountAnswer;
    const METHOD: Method = Method::Patch;
    const PATH: &'static str = "/api/profile";
    const SUCCESS: u16 = 200;
    const SUMMARY: &'static str = "Changes name or language of one's own account.";
    const ERRORS: &'static [ErrorCode] = &[ErrorCode::InvalidFields];
    const EXAMPLE: &'static str = r#"{"name": "Ada Lovelace"}"#;
}
