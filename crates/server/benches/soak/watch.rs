//! Memory and open files of the server while it is under load, and a line of progress now and then.

use std::time::{Duration, Instant};

use crate::{
    Outcome, Table,
    release::Running,
    report::{Goal, note},
    tally::Tally,
};

/// Between two readings.
const READS: Duration = Duration::from_secs(1);
/// Readings between two lines of progress.
const TELLS: u64 = 20;
/// Caches, pools and the allocator are warm after this part of the time, a minute at most.
const WARM_UP: u32 = 4;
/// What the memory may grow by once everything is warm: less than a leak of a hundred bytes a request.
const GROWTH: f64 = 24.0;
/// Files that may be open under load: the connections of the load, the database's, and what is closing.
const FILES: f64 = 400.0;

/// The highest of what was read.
#[derive(Default)]
pub struct Readings {
    /// Open files before the load.
    pub idle_files: usize,
    warm: f64,
    high: f64,
    files: usize,
}

impl Readings {
    /// Adds the figures to the table.
    pub fn add_to(&self, table: &mut Table) {
        table.add("memory, highest in warm-up", self.warm, "MB", Goal::Shown);
        let growth = (self.high - self.warm).max(0.0);
        table.add(
            "memory, growth after warm-up",
            growth,
            "MB",
            Goal::AtMost(GROWTH),
        );
        table.add(
            "open files, highest",
            self.files as f64,
            "",
            Goal::AtMost(FILES),
        );
    }
}

/// How many files, sockets included, the server holds open.
pub fn files(running: &Running) -> Outcome<usize> {
    Ok(std::fs::read_dir(running.proc("fd"))?.count())
}

/// Reads for this long.
pub async fn watch(running: &Running, tally: &Tally, span: Duration) -> Outcome<Readings> {
    let begun = Instant::now();
    let warm_up = (span / WARM_UP).min(Duration::from_secs(60));
    let mut readings = Readings {
        idle_files: files(running)?,
        ..Readings::default()
    };
    let mut tick = tokio::time::interval(READS);
    for reading in 0_u64.. {
        tick.tick().await;
        if begun.elapsed() >= span {
            break;
        }
        let (memory, files) = (running.resident()?, files(running)?);
        let highest = if begun.elapsed() < warm_up {
            &mut readings.warm
        } else {
            &mut readings.high
        };
        *highest = highest.max(memory);
        readings.files = readings.files.max(files);
        if reading.is_multiple_of(TELLS) {
            let counts = tally.counts();
            note(&format!(
                "{:>5} of {} s: {} answers, {memory:.0} MB, {files} open files, {} broken promises",
                begun.elapsed().as_secs(),
                span.as_secs(),
                counts.total(),
                counts.breaks
            ));
        }
    }
    Ok(readings)
}
