//! The endpoints of the alerts. None of them answers where a channel leads to, beyond its host, or its secret once made.

use serde::{Deserialize, Serialize};

use super::{AlertId, ChannelId, MessageId, Phase, Rule, RuleId, Shipped, Way};
use crate::{
    api::{Empty, Whole, endpoints},
    audit::Severity,
    locale::Locale,
    sensitive::Sensitive,
    time::Timestamp,
};

/// An alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AlertView {
    /// Identifies it.
    pub id: AlertId,
    /// The rule it is of.
    pub rule: RuleId,
    /// What the rule is called, where somebody named it.
    pub name: String,
    /// Which shipped rule it is of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipped: Option<Shipped>,
    /// How grave it is.
    pub severity: Severity,
    /// Where it stands.
    pub phase: Phase,
    /// The latest value.
    pub value: i64,
    /// Since when the condition holds.
    pub began_at: Timestamp,
    /// Who acknowledged it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged_by: Option<String>,
    /// Until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged_until: Option<Timestamp>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved_at: Option<Timestamp>,
}

/// A rule with its id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RuleView {
    /// Identifies it.
    pub id: RuleId,
    /// Which shipped rule it is, if one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipped: Option<Shipped>,
    /// The rule.
    pub rule: Rule,
}

/// A channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ChannelView {
    /// Identifies it.
    pub id: ChannelId,
    /// What people call it.
    pub name: String,
    /// Where messages go.
    pub way: Way,
    /// The mail address, or the host of the address; the rest of an address opens the door and is kept sealed.
    pub to: String,
    /// The language of its messages.
    pub locale: Locale,
    /// Whether messages go there.
    pub enabled: bool,
    /// Whether its receiver said that it is gone for good (410).
    pub is_gone: bool,
}

/// A message to a channel and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DeliveryView {
    /// Identifies it, also to its receiver.
    pub id: MessageId,
    /// Where it goes.
    pub channel: ChannelId,
    /// `alert.fired`, `alert.repeated`, `alert.resolved`, `alert.digest` or `alert.test`.
    pub kind: String,
    /// The rule that it tells of, where it tells of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<RuleId>,
    /// `waiting`, `delivered`, `failed`, or `handed_over` to the outbox of mails, which knows what becomes of it.
    pub state: String,
    /// When it was written.
    pub created_at: Timestamp,
    /// How often it was tried, the try that is under way included.
    pub tries: u32,
    /// When it is tried again, while it waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_try_at: Option<Timestamp>,
    /// When the latest answer came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<Timestamp>,
    /// The latest answer's status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<u16>,
    /// The beginning of what it said, or why there was none.
    #[serde(default)]
    pub answer: String,
}

/// Everything about the alerts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AlertDesk {
    /// Those that are not over, the newest first, then those that are.
    pub alerts: Vec<AlertView>,
    /// The rules; the shipped ones first, each kind at its place.
    pub rules: Vec<RuleView>,
    /// The channels.
    pub channels: Vec<ChannelView>,
    /// The latest fifty messages, the newest first.
    pub deliveries: Vec<DeliveryView>,
}

/// Says that an alert was seen.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Acknowledgement {
    /// For how many minutes it is not told again, 5 to 10080; 240 unless said otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minutes: Option<u32>,
}

/// A new channel.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct NewChannel {
    /// What people call it.
    pub name: String,
    /// Where messages go.
    pub way: Way,
    /// The mail address or the web address.
    pub to: Sensitive,
    /// The language of its messages; the caller's unless said otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<Locale>,
}

/// A channel as it is now, and the secret that signs its messages where that is new: shown once.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ChannelSaved {
    /// The channel.
    pub channel: ChannelView,
    /// The receiver checks signatures with it; of a webhook only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<Sensitive>,
}

/// What to change in a channel; what is left out stays.
#[derive(Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ChannelChange {
    /// What people call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether messages go there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Where messages go from now on, those that wait included. A webhook gets a new secret with it, also where the
    /// address stays the same: whoever read its messages until now has the old one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Sensitive>,
}

/// What a receiver answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Tested {
    /// Whether it took the message.
    pub delivered: bool,
    /// Its status, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<u16>,
    /// The beginning of what it said, or why there was no answer.
    pub answer: String,
}

endpoints! {
    /// `GET /api/alerts`
    GetAlerts: Admin Get "/api/alerts", Whole, Empty => 200 AlertDesk;
    "The alerts, the rules, the channels and the latest messages.";
    [];
    "";

    /// `POST /api/alerts/{id}/acknowledge`
    AcknowledgeAlert: FreshAdmin Post "/api/alerts/{id}/acknowledge", AlertId, Acknowledgement => 200 AlertView;
    "Says that an alert was seen: it is not told again until then.";
    [InvalidFields NotFound Conflict];
    r#"{"minutes": 240}"#;

    /// `POST /api/alerts/rules`
    MakeRule: FreshAdmin Post "/api/alerts/rules", Whole, Rule => 201 RuleView;
    "Makes a rule.";
    [InvalidFields];
    r#"{"name": "Locked out", "watch": "authn_login_fail_max", "comparator": ">=", "threshold": 1, "window_seconds": 900, "severity": "warning", "enabled": true}"#;

    /// `PATCH /api/alerts/rules/{id}`
    ChangeRule: FreshAdmin Patch "/api/alerts/rules/{id}", RuleId, Rule => 200 RuleView;
    "Puts a rule in the place of another; an alert of a rule that is switched off ends without a word.";
    [InvalidFields NotFound];
    r#"{"watch": "authn_token_reuse", "comparator": ">=", "threshold": 1, "window_seconds": 900, "severity": "critical", "enabled": true}"#;

    /// `DELETE /api/alerts/rules/{id}`
    DeleteRule: FreshAdmin Delete "/api/alerts/rules/{id}", RuleId, Empty => 204 Empty;
    "Deletes a rule; a shipped one can only be switched off.";
    [NotFound Conflict];
    "";

    /// `POST /api/alerts/channels`
    MakeChannel: FreshAdmin Post "/api/alerts/channels", Whole, NewChannel => 201 ChannelSaved;
    "Makes a channel; the secret of a webhook is shown once.";
    [InvalidFields];
    r#"{"name": "On call", "way": "webhook", "to": "https://hooks.example.org/concierge"}"#;

    /// `PATCH /api/alerts/channels/{id}`
    ChangeChannel: FreshAdmin Patch "/api/alerts/channels/{id}", ChannelId, ChannelChange => 200 ChannelSaved;
    "Renames a channel, switches it on or off, or gives it another address; the new secret of a webhook is shown once.";
    [InvalidFields NotFound];
    r#"{"enabled": false}"#;

    /// `DELETE /api/alerts/channels/{id}`
    DeleteChannel: FreshAdmin Delete "/api/alerts/channels/{id}", ChannelId, Empty => 204 Empty;
    "Deletes a channel and the messages that wait for it.";
    [NotFound];
    "";

    /// `POST /api/alerts/channels/{id}/test`
    TestChannel: FreshAdmin Post "/api/alerts/channels/{id}/test", ChannelId, Empty => 200 Tested;
    "Sends a test message at once and shows what the receiver answers.";
    [NotFound Throttled];
    "";
}
