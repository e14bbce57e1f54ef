//! Every rule that comes with the house fires at its threshold, on what the house really records.

use concierge_core::{
    alert::{Rule, Shipped},
    audit::EventName,
    locale::Locale,
};
use concierge_server::{
    audit::{self, Event, Origin},
    session::REASONS,
};

use super::*;

/// A shipped rule as it stands on the desk.
async fn shipped(admin: &mut Browser, which: Shipped) -> Rule {
    let rules = desk(admin).await["rules"].clone();
    let rules = rules.as_array().expect("rules").iter();
    let mut found = rules.filter(|rule| rule["shipped"] == which.as_str());
    let rule = found.next().expect("it is shipped")["rule"].clone();
    serde_json::from_value(rule).expect("a rule")
}

/// Whether the rule has an alert that was told.
async fn fires(app: &TestApp, admin: &mut Browser, which: Shipped) -> bool {
    app.advance_seconds(1).await;
    look(app).await;
    let alerts = desk(admin).await["alerts"].clone();
    let mut alerts = alerts.as_array().expect("alerts").iter();
    alerts.any(|alert| alert["shipped"] == which.as_str() && alert["phase"] == "firing")
}

/// Records so many of what a rule watches.
async fn record(app: &TestApp, name: EventName, rule: &Rule, count: u32) {
    let pairs = rule.detail.iter().flat_map(|detail| detail.split(','));
    let pairs = pairs.map(|pair| pair.split_once('=').expect("a pair"));
    let details = pairs.map(|(key, value)| (key.to_owned(), Value::from(value)));
    let details = Value::Object(details.collect());
    let mut tx = app.db().begin().await.expect("a transaction");
    for _ in 0..count {
        let origin = Origin::default();
        let event = Event::anonymous(name, &origin).with(details.clone());
        let now = app.services.clock.now();
        let recorded = audit::record(&mut tx, &event, now, &*app.services.rng);
        recorded.await.expect("recorded");
    }
    tx.commit().await.expect("committed");
}

/// What another process measured.
async fn measure(app: &TestApp, metric: &str, value: i64) {
    let reading = sql(
        "INSERT INTO reading (instance, metric, value, at) VALUES ('another', $1, $2, $3)
                       ON CONFLICT (instance, metric) DO UPDATE SET value = $2, at = $3",
    );
    let now = app.services.clock.now().as_millis();
    let reading = reading.bind(metric).bind(value).bind(now);
    assert_eq!(
        reading
            .execute(On::Write(app.db()))
            .await
            .expect("measured"),
        1
    );
}

on_each_engine! {
    async fn every_shipped_rule_over_events_fires_at_its_threshold_and_not_before(db) {
        let (app, mut admin) = house(db).await;
        look(&app).await;
        let mut over_events = 0;
        for which in Shipped::ALL.iter().copied() {
            let rule = shipped(&mut admin, which).await;
            let Some(name) = EventName::from_text(&rule.watch) else { continue };
            let threshold = u32::try_from(rule.threshold).expect("a count");
            record(&app, name, &rule, threshold - 1).await;
            assert!(!fires(&app, &mut admin, which).await, "{which:?} too early");
            record(&app, name, &rule, 1).await;
            assert!(fires(&app, &mut admin, which).await, "{which:?}");
            over_events += 1;
        }
        assert_eq!(over_events + 3, Shipped::ALL.len());
    }

    async fn the_shipped_rules_over_the_host_fire_when_it_lasts(db) {
        let (app, mut admin) = house(db).await;
        look(&app).await;
        for (which, value) in [(Shipped::DiskFull, 9), (Shipped::MemoryFull, 91), (Shipped::ServerErrors, 5)] {
            let rule = shipped(&mut admin, which).await;
            for _ in 0..3 {
                measure(&app, &rule.watch, value).await;
                app.advance_seconds(60).await;
                look(&app).await;
            }
            measure(&app, &rule.watch, value).await;
            assert!(fires(&app, &mut admin, which).await, "{}", which.title(Locale::En));
        }
    }
}

#[test]
fn the_patterns_of_shipped_rules_are_reasons_that_tokens_are_refused_for() {
    let source = include_str!("../../src/alert/shipped.rs");
    let patterns = source.split("pattern=").skip(1);
    let patterns: Vec<&str> = patterns.filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(patterns.len(), 7);
    for pattern in patterns {
        assert!(
            REASONS.contains(&pattern) || pattern == "signing_rate",
            "{pattern}"
        );
    }
}
