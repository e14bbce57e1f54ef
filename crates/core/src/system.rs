//! The endpoints about the service itself: how a request arrived, and reports from the browser.

use serde::{Deserialize, Serialize};

use crate::{
    api::{Empty, Whole, endpoints},
    time::Timestamp,
};

/// How the server saw a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WhoamiAnswer {
    /// The client's address, after trusted proxies.
    pub address: String,
    /// `http` or `https`, as far as the server knows.
    pub scheme: String,
    /// Whether the direct peer is a trusted proxy.
    pub proxy_trusted: bool,
}

/// A failure in the browser, told to the server.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ClientErrorReport {
    /// What failed; addresses and what may be a token are cut out.
    pub message: String,
    /// The path of the page, without query.
    pub page: String,
}

/// What a browser reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum ReportKind {
    /// A page wanted something that its content policy forbids.
    Policy,
    /// The module of a page failed.
    Failure,
}

impl ReportKind {
    /// The stable text.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Policy => "policy",
            Self::Failure => "failure",
        }
    }

    /// The kind of a text.
    pub fn from_text(text: &str) -> Option<Self> {
        [Self::Policy, Self::Failure]
            .into_iter()
            .find(|kind| kind.as_str() == text)
    }
}

/// What browsers said, as often as they said it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BrowserReport {
    /// What kind of report it is.
    pub kind: ReportKind,
    /// The directive of the policy, or what failed.
    pub what: String,
    /// What the policy kept out: a word, a scheme or an origin. Empty for a failure.
    pub source: String,
    /// The page's path; `other` where it has none of its own.
    pub page: String,
    /// The build of the program that took the reports.
    pub build: String,
    /// How many came.
    pub count: u64,
    /// When the first came.
    pub first_at: Timestamp,
    /// When the last came.
    pub last_at: Timestamp,
}

/// What browsers said lately, the newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReportList {
    /// At most 500, of the last thirty days.
    pub reports: Vec<BrowserReport>,
}

endpoints! {
    /// `GET /api/whoami`
    Whoami: Anonymous Get "/api/whoami", Whole, Empty => 200 WhoamiAnswer;
    "The address and scheme the server saw, and whether the proxy is trusted.";
    [];
    "";

    /// `POST /api/client-errors`
    ReportClientError: Anonymous Post "/api/client-errors", Whole, ClientErrorReport => 204 Empty;
    "Tells the server that the page failed in the browser.";
    [Throttled];
    r#"{"message": "panicked", "page": "/profile"}"#;

    /// `GET /api/admin/reports`
    ListReports: Admin Get "/api/admin/reports", Whole, Empty => 200 ReportList;
    "What browsers said went wrong in pages: broken content policies and failures, counted.";
    [];
    "";
}
