//! What a viewer is told: each sample once, events as they happen, and where something is missing.

use concierge_core::{
    alert::{AlertId, RuleId},
    audit::EventName,
    monitor::Metric,
};
use concierge_server::{
    services::Services,
    store::{On, Statement, sql},
};
use serde_json::json;

use super::{House, Watching};

use crate::support::{ADA, app::TestApp};

/// The names of the alerts that are told after a look.
async fn alerts(watching: &mut Watching, services: &Services) -> Vec<String> {
    services.monitor.look_for_news().await.expect("a look");
    loop {
        let told = watching.told().await;
        if told["t"] == "al" {
            let alerts = told["a"].as_array().expect("alerts").iter();
            // The machine of the test may be short of something.
            return alerts
                .filter_map(|alert| alert["name"].as_str())
                .filter(|name| !name.is_empty())
                .map(str::to_owned)
                .collect();
        }
    }
}

/// Puts a row into the database of a house.
async fn put(house: &House, row: Statement) {
    let rows = row.execute(On::Write(house.app.db())).await;
    assert_eq!(rows.expect("put in"), 1);
}

on_each_engine! {
    async fn a_sample_comes_as_it_was_measured_to_everybody(db) {
        let house = House::open(TestApp::start(db).await).await;
        let (mut one, mut other) = (house.watch().await, house.watch().await);
        house.measure(12.5);
        let told = one.told().await;
        assert_eq!(told["t"], "s");
        assert_eq!(told["v"][0], house.now());
        assert_eq!(told["v"][1 + Metric::Cpu as usize], 12.5);
        assert!(told["v"][1 + Metric::Load1 as usize].is_null());
        assert_eq!(other.told().await, told);
    }

    async fn of_a_hundred_alerts_the_gravest_dozen_is_told(db) {
        let house = House::open(TestApp::start(db).await).await;
        let rules = "INSERT INTO alert_rule (id, rule, created_at, evaluated_at) VALUES ($1, $2, 0, 0)";
        let begun = "INSERT INTO alert (id, rule_id, phase, value, began_at, revision) VALUES ($1, $2, 'firing', 1, $3, 1)";
        let now = house.now();
        for number in 0..100_i64 {
            let rng = &*house.app.services.rng;
            let at = house.app.services.clock.now();
            let (rule, alert): (RuleId, AlertId) = (rng.id(at), rng.id(at));
            let name = format!("{number} {}", "a long name ".repeat(5));
            let severity = if number == 17 { "critical" } else { "warning" };
            let text = json!({ "name": name, "watch": "authn_login_fail", "severity": severity, "enabled": true,
                               "comparator": ">=", "tells_end": true, "threshold": 1, "window_seconds": 60 });
            put(&house, sql(rules).bind(rule.to_string()).bind(text.to_string())).await;
            put(&house, sql(begun).bind(alert.to_string()).bind(rule.to_string()).bind(now + number)).await;
        }
        let mut watching = house.watch().await;
        let told = alerts(&mut watching, &house.app.services).await;
        let numbers: Vec<&str> = told.iter().filter_map(|name| name.split(' ').next()).collect();
        assert_eq!(numbers, ["17", "99", "98", "97", "96", "95", "94", "93", "92", "91", "90", "89"]);
        house.second().await;
        assert_eq!(watching.told().await["t"], "s", "the socket goes on");
    }

    async fn who_comes_back_gets_what_it_missed_once_and_in_order(db) {
        let house = House::open(TestApp::start(db).await).await;
        house.second().await;
        let last = house.now();
        for _ in 0..100 {
            house.second().await;
        }
        let mut watching = house.watch_from(&format!("?since={last}")).await;
        for missed in 1..=100 {
            assert_eq!(watching.told().await["v"][0], last + missed * 1000);
        }
        house.second().await;
        assert_eq!(watching.told().await["v"][0], last + 101_000);
    }

    async fn who_stayed_away_too_long_hears_of_the_gap_first(db) {
        let house = House::open(TestApp::start(db).await).await;
        house.second().await;
        let mut watching = house.watch_from("?since=17").await;
        assert_eq!(watching.told().await["t"], "gap");
        assert_eq!(watching.told().await["v"][0], house.now());
    }

    async fn who_falls_behind_loses_the_oldest_and_hears_of_it(db) {
        let house = House::open(TestApp::start(db).await).await;
        let mut watching = house.watch().await;
        // More than the buffers of a connection hold, and nobody takes any of it meanwhile.
        for cpu in 0..30_000_u16 {
            house.measure(f32::from(cpu));
        }
        let mut kinds = Vec::new();
        loop {
            let told = watching.told().await;
            kinds.push(told["t"].as_str().expect("a kind").to_owned());
            if told["v"][1] == 29_999 {
                break;
            }
        }
        assert!(kinds.contains(&"gap".to_owned()), "{}", kinds.len());
        assert!(kinds.len() < 29_000);
    }

    async fn an_event_is_told_once_while_somebody_watches(db) {
        let house = House::open(TestApp::start(db).await).await;
        let monitor = &house.app.services.monitor;
        monitor.look_for_news().await.expect("a look");
        let mut watching = house.watch().await;
        let mut names = Vec::new();
        assert_eq!(house.app.browser().sign_in(ADA, "wrong").await.status, 401);
        monitor.look_for_news().await.expect("a look");
        monitor.look_for_news().await.expect("a look");
        house.measure(1.0);
        loop {
            let told = watching.told().await;
            match told["t"].as_str().expect("a kind") {
                "ev" => names.push(told["e"]["name"].as_str().expect("a name").to_owned()),
                "al" => {}
                _ => break,
            }
        }
        let fails = names.iter().filter(|name| *name == "authn_login_fail");
        assert_eq!(fails.count(), 1, "{names:?}");
        let before = names.iter().filter(|name| *name == "authn_login_success");
        assert_eq!(before.count(), 2, "what happened just before is told to who comes");
    }

    async fn what_a_look_leaves_out_is_said(db) {
        let house = House::open(TestApp::start(db).await).await;
        let monitor = &house.app.services.monitor;
        monitor.look_for_news().await.expect("a look");
        let mut watching = house.watch().await;
        house.app.advance_seconds(1).await;
        house.app.record(EventName::LoginFail, 21).await;
        monitor.look_for_news().await.expect("a look");
        monitor.look_for_news().await.expect("a look");
        house.measure(1.0);
        let mut kinds = Vec::new();
        loop {
            let told = watching.told().await;
            match told["t"].as_str().expect("a kind") {
                "s" => break,
                "al" => {}
                kind => kinds.push(kind.to_owned()),
            }
        }
        let gap = kinds.iter().position(|kind| kind == "gap").expect("a gap");
        assert_eq!(kinds[gap + 1..], ["ev"; 20], "the newest, once");
    }

    async fn what_happened_long_ago_is_in_the_history_and_not_told_again(db) {
        let house = House::open(TestApp::start(db).await).await;
        let monitor = &house.app.services.monitor;
        monitor.look_for_news().await.expect("a look");
        house.app.advance_seconds(61).await;
        let mut watching = house.watch().await;
        house.measure(1.0);
        assert_eq!(watching.told().await["t"], "s");
    }

    async fn the_alerts_that_last_are_told_when_they_change_and_to_who_comes(db) {
        let mut house = House::open(TestApp::start(db).await).await;
        let services = std::sync::Arc::clone(&house.app.services);
        let rule = json!({
            "name": "Burst", "watch": "authn_login_fail", "comparator": ">=", "threshold": 1,
            "window_seconds": 300, "severity": "warning", "enabled": true,
        });
        assert_eq!(house.admin.post("/api/alerts/rules", rule).await.status, 201);
        services.alerts.evaluate().await.expect("evaluated");
        let mut watching = house.watch().await;
        assert_eq!(alerts(&mut watching, &services).await, Vec::<String>::new());
        assert_eq!(house.app.browser().sign_in(ADA, "wrong").await.status, 401);
        services.alerts.evaluate().await.expect("evaluated");
        assert_eq!(alerts(&mut watching, &services).await, ["Burst"]);
        // Nothing changed: the next that is told is a sample.
        services.monitor.look_for_news().await.expect("a look");
        house.measure(1.0);
        assert_eq!(watching.told().await["t"], "s");
        let mut another = house.watch().await;
        assert_eq!(alerts(&mut another, &services).await, ["Burst"]);
        let history = house.admin.get("/api/monitor/history").await.json();
        assert_eq!(history["alerts"][0]["name"], "Burst");
        assert_eq!(history["alerts"][0]["phase"], "firing");
    }
}
