//! The endpoints of the second factor: set up, confirm, remove.

use serde::{Deserialize, Serialize};

use crate::{
    api::{Empty, Form, Whole, endpoints},
    sensitive::Sensitive,
    session::api::Tokens,
    time::Timestamp,
};

/// The page that sets the factor up, for who is signed in and for who has to before they are.
const PAGE: &str = "/sign-in/second-factor";

/// Begins to set a factor up.
#[derive(Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct EnrolRequest {
    /// The ticket of a bearer client that has no session yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<Sensitive>,
}

/// A factor that waits for its first code.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Enrolment {
    /// The seed as text, in groups of four, to type into an app.
    pub secret: Sensitive,
    /// The same as an `otpauth:` address.
    pub uri: Sensitive,
    /// The address as a QR code, an SVG image.
    pub qr_svg: Sensitive,
}

/// The first code of the app.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ConfirmRequest {
    /// Six digits; spaces do not matter.
    pub code: Sensitive,
    /// The ticket of a bearer client that has no session yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<Sensitive>,
}

/// The factor is set up.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Confirmed {
    /// The recovery codes.
    pub recovery_codes: Vec<Sensitive>,
    /// The tokens, when a bearer client signed in by this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<Tokens>,
}

/// How one's own second factor stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TotpState {
    /// Since when it is set up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_at: Option<Timestamp>,
    /// Whether the policy demands it, so that it can't be removed.
    pub required: bool,
    /// How many recovery codes are left.
    pub recovery_codes_left: u32,
}

endpoints! {
    /// `GET /api/totp`
    GetTotp: SignedIn Get "/api/totp", Whole, Empty => 200 TotpState;
    "How one's own second factor stands.";
    [];
    "";

    /// `GET /api/totp/enrol`
    GetEnrolment: FreshOrTicket Get "/api/totp/enrol", Whole, Empty => 200 Enrolment;
    "The factor that waits for its first code, for a page without script.";
    [NotFound FreshSignInRequired TicketExpired];
    "";

    /// `POST /api/totp/enrol`
    Enrol: FreshOrTicket Post "/api/totp/enrol", Whole, EnrolRequest => 200 Enrolment;
    "Makes a seed; it counts once a code of it is confirmed.";
    [FreshSignInRequired TicketExpired Conflict];
    r#"{}"#,
    form Form {
        page: PAGE,
        done: PAGE,
        flags: &[],
        signs_in: false,
    };

    /// `POST /api/totp/confirm`
    ConfirmTotp: FreshOrTicket Post "/api/totp/confirm", Whole, ConfirmRequest => 200 Confirmed;
    "Confirms the seed with its first code; with a ticket it also signs in.";
    [BadCode FreshSignInRequired TicketExpired Throttled Conflict];
    r#"{"code": "492039"}"#,
    form Form {
        page: PAGE,
        done: "/security/recovery-codes",
        flags: &[],
        signs_in: false,
    };

    /// `DELETE /api/totp`
    RemoveTotp: Fresh Delete "/api/totp", Whole, Empty => 204 Empty;
    "Removes the second factor and its recovery codes.";
    [NotFound Conflict];
    "";
}
