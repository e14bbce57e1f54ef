//! The life of an alert: told, told again, acknowledged, over; and all of it across the death of a process.

use super::*;
use crate::support::{ADA, PASSWORD};

const MINUTE: u64 = 60;

/// What was told since the last time.
fn told(receiver: &Receiver) -> Vec<String> {
    let kinds = receiver
        .taken()
        .into_iter()
        .map(|got| got.json()["type"].as_str().expect("a type").to_owned());
    kinds.collect()
}

async fn watched(db: &Database, rule_of: Value) -> (TestApp, Browser, Receiver) {
    let (app, mut admin) = house(db).await;
    silence(&app).await;
    let receiver = Receiver::start().await;
    channel(&mut admin, "webhook", &receiver.url()).await;
    rule(&mut admin, rule_of).await;
    (app, admin, receiver)
}

async fn fail(app: &TestApp) {
    guess(app, "nobody@example.org", [203, 0, 113, 1]).await;
}

async fn later(app: &TestApp, seconds: u64) {
    app.advance_seconds(seconds).await;
    look(app).await;
}

async fn again(app: &TestApp) -> Browser {
    let mut admin = app.browser();
    assert_eq!(admin.sign_in(ADA, PASSWORD).await.status, 200);
    admin
}

on_each_engine! {
    async fn an_alert_is_told_told_again_and_over(db) {
        let mut repeated = burst(1);
        repeated["repeat_seconds"] = json!(120);
        let (app, mut admin, receiver) = watched(db, repeated).await;
        fail(&app).await;
        look(&app).await;
        assert_eq!(told(&receiver), ["alert.fired"]);
        later(&app, 119).await;
        assert!(told(&receiver).is_empty());
        later(&app, 1).await;
        assert_eq!(told(&receiver), ["alert.repeated"]);
        later(&app, 3 * MINUTE).await;
        assert_eq!(told(&receiver), ["alert.resolved"]);
        let alert = desk(&mut admin).await["alerts"][0].clone();
        assert_eq!(alert["phase"], "resolved");
        assert!(alert["resolved_at"].is_string());
        fail(&app).await;
        look(&app).await;
        assert_eq!(told(&receiver), ["alert.fired"], "the next one is another alert");
        assert_eq!(app.count("alert").await, 2);
    }

    async fn what_was_acknowledged_is_silent_until_then(db) {
        let mut long = burst(1);
        long["repeat_seconds"] = json!(60);
        long["window_seconds"] = json!(86_400);
        let (app, mut admin, receiver) = watched(db, long).await;
        fail(&app).await;
        look(&app).await;
        assert_eq!(told(&receiver), ["alert.fired"]);
        let id = desk(&mut admin).await["alerts"][0]["id"].as_str().expect("an id").to_owned();
        let path = format!("/api/alerts/{id}/acknowledge");
        for minutes in [4, 10_081] {
            admin.post(&path, json!({ "minutes": minutes })).await.assert_problem(422, "invalid_fields");
        }
        let seen = admin.post(&path, json!({ "minutes": 10 })).await;
        assert_eq!(seen.status, 200, "{}", seen.text());
        assert_eq!((&seen.json()["phase"], &seen.json()["acknowledged_by"]), (&json!("acknowledged"), &json!(ADA)));
        assert_eq!(app.events("alert_acknowledged").await, 1);
        for _ in 0..9 {
            later(&app, MINUTE).await;
        }
        assert!(told(&receiver).is_empty());
        later(&app, MINUTE).await;
        assert_eq!(told(&receiver), ["alert.repeated"]);
        app.advance_seconds(25 * 60 * MINUTE).await;
        look(&app).await;
        assert_eq!(told(&receiver), ["alert.resolved"]);
        again(&app).await.post(&path, json!({})).await.assert_problem(409, "conflict");
        let none = "/api/alerts/alr_00000000000000000000000000000000/acknowledge";
        again(&app).await.post(none, json!({})).await.assert_problem(404, "not_found");
    }

    async fn what_comes_up_in_quiet_hours_is_told_at_their_end(db) {
        // The tests' clock begins at 08:00 UTC.
        let mut quiet = burst(1);
        quiet["quiet"] = json!({ "from": 7 * 60, "to": 8 * 60 + 30 });
        let (app, _, receiver) = watched(db, quiet).await;
        fail(&app).await;
        look(&app).await;
        later(&app, 28 * MINUTE).await;
        later(&app, MINUTE).await;
        assert!(told(&receiver).is_empty());
        later(&app, MINUTE).await;
        let got = receiver.taken();
        assert_eq!(got.len(), 1);
        let alerts = got[0].json()["data"]["alerts"].clone();
        assert_eq!((&alerts[0]["what"], &alerts[1]["what"]), (&json!("alert.fired"), &json!("alert.resolved")), "its end was told then, too");
    }

    async fn a_condition_must_hold_for_its_time(db) {
        let mut patient = burst(1);
        patient["for_seconds"] = json!(120);
        let (app, mut admin, receiver) = watched(db, patient).await;
        fail(&app).await;
        look(&app).await;
        assert_eq!(desk(&mut admin).await["alerts"][0]["phase"], "pending");
        later(&app, 119).await;
        assert!(told(&receiver).is_empty());
        later(&app, 1).await;
        assert_eq!(told(&receiver), ["alert.fired"]);
    }

    async fn a_metric_is_measured_and_held_against_its_rule(db) {
        let metric = |watch: &str, comparator: &str, threshold: u32| json!({
            "name": watch, "watch": watch, "comparator": comparator, "threshold": threshold, "severity": "critical", "enabled": true,
        });
        let (app, mut admin, receiver) = watched(db, metric("memory_used_percent", ">=", 0)).await;
        rule(&mut admin, metric("disk_free_percent", "<=", 100)).await;
        rule(&mut admin, metric("disk_free_percent", ">", 100)).await;
        rule(&mut admin, metric("server_error_percent", ">", 50)).await;
        later(&app, 30).await;
        assert_eq!(told(&receiver).len(), 2);
        for n in 0..30 {
            app.services.alerts.answers.count(if n % 3 == 0 { 200 } else { 503 }, app.services.clock.now());
        }
        later(&app, 30).await;
        assert_eq!(told(&receiver), ["alert.fired"]);
    }

    async fn what_happened_while_nobody_looked_is_told_once(db) {
        let (app, _, receiver) = watched(db, burst(1)).await;
        look(&app).await;
        fail(&app).await;
        // The process dies; the next one comes an hour later, when no window holds the event any more.
        app.advance_seconds(3600).await;
        let next = app.beside_with(db, near).await;
        look(&next).await;
        assert_eq!(told(&receiver), ["alert.fired"]);
        look(&next).await;
        assert_eq!(told(&receiver), ["alert.resolved"]);
        next.advance_seconds(40).await;
        let third = next.beside_with(db, near).await;
        look(&third).await;
        assert!(told(&receiver).is_empty());
    }

    async fn one_process_evaluates_and_the_next_goes_on(db) {
        let (app, _, receiver) = watched(db, burst(1)).await;
        let other = app.beside_with(db, near).await;
        fail(&app).await;
        look(&other).await;
        assert!(told(&receiver).is_empty(), "the first has the turn");
        look(&app).await;
        assert_eq!(told(&receiver), ["alert.fired"]);
        app.advance_seconds(31).await;
        look(&other).await;
        look(&app).await;
        assert!(told(&receiver).is_empty(), "it was told");
        other.advance_seconds(5 * MINUTE).await;
        look(&other).await;
        assert_eq!(told(&receiver), ["alert.resolved"]);
        other.services.alerts.give_turn_back().await.expect("given back");
        fail(&app).await;
        look(&app).await;
        assert_eq!(told(&receiver), ["alert.fired"], "the turn was free at once");
    }

    async fn whoever_lost_the_turn_decides_nothing(db) {
        let (app, _, receiver) = watched(db, burst(1)).await;
        look(&app).await;
        app.db().seize_lease("alerts", "somebody else", std::time::Duration::from_secs(30), app.services.clock.now()).await.expect("seized");
        fail(&app).await;
        look(&app).await;
        assert!(told(&receiver).is_empty());
        later(&app, 31).await;
        assert_eq!(told(&receiver), ["alert.fired"]);
    }
}
