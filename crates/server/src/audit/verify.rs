//! Reading the whole chain, and saying what is wrong with it: each finding with its position.
//!
//! Nothing is changed, and the server may go on meanwhile. What a purge took is told from a deletion by the sealed row
//! that it left; what was cut off the end by the sealed head, and by a head that somebody kept elsewhere.

use super::{
    chain::{Head, is_late},
    chain_store::{self as store, Standing},
    link::{ANEW, End, Link, NOTHING, Row},
    report::{Damage, FINDINGS, Finding, Report},
};
use crate::{
    platform::{clock::Clock, seal::MacKeys},
    store::{Db, StoreError},
};

/// Links read at once.
const PAGE: i64 = 1000;
/// How often it begins again because a purge came in between.
const TRIES: u32 = 3;

/// Why the chain could not be checked.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The database failed.
    #[error("the database can't be read: {0}")]
    Store(#[from] StoreError),
    /// The beginning moved each time.
    #[error("events are being purged right now; try again in a minute")]
    Purging,
    /// There is a version of the key that was not given.
    #[error("the key of the chain was renewed right now; try again in a minute")]
    Renewed,
}

/// Checks the chain, also against a head of before. `lost` are the versions of the key that are there and can't be
/// opened: what they made can't be checked.
pub async fn verify(
    db: &Db,
    (keys, lost): (&MacKeys, &[i64]),
    kept: Option<&Head>,
    clock: &dyn Clock,
) -> Result<Report, VerifyError> {
    for _ in 0..TRIES {
        let begin = store::find_end(db, End::BEGIN).await?;
        let mut walk = Walk::begin((keys, lost), begin.as_ref(), kept);
        walk.through(db).await?;
        // What a version made that came in between looks like somebody else's.
        let versions = store::list_key_versions(db).await?;
        let is_known = |version: &i64| keys.has(*version) || lost.contains(version);
        if !versions.iter().all(is_known) {
            return Err(VerifyError::Renewed);
        }
        // A purge in between takes away what was about to be read.
        if store::find_end(db, End::BEGIN).await? == begin {
            let mut report = walk.end(begin.as_ref());
            let since = store::find_waiting(db).await?;
            // What came while this went its way has not waited long.
            report.late_since = since.filter(|since| is_late(*since, clock.now()));
            report.waiting = store::count_waiting(db).await?;
            return Ok(report);
        }
    }
    Err(VerifyError::Purging)
}

/// On its way along the chain.
struct Walk<'a> {
    keys: &'a MacKeys,
    lost: &'a [i64],
    kept: Option<&'a Head>,
    report: Report,
    /// The position before; none where the beginning can't be known.
    last: Option<i64>,
    /// The MAC that the next link follows; none where that can't be known.
    before: Option<Vec<u8>>,
    /// The highest position that the head answers for.
    sealed: i64,
    /// What is not what was linked: perhaps it belongs elsewhere.
    suspects: Vec<(Row, Link)>,
    /// Whether links of ours stand behind the head.
    goes_on: bool,
}

impl<'a> Walk<'a> {
    fn begin(
        (keys, lost): (&'a MacKeys, &'a [i64]),
        begin: Option<&End>,
        kept: Option<&'a Head>,
    ) -> Self {
        let mut walk = Self {
            keys,
            lost,
            kept,
            report: Report::default(),
            last: Some(0),
            before: Some(NOTHING.to_vec()),
            sealed: 0,
            suspects: Vec::new(),
            goes_on: false,
        };
        match begin {
            None => {}
            Some(begin) if begin.holds(End::BEGIN, keys) => {
                walk.last = Some(begin.position);
                walk.before = Some(begin.mac.clone());
                walk.report.purged_through = begin.position;
            }
            Some(begin) => {
                walk.last = None;
                walk.before = None;
                walk.doubt_end(begin);
            }
        }
        walk
    }

    /// An end that the key did not seal, unless the key is not at hand.
    fn doubt_end(&mut self, end: &End) {
        if self.lost.contains(&end.key) {
            self.report.unchecked += 1;
        } else {
            self.report
                .add(Finding::at(Damage::EndForged, end.position, end.position));
        }
    }

    /// Reads up to the head, and what stands behind it. A server that runs adds links meanwhile, and moves the head
    /// with them: only what is behind a head that stays does not belong there.
    async fn through(&mut self, db: &Db) -> Result<(), StoreError> {
        let (mut after, mut stays_at) = (None, None);
        loop {
            let head = store::find_end(db, End::HEAD).await?;
            let good = head
                .as_ref()
                .filter(|head| head.holds(End::HEAD, self.keys));
            self.sealed = self.sealed.max(good.map_or(0, |head| head.position));
            let is_good = good.is_some();
            let most = match stays_at {
                Some(position) if position == self.sealed => i64::MAX,
                _ => self.sealed,
            };
            loop {
                let rows = store::list_chained(db, after, PAGE).await?;
                if rows.is_empty() {
                    self.look_at_head(head.as_ref(), is_good);
                    return Ok(());
                }
                if rows[0].0 > most {
                    break;
                }
                after = self.take(&rows, most, after);
            }
            stays_at = Some(self.sealed);
        }
    }

    /// Takes the rows up to a position in; answers the position of the last.
    fn take(&mut self, rows: &[Standing], most: i64, after: Option<i64>) -> Option<i64> {
        let due = rows.iter().take_while(|(position, _)| *position <= most);
        due.fold(after, |_, (position, row)| {
            self.step(*position, row.as_ref());
            Some(*position)
        })
    }

    fn look_at_head(&mut self, head: Option<&End>, is_good: bool) {
        let last = self.last.unwrap_or_default();
        match head {
            Some(head) if !is_good => self.doubt_end(head),
            Some(head) => {
                let ends_so = self.before.as_ref().is_none_or(|mac| *mac == head.mac);
                if last < head.position {
                    self.report
                        .add(Finding::at(Damage::Truncated, last + 1, head.position));
                } else if last == head.position && !ends_so {
                    self.report.add(Finding::at(Damage::Rewritten, last, last));
                } else if self.goes_on {
                    // Links of ours stand behind it: somebody put an older one back.
                    self.report
                        .add(Finding::at(Damage::EndForged, head.position, head.position));
                }
            }
            None if last > 0 => {
                self.report.add(Finding::at(Damage::EndForged, last, last));
            }
            None => {}
        }
    }

    fn step(&mut self, position: i64, row: Option<&(Row, Link)>) {
        self.report.checked += 1;
        if self.last.is_some_and(|last| position <= last) {
            self.report
                .add(Finding::at(Damage::Inserted, position, position));
            return;
        }
        if let Some(last) = self.last
            && position > last + 1
        {
            // What is missing behind the head never was.
            let to = match self.sealed {
                0 => position - 1,
                sealed => sealed.min(position - 1),
            };
            if to > last {
                self.report.add(Finding::at(Damage::Deleted, last + 1, to));
            }
            self.before = None;
        }
        self.last = Some(position);
        let Some((row, link)) = row else {
            self.report
                .add(Finding::at(Damage::Edited, position, position));
            self.before = None;
            return;
        };
        let kept = self.kept.filter(|kept| kept.position == position);
        if kept.is_some_and(|kept| kept.mac != link.mac) {
            self.report
                .add(Finding::at(Damage::Rewritten, position, position));
        }
        self.judge(row, link);
    }

    fn judge(&mut self, row: &Row, link: &Link) {
        let here = |kind| Finding::at(kind, link.position, link.position);
        if self.lost.contains(&link.key) {
            self.report.unchecked += 1;
        } else if !link.holds(row, self.keys) {
            if self.suspects.len() < FINDINGS {
                self.suspects.push((row.clone(), link.clone()));
            } else {
                self.report.more += 1;
            }
            self.before = None;
            return;
        }
        self.goes_on |= link.position > self.sealed;
        match &self.before {
            // The program itself begins so.
            _ if link.before == ANEW => self.report.add(here(Damage::BegunAnew)),
            Some(before) if *before == link.before => {}
            Some(_) => self.report.add(here(Damage::Rewritten)),
            None => {}
        }
        self.before = Some(link.mac.clone());
    }

    fn end(mut self, begin: Option<&End>) -> Report {
        let last = self.last.unwrap_or_default();
        self.report.last = last;
        self.compare_kept(begin, last);
        let suspects = std::mem::take(&mut self.suspects);
        for (row, link) in &suspects {
            let finding = match self.home_of(row, link, &suspects) {
                Some(position) => Finding {
                    belongs: Some(position),
                    ..Finding::at(Damage::Moved, link.position, link.position)
                },
                None if self.sealed > 0 && link.position > self.sealed => {
                    Finding::at(Damage::Inserted, link.position, link.position)
                }
                None => Finding::at(Damage::Edited, link.position, link.position),
            };
            self.report.add(finding);
        }
        self.report.findings.sort_by_key(|finding| finding.from);
        self.report
    }

    fn compare_kept(&mut self, begin: Option<&End>, last: i64) {
        let Some(kept) = self.kept else { return };
        let purged = self.report.purged_through;
        self.report.compared_head = kept.position >= purged;
        if kept.position > last {
            // Said by the sealed head already, as far as that reaches.
            let from = self.sealed.max(last) + 1;
            if kept.position >= from {
                self.report
                    .add(Finding::at(Damage::Truncated, from, kept.position));
            }
        } else if kept.position == purged && begin.is_some_and(|begin| begin.mac != kept.mac) {
            self.report
                .add(Finding::at(Damage::Rewritten, purged, purged));
        }
    }

    /// Where an event that is not what was linked at its place was linked: at the place of another one like it, at a
    /// place that is empty, or right beside.
    fn home_of(&self, row: &Row, link: &Link, suspects: &[(Row, Link)]) -> Option<i64> {
        // Row and link were moved together.
        let missing = self
            .report
            .findings
            .iter()
            .filter(|gap| gap.kind == Damage::Deleted);
        let edges = missing.flat_map(|gap| [gap.from, gap.to]);
        let places = suspects.iter().map(|(_, other)| other.position);
        let beside = [
            link.position.saturating_sub(1),
            link.position.saturating_add(1),
        ];
        let mut places = beside.into_iter().chain(places).chain(edges);
        let moved = places.find(|position| {
            let there = Link {
                position: *position,
                ..link.clone()
            };
            *position != link.position && there.holds(row, self.keys)
        });
        // The row was moved, and the links stayed.
        let others = || suspects.iter().map(|(_, other)| other);
        moved.or_else(|| {
            others()
                .find(|other| other.position != link.position && other.holds(row, self.keys))
                .map(|other| other.position)
        })
    }
}
