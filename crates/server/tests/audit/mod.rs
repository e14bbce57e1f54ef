//! Security events: the chain that binds them, what it notices, the lists, and the copies.

mod chain;
mod command;
mod copy;
mod list;
mod renewed;
mod retention;
mod stalled;
mod tamper;

use std::time::Duration;

use concierge_core::{audit::EventName, time::Timestamp};
use concierge_server::{
    audit::{self, Damage, Event, Head, Origin, Report},
    keys,
    platform::keyring::Ring,
    store::{On, Statement, sql},
};
use serde_json::json;

use crate::support::app::TestApp;

const DAY: Duration = Duration::from_secs(24 * 3600);

/// Records so many events, a second apart.
async fn record(app: &TestApp, count: u32) {
    let origin = Origin {
        address: "192.0.2.7".to_owned(),
        user_agent: "Test/1".to_owned(),
        request_id: "req_1".to_owned(),
    };
    for number in 0..count {
        let mut tx = app.db().begin().await.expect("a transaction");
        let details = json!({ "number": number });
        let event = Event::anonymous(EventName::LoginFail, &origin).with(details);
        let now = app.services.clock.now();
        let recorded = audit::record(&mut tx, &event, now, &*app.services.rng);
        recorded.await.expect("recorded");
        tx.commit().await.expect("committed");
        app.clock.advance(Duration::from_secs(1));
    }
}

/// Records so many events in one transaction, now.
async fn record_at_once(app: &TestApp, count: u32) {
    app.record(EventName::LoginFail, count).await;
}

/// Records an event as if it were that time.
async fn record_at(app: &TestApp, now: Timestamp) {
    let origin = Origin::default();
    let mut tx = app.db().begin().await.expect("a transaction");
    let event = Event::anonymous(EventName::LoginSuccess, &origin);
    let recorded = audit::record(&mut tx, &event, now, &*app.services.rng);
    recorded.await.expect("recorded");
    tx.commit().await.expect("committed");
}

/// An application with a chain of so many links.
async fn linked(db: &crate::support::database::Database, count: u32) -> TestApp {
    let app = TestApp::start(db).await;
    record(&app, count).await;
    let wanted = usize::try_from(count).expect("a size");
    assert_eq!(app.services.link_events().await.expect("linked"), wanted);
    app
}

/// The sealing keys of the application.
fn sealing(app: &TestApp) -> Ring {
    let reading = app.services.keeper.supply().read();
    let read = keys::read(&reading, app.services.clock.now());
    read.expect("keys that are fit").0.sealing
}

async fn verify(app: &TestApp) -> Report {
    verify_with(app, None).await
}

async fn verify_with(app: &TestApp, head: Option<&Head>) -> Report {
    let (keys, clock) = (&app.services.keys.audit, &*app.services.clock);
    let report = audit::verify(app.db(), (keys, &[]), head, clock).await;
    report.expect("it can be checked")
}

async fn head(app: &TestApp) -> Head {
    let head = app.services.chain.head().await.expect("an answer");
    head.expect("a head")
}

/// Changes the database as somebody would who has no key.
async fn tamper(app: &TestApp, statement: &'static str) -> u64 {
    change(app, sql(statement)).await
}

async fn change(app: &TestApp, statement: Statement) -> u64 {
    let changed = statement.execute(On::Write(app.db())).await;
    changed.expect("somebody who can write there can do this")
}

/// The findings as (what, from, to).
fn found(report: &Report) -> Vec<(Damage, i64, i64)> {
    let findings = report.findings.iter();
    findings.map(|one| (one.kind, one.from, one.to)).collect()
}

#[test]
fn every_event_is_documented_with_its_severity() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/events.md");
    let text = std::fs::read_to_string(path).expect("the document");
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `"));
    let documented = rows.filter_map(|row| {
        let (name, rest) = row.split_once("` | ")?;
        let (severity, _) = rest.split_once(" | ")?;
        Some((name, severity))
    });
    let documented = documented.filter(|(_, severity)| !severity.contains(' '));
    let names = EventName::ALL.iter();
    let known: Vec<_> = names
        .map(|name| (name.as_str(), name.severity().as_str()))
        .collect();
    assert_eq!(documented.collect::<Vec<_>>(), known);
}

#[test]
fn every_event_has_words_of_its_own_in_both_languages() {
    for locale in concierge_core::locale::Locale::ALL {
        let words: std::collections::BTreeSet<_> = EventName::ALL
            .iter()
            .map(|name| name.title(locale))
            .collect();
        assert_eq!(words.len(), EventName::ALL.len(), "{locale:?}");
    }
}
