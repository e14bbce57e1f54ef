//! The endpoint of the host's history.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{
    Metric, Value, Values,
    live::Occurrence,
    ring::{Bucket, Rings},
};
use crate::{
    alert::api::AlertView,
    api::{Whole, endpoints},
    time::Timestamp,
};

/// How far back to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Range {
    /// A quarter of an hour, as measured.
    #[default]
    #[serde(rename = "15m")]
    Quarter,
    /// Sixteen hours, by the minute.
    #[serde(rename = "16h")]
    Hours,
    /// Seven days, by ten minutes.
    #[serde(rename = "7d")]
    Days,
}

impl Range {
    /// All three.
    pub const ALL: [Self; 3] = [Self::Quarter, Self::Hours, Self::Days];

    /// The stable text.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Quarter => "15m",
            Self::Hours => "16h",
            Self::Days => "7d",
        }
    }

    /// The range of a stable text.
    pub fn from_text(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|range| range.as_str() == text)
    }

    /// How far back that is.
    pub const fn span(self) -> Duration {
        Duration::from_secs(match self {
            Self::Quarter => 15 * 60,
            Self::Hours => 16 * 3600,
            Self::Days => 7 * 24 * 3600,
        })
    }

    /// The longest time between two points that belong together. Between points further apart nothing was measured.
    pub const fn gap(self) -> Duration {
        Duration::from_secs(match self {
            Self::Quarter => 25,
            Self::Hours => 150,
            Self::Days => 1500,
        })
    }
}

/// What of the past is wanted.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct HistoryQuery {
    /// How far back, and how finely; a quarter of an hour unless said otherwise.
    #[serde(default)]
    pub range: Range,
    /// Only points after this time, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<i64>,
}

/// What the host allows this process, next to what the host has.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Allowance {
    /// Processors of the host.
    pub cpus: u32,
    /// Processors the control group may use, where it is limited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_limit: Option<f32>,
    /// Bytes of memory the control group may use, where it is limited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_limit: Option<u64>,
}

/// One metric over the points of a history; `null` where it was not known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Column {
    /// Which.
    pub metric: Metric,
    /// As measured, or the average over the time of the point.
    pub avg: Vec<Value>,
    /// The least of that time; empty where points are single samples.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub min: Vec<Value>,
    /// The most of that time; empty where points are single samples.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub max: Vec<Value>,
}

/// The past of the host, by column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct History {
    /// Which range this is.
    pub range: Range,
    /// What this process may use.
    pub allowance: Allowance,
    /// The time of each point in milliseconds since 1970, the oldest first; 1000 at most.
    pub at: Vec<i64>,
    /// Every metric.
    pub columns: Vec<Column>,
    /// The time of the newest sample: with it the socket goes on without a gap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<i64>,
    /// The last security events, the newest first.
    pub events: Vec<Occurrence>,
    /// The alerts that last, the gravest first, a dozen at most.
    pub alerts: Vec<AlertView>,
}

/// What stands beside the numbers of a history.
#[derive(Debug, Default, Clone)]
pub struct Beside {
    /// What this process may use.
    pub allowance: Allowance,
    /// The last security events, the newest first.
    pub events: Vec<Occurrence>,
    /// The alerts that last, the gravest first, a dozen at most.
    pub alerts: Vec<AlertView>,
}

impl History {
    /// What the rings hold of a range before the newest sample, after a time.
    pub fn of(rings: &Rings, query: &HistoryQuery, beside: Beside) -> Self {
        let last = rings.newest().map(|newest| newest.at);
        let from = last.map(|last| last.minus(query.range.span()));
        let since = query.since.unwrap_or(i64::MIN);
        let mut buckets = rings.buckets(query.range);
        buckets.retain(|bucket| Some(bucket.at) >= from && bucket.at.as_millis() > since);
        let pick = |metric: Metric, of: fn(&Bucket) -> &Values| -> Vec<Value> {
            let values = buckets.iter().map(|bucket| of(bucket).0[metric as usize]);
            values.collect()
        };
        let is_folded = query.range != Range::Quarter;
        let columns = Metric::ALL.into_iter().map(|metric| Column {
            metric,
            avg: pick(metric, |bucket| &bucket.avg),
            min: match is_folded {
                true => pick(metric, |bucket| &bucket.min),
                false => Vec::new(),
            },
            max: match is_folded {
                true => pick(metric, |bucket| &bucket.max),
                false => Vec::new(),
            },
        });
        Self {
            range: query.range,
            allowance: beside.allowance,
            at: buckets.iter().map(|bucket| bucket.at.as_millis()).collect(),
            columns: columns.collect(),
            last: last.map(Timestamp::as_millis),
            events: beside.events,
            alerts: beside.alerts,
        }
    }

    /// The column of a metric.
    pub fn column(&self, metric: Metric) -> Option<&Column> {
        self.columns.iter().find(|column| column.metric == metric)
    }
}

endpoints! {
    /// `GET /api/monitor/history`
    GetHistory: Admin Get "/api/monitor/history", Whole, HistoryQuery => 200 History;
    "What the host did lately, by column, with the last security events and the alerts that last; then `/api/monitor/live` goes on.";
    [BadRequest];
    "";
}
