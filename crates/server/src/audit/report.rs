//! What a check of the chain found, for programs and in words.

use std::fmt;

use concierge_core::time::Timestamp;
use serde::Serialize;

/// Findings kept; further ones are counted.
pub(super) const FINDINGS: usize = 1000;

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Damage {
    /// The event, or its MAC, is not what was linked.
    Edited,
    /// Positions are missing, and no purge took them.
    Deleted,
    /// The event belongs elsewhere.
    Moved,
    /// An event where the program never put one.
    Inserted,
    /// The end is missing.
    Truncated,
    /// The link follows another one than that which stands before it.
    Rewritten,
    /// The program itself found the end changed, and began anew.
    BegunAnew,
    /// The sealed row of an end is missing, or is not ours.
    EndForged,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What.
    pub kind: Damage,
    /// The first position.
    pub from: i64,
    /// The last position.
    pub to: i64,
    /// Where the event belongs, when it was moved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub belongs: Option<i64>,
}

impl Finding {
    pub(super) const fn at(kind: Damage, from: i64, to: i64) -> Self {
        Self {
            kind,
            from,
            to,
            belongs: None,
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.from, self.to) {
            (from, to) if from == to => write!(f, "position {from}: ")?,
            (from, to) => write!(f, "positions {from} to {to}: ")?,
        }
        match self.kind {
            Damage::Edited => f.write_str("edited, or put there by somebody without the key"),
            Damage::Deleted => f.write_str("deleted; no purge took them"),
            Damage::Moved => write!(
                f,
                "moved; the event belongs at position {}",
                self.belongs.unwrap_or_default()
            ),
            Damage::Inserted => f.write_str("put in by somebody without the key, where no event was"),
            Damage::Truncated => f.write_str("cut off the end"),
            Damage::Rewritten => f.write_str("another history; the head or the link before says otherwise"),
            Damage::BegunAnew => f.write_str(
                "the server found the end changed and began the chain anew here; what stood behind the end of before is lost",
            ),
            Damage::EndForged => f.write_str("the sealed row of this end is missing or was changed"),
        }
    }
}

/// What a check found.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// How many links were checked.
    pub checked: u64,
    /// The last position there is.
    pub last: i64,
    /// Up to where events were purged; 0 when none were.
    pub purged_through: i64,
    /// How many events wait for a position.
    pub waiting: i64,
    /// Since when, where that is so long that nobody links them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub late_since: Option<Timestamp>,
    /// How many links were made with a version of the key that is not at hand.
    pub unchecked: u64,
    /// Whether a head of before was compared; not when it is from before what was purged.
    pub compared_head: bool,
    /// What is wrong, by position.
    pub findings: Vec<Finding>,
    /// How many findings more there are than are listed.
    pub more: u64,
}

impl Report {
    /// Whether nothing is wrong with what was linked.
    pub fn is_whole(&self) -> bool {
        self.findings.is_empty()
    }

    /// Whether all there is was checked: no link without its key, and no event that nobody links.
    pub fn is_complete(&self) -> bool {
        self.unchecked == 0 && self.late_since.is_none()
    }

    /// Adds a finding, or counts it where there are too many.
    pub(super) fn add(&mut self, finding: Finding) {
        if self.findings.len() < FINDINGS {
            self.findings.push(finding);
        } else {
            self.more += 1;
        }
    }
}
