//! Counts reports, and keeps what there is to know of them.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use aws_lc_rs::digest::{SHA256, digest};
use concierge_core::{
    system::{BrowserReport, ReportKind},
    time::Timestamp,
};

use super::{policy::Violation, scrub, store};
use crate::{
    platform::limit::AddressKey,
    store::{Db, StoreError},
};

/// Rows in the table at most: those that came last.
pub const MOST: i64 = 500;
/// Different ones in a minute at most; what comes beyond is counted, and no more.
const MOST_IN_A_MINUTE: usize = 100;
/// Of these from one address at most: a stranger's inventions leave room for what others report.
const MOST_OF_AN_ADDRESS: usize = 5;
/// A report that never comes again is forgotten after this.
const KEPT: Duration = Duration::from_secs(30 * 24 * 3600);

/// What came from browsers.
#[derive(Debug, Default)]
pub struct Reports {
    minute: Mutex<Minute>,
    /// One at a time writes: two would write the same counts.
    writing: tokio::sync::Mutex<()>,
    policy: AtomicU64,
    failure: AtomicU64,
}

#[derive(Debug, Default)]
struct Minute {
    // In order: two processes that write the same rows wait for each other, and never in a circle.
    rows: BTreeMap<String, BrowserReport>,
    /// How many of them each address was the first to report.
    by_address: HashMap<String, usize>,
    beyond: u64,
}

impl Reports {
    /// Counts a broken policy; whether it is the first of its kind in this minute.
    pub(super) fn violated(&self, violation: Violation, from: &AddressKey, now: Timestamp) -> bool {
        self.policy.fetch_add(1, Ordering::Relaxed);
        let Violation {
            directive,
            source,
            page,
        } = violation;
        let report = row(ReportKind::Policy, directive.to_owned(), source, page, now);
        self.add(report, from)
    }

    /// Counts a failure of a page; answers the message as it may be told, when it is the first of its kind in this
    /// minute.
    pub(super) fn failed(
        &self,
        message: &str,
        page: &str,
        from: &AddressKey,
        now: Timestamp,
    ) -> Option<String> {
        self.failure.fetch_add(1, Ordering::Relaxed);
        let (message, page) = (scrub::message(message), scrub::page(page));
        let report = row(
            ReportKind::Failure,
            message.clone(),
            String::new(),
            page,
            now,
        );
        self.add(report, from).then_some(message)
    }

    fn add(&self, report: BrowserReport, from: &AddressKey) -> bool {
        let mut minute = self.minute();
        let key = key_of(&report);
        if let Some(row) = minute.rows.get_mut(&key) {
            row.count += 1;
            row.last_at = report.last_at;
            return false;
        }
        let first_of = minute.by_address.get(from.site()).copied();
        let first_of = first_of.unwrap_or_default();
        if first_of >= MOST_OF_AN_ADDRESS || minute.rows.len() >= MOST_IN_A_MINUTE {
            minute.beyond += 1;
            return false;
        }
        minute
            .by_address
            .insert(from.site().to_owned(), first_of + 1);
        minute.rows.insert(key, report);
        true
    }

    /// How many came since the start, by kind.
    pub fn counts(&self) -> [(ReportKind, u64); 2] {
        [
            (ReportKind::Policy, self.policy.load(Ordering::Relaxed)),
            (ReportKind::Failure, self.failure.load(Ordering::Relaxed)),
        ]
    }

    /// Writes down what came since the last time. It is taken out only once it is in the database: what fails, or is
    /// dropped half way, is written the next time.
    pub async fn flush(&self, db: &Db) -> Result<(), StoreError> {
        let _turn = self.writing.lock().await;
        let (rows, beyond) = {
            let mut minute = self.minute();
            (minute.rows.clone(), std::mem::take(&mut minute.beyond))
        };
        if beyond > 0 {
            tracing::warn!(
                beyond,
                "more different reports came from browsers than are looked at in a minute"
            );
        }
        if rows.is_empty() {
            return Ok(());
        }
        let mut tx = db.begin().await?;
        for (digest, row) in &rows {
            store::insert(&mut tx, digest, row).await?;
        }
        store::delete_beyond(&mut tx, MOST).await?;
        tx.commit().await?;
        let mut minute = self.minute();
        for (digest, written) in rows {
            if let Some(row) = minute.rows.get_mut(&digest) {
                row.count = row.count.saturating_sub(written.count);
            }
        }
        minute.rows.retain(|_, row| row.count > 0);
        minute.by_address.clear();
        Ok(())
    }

    /// Those that came last, the newest first; of this process also what came in this minute.
    pub async fn list(&self, db: &Db) -> Result<Vec<BrowserReport>, StoreError> {
        self.flush(db).await?;
        store::list_newest(db, MOST).await
    }

    /// Deletes what has not come for a month; answers how many rows.
    pub async fn purge(&self, db: &Db, now: Timestamp) -> Result<u64, StoreError> {
        let mut tx = db.begin().await?;
        let deleted = store::delete_before(&mut tx, now.minus(KEPT)).await?;
        tx.commit().await?;
        Ok(deleted)
    }

    fn minute(&self) -> MutexGuard<'_, Minute> {
        self.minute.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Which build the pages are of: the version, and the site inside the program where there is one.
fn build() -> String {
    let site = option_env!("SITE_DIGEST").unwrap_or_default();
    let site: String = site.chars().take(8).collect();
    match site.as_str() {
        "" => env!("CARGO_PKG_VERSION").to_owned(),
        site => format!("{}+{site}", env!("CARGO_PKG_VERSION")),
    }
}

/// A report that came now, for the first time.
fn row(
    kind: ReportKind,
    what: String,
    source: String,
    page: &str,
    now: Timestamp,
) -> BrowserReport {
    BrowserReport {
        kind,
        what,
        source,
        page: page.to_owned(),
        build: build(),
        count: 1,
        first_at: now,
        last_at: now,
    }
}

fn key_of(report: &BrowserReport) -> String {
    let BrowserReport {
        what,
        source,
        page,
        build,
        ..
    } = report;
    let text = [report.kind.as_str(), what, source, page, build].join("\n");
    hex::encode(&digest(&SHA256, text.as_bytes()).as_ref()[..16])
}
