//! The endpoints of getting back in.

use serde::{Deserialize, Serialize};

use crate::{
    account::api::TokenRequest,
    api::{Empty, Form, Whole, endpoints},
    sensitive::Sensitive,
};

/// Recovery codes, each good for one sign-in without the app.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RecoveryCodes {
    /// Ten codes.
    pub recovery_codes: Vec<Sensitive>,
}

/// Asks for a link to set a new password.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ForgotRequest {
    /// The address of the account.
    pub email: String,
}

/// Sets a new password.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ResetRequest {
    /// The token of the link.
    pub token: Sensitive,
    /// The new password.
    pub new: Sensitive,
}

endpoints! {
    /// `POST /api/recovery/codes`
    MakeRecoveryCodes: Fresh Post "/api/recovery/codes", Whole, Empty => 200 RecoveryCodes;
    "Makes new recovery codes; the old ones die.";
    [NotFound Overloaded];
    "";

    /// `GET /api/recovery/codes`
    GetRecoveryCodes: Fresh Get "/api/recovery/codes", Whole, Empty => 200 RecoveryCodes;
    "The recovery codes that were just made, until their owner says that they are kept.";
    [NotFound];
    "";

    /// `POST /api/recovery/kept`
    KeepRecoveryCodes: Fresh Post "/api/recovery/kept", Whole, Empty => 204 Empty;
    "Says that the recovery codes are kept; they are never shown again.";
    [];
    "",
    form Form {
        page: "/security/recovery-codes",
        done: "/security",
        flags: &[],
        signs_in: false,
    };

    /// `POST /api/password/forgot`
    ForgotPassword: Anonymous Post "/api/password/forgot", Whole, ForgotRequest => 202 Empty;
    "Sends a link to set a new password, if the address has an account; the answer is always the same.";
    [Throttled];
    r#"{"email": "ada@example.org"}"#,
    form Form {
        page: "/forgot",
        done: "/forgot?done=sent",
        flags: &[],
        signs_in: false,
    };

    /// `POST /api/password/reset`
    ResetPassword: Anonymous Post "/api/password/reset", Whole, ResetRequest => 204 Empty;
    "Sets a new password with the token of the link; every session ends.";
    [InvalidFields TicketExpired Throttled Overloaded];
    r#"{"token": "TOKEN", "new": "nine paper boats sink"}"#,
    form Form {
        page: "/reset",
        done: "/sign-in?done=password_reset",
        flags: &[],
        signs_in: false,
    };

    /// `POST /api/auth/not-me`
    NotMe: Anonymous Post "/api/auth/not-me", Whole, TokenRequest => 204 Empty;
    "Says that a sign-in was not one's own: every session ends, and a new password is due.";
    [TicketExpired Throttled];
    r#"{"token": "TOKEN"}"#,
    form Form {
        page: "/not-me",
        done: "/forgot?done=not_me",
        flags: &[],
        signs_in: false,
    };
}
