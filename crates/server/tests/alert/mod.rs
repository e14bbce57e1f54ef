//! Alerts: from real sign-ins to real receivers.

mod channels;
mod door;
mod elsewhere;
mod faults;
mod life;
mod program;
mod queue;
mod receiver;
mod rules;
mod shipped;

use concierge_core::{alert::Shipped, time::Timestamp};
use concierge_server::{
    platform::metrics,
    store::{On, sql},
};
use serde_json::{Value, json};

use crate::support::{
    app::{Options, TestApp},
    browser::Browser,
    database::Database,
    exposition::Exposition,
};
use receiver::Receiver;

/// A house whose receivers are on this machine.
async fn house(database: &Database) -> (TestApp, Browser) {
    let app = TestApp::with(database, near).await;
    let admin = app.signed_in_admin().await;
    (app, admin)
}

fn near(options: &mut Options) {
    options.config.alert_networks = vec!["127.0.0.0/8".parse().expect("a network")];
}

/// A channel to a receiver; answers its id and the secret of a webhook.
async fn channel(admin: &mut Browser, way: &str, to: &str) -> (String, String) {
    let body = json!({ "name": "On call", "way": way, "to": to });
    let made = admin.post("/api/alerts/channels", body).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (
        text(&made.json()["channel"]["id"]),
        text(&made.json()["secret"]),
    )
}

/// Looks at the rules and sends what comes of it, as the running program does every few seconds.
async fn look(app: &TestApp) {
    app.services.alerts.evaluate().await.expect("evaluated");
    send(app).await;
}

async fn send(app: &TestApp) {
    let shutdown = app.services.shutdown.clone();
    let sent = app.services.alerts.deliver(&shutdown).await;
    sent.expect("delivered");
}

/// Lets others come as far as they can, while a transaction of the test keeps them from writing: their first reads are
/// over long before these.
async fn wait_for_others(app: &TestApp) {
    for _ in 0..200 {
        app.count("alert_delivery").await;
    }
}

/// A rule over a burst of failed sign-ins.
fn burst(threshold: u32) -> Value {
    json!({
        "name": "Burst", "watch": "authn_login_fail", "comparator": ">=", "threshold": threshold,
        "window_seconds": 300, "severity": "warning", "tells_end": true, "enabled": true,
    })
}

async fn rule(admin: &mut Browser, rule: Value) -> String {
    let made = admin.post("/api/alerts/rules", rule).await;
    assert_eq!(made.status, 201, "{}", made.text());
    made.json()["id"].as_str().expect("an id").to_owned()
}

/// Switches every shipped rule off, so that only the test's own speak.
async fn silence(app: &TestApp) {
    app.services.alerts.evaluate().await.expect("evaluated");
    let off =
        sql("UPDATE alert_rule SET rule = REPLACE(rule, '\"enabled\":true', '\"enabled\":false')");
    off.execute(On::Write(app.db()))
        .await
        .expect("switched off");
    // The machine of the test may be short of something.
    let alerts = sql("DELETE FROM alert").execute(On::Write(app.db()));
    alerts.await.expect("forgotten");
}

/// Somebody at this address guesses the password of a name.
async fn guess(app: &TestApp, name: &str, address: [u8; 4]) {
    let mut stranger = app.browser();
    stranger.peer = (address, 40_000).into();
    let answer = stranger.sign_in(name, "not the right words").await;
    assert!([401, 429].contains(&answer.status), "{}", answer.text());
}

async fn desk(admin: &mut Browser) -> Value {
    let answer = admin.get("/api/alerts").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

on_each_engine! {
    async fn failed_sign_ins_become_a_signed_message(db) {
        let (app, mut admin) = house(db).await;
        let receiver = Receiver::start().await;
        let (_, secret) = channel(&mut admin, "webhook", &receiver.url()).await;
        silence(&app).await;
        let rule = rule(&mut admin, burst(3)).await;
        for n in 0..2 {
            guess(&app, &format!("nobody{n}@example.org"), [203, 0, 113, 1]).await;
        }
        look(&app).await;
        assert!(receiver.got().is_empty());
        guess(&app, "nobody@example.org", [203, 0, 113, 1]).await;
        look(&app).await;
        look(&app).await;
        let got = receiver.got();
        assert_eq!(got.len(), 1, "once");
        assert!(got[0].is_signed_with(&secret));
        let body = got[0].json();
        assert_eq!(body["type"], "alert.fired");
        assert_eq!(body["data"]["rule"], rule.as_str());
        assert_eq!(body["data"]["value"], 3);
        assert_eq!(body["data"]["latest"]["address"], "203.0.113.1");
        let desk = desk(&mut admin).await;
        assert_eq!(desk["alerts"][0]["phase"], "firing");
        assert_eq!(desk["deliveries"][0]["state"], "delivered");
        assert_eq!(desk["deliveries"][0]["code"], 200);
        assert_eq!(desk["deliveries"][0]["answer"], "thank you");
        assert_eq!(desk["deliveries"][0]["rule"], rule.as_str());
        assert!(desk["deliveries"][0]["next_try_at"].is_null());
    }

    async fn the_desk_has_an_order_and_says_when_a_message_is_tried_again(db) {
        let (app, mut admin) = house(db).await;
        silence(&app).await;
        let receiver = Receiver::start().await;
        receiver.set(receiver::Manner::Says(503, "later"));
        channel(&mut admin, "webhook", &receiver.url()).await;
        let rule = rule(&mut admin, burst(1)).await;
        guess(&app, "nobody@example.org", [203, 0, 113, 1]).await;
        look(&app).await;
        let desk = desk(&mut admin).await;
        let message = &desk["deliveries"][0];
        assert_eq!((&message["rule"], &message["state"]), (&json!(rule), &json!("waiting")));
        let next = message["next_try_at"].as_str().and_then(Timestamp::parse_rfc3339);
        assert!(next > Some(app.services.clock.now()), "{message}");
        let kinds = desk["rules"].as_array().expect("rules").iter();
        let kinds: Vec<&str> = kinds.filter_map(|rule| rule["shipped"].as_str()).collect();
        let wanted: Vec<&str> = Shipped::ALL.iter().map(|kind| kind.as_str()).collect();
        assert_eq!(kinds, wanted);
        assert_eq!(desk["rules"][kinds.len()]["id"], rule);

        app.advance_seconds(40).await;
        let families = app.services.metric_families().await;
        let read = Exposition::read(&metrics::write(&families)).expect("metrics");
        let lasting = |severity| read.value("concierge_alerts", &[("severity", severity)]);
        assert_eq!((lasting("warning"), lasting("critical")), (Some(1.0), Some(0.0)));
        assert_eq!(read.value("concierge_alert_oldest_message_seconds", &[]), Some(40.0));
    }
}
