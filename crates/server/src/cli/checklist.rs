//! The eight lines at the end of `key check` and of `doctor`.

use std::fmt::Write as _;

use concierge_core::{
    keys::api::{CheckLine, Checked},
    time::Timestamp,
};

use crate::{
    config::{DatabaseUrl, Environment, Finding, Reading},
    keys::{
        checklist::{self, Facts, Known, Watching},
        due,
    },
    store::{Db, sqlite_file},
};

/// The eight lines of a configuration. The database is opened as it is, to ask what it knows; without one the line
/// that needs it stays open.
pub(super) async fn of(reading: &Reading, findings: &[Finding], now: Timestamp) -> Vec<Checked> {
    let config = reading.config.as_ref().ok();
    let facts = match config.filter(|_| reading.environment.is_deployed()) {
        Some(config) => facts(&config.database_url).await,
        None => None,
    };
    let unplanned = due::unplanned(reading.keys(), reading.environment, &reading.data, now);
    checklist::checklist(&Known {
        environment: reading.environment,
        findings,
        due: &unplanned,
        watching: config.map(Watching::of),
        facts,
        now,
    })
}

async fn facts(url: &DatabaseUrl) -> Option<Facts> {
    if url.is_sqlite() && !sqlite_file(url.expose())?.exists() {
        return None;
    }
    let db = Db::open(url.expose()).await.ok()?;
    let facts = Facts::find(&db).await;
    db.close().await;
    facts.ok()
}

/// The list for people. Signs and words, not colours: it is read in logs and by screen readers too.
pub(super) fn page(lines: &[Checked], environment: Environment) -> String {
    let mut page = String::from("\nThe keys, in eight lines:\n");
    for one in lines {
        let (mark, aside) = match (one.is_waived, one.is_ticked) {
            (true, _) => ("–    ", format!(": not asked for in {environment}")),
            (false, true) => ("✓ yes", String::new()),
            (false, false) => ("✗ no ", String::new()),
        };
        // Writing to a text can't fail.
        let _ = writeln!(page, "  {mark}  {}{aside}", words(one.line));
        for remedy in &one.remedies {
            let _ = writeln!(page, "         → {remedy}");
        }
    }
    page
}

const fn words(line: CheckLine) -> &'static str {
    match line {
        CheckLine::MadeSecurely => "made securely, each for one purpose",
        CheckLine::LongEnough => "long enough",
        CheckLine::RandomEnough => "random enough",
        CheckLine::ClosedFiles => "stored in files that others cannot read",
        CheckLine::RightPlace => {
            "from the environment, a closed file or a store, and of this environment"
        }
        CheckLine::RotationPlanned => "rotation planned, none overdue",
        CheckLine::WatchedOver => "events logged, and somebody is told",
        CheckLine::RecoveryReady => "a backup verified within 90 days, the guides at hand",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_has_a_sign_and_a_word_and_below_it_what_to_do() {
        let line = |line, is_ticked, is_waived, remedies| Checked {
            line,
            is_ticked,
            is_waived,
            remedies,
        };
        let lines = [
            line(CheckLine::LongEnough, true, false, vec![]),
            line(
                CheckLine::ClosedFiles,
                false,
                false,
                vec!["chmod 600 x".to_owned()],
            ),
            line(CheckLine::RecoveryReady, true, true, vec![]),
        ];
        let page = page(&lines, Environment::Development);
        let lines: Vec<&str> = page.lines().skip(2).collect();
        assert_eq!(lines[0], "  ✓ yes  long enough");
        assert_eq!(lines[1], "  ✗ no   stored in files that others cannot read");
        assert_eq!(lines[2].trim(), "→ chmod 600 x");
        let waived = "  –      a backup verified within 90 days, the guides at hand: not asked for in development";
        assert_eq!(lines[3], waived);
    }
}
