//! The endpoints of signing in: the password, the second step, and proving again who one is.

use serde::{Deserialize, Serialize};

use crate::{
    account::AccountView,
    api::{Empty, Form, Whole, endpoints},
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
    /// How many recovery codes are left, after a sign-in with one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery_codes_left: Option<u32>,
}

/// What is still to be done before there is a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// A code of the second factor, or a recovery code.
    SecondFactor,
    /// The policy demands a second factor and none is set up: set one up now.
    EnrolSecondFactor,
}

/// What a second step may be done with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Factor {
    /// A code of an authenticator app.
    Totp,
    /// One of the recovery codes.
    Recovery,
}

/// The password was right; a ticket opens the next step and nothing else.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NextStep {
    /// What is to be done.
    pub status: Step,
    /// With what, where there is a choice.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub methods: Vec<Factor>,
    /// The ticket, for a bearer client; a browser gets it as a cookie.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<Sensitive>,
}

/// The code of a second step.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CodeRequest {
    /// Six digits, or a recovery code; spaces and dashes do not matter.
    pub code: Sensitive,
    /// The ticket of a bearer client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<Sensitive>,
}

/// The step that the browser's ticket opens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StepAnswer {
    /// The step; nothing when there is no live ticket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<Step>,
    /// With what it may be done.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub methods: Vec<Factor>,
}

/// Proves again who one is.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct FreshRequest {
    /// The password.
    pub password: Sensitive,
    /// A code of the second factor or a recovery code, needed when a factor is set up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Sensitive>,
}

/// Until when the proof counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FreshAnswer {
    /// The moment.
    pub fresh_until: Timestamp,
}

/// The answer to a step of signing in: by cookies, with the tokens for a bearer client, or what is next.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum LoginAnswer {
    /// The tokens are in the cookies.
    Cookies(SignedInAnswer),
    /// The tokens are here.
    Bearer(Tokens),
    /// There is no session yet.
    Next(NextStep),
}

endpoints! {
    /// `POST /api/auth/login`
    Login: Anonymous Post "/api/auth/login", Whole, LoginRequest => 200 LoginAnswer;
    "Signs in with a password; by cookies, or with tokens in the answer for `transport: \"bearer\"`.";
    [BadCredentials Forbidden Throttled Overloaded];
    r#"{"email": "ada@example.org", "password": "four brass bells ring", "transport": "bearer"}"#,
    form Form {
        page: "/sign-in",
        done: "/profile",
        flags: &["remember"],
        signs_in: true,
    };

    /// `GET /api/auth/login/step`
    GetStep: Anonymous Get "/api/auth/login/step", Whole, Empty => 200 StepAnswer;
    "Which step the browser's ticket opens; never an error for a visitor.";
    [];
    "";

    /// `POST /api/auth/login/totp`
    LoginTotp: Anonymous Post "/api/auth/login/totp", Whole, CodeRequest => 200 LoginAnswer;
    "The second step, with a code of the authenticator app.";
    [BadCode TicketExpired Throttled];
    r#"{"code": "492039", "ticket": "TICKET"}"#,
    form Form {
        page: "/sign-in/second-factor",
        done: "/profile",
        flags: &[],
        signs_in: true,
    };

    /// `POST /api/auth/login/recovery`
    LoginRecovery: Anonymous Post "/api/auth/login/recovery", Whole, CodeRequest => 200 LoginAnswer;
    "The second step, with a recovery code, which is used up.";
    [BadCode TicketExpired Throttled Overloaded];
    r#"{"code": "K7QX2-M4TBA-9RN", "ticket": "TICKET"}"#,
    form Form {
        page: "/sign-in/second-factor?with=recovery",
        done: "/profile",
        flags: &[],
        signs_in: true,
    };

    /// `POST /api/auth/fresh`
    ProveFresh: SignedIn Post "/api/auth/fresh", Whole, FreshRequest => 200 FreshAnswer;
    "Proves again who one is, for what needs a fresh sign-in.";
    [BadCredentials BadCode Throttled Overloaded];
    r#"{"password": "four brass bells ring", "code": "492039"}"#;
}
