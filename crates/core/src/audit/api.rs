//! The endpoint that lists security events, and the query that the export shares with it.

use serde::{Deserialize, Serialize};

use super::Severity;
use crate::{
    api::{Whole, endpoints},
    time::Timestamp,
};

/// In `account`: the caller's own events, also for an admin.
pub const OWN: &str = "me";

/// Which events to list.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct EventQuery {
    /// Where the page before ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// The stable name of the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// How grave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// To which account: its id, or `me`. Without it an admin sees all, and everybody else their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// None before that time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
}

/// A security event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EventView {
    /// Identifies it.
    pub id: String,
    /// When it happened.
    pub at: Timestamp,
    /// What happened; a later version may know other names.
    pub event: String,
    /// The same in words of the reader's language; in an export it is left out.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// How grave it is.
    pub severity: Severity,
    /// The account that it happened to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Who did it, when not the account itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// From which address; empty when from none, and in one's own list when an admin did it.
    pub address: String,
    /// With what; empty when unknown, and in one's own list when an admin did it.
    pub user_agent: String,
    /// The browser that this names, where it names one; in an export it is left out.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub browser: String,
    /// The system that this names, where it names one; in an export it is left out.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub system: String,
    /// The id of the request that caused it; empty when none did.
    pub request_id: String,
    /// More about it.
    pub details: serde_json::Value,
}

/// A page of events, the newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EventPage {
    /// At most fifty.
    pub events: Vec<EventView>,
    /// Where the next page begins, when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// What an export is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum ExportFormat {
    /// One JSON object on each line.
    Jsonl,
    /// Comma-separated values (RFC 4180), for spreadsheets.
    Csv,
}

endpoints! {
    /// `GET /api/events`
    ListEvents: SignedIn Get "/api/events", Whole, EventQuery => 200 EventPage;
    "The security events, fifty at a time, the newest first: one's own; all of them for an admin.";
    [BadRequest Forbidden SecondFactorRequired];
    "";
}
