//! SQL of the `browser_report` table.

use concierge_core::{
    system::{BrowserReport, ReportKind},
    time::Timestamp,
};

use crate::store::{Db, Row, StoreError, Tx, sql};

/// Adds a report, or its count to the row that is there.
pub(super) async fn insert(
    tx: &mut Tx,
    digest: &str,
    report: &BrowserReport,
) -> Result<(), StoreError> {
    sql("INSERT INTO browser_report (digest, kind, what, source, page, build, count, first_at, last_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (digest) DO UPDATE
         SET count = browser_report.count + excluded.count, last_at = excluded.last_at")
    .bind(digest)
    .bind(report.kind.as_str())
    .bind(report.what.as_str())
    .bind(report.source.as_str())
    .bind(report.page.as_str())
    .bind(report.build.as_str())
    .bind(i64::try_from(report.count).unwrap_or(i64::MAX))
    .bind(report.first_at.as_millis())
    .bind(report.last_at.as_millis())
    .execute(tx)
    .await
    .map(|_| ())
}

/// Those that came last, the newest first.
pub(super) async fn list_newest(db: &Db, most: i64) -> Result<Vec<BrowserReport>, StoreError> {
    sql(
        "SELECT kind, what, source, page, build, count, first_at, last_at FROM browser_report
         ORDER BY last_at DESC, digest LIMIT $1",
    )
    .bind(most)
    .fetch_all(db)
    .await?
    .iter()
    .map(read)
    .collect()
}

/// Deletes all but those that came last.
pub(super) async fn delete_beyond(tx: &mut Tx, most: i64) -> Result<u64, StoreError> {
    sql("DELETE FROM browser_report WHERE digest NOT IN
         (SELECT digest FROM browser_report ORDER BY last_at DESC, digest LIMIT $1)")
    .bind(most)
    .execute(tx)
    .await
}

/// Deletes those that have not come since.
pub(super) async fn delete_before(tx: &mut Tx, time: Timestamp) -> Result<u64, StoreError> {
    sql("DELETE FROM browser_report WHERE last_at < $1")
        .bind(time.as_millis())
        .execute(tx)
        .await
}

fn read(row: &Row) -> Result<BrowserReport, StoreError> {
    let kind = row.text("kind")?;
    let corrupt = || StoreError::corrupt("browser_report", "kind", &kind);
    Ok(BrowserReport {
        kind: ReportKind::from_text(&kind).ok_or_else(corrupt)?,
        what: row.text("what")?,
        source: row.text("source")?,
        page: row.text("page")?,
        build: row.text("build")?,
        count: u64::try_from(row.int("count")?).unwrap_or_default(),
        first_at: Timestamp::from_millis(row.int("first_at")?),
        last_at: Timestamp::from_millis(row.int("last_at")?),
    })
}
