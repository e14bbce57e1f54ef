//! What each process measures for the rules: room on the disk, memory of the host, answers that were errors.
//!
//! Every process writes its own numbers, because each may be on a host of its own; whoever evaluates takes the worst.

use std::{
    path::Path,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use concierge_core::{alert::Metric, time::Timestamp};
use rustix::fs::statvfs;

use super::{Alerts, Turn, store};
use crate::{
    platform::memory::{self, percent},
    store::StoreError,
};

/// How often.
const EVERY: Duration = Duration::from_secs(30);
/// With fewer answers in a minute a share says nothing.
const ENOUGH: u64 = 20;

impl Alerts {
    /// Writes down what there is to measure, when it is time.
    pub(super) async fn measure(&self, turn: &mut Turn, now: Timestamp) -> Result<(), StoreError> {
        let is_due = turn
            .measured_at
            .is_none_or(|at| now < at || now.since(at) >= EVERY);
        if !is_due {
            return Ok(());
        }
        turn.measured_at = Some(now);
        let readings = [
            (Metric::DiskFree, disk_free(&self.data)),
            (Metric::MemoryUsed, memory::used_percent()),
            (Metric::ServerErrors, self.answers.error_share(now)),
        ];
        let mut tx = self.db.begin().await?;
        for (metric, value) in readings {
            if let Some(value) = value {
                store::insert_reading(&mut tx, &self.holder, metric, value, now).await?;
            }
        }
        tx.commit().await
    }
}

/// Free space of the disk for this program, in per cent.
fn disk_free(data: &Path) -> Option<i64> {
    let facts = statvfs(data).ok()?;
    percent(facts.f_bavail, facts.f_blocks)
}

/// Counts answers and those of them that were errors of ours, minute by minute.
#[derive(Debug, Default)]
pub struct Answers(Mutex<Minutes>);

#[derive(Debug, Default, Clone, Copy)]
struct Minutes {
    minute: i64,
    current: Counts,
    before: Counts,
}

#[derive(Debug, Default, Clone, Copy)]
struct Counts {
    all: u64,
    errors: u64,
}

impl Minutes {
    /// Moves on to the minute of a time.
    fn at(&mut self, now: Timestamp) -> &mut Self {
        let minute = now.as_seconds().div_euclid(60);
        if minute != self.minute {
            let was_last = minute == self.minute + 1;
            self.before = if was_last {
                self.current
            } else {
                Counts::default()
            };
            self.current = Counts::default();
            self.minute = minute;
        }
        self
    }
}

impl Answers {
    /// Counts an answer of this status.
    pub fn count(&self, status: u16, now: Timestamp) {
        let mut minutes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let counts = &mut minutes.at(now).current;
        counts.all += 1;
        counts.errors += u64::from(status >= 500);
    }

    /// The share of errors in this minute and the one before, in per cent.
    fn error_share(&self, now: Timestamp) -> Option<i64> {
        let mut minutes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Minutes {
            current, before, ..
        } = *minutes.at(now);
        let all = current.all + before.all;
        if all < ENOUGH {
            return Some(0);
        }
        percent(current.errors + before.errors, all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_of_errors_forgets_and_needs_a_few_answers() {
        let answers = Answers::default();
        let at = |seconds: i64| Timestamp::from_millis(seconds * 1000);
        for n in 0..10 {
            answers.count(500, at(n));
        }
        assert_eq!(answers.error_share(at(30)), Some(0), "ten are too few");
        for n in 0..30 {
            answers.count(200, at(60 + n));
        }
        assert_eq!(answers.error_share(at(90)), Some(25));
        assert_eq!(
            answers.error_share(at(130)),
            Some(0),
            "the first minute is forgotten"
        );
        assert_eq!(answers.error_share(at(600)), Some(0));
    }

    #[test]
    fn this_host_has_a_disk() {
        assert!(matches!(disk_free(Path::new("/")), Some(0..=100)));
        assert_eq!(disk_free(Path::new("/no/such/folder")), None);
    }
}
