//! The endpoints about the service itself: how a request arrived, and reports from the browser.

use serde::{Deserialize, Serialize};

use crate::{
    api::{Anonymous, Empty, Endpoint, Method},
    problem::ErrorCode,
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

/// `GET /api/whoami`
#[derive(Debug)]
pub enum Whoami {}
impl Endpoint for Whoami {
    type Access = Anonymous;
    type Request = Empty;
    type Response = WhoamiAnswer;
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/api/whoami";
    const SUCCESS: u16 = 200;
    const SUMMARY: &'static str =
        "The address and scheme the server saw, and whether the proxy is trusted.";
    const ERRORS: &'static [ErrorCode] = &[];
    const EXAMPLE: &'static str = "";
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

/// `POST /api/client-errors`
#[derive(Debug)]
pub enum ReportClientError {}
impl Endpoint for ReportClientError {
    type Access = Anonymous;
    type Request = ClientErrorReport;
    type Response = Empty;
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/api/client-errors";
    const SUCCESS: u16 = 204;
    const SUMMARY: &'static str = "Tells the server's log that the page failed in the browser.";
    const ERRORS: &'static [ErrorCode] = &[ErrorCode::Throttled];
    const EXAMPLE: &'static str = r#"{"message": "panicked", "page": "/profile"}"#;
}
