//! Messages that wait: quiet hours, floods, channels that are gone, and what joins at the last moment.

use std::sync::Arc;

use super::*;

const HOUR: u64 = 3600;

/// A house with a webhook, and its receiver.
async fn told(db: &Database) -> (TestApp, Browser, Receiver) {
    let (app, mut admin) = house(db).await;
    silence(&app).await;
    let receiver = Receiver::start().await;
    channel(&mut admin, "webhook", &receiver.url()).await;
    (app, admin, receiver)
}

/// A burst whose end is not told.
fn begins(threshold: u32) -> Value {
    let mut rule = burst(threshold);
    rule["tells_end"] = json!(false);
    rule
}

async fn fail(app: &TestApp, name: &str) {
    guess(app, &format!("{name}@example.org"), [203, 0, 113, 1]).await;
}

fn kinds(got: &[receiver::Got]) -> Vec<String> {
    let kind = |got: &receiver::Got| got.json()["type"].as_str().expect("a type").to_owned();
    got.iter().map(kind).collect()
}

/// What a digest tells.
fn told_in(got: &receiver::Got) -> Vec<String> {
    let body = got.json();
    let alerts = body["data"]["alerts"].as_array().expect("a digest").iter();
    let what = alerts.map(|alert| alert["what"].as_str().expect("a word").to_owned());
    what.collect()
}

on_each_engine! {
    async fn what_tells_of_a_message_that_was_given_up_raises_nothing_when_it_is_given_up_too(db) {
        let (app, mut admin, receiver) = told(db).await;
        receiver.set(receiver::Manner::Says(400, "no"));
        let mut given_up = begins(1);
        given_up["watch"] = json!("alert_given_up");
        rule(&mut admin, given_up).await;
        rule(&mut admin, begins(1)).await;
        fail(&app, "one").await;
        let mut counts = Vec::new();
        // Two schedules and more, with a look after each try.
        for _ in 0..40 {
            look(&app).await;
            app.advance_seconds(8 * HOUR).await;
            counts.push(app.events("alert_given_up").await);
        }
        assert_eq!((counts.first(), counts.last()), (Some(&0), Some(&1)));
        assert_eq!(receiver.got().len(), 2 * 12, "of the burst, and of its end");
    }

    async fn what_quiet_hours_hold_back_is_not_late(db) {
        let (app, mut admin, receiver) = told(db).await;
        receiver.set(receiver::Manner::Says(503, "later"));
        // The tests' clock begins at 08:00 UTC.
        let mut quiet = begins(1);
        quiet["quiet"] = json!({ "from": 7 * 60, "to": 9 * 60 });
        rule(&mut admin, quiet).await;
        fail(&app, "one").await;
        look(&app).await;
        let late = async || {
            let families = app.services.metric_families().await;
            let read = Exposition::read(&metrics::write(&families)).expect("metrics");
            read.value("concierge_alert_oldest_message_seconds", &[])
        };
        app.advance_seconds(3000).await;
        assert_eq!(late().await, Some(0.0));
        app.advance_seconds(700).await;
        send(&app).await;
        assert!(late().await >= Some(60.0), "it left, and did not arrive");
    }

    async fn the_quiet_hours_of_a_rule_hold_back_nothing_of_another(db) {
        let (app, mut admin, receiver) = told(db).await;
        // The tests' clock begins at 08:00 UTC.
        let mut quiet = begins(1);
        quiet["quiet"] = json!({ "from": 7 * 60, "to": 20 * 60 });
        for _ in 0..6 {
            rule(&mut admin, quiet.clone()).await;
        }
        for _ in 0..7 {
            rule(&mut admin, begins(2)).await;
        }
        fail(&app, "one").await;
        look(&app).await;
        assert!(receiver.got().is_empty());
        fail(&app, "two").await;
        look(&app).await;
        assert_eq!(kinds(&receiver.taken()), ["alert.fired"; 5]);
        app.advance_seconds(300).await;
        send(&app).await;
        let got = receiver.taken();
        assert_eq!((got.len(), told_in(&got[0]).len()), (1, 2), "the rest of the flood, and nothing that is quiet");
        app.advance_seconds(11 * HOUR).await;
        send(&app).await;
        assert!(receiver.got().is_empty());
        app.advance_seconds(HOUR).await;
        send(&app).await;
        let got = receiver.taken();
        assert_eq!((got.len(), told_in(&got[0]).len()), (1, 6));
    }

    async fn quiet_hours_end_with_one_message_in_the_order_of_what_happened(db) {
        let (app, mut admin, receiver) = told(db).await;
        let mut quiet = burst(1);
        quiet["quiet"] = json!({ "from": 7 * 60, "to": 20 * 60 });
        for _ in 0..4 {
            rule(&mut admin, quiet.clone()).await;
        }
        fail(&app, "one").await;
        look(&app).await;
        for _ in 0..2 {
            app.advance_seconds(HOUR).await;
            look(&app).await;
        }
        app.advance_seconds(10 * HOUR).await;
        send(&app).await;
        let got = receiver.taken();
        assert_eq!(kinds(&got), ["alert.digest"]);
        let expected = [["alert.fired"; 4], ["alert.resolved"; 4]].concat();
        assert_eq!(told_in(&got[0]), expected);
    }

    async fn one_fact_of_quiet_hours_reads_like_any_other(db) {
        let (app, mut admin, receiver) = told(db).await;
        let mut quiet = begins(1);
        quiet["quiet"] = json!({ "from": 7 * 60, "to": 20 * 60 });
        rule(&mut admin, quiet).await;
        fail(&app, "one").await;
        look(&app).await;
        app.advance_seconds(12 * HOUR).await;
        send(&app).await;
        let text = receiver.got()[0].json()["data"]["text"].as_str().expect("text").to_owned();
        assert!(text.starts_with("Warning: Burst."), "{text}");
    }

    async fn what_joins_a_digest_at_the_last_moment_leaves_with_it(db) {
        let (app, mut admin, receiver) = told(db).await;
        for _ in 0..7 {
            rule(&mut admin, begins(1)).await;
        }
        fail(&app, "one").await;
        look(&app).await;
        assert_eq!(receiver.taken().len(), 5);
        app.advance_seconds(300).await;
        let digest = sql("SELECT body FROM alert_delivery WHERE kind = 'alert.digest'").fetch_one(app.db()).await;
        let mut digest: Value = serde_json::from_str(&digest.and_then(|row| row.text("body")).expect("a digest")).expect("JSON");
        let facts = digest["facts"].as_array_mut().expect("facts");
        facts.push(facts[0].clone());
        let mut tx = app.db().begin().await.expect("begun");
        let joined = sql("UPDATE alert_delivery SET body = $1 WHERE kind = 'alert.digest'").bind(digest.to_string());
        assert_eq!(joined.execute(&mut tx).await.expect("joined"), 1);
        let services = Arc::clone(&app.services);
        let sending = tokio::spawn(async move { services.alerts.deliver(&services.shutdown).await });
        wait_for_others(&app).await;
        tx.commit().await.expect("committed");
        sending.await.expect("ended").expect("sent");
        let got = receiver.taken();
        assert_eq!((got.len(), told_in(&got[0]).len()), (1, 3));
    }

    async fn a_rule_whose_channels_are_gone_or_off_tells_everybody(db) {
        let (app, mut admin, everybody) = told(db).await;
        let (one, other) = (Receiver::start().await, Receiver::start().await);
        let (gone, _) = channel(&mut admin, "webhook", &one.url()).await;
        let (off, _) = channel(&mut admin, "webhook", &other.url()).await;
        let mut chosen = begins(1);
        chosen["channels"] = json!([gone, off]);
        rule(&mut admin, chosen).await;
        let path = |id: &str| format!("/api/alerts/channels/{id}");
        assert_eq!(admin.call("DELETE", &path(&gone), json!({})).await.status, 204);
        assert_eq!(admin.call("PATCH", &path(&off), json!({ "enabled": false })).await.status, 200);
        fail(&app, "one").await;
        look(&app).await;
        assert_eq!((everybody.got().len(), one.got().len(), other.got().len()), (1, 0, 0));
    }
}
