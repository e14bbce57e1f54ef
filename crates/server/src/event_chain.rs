//! The audit chain while the server runs: what was committed is linked, the newest head is kept outside the database,
//! and what is older than the retention goes.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use concierge_core::time::Timestamp;
use tokio::time::{MissedTickBehavior, interval};

use crate::{
    audit::{Extended, Head, Purged},
    keys::{self, Existing},
    services::Services,
    store::StoreError,
};

/// How often is looked for events that wait: one is linked well within a second.
const LOOK: Duration = Duration::from_millis(250);
/// How often the head is written down, at most, and a failure told.
const MINUTE: Duration = Duration::from_secs(60);
/// How often is looked for events to be purged.
const HOUR: Duration = Duration::from_secs(3600);

/// Why the chain does not go on.
#[derive(Debug, thiserror::Error)]
pub enum ChainError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The newest version of the key can't be opened.
    #[error(
        "version {0} of the data key `audit` can't be opened with the sealing keys of this process; a process that has them links"
    )]
    Behind(i64),
    /// Events wait, and nobody links them.
    #[error(
        "events have been waiting since {0}: another process has the turn and does not link, the clock was wrong, or somebody put in a row that can't be read"
    )]
    Late(String),
}

/// What was done last, and when.
#[derive(Debug, Default)]
pub struct Kept {
    head: Option<Head>,
    published_at: Option<Timestamp>,
    purged_at: Option<Timestamp>,
    failed_at: Option<Timestamp>,
    /// Whether the last purge left something.
    goes_on: bool,
    clock: ClockWatch,
    /// Whether it was recorded that the head that was written down is lost.
    is_recorded: bool,
}

/// Doubts a clock that jumped: one that is suddenly years ahead would have everything purged. Whoever sets it right has
/// an hour; after that it is the time. So it is with the clock that the program began with.
#[derive(Debug, Default)]
struct ClockWatch {
    seen: Option<(Instant, Timestamp)>,
    jumped_at: Option<Instant>,
}

impl ClockWatch {
    fn doubts(&mut self, now: Timestamp, instant: Instant) -> bool {
        if let Some((before, then)) = self.seen.replace((instant, now)) {
            let expected = then.plus(instant - before);
            if now.since(expected).max(expected.since(now)) > HOUR {
                tracing::warn!(
                    expected = expected.to_rfc3339(),
                    now = now.to_rfc3339(),
                    "the clock of this host jumped, or the host slept; no events are purged for an hour"
                );
                self.jumped_at = Some(instant);
            }
        }
        self.jumped_at.is_some_and(|jumped| instant - jumped < HOUR)
    }
}

/// Keeps the chain, as long as anything is recorded; then it is stopped, and [`finish`] does the rest.
pub async fn keep(services: Arc<Services>) {
    let mut look = interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut kept = Kept::default();
    // Nobody can tell yet whether the clock is right: the host may have begun with a wrong one.
    kept.clock.jumped_at = Some(Instant::now());
    loop {
        look.tick().await;
        let now = services.clock.now();
        if let Err(error) = services.keep_chain(&mut kept).await
            && is_due(kept.failed_at, now, MINUTE)
        {
            kept.failed_at = Some(now);
            tracing::error!(%error, "events could not be linked to the audit chain; they wait in the database");
        }
    }
}

/// Links what the end itself recorded, and writes the head down.
pub async fn finish(services: &Services) {
    let mut kept = Kept {
        // That would be an event behind the last link.
        is_recorded: true,
        ..Kept::default()
    };
    let finished = async {
        services.link_events().await?;
        Ok::<_, ChainError>(services.publish_head(&mut kept).await?)
    };
    if let Err(error) = finished.await {
        tracing::warn!(%error, "the last events are linked to the audit chain after the next start");
    }
}

/// A clock that was ahead and is right again keeps nothing waiting.
fn is_due(last: Option<Timestamp>, now: Timestamp, every: Duration) -> bool {
    last.is_none_or(|last| now < last || now.since(last) >= every)
}

impl Services {
    /// Links what waits; once an hour purges, a batch at each look until nothing is left; once a minute writes the head
    /// down, and looks whether events wait that nobody links.
    pub async fn keep_chain(&self, kept: &mut Kept) -> Result<(), ChainError> {
        self.link_events().await?;
        let now = self.clock.now();
        let is_doubtful = kept.clock.doubts(now, Instant::now());
        if !is_doubtful && (kept.goes_on || is_due(kept.purged_at, now, HOUR)) {
            kept.purged_at = Some(now);
            kept.goes_on = self.purge_events().await?.more;
        }
        if is_due(kept.published_at, now, MINUTE) {
            kept.published_at = Some(now);
            self.publish_head(kept).await?;
            if let Some(since) = self.chain.late(now).await? {
                return Err(ChainError::Late(since.to_rfc3339()));
            }
        }
        Ok(())
    }

    /// Links all that waits, a batch at a time; answers how many this process linked.
    pub async fn link_events(&self) -> Result<usize, ChainError> {
        let mut linked = 0;
        loop {
            match self.chain.extend(self.clock.now()).await? {
                Extended::Idle | Extended::Elsewhere => return Ok(linked),
                Extended::Linked { rows, more } => {
                    linked += rows;
                    if !more {
                        return Ok(linked);
                    }
                }
                Extended::Behind(version) => {
                    if self.chain.seeks(version) {
                        self.reload_keys("audit chain").await;
                    }
                    if !self.keys.audit.has(version) {
                        // Whoever has it goes on at once.
                        self.chain.give_turn_back().await;
                        return Err(ChainError::Behind(version));
                    }
                }
            }
        }
    }

    /// Deletes a batch of the events that are older than the retention.
    pub async fn purge_events(&self) -> Result<Purged, StoreError> {
        let now = self.clock.now();
        let before = now.minus(self.config.log.event_retention);
        let purged = self.chain.purge(before, now).await?;
        if purged.broken > 0 {
            tracing::error!(
                broken = purged.broken,
                through = purged.through,
                "events went with the retention that were no longer what had been recorded"
            );
        }
        Ok(purged)
    }

    /// Where the head is written down.
    pub fn head_file(&self) -> PathBuf {
        head_file(&self.config.data)
    }

    /// Writes the head down when it has moved. One that the chain does not hold any more is evidence, and stays.
    async fn publish_head(&self, kept: &mut Kept) -> Result<(), StoreError> {
        let Some(head) = self.chain.head().await? else {
            return Ok(());
        };
        if kept.head.as_ref() == Some(&head) {
            return Ok(());
        }
        let path = self.head_file();
        let lost = match read_head(&path) {
            Ok(Some(before)) if !self.chain.has(&before).await? => {
                tracing::error!(
                    file = %path.display(),
                    head = %before,
                    "the audit chain does not hold the head that was written down before: it was cut or rewritten, or \
                     the database was restored from a backup; `concierge audit verify` says more, and once you know \
                     why, remove the file"
                );
                Some((before, "head_lost"))
            }
            Ok(_) => None,
            Err(error) => {
                tracing::error!(
                    file = %path.display(),
                    %error,
                    "the head of the audit chain that was written down before can't be read, and is not replaced; \
                     find out who changed the file, then remove it"
                );
                // A disk that fails says nothing of anybody.
                if error.kind() != io::ErrorKind::InvalidData {
                    return Ok(());
                }
                Some((head.clone(), "head_unreadable"))
            }
        };
        if let Some((head, why)) = lost {
            if !kept.is_recorded {
                let now = self.clock.now();
                self.chain.record_lost_head(&head, why, now).await?;
                kept.is_recorded = true;
            }
            return Ok(());
        }
        self.write_head(kept, head, &path);
        Ok(())
    }

    fn write_head(&self, kept: &mut Kept, head: Head, path: &Path) {
        let line = format!("{head} {}\n", self.clock.now().to_rfc3339());
        match keys::write_secret_file(path, &line, Existing::Replaced, &*self.rng) {
            Ok(()) => {
                tracing::info!(target: "audit", head = %head, "the head of the audit chain");
                kept.head = Some(head);
            }
            Err(error) => {
                tracing::warn!(%error, head = %head, file = %path.display(), "the head of the audit chain can't be written down");
            }
        }
    }
}

/// Where the head of the chain is written down.
pub fn head_file(data: &Path) -> PathBuf {
    data.join("audit-head")
}

/// The head that was written down, if there is a file. One that holds none is an error: it is evidence.
pub fn read_head(path: &Path) -> io::Result<Option<Head>> {
    let text = match std::fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        read => read?,
    };
    let head = text.parse().map_err(|()| {
        io::Error::new(
            io::ErrorKind::InvalidData,
            "it holds no head (`position:mac`)",
        )
    });
    head.map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_was_ahead_keeps_nothing_waiting() {
        let at = |seconds: i64| Timestamp::from_millis(seconds * 1000);
        assert!(is_due(None, at(0), MINUTE));
        assert!(!is_due(Some(at(100)), at(159), MINUTE));
        assert!(is_due(Some(at(100)), at(160), MINUTE));
        assert!(
            is_due(Some(at(31_536_000)), at(160), MINUTE),
            "it went back"
        );
    }

    #[test]
    fn a_clock_that_jumps_is_doubted_for_an_hour() {
        let (mut watch, begin) = (ClockWatch::default(), Instant::now());
        // Where the clock stands so many seconds after the beginning.
        let mut doubts = |seconds: u64, clock: i64| {
            let now = Timestamp::from_millis(clock * 1000);
            watch.doubts(now, begin + Duration::from_secs(seconds))
        };
        assert!(!doubts(0, 1_000_000), "nothing to compare with");
        assert!(!doubts(10, 1_003_000), "set right by less than an hour");
        assert!(doubts(20, 99_003_010), "years ahead");
        assert!(doubts(3619, 99_006_609));
        assert!(!doubts(3621, 99_006_611), "nobody set it right");
        assert!(doubts(3622, 1_006_612), "and back");
    }
}
