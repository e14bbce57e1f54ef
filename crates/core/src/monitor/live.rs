//! What is said over the live socket, in both directions.
//!
//! The server: `hello` with the names of the columns, then a sample at a time, security events as they happen, the
//! alerts that last whenever they change, and `gap` where something was left out. The first number of a sample is its time, which also numbers it: who comes
//! back says the last one it has (`?since=`) and gets what it missed. The client: `renew`, after it refreshed.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{SeqAccess, Visitor},
    ser::SerializeSeq as _,
};

use super::{METRICS, Metric, Sample, Value, Values};
use crate::{alert::api::AlertView, audit::Severity, time::Timestamp};

/// Where the socket is.
pub const PATH: &str = "/api/monitor/live";
/// The name of the column of times.
pub const AT: &str = "at";

/// Why the server closed a socket: its own codes, beside those of RFC 6455.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// The server ends.
    GoingAway,
    /// A message that no client of ours sends, too many of them, or none for too long.
    Policy,
    /// A message over 64 KiB.
    TooLarge,
    /// The database can't say whether the session lives; come back later.
    TryLater,
    /// The access token ran out and nobody renewed.
    Expired,
    /// The session ended, or its account may not look any more.
    Ended,
}

impl Over {
    /// The code of the close frame.
    pub const fn code(self) -> u16 {
        match self {
            Self::GoingAway => 1001,
            Self::Policy => 1008,
            Self::TooLarge => 1009,
            Self::TryLater => 1013,
            Self::Expired => 4401,
            Self::Ended => 4403,
        }
    }
}

/// A security event, as far as it is shown live.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Occurrence {
    /// Identifies it.
    pub id: String,
    /// When.
    pub at: Timestamp,
    /// What happened, in the stable words of the events.
    pub name: String,
    /// How grave it is.
    pub severity: String,
    /// The account it happened to, when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// From which address, when from any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

impl Occurrence {
    /// Whether somebody should look.
    pub fn is_grave(&self) -> bool {
        [Severity::Warning, Severity::Critical]
            .iter()
            .any(|severity| severity.as_str() == self.severity)
    }
}

/// A message of the server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "t", try_from = "Frame")]
pub enum Told {
    /// The first.
    #[serde(rename = "hello")]
    Hello {
        /// The names of a sample's numbers.
        cols: Vec<Cow<'static, str>>,
    },
    /// A sample.
    #[serde(rename = "s")]
    Sample {
        /// Its time and its numbers.
        v: Sample,
    },
    /// A security event.
    #[serde(rename = "ev")]
    Event {
        /// The event.
        e: Occurrence,
    },
    /// The alerts that last now, in the place of those told before.
    #[serde(rename = "al")]
    Alerts {
        /// The gravest first, a dozen at most.
        a: Vec<AlertView>,
    },
    /// Something was left out here.
    #[serde(rename = "gap")]
    Gap,
}

/// A message as it is read: every member of any kind. To find the tag first, as the other way does, costs a second
/// reader of each kind, which a browser would have to load.
#[derive(Deserialize)]
struct Frame {
    t: String,
    cols: Option<Vec<Cow<'static, str>>>,
    v: Option<Sample>,
    e: Option<Occurrence>,
    a: Option<Vec<AlertView>>,
}

impl TryFrom<Frame> for Told {
    type Error = &'static str;

    fn try_from(frame: Frame) -> Result<Self, Self::Error> {
        let told = match &*frame.t {
            "hello" => frame.cols.map(|cols| Self::Hello { cols }),
            "s" => frame.v.map(|v| Self::Sample { v }),
            "ev" => frame.e.map(|e| Self::Event { e }),
            "al" => frame.a.map(|a| Self::Alerts { a }),
            "gap" => Some(Self::Gap),
            _ => None,
        };
        told.ok_or("no message of the socket")
    }
}

impl Told {
    /// The first message.
    pub fn hello() -> Self {
        let metrics = Metric::ALL.into_iter().map(Metric::as_str);
        Self::Hello {
            cols: std::iter::once(AT)
                .chain(metrics)
                .map(Cow::Borrowed)
                .collect(),
        }
    }

    /// As text; the same for everybody, so once is enough.
    pub fn to_text(&self) -> String {
        // Only maps with keys that are no text can't be written.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// A message of the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "t", deny_unknown_fields)]
pub enum Asked {
    /// The access token was refreshed.
    #[serde(rename = "renew")]
    Renew {},
}

impl Serialize for Sample {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut row = serializer.serialize_seq(Some(METRICS + 1))?;
        row.serialize_element(&self.at.as_millis())?;
        for value in &self.values.0 {
            row.serialize_element(value)?;
        }
        row.end()
    }
}

impl<'de> Deserialize<'de> for Sample {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Row;
        impl<'de> Visitor<'de> for Row {
            type Value = Sample;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a time and its numbers")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut row: A) -> Result<Sample, A::Error> {
                let missing = |at| serde::de::Error::invalid_length(at, &self);
                let at = row.next_element()?.ok_or_else(|| missing(0))?;
                let mut values = Values::default();
                for (index, place) in values.0.iter_mut().enumerate() {
                    let value: Option<Value> = row.next_element()?;
                    *place = value.ok_or_else(|| missing(index + 1))?;
                }
                let at = Timestamp::from_millis(at);
                Ok(Sample { at, values })
            }
        }
        deserializer.deserialize_seq(Row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_a_row_of_numbers_and_reads_back() {
        let mut values = Values::default();
        values.set(Metric::Cpu, 12.345);
        values.set(Metric::Memory, 5_123_456_789.0);
        let at = Timestamp::from_millis(1_800_000_000_123);
        let told = Told::Sample {
            v: Sample { at, values },
        };
        let text = told.to_text();
        assert!(
            text.starts_with(r#"{"t":"s","v":[1800000000123,12.3,null,null,null,5123457024,null"#),
            "{text}"
        );
        assert!(text.len() < 200);
        assert_eq!(serde_json::from_str::<Told>(&text).ok(), Some(told));
        assert!(serde_json::from_str::<Told>(r#"{"t":"s","v":[1,2]}"#).is_err());
    }

    #[test]
    fn each_kind_reads_back_and_half_of_one_does_not() {
        let event = Occurrence {
            id: "evt_1".to_owned(),
            at: Timestamp::from_millis(1_800_000_000_000),
            name: "authn_login_fail".to_owned(),
            severity: "notice".to_owned(),
            account: None,
            address: None,
        };
        let alerts = Told::Alerts { a: Vec::new() };
        for told in [Told::hello(), Told::Event { e: event }, alerts, Told::Gap] {
            let text = told.to_text();
            assert_eq!(
                serde_json::from_str::<Told>(&text).ok(),
                Some(told),
                "{text}"
            );
        }
        for text in [r#"{"t":"hello"}"#, r#"{"t":"s"}"#, r#"{"t":"x"}"#, "{}"] {
            assert!(serde_json::from_str::<Told>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_renewal_is_one_word_and_nothing_beside_it() {
        let read = |text| serde_json::from_str::<Asked>(text).ok();
        assert_eq!(read(r#"{"t":"renew"}"#), Some(Asked::Renew {}));
        for other in [
            r#"{"t":"renew","x":1}"#,
            r#"{"t":"s"}"#,
            r#"{}"#,
            "renew",
            "[]",
            r#""renew""#,
        ] {
            assert_eq!(read(other), None, "{other}");
        }
    }

    #[test]
    fn the_first_message_names_every_column() {
        let text = Told::hello().to_text();
        assert!(text.starts_with(r#"{"t":"hello","cols":["at","cpu","load_1""#));
    }
}
