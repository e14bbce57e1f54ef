//! What is told over a channel: the facts as they are kept, and how each kind of receiver reads them.

use concierge_core::{
    alert::{AlertId, Comparator, Metric, RuleId, Shipped, Way, machine::Notice},
    audit::Severity,
    locale::Locale,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::words;
use crate::audit::Watched;

/// A digest names so many alerts, and counts the rest.
const NAMED: usize = 50;

/// What happened to an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum What {
    /// It began.
    #[serde(rename = "alert.fired")]
    Fired,
    /// It lasts.
    #[serde(rename = "alert.repeated")]
    Repeated,
    /// It is over.
    #[serde(rename = "alert.resolved")]
    Resolved,
}

impl What {
    /// The word on the wire.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Fired => "alert.fired",
            Self::Repeated => "alert.repeated",
            Self::Resolved => "alert.resolved",
        }
    }
}

impl From<Notice> for What {
    fn from(notice: Notice) -> Self {
        match notice {
            Notice::Fired => Self::Fired,
            Notice::Repeated => Self::Repeated,
            Notice::Resolved => Self::Resolved,
        }
    }
}

/// The latest event behind an alert.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Latest {
    pub(super) at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) account: Option<String>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) address: String,
}

impl From<&Watched> for Latest {
    fn from(event: &Watched) -> Self {
        Self {
            at: event.at,
            account: event.account.clone(),
            address: event.address.clone(),
        }
    }
}

/// One thing to tell.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Fact {
    pub(super) what: What,
    pub(super) at: Timestamp,
    pub(super) alert: AlertId,
    pub(super) rule: RuleId,
    pub(super) name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) shipped: Option<Shipped>,
    pub(super) severity: Severity,
    pub(super) watch: String,
    pub(super) comparator: Comparator,
    pub(super) threshold: i64,
    pub(super) window_seconds: u32,
    pub(super) value: i64,
    pub(super) began_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) latest: Option<Latest>,
}

impl Fact {
    /// What the rule is called.
    pub(super) fn title(&self, locale: Locale) -> &str {
        match self.shipped {
            Some(shipped) if self.name.is_empty() => shipped.title(locale),
            _ => &self.name,
        }
    }

    pub(super) fn is_of_metric(&self) -> bool {
        Metric::from_text(&self.watch).is_some()
    }
}

/// A message, as it waits.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "kind")]
pub(super) enum Message {
    /// Of one alert.
    #[serde(rename = "one")]
    One(Box<Fact>),
    /// Of many.
    #[serde(rename = "alert.digest")]
    Digest {
        at: Timestamp,
        facts: Vec<Fact>,
        /// How many more there are.
        more: u64,
    },
    /// Of none.
    #[serde(rename = "alert.test")]
    Test { at: Timestamp },
}

impl Message {
    /// The word on the wire.
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::One(fact) => fact.what.as_str(),
            Self::Digest { .. } => "alert.digest",
            Self::Test { .. } => "alert.test",
        }
    }

    /// The fact of a message that tells one and no more.
    pub(super) fn only(&self) -> Option<&Fact> {
        match self {
            Self::One(fact) => Some(fact),
            Self::Digest { facts, more: 0, .. } => match facts.as_slice() {
                [fact] => Some(fact),
                _ => None,
            },
            Self::Digest { .. } | Self::Test { .. } => None,
        }
    }

    /// Whether every alert it tells of watches this.
    pub(super) fn is_about(&self, watch: &str) -> bool {
        match self {
            Self::One(fact) => fact.watch == watch,
            Self::Digest { facts, more, .. } => {
                *more == 0 && facts.iter().all(|fact| fact.watch == watch)
            }
            Self::Test { .. } => false,
        }
    }

    /// Adds to a digest.
    pub(super) fn extend(&mut self, fact: Fact) {
        if let Self::Digest { facts, more, .. } = self {
            if facts.len() < NAMED {
                facts.push(fact);
            } else {
                *more += 1;
            }
        }
    }

    /// As the table keeps it. Texts and numbers: writing them can't fail.
    pub(super) fn to_text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The body of the request to a receiver. The same message always makes the same body.
    pub(super) fn body(&self, way: Way, locale: Locale, page: &str) -> String {
        let text = words::text(self, locale);
        let body = match way {
            Way::Slack => json!({ "text": format!("{}\n<{page}>", slack(&text)) }),
            Way::Teams => card(&text, page, locale),
            Way::Webhook | Way::Mail => self.payload(&text, locale, page),
        };
        body.to_string()
    }

    /// As the Standard Webhooks want it: type, time, data.
    fn payload(&self, text: &str, locale: Locale, page: &str) -> Value {
        let (at, mut data) = match self {
            Self::One(fact) => (fact.at, one(fact, locale)),
            Self::Digest { at, facts, more } => {
                let alerts: Vec<Value> = facts.iter().map(|fact| one(fact, locale)).collect();
                (*at, json!({ "alerts": alerts, "more": more }))
            }
            Self::Test { at } => (*at, json!({})),
        };
        data["text"] = json!(text);
        data["url"] = json!(page);
        json!({ "type": self.kind(), "timestamp": at, "data": data })
    }
}

fn one(fact: &Fact, locale: Locale) -> Value {
    json!({
        "what": fact.what,
        "at": fact.at,
        "alert": fact.alert,
        "rule": fact.rule,
        "title": fact.title(locale),
        "severity": fact.severity,
        "watch": fact.watch,
        "comparator": fact.comparator,
        "threshold": fact.threshold,
        "window_seconds": fact.window_seconds,
        "value": fact.value,
        "began_at": fact.began_at,
        "latest": fact.latest,
    })
}

/// Text that Slack shows as it is: what a rule is called must not become a link or a call to everybody.
fn slack(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// An adaptive card, as the workflow "post to a channel when a webhook request is received" takes it.
fn card(text: &str, page: &str, locale: Locale) -> Value {
    let lines = text.lines().enumerate().map(|(n, line)| {
        let weight = if n == 0 { "Bolder" } else { "Default" };
        // Text runs are shown as they are; a text block would read Markdown.
        json!({ "type": "RichTextBlock", "inlines": [{ "type": "TextRun", "text": line, "weight": weight }] })
    });
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard",
                "version": "1.4",
                "body": lines.collect::<Vec<_>>(),
                "actions": [{ "type": "Action.OpenUrl", "title": words::open(locale), "url": page }],
            },
        }],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fact() -> Fact {
        Fact {
            what: What::Fired,
            at: Timestamp::from_millis(1_800_000_000_000),
            alert: AlertId::from_parts(1, &[1; 10]),
            rule: RuleId::from_parts(1, &[2; 10]),
            name: "<!channel> *all* & [x](https://evil.example)".to_owned(),
            shipped: None,
            severity: Severity::Warning,
            watch: "authn_login_fail".to_owned(),
            comparator: Comparator::AtLeast,
            threshold: 3,
            window_seconds: 60,
            value: 4,
            began_at: Timestamp::from_millis(1_800_000_000_000),
            latest: None,
        }
    }

    const PAGE: &str = "https://id.example.org/admin/alerts";

    #[test]
    fn a_message_that_was_kept_is_the_same_message() {
        let mut digest = Message::Digest {
            at: fact().at,
            facts: Vec::new(),
            more: 0,
        };
        for _ in 0..60 {
            digest.extend(fact());
        }
        for message in [
            Message::One(Box::new(fact())),
            digest,
            Message::Test { at: fact().at },
        ] {
            let read: Message = serde_json::from_str(&message.to_text()).expect("it reads");
            assert_eq!(read.kind(), message.kind());
            for way in Way::ALL {
                assert_eq!(
                    read.body(*way, Locale::En, PAGE),
                    message.body(*way, Locale::En, PAGE)
                );
            }
        }
    }

    #[test]
    fn the_name_of_a_rule_calls_nobody_and_links_nowhere() {
        let message = Message::One(Box::new(fact()));
        let slack = message.body(Way::Slack, Locale::En, PAGE);
        assert!(slack.contains("&lt;!channel&gt;"), "{slack}");
        assert!(slack.contains(&format!("<{PAGE}>")), "{slack}");
        let teams: Value =
            serde_json::from_str(&message.body(Way::Teams, Locale::Fr, PAGE)).expect("JSON");
        let blocks = teams["attachments"][0]["content"]["body"]
            .as_array()
            .expect("blocks");
        assert!(blocks.iter().all(|block| block["type"] == "RichTextBlock"));
    }
}
