//! The endpoints of accounts: register, first admin, profile.

use serde::{Deserialize, Serialize};

use super::AccountView;
use crate::{
    api::{Empty, Form, Whole, endpoints},
    locale::Locale,
    sensitive::Sensitive,
    session::api::SessionView,
    sign_in::api::Step,
    time::Timestamp,
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
    /// The token of an invitation, where registration is by invitation; it says what the account may do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invite: Option<Sensitive>,
}

/// What came of a registration: an account that is signed in, one that has a step to do first, or nothing
/// yet, because the address has to be confirmed.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Registered {
    /// The account, unless its address has to be confirmed first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountView>,
    /// What is to be done before there is a session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Step>,
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

/// Changes the password.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    /// The password so far.
    pub current: Sensitive,
    /// The new one.
    pub new: Sensitive,
}

/// Changes the address.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct EmailChange {
    /// The new address; it counts once it is confirmed.
    pub email: String,
}

/// The token of a link in a mail.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TokenRequest {
    /// The token.
    pub token: Sensitive,
}

/// Confirms an address with the token of the mail.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AddressConfirmation {
    /// The token.
    pub token: Sensitive,
    /// The password chosen at sign-up; needed where a new account is confirmed in another browser than the one that
    /// asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Sensitive>,
}

/// Everything the house keeps about an account that is its owner's to have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AccountExport {
    /// When this was written.
    pub exported_at: Timestamp,
    /// The account.
    pub account: AccountView,
    /// The live sessions.
    pub sessions: Vec<SessionView>,
    /// What happened to the account, the newest first; ten thousand at most.
    pub events: Vec<ExportedEvent>,
}

/// Something that happened to an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ExportedEvent {
    /// When.
    pub at: Timestamp,
    /// What, in the stable words of the event's name.
    pub name: String,
    /// From which address; empty when from none.
    pub address: String,
    /// With which browser or client; empty when unknown.
    pub user_agent: String,
    /// More about it.
    pub details: serde_json::Value,
}

/// A password made of words, for who wants one.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Passphrase {
    /// Five words.
    pub passphrase: Sensitive,
}

endpoints! {
    /// `POST /api/auth/register`
    Register: Anonymous Post "/api/auth/register", Whole, RegisterRequest => 201 Registered;
    "Makes an account and signs in with cookies; answers 202 and `{}` where the address has to be confirmed first.";
    [InvalidFields EmailTaken RegistrationClosed TicketExpired Throttled Overloaded];
    r#"{"email": "ada@example.org", "password": "four brass bells ring", "name": "Ada"}"#,
    form Form {
        page: "/sign-up",
        done: "/profile",
        flags: &[],
        signs_in: true,
    };

    /// `POST /api/setup`
    Setup: Anonymous Post "/api/setup", Whole, SetupRequest => 201 Registered;
    "Makes the first admin with the one-time setup token and signs in with cookies.";
    [InvalidFields TicketExpired Throttled Overloaded];
    r#"{"token": "TOKEN", "email": "ada@example.org", "password": "four brass bells ring"}"#,
    form Form {
        page: "/setup",
        done: "/profile",
        flags: &[],
        signs_in: true,
    };

    /// `GET /api/profile`
    GetProfile: SignedIn Get "/api/profile", Whole, Empty => 200 AccountAnswer;
    "One's own account.";
    [];
    "";

    /// `PATCH /api/profile`
    ChangeProfile: SignedIn Patch "/api/profile", Whole, ProfileChange => 200 AccountAnswer;
    "Changes name or language of one's own account.";
    [InvalidFields];
    r#"{"name": "Ada Lovelace"}"#;

    /// `POST /api/password/change`
    ChangePassword: Fresh Post "/api/password/change", Whole, PasswordChange => 204 Empty;
    "Changes the password; the other sessions end.";
    [InvalidFields BadCredentials Throttled Overloaded];
    r#"{"current": "four brass bells ring", "new": "nine paper boats sink"}"#;

    /// `GET /api/password/suggestion`
    SuggestPassphrase: Anonymous Get "/api/password/suggestion", Whole, Empty => 200 Passphrase;
    "A passphrase of five words, made by chance and kept nowhere.";
    [Throttled];
    "";

    /// `POST /api/account/email`
    ChangeEmail: Fresh Post "/api/account/email", Whole, EmailChange => 202 Empty;
    "Sends a link to a new address; the change counts once the link is confirmed.";
    [InvalidFields Throttled Unavailable];
    r#"{"email": "ada@example.com"}"#;

    /// `POST /api/account/email/confirm`
    ConfirmEmail: Anonymous Post "/api/account/email/confirm", Whole, AddressConfirmation => 204 Empty;
    "Confirms an address with the token of the mail: of a new account, or a new one of an account.";
    [TicketExpired EmailTaken BadCredentials Throttled Overloaded];
    r#"{"token": "TOKEN"}"#,
    form Form {
        page: "/confirm",
        done: "/sign-in?done=confirmed",
        flags: &[],
        signs_in: false,
    };

    /// `GET /api/account/export`
    ExportAccount: Fresh Get "/api/account/export", Whole, Empty => 200 AccountExport;
    "One's own data: the account, its sessions and what happened to it.";
    [];
    "";

    /// `DELETE /api/account`
    CloseAccount: Fresh Delete "/api/account", Whole, Empty => 204 Empty;
    "Closes one's own account for good; never the last admin's.";
    [Conflict];
    "";
}
