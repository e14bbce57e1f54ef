//! The endpoints about the service itself: how a request arrived, and reports from the browser.

use serde::{Deserialize, Serialize};

use crate::api::{Empty, Whole, endpoints};

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

/// A failure in the browser, told to the server's log.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ClientErrorReport {
    /// What failed; cut to 1,000 characters.
    pub message: String,
    /// The path of the page, without query.
    pub page: String,
}

endpoints! {
    /// `GET /api/whoami`
    Whoami: Anonymous Get "/api/whoami", Whole, Empty => 200 WhoamiAnswer;
    "The address and scheme the server saw, and whether the proxy is trusted.";
    [];
    "";

    /// `POST /api/client-errors`
    ReportClientError: Anonymous Post "/api/client-errors", Whole, ClientErrorReport => 204 Empty;
    "Tells the server's log that the page failed in the browser.";
    [Throttled];
    r#"{"message": "panicked", "page": "/profile"}"#;
}
