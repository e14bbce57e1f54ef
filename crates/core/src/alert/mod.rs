//! Alerts: what a rule says, when an alert fires and ends, and when a message is tried again. All of it pure.

pub mod api;
pub mod machine;
pub mod retry;
mod shipped;

use serde::{Deserialize, Serialize};

pub use shipped::Shipped;

use crate::{
    audit::Severity,
    id::{Id, Kind},
    time::Timestamp,
};

/// Marks the ids of rules.
#[derive(Debug)]
pub enum RuleKind {}
impl Kind for RuleKind {
    const PREFIX: &'static str = "rule_";
}
/// Identifies a rule; no secret.
pub type RuleId = Id<RuleKind>;

/// Marks the ids of channels.
#[derive(Debug)]
pub enum ChannelKind {}
impl Kind for ChannelKind {
    const PREFIX: &'static str = "chn_";
}
/// Identifies a channel; no secret.
pub type ChannelId = Id<ChannelKind>;

/// Marks the ids of alerts.
#[derive(Debug)]
pub enum AlertKind {}
impl Kind for AlertKind {
    const PREFIX: &'static str = "alr_";
}
/// Identifies an alert; no secret.
pub type AlertId = Id<AlertKind>;

/// Marks the ids of messages to channels.
#[derive(Debug)]
pub enum MessageKind {}
impl Kind for MessageKind {
    const PREFIX: &'static str = "msg_";
}
/// Identifies a message to a channel, on each of its tries the same; no secret.
pub type MessageId = Id<MessageKind>;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$each:meta])* $one:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        pub enum $name { $($(#[$each])* #[serde(rename = $text)] $one,)+ }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$one,)+];

            /// The stable text.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$one => $text,)+ }
            }

            /// What a stable text means, if anything.
            pub fn from_text(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.as_str() == text)
            }
        }
    };
}
use words;

words! {
    /// How a value is held against the threshold.
    Comparator {
        /// `>=`
        AtLeast = ">=",
        /// `>`
        Above = ">",
        /// `<=`
        AtMost = "<=",
        /// `<`
        Below = "<",
    }
}

impl Comparator {
    /// Whether the value is what the rule warns of.
    pub const fn holds(self, value: i64, threshold: i64) -> bool {
        match self {
            Self::AtLeast => value >= threshold,
            Self::Above => value > threshold,
            Self::AtMost => value <= threshold,
            Self::Below => value < threshold,
        }
    }
}

words! {
    /// A number that every process measures; the worst of the latest ones counts.
    Metric {
        /// Free space of the data folder's disk, in per cent.
        DiskFree = "disk_free_percent",
        /// Used memory of the host, in per cent.
        MemoryUsed = "memory_used_percent",
        /// Answers of the last minute that were 5xx, in per cent.
        ServerErrors = "server_error_percent",
    }
}

impl Metric {
    /// The worse of two values.
    pub fn worse(self, one: i64, other: i64) -> i64 {
        match self {
            Self::DiskFree => one.min(other),
            Self::MemoryUsed | Self::ServerErrors => one.max(other),
        }
    }
}

words! {
    /// Where messages go.
    Way {
        /// A mail.
        Mail = "mail",
        /// A signed request (Standard Webhooks).
        Webhook = "webhook",
        /// An incoming webhook of Slack, or of who speaks its language.
        Slack = "slack",
        /// A workflow of Microsoft Teams.
        Teams = "teams",
    }
}

words! {
    /// Where an alert stands.
    Phase {
        /// The condition holds, not yet for long enough.
        Pending = "pending",
        /// The condition holds, and it is told.
        Firing = "firing",
        /// Somebody has seen it; it is not told again until a time.
        Acknowledged = "acknowledged",
        /// The condition holds no more.
        Resolved = "resolved",
    }
}

/// Hours of each day in which nothing is sent: what comes up then is told at their end. Minutes since midnight UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Quiet {
    /// The first quiet minute.
    pub from: u16,
    /// The first minute after; before `from` when midnight lies between.
    pub to: u16,
}

/// Minutes of a day.
pub const DAY_MINUTES: u16 = 24 * 60;

impl Quiet {
    /// Whether both are minutes of a day, and not the same.
    pub const fn is_valid(self) -> bool {
        self.from < DAY_MINUTES && self.to < DAY_MINUTES && self.from != self.to
    }

    /// The first moment at or after `at` that is not quiet.
    pub fn over_at(self, at: Timestamp) -> Timestamp {
        const MINUTE: i64 = 60_000;
        const DAY: i64 = DAY_MINUTES as i64 * MINUTE;
        let into_day = at.as_millis().rem_euclid(DAY);
        let (from, to) = (i64::from(self.from) * MINUTE, i64::from(self.to) * MINUTE);
        let since_from = (into_day - from).rem_euclid(DAY);
        let length = (to - from).rem_euclid(DAY);
        if since_from < length {
            Timestamp::from_millis(at.as_millis() + length - since_from)
        } else {
            at
        }
    }
}

/// What is watched and what comes of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What people call it; empty for a shipped rule that keeps its own name.
    #[serde(default)]
    pub name: String,
    /// The name of an event, which is counted, or of a metric.
    pub watch: String,
    /// Counts only events with all of this in their details, such as `locked=true,role=admin`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// How the value is held against the threshold.
    pub comparator: Comparator,
    /// The threshold.
    pub threshold: i64,
    /// Over how many seconds events are counted; of no meaning for a metric.
    #[serde(default)]
    pub window_seconds: u32,
    /// For how many seconds the condition must hold before it is told.
    #[serde(default)]
    pub for_seconds: u32,
    /// How grave it is.
    pub severity: Severity,
    /// Where it is told; nowhere in particular means everywhere.
    #[serde(default)]
    pub channels: Vec<ChannelId>,
    /// After how many seconds it is told again while it lasts; 0: never.
    #[serde(default)]
    pub repeat_seconds: u32,
    /// Whether its end is told, too.
    #[serde(default)]
    pub tells_end: bool,
    /// When nothing is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet: Option<Quiet>,
    /// Whether it is looked at.
    pub enabled: bool,
}

/// The greatest number of events in any window: of those that end now, and of those that end with an event at or
/// after `since`, for whoever was away. An event is its time and how many it stands for; they may come in any order.
pub fn busiest(
    events: &[(Timestamp, u64)],
    window: std::time::Duration,
    since: Timestamp,
    now: Timestamp,
) -> u64 {
    let mut ordered: Vec<(Timestamp, u64)> = events.to_vec();
    ordered.retain(|(at, _)| *at <= now);
    ordered.sort_unstable_by_key(|(at, _)| *at);
    let (mut first, mut sum, mut most) = (0, 0_u64, 0);
    for (at, count) in &ordered {
        sum = sum.saturating_add(*count);
        while ordered[first].0 <= at.minus(window) {
            sum = sum.saturating_sub(ordered[first].1);
            first += 1;
        }
        if *at >= since {
            most = most.max(sum);
        }
    }
    let current = ordered.iter().filter(|(at, _)| *at > now.minus(window));
    most.max(
        current
            .map(|(_, count)| *count)
            .fold(0, u64::saturating_add),
    )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    const MINUTE: i64 = 60_000;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_millis(minutes * MINUTE)
    }

    #[test]
    fn quiet_hours_end_at_their_end_also_over_midnight() {
        let night = Quiet {
            from: 22 * 60,
            to: 7 * 60,
        };
        for (now, over) in [
            (23 * 60, 31 * 60),
            (22 * 60, 31 * 60),
            (3 * 60, 7 * 60),
            (7 * 60, 7 * 60),
            (12 * 60, 12 * 60),
        ] {
            assert_eq!(night.over_at(at(now)), at(over), "{now}");
        }
        let noon = Quiet {
            from: 12 * 60,
            to: 13 * 60,
        };
        assert_eq!(noon.over_at(at(12 * 60 + 1)), at(13 * 60));
        assert_eq!(noon.over_at(at(11 * 60)), at(11 * 60));
        assert!(!Quiet { from: 5, to: 5 }.is_valid());
        assert!(
            !Quiet {
                from: 5,
                to: DAY_MINUTES
            }
            .is_valid()
        );
    }

    #[test]
    fn a_burst_that_ended_while_nobody_looked_is_found_once() {
        let events = [(at(10), 1), (at(11), 1), (at(12), 2)];
        let window = Duration::from_secs(5 * 60);
        assert_eq!(busiest(&events, window, at(5), at(60)), 4);
        assert_eq!(
            busiest(&events, window, at(13), at(60)),
            0,
            "it was looked at before"
        );
        assert_eq!(
            busiest(&events, window, at(12), at(13)),
            4,
            "it is still in the window"
        );
        assert_eq!(busiest(&events, Duration::from_secs(60), at(5), at(60)), 2);
        assert_eq!(
            busiest(&events, window, at(0), at(11)),
            2,
            "what is to come does not count"
        );
    }

    proptest! {
        #[test]
        fn no_window_is_overlooked(times in prop::collection::vec(0_i64..200, 0..40), window in 1_i64..50, since in 0_i64..200) {
            let (now, span) = (at(200), Duration::from_secs(60 * window.unsigned_abs()));
            let events: Vec<_> = times.iter().map(|time| (at(*time), 1)).collect();
            let within = |end: i64| times.iter().filter(|time| **time <= end && **time > end - window).count();
            let ends = times.iter().copied().filter(|time| *time >= since).chain([200]);
            let expected = ends.map(within).max().unwrap_or_default();
            prop_assert_eq!(busiest(&events, span, at(since), now), expected as u64);
        }
    }
}
