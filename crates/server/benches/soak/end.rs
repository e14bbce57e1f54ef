//! After the load: everything is let go of, the stop is graceful, the database sound.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use axum::http::Method;
use serde_json::json;
use sqlx::SqlitePool;

use crate::{
    Outcome, Table,
    browser::Browser,
    people::PASSWORD,
    release::Running,
    report::Goal,
    tally::{Expected, Tally},
    watch::{self, Readings},
};

/// What the database's pool may have opened besides, each connection with its log and its index.
const POOL: f64 = 40.0;
/// Connections that have been closed are gone by then, those that never sent a head included.
const GONE_WITHIN: Duration = Duration::from_secs(20);
/// A graceful stop takes no longer.
const STOPPED_WITHIN: Duration = Duration::from_secs(15);

/// How it ended.
pub struct End {
    files_more: f64,
    memory: f64,
    stopped_after: f64,
}

impl End {
    /// Adds the figures to the table.
    pub fn add_to(&self, table: &mut Table) {
        table.add(
            "open files, more than before the load",
            self.files_more,
            "",
            Goal::AtMost(POOL),
        );
        table.add("memory, after the load", self.memory, "MB", Goal::Shown);
        let most = STOPPED_WITHIN.as_secs_f64();
        table.add("stopped after", self.stopped_after, "s", Goal::AtMost(most));
    }
}

/// Ends the server while a sign-in is under way, which still gets its answer.
pub async fn end(
    running: &mut Running,
    folder: &Path,
    readings: &Readings,
    tally: &Tally,
) -> Outcome<End> {
    let files_more = files_more(running, readings).await?;
    let memory = running.resident()?;
    let mut browser = Browser::open(running.port, tally).await?;
    let body = json!({ "email": "passes-0@example.org", "password": PASSWORD });
    let to = (Method::POST, "/api/auth/login");
    let mut begun = Instant::now();
    let (answered, ()) = tokio::join!(
        browser.send("sign-in at the end", to, &body, Expected::Done),
        async {
            // Long enough to arrive, shorter than a hash takes.
            tokio::time::sleep(Duration::from_millis(5)).await;
            begun = Instant::now();
            running.terminate();
        }
    );
    if let Err(error) = answered {
        tally.breaks(format!("the stop cut a sign-in off: {error}"));
    }
    let stopped_after = stopped(running, begun, tally).await?;
    check_database(folder, tally).await?;
    Ok(End {
        files_more,
        memory,
        stopped_after,
    })
}

/// How many more files are open than before the load, once closed connections had time to go.
async fn files_more(running: &Running, readings: &Readings) -> Outcome<f64> {
    let begun = Instant::now();
    loop {
        let more = watch::files(running)? as f64 - readings.idle_files as f64;
        if more <= POOL || begun.elapsed() > GONE_WITHIN {
            return Ok(more.max(0.0));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn stopped(running: &mut Running, begun: Instant, tally: &Tally) -> Outcome<f64> {
    loop {
        if let Some(status) = running.child.try_wait()? {
            if !status.success() {
                tally.breaks(format!("the server ended with {status}"));
            }
            return Ok(begun.elapsed().as_secs_f64());
        }
        if begun.elapsed() > STOPPED_WITHIN {
            tally.breaks("the server did not stop".to_owned());
            return Ok(begun.elapsed().as_secs_f64());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn check_database(folder: &Path, tally: &Tally) -> Outcome<()> {
    let url = format!("sqlite:{}", folder.join("data/concierge.db").display());
    let pool = SqlitePool::connect(&url).await?;
    let verdict: String = sqlx::query_scalar("PRAGMA integrity_check")
        .fetch_one(&pool)
        .await?;
    if verdict != "ok" {
        tally.breaks(format!("the database is damaged: {verdict}"));
    }
    pool.close().await;
    Ok(())
}
