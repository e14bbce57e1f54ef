//! Channels: what each receiver gets, and what comes of receivers that fail, hang, move or are not to be reached.

use std::time::Duration;

use concierge_server::config::Config;

use super::*;
use crate::{
    alert::receiver::Manner,
    support::{ADA, PASSWORD},
};

/// A house with a burst that has just fired for a receiver of this manner; answers the receiver's channel, too.
async fn fired(db: &Database, manner: Manner) -> (TestApp, Browser, Receiver, String) {
    let app = TestApp::with(db, |options| {
        near(options);
        options.config.mail.patience = Duration::from_millis(300);
    });
    let app = app.await;
    let mut admin = app.signed_in_admin().await;
    let receiver = Receiver::start().await;
    receiver.set(manner);
    let (id, _) = channel(&mut admin, "webhook", &receiver.url()).await;
    silence(&app).await;
    rule(&mut admin, burst(1)).await;
    guess(&app, "nobody@example.org", [203, 0, 113, 1]).await;
    look(&app).await;
    (app, admin, receiver, id)
}

/// The admin, signed in again after hours.
async fn again(app: &TestApp) -> Browser {
    let mut admin = app.browser();
    let answer = admin.sign_in(ADA, PASSWORD).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    admin
}

async fn newest(admin: &mut Browser) -> Value {
    desk(admin).await["deliveries"][0].clone()
}

on_each_engine! {
    async fn a_receiver_that_fails_is_asked_again_under_the_same_id(db) {
        let (app, mut admin, receiver, _) = fired(db, Manner::Says(500, "<b>down</b>\u{7}")).await;
        let delivery = newest(&mut admin).await;
        assert_eq!((&delivery["state"], &delivery["code"], &delivery["answer"]), (&json!("waiting"), &json!(500), &json!("<b>down</b>")));
        send(&app).await;
        assert_eq!(receiver.got().len(), 1, "not yet");
        app.advance_seconds(5).await;
        send(&app).await;
        receiver.set(Manner::Says(204, ""));
        app.advance_seconds(30).await;
        send(&app).await;
        app.advance_seconds(8 * 3600).await;
        send(&app).await;
        let got = receiver.got();
        assert_eq!(got.len(), 3);
        assert!(got.iter().all(|one| one.header("webhook-id") == got[0].header("webhook-id")));
        assert!(got.iter().all(|one| one.body == got[0].body));
        let times: Vec<_> = got.iter().map(|one| one.header("webhook-timestamp").to_owned()).collect();
        assert!(times[0] < times[1] && times[1] < times[2], "{times:?}");
        assert_eq!(newest(&mut again(&app).await).await["state"], "delivered");
    }

    async fn a_receiver_that_never_wants_it_is_given_up(db) {
        let (app, _, receiver, _) = fired(db, Manner::Says(400, "no")).await;
        for _ in 0..20 {
            app.advance_seconds(8 * 3600).await;
            send(&app).await;
        }
        assert_eq!(receiver.got().len(), 12);
        assert_eq!(newest(&mut again(&app).await).await["state"], "failed");
        assert_eq!(app.events("alert_given_up").await, 1);
    }

    async fn a_receiver_says_itself_when_to_come_back(db) {
        let (app, _, receiver, _) = fired(db, Manner::Busy("120")).await;
        app.advance_seconds(119).await;
        send(&app).await;
        assert_eq!(receiver.got().len(), 1);
        app.advance_seconds(1).await;
        send(&app).await;
        assert_eq!(receiver.got().len(), 2);
    }

    async fn a_receiver_that_is_gone_gets_nothing_more(db) {
        let (app, mut admin, receiver, id) = fired(db, Manner::Says(410, "gone")).await;
        assert_eq!(newest(&mut admin).await["state"], "failed");
        let channel = desk(&mut admin).await["channels"][0].clone();
        assert_eq!((&channel["enabled"], &channel["is_gone"]), (&json!(false), &json!(true)));
        assert_eq!(app.events("alert_channel_gone").await, 1);
        app.advance_seconds(400).await;
        look(&app).await;
        guess(&app, "nobody@example.org", [203, 0, 113, 1]).await;
        look(&app).await;
        assert_eq!(receiver.got().len(), 1);
        // Who switches it on again vouches for it.
        let path = format!("/api/alerts/channels/{id}");
        let on = again(&app).await.call("PATCH", &path, json!({ "enabled": true })).await;
        assert_eq!((on.status, &on.json()["channel"]["is_gone"]), (200, &json!(false)));
    }

    async fn a_redirect_is_not_followed(db) {
        let other = Receiver::start().await;
        let (_, mut admin, receiver, _) = fired(db, Manner::Redirects(other.url())).await;
        let delivery = newest(&mut admin).await;
        assert_eq!((&delivery["state"], &delivery["code"]), (&json!("waiting"), &json!(302)));
        assert_eq!((receiver.got().len(), other.got().len()), (1, 0));
    }

    async fn a_receiver_that_hangs_costs_its_limit_and_is_seen(db) {
        let (_, mut admin, receiver, _) = fired(db, Manner::Hangs).await;
        let delivery = newest(&mut admin).await;
        assert_eq!((&delivery["state"], &delivery["answer"]), (&json!("waiting"), &json!("no answer in time")));
        assert_eq!(receiver.got().len(), 1);
    }

    async fn a_status_is_an_answer_whatever_comes_after_it(db) {
        let (_, mut admin, receiver, _) = fired(db, Manner::Drips).await;
        let delivery = newest(&mut admin).await;
        assert_eq!((&delivery["state"], &delivery["code"], &delivery["answer"]), (&json!("delivered"), &json!(200), &json!("thank")));
        assert_eq!(receiver.got().len(), 1);
    }

    async fn an_answer_without_end_is_cut(db) {
        let (_, mut admin, _, _) = fired(db, Manner::Says(500, "x".repeat(1_000_000).leak())).await;
        assert_eq!(newest(&mut admin).await["answer"].as_str().map(str::len), Some(200));
    }

    async fn what_is_inside_the_house_is_not_reached(db) {
        let app = TestApp::start(db).await;
        let mut admin = app.signed_in_admin().await;
        let receiver = Receiver::start().await;
        let port = receiver.address.port();
        for to in [
            receiver.url(), format!("https://127.0.0.1:{port}/"), format!("https://[::1]:{port}/"),
            format!("https://[::ffff:127.0.0.1]:{port}/"), format!("https://2130706433:{port}/"),
            "https://169.254.169.254/latest/meta-data".to_owned(), "https://10.0.0.1/".to_owned(),
            "https://user:word@hooks.example.org/".to_owned(), "ftp://hooks.example.org/".to_owned(), "hooks".to_owned(),
        ] {
            let body = json!({ "name": "In", "way": "webhook", "to": to });
            let answer = admin.post("/api/alerts/channels", body).await;
            answer.assert_problem(422, "invalid_fields");
            assert_eq!(answer.json()["fields"], json!([{ "name": "to", "code": "url_invalid" }]), "{to}");
        }
        assert_eq!(app.count("alert_channel").await, 0);
        // A name is looked at when it is resolved.
        for (to, why) in [(format!("https://localhost:{port}/"), "private address"), (format!("http://localhost:{port}/"), "plain http")] {
            let (id, _) = channel(&mut admin, "webhook", &to).await;
            let tested = admin.poke(&format!("/api/alerts/channels/{id}/test")).await;
            assert_eq!((tested.status, &tested.json()["delivered"]), (200, &json!(false)));
            let answer = tested.json()["answer"].as_str().expect("text").to_owned();
            assert!(answer.contains(why), "{answer}");
        }
        assert!(receiver.got().is_empty());
    }

    async fn where_something_is_deployed_only_https_is_taken(db) {
        let app = TestApp::with(db, |options| {
            near(options);
            options.config.environment = concierge_server::config::Environment::Staging;
        }).await;
        let mut admin = app.signed_in_admin().await;
        let receiver = Receiver::start().await;
        let body = json!({ "name": "In", "way": "webhook", "to": receiver.url() });
        admin.post("/api/alerts/channels", body).await.assert_problem(422, "invalid_fields");
    }

    async fn a_test_shows_what_the_receiver_says_and_is_limited(db) {
        let (app, mut admin) = house(db).await;
        let receiver = Receiver::start().await;
        let (id, secret) = channel(&mut admin, "webhook", &receiver.url()).await;
        let path = format!("/api/alerts/channels/{id}/test");
        receiver.set(Manner::Says(503, "come back later"));
        let tested = admin.poke(&path).await;
        assert_eq!(tested.json(), json!({ "delivered": false, "code": 503, "answer": "come back later" }));
        receiver.set(Manner::Says(202, "taken"));
        let tested = admin.poke(&path).await;
        assert_eq!(tested.json(), json!({ "delivered": true, "code": 202, "answer": "taken" }));
        let got = receiver.got();
        assert!(got[1].is_signed_with(&secret));
        assert_eq!(got[1].json()["type"], "alert.test");
        for _ in 0..4 {
            assert_eq!(admin.poke(&path).await.status, 200);
        }
        admin.poke(&path).await.assert_problem(429, "throttled");
        // They stand in the log, and nobody sends them again.
        app.advance_seconds(7 * 24 * 3600).await;
        send(&app).await;
        assert_eq!(receiver.got().len(), 6);
        assert_eq!(app.count("alert_delivery").await, 6);
    }

    async fn a_test_that_was_cut_short_is_not_sent_later(db) {
        let (app, mut admin) = house(db).await;
        let receiver = Receiver::start().await;
        receiver.set(Manner::Hangs);
        let (id, _) = channel(&mut admin, "webhook", &receiver.url()).await;
        let testing = tokio::spawn(async move { admin.poke(&format!("/api/alerts/channels/{id}/test")).await });
        let arrived = async {
            while receiver.got().is_empty() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(receiver::SOON, arrived).await.expect("it is called");
        testing.abort();
        let _ = testing.await;
        receiver.set(Manner::Says(200, "late"));
        app.advance_seconds(25 * 3600).await;
        send(&app).await;
        assert_eq!(receiver.got().len(), 1);
    }

    async fn a_channel_that_does_not_open_yet_is_tried_again(db) {
        let (app, mut admin) = house(db).await;
        silence(&app).await;
        let receiver = Receiver::start().await;
        channel(&mut admin, "webhook", &receiver.url()).await;
        channel(&mut admin, "mail", "oncall@example.org").await;
        rule(&mut admin, burst(1)).await;
        guess(&app, "nobody@example.org", [203, 0, 113, 1]).await;
        // Sealed with a key that another process has made, and that this one has not heard of yet.
        let swap = |from: &str, to: &str| sql(format!("UPDATE alert_channel SET {from} = sealed, sealed = {to}").leak()).execute(On::Write(app.db()));
        let column = sql(if db.is_postgres() { "ALTER TABLE alert_channel ADD COLUMN kept BYTEA" } else { "ALTER TABLE alert_channel ADD COLUMN kept BLOB" });
        column.execute(On::Write(app.db())).await.expect("a column");
        let foreign = if db.is_postgres() { "'\\x00112233445566778899aabbccddeeff'::bytea" } else { "x'00112233445566778899aabbccddeeff'" };
        assert_eq!(swap("kept", foreign).await.expect("swapped"), 2);
        look(&app).await;
        for delivery in desk(&mut admin).await["deliveries"].as_array().expect("deliveries") {
            assert_eq!((&delivery["state"], &delivery["answer"]), (&json!("waiting"), &json!("the channel does not open yet")));
        }
        assert_eq!(swap("kept", "kept").await.expect("swapped"), 2);
        app.advance_seconds(5).await;
        send(&app).await;
        assert_eq!(receiver.got().len(), 1);
        let mut states: Vec<Value> = desk(&mut admin).await["deliveries"].as_array().expect("deliveries").iter().map(|one| one["state"].clone()).collect();
        states.sort_by_key(Value::to_string);
        assert_eq!(states, ["delivered", "handed_over"]);
    }

    async fn a_message_of_a_newer_program_waits_for_it(db) {
        let (app, mut admin) = house(db).await;
        silence(&app).await;
        let receiver = Receiver::start().await;
        channel(&mut admin, "webhook", &receiver.url()).await;
        rule(&mut admin, burst(1)).await;
        guess(&app, "nobody@example.org", [203, 0, 113, 1]).await;
        app.services.alerts.evaluate().await.expect("evaluated");
        let mark = |from: &str, to: &str| sql(format!("UPDATE alert_delivery SET body = REPLACE(body, '{from}', '{to}')").leak()).execute(On::Write(app.db()));
        mark("\"kind\":\"one\"", "\"kind\":\"newer\"").await.expect("marked");
        send(&app).await;
        assert_eq!(newest(&mut admin).await["state"], "waiting");
        assert!(receiver.got().is_empty());
        mark("\"kind\":\"newer\"", "\"kind\":\"one\"").await.expect("marked");
        app.advance_seconds(5).await;
        send(&app).await;
        assert_eq!(receiver.got().len(), 1);
    }

    async fn slack_and_teams_get_what_they_read(db) {
        let (app, mut admin) = house(db).await;
        silence(&app).await;
        let (slack, teams) = (Receiver::start().await, Receiver::start().await);
        channel(&mut admin, "slack", &slack.url()).await;
        admin.headers.push(("accept-language", "fr".to_owned()));
        channel(&mut admin, "teams", &teams.url()).await;
        rule(&mut admin, burst(1)).await;
        guess(&app, "nobody@example.org", [203, 0, 113, 1]).await;
        look(&app).await;
        let text = slack.got()[0].json()["text"].as_str().expect("text").to_owned();
        assert!(text.starts_with("Warning: Burst. authn_login_fail 1 (&gt;= 1) within 5 min."), "{text}");
        let card = teams.got()[0].json();
        assert_eq!(card["attachments"][0]["contentType"], "application/vnd.microsoft.card.adaptive");
        let content = &card["attachments"][0]["content"];
        let first = content["body"][0]["inlines"][0]["text"].as_str().expect("text").to_owned();
        assert!(first.starts_with("Avertissement: Burst."), "{first}");
        assert_eq!(content["actions"][0]["url"], "http://localhost:3000/admin/alerts");
        for got in [&slack.got()[0], &teams.got()[0]] {
            assert!(!got.headers.contains_key("webhook-signature"));
        }
    }

    async fn a_mail_goes_through_the_outbox_of_mails(db) {
        let (app, mut admin) = house(db).await;
        silence(&app).await;
        let (id, secret) = channel(&mut admin, "mail", "oncall@example.org").await;
        assert!(secret.is_empty());
        app.mails().await;
        rule(&mut admin, burst(1)).await;
        guess(&app, "nobody@example.org", [203, 0, 113, 1]).await;
        look(&app).await;
        let mails = app.mails().await;
        let mail = mails.last().expect("a mail");
        assert_eq!((mail.to.as_str(), mail.subject.as_str()), ("oncall@example.org", "A security alert"));
        assert!(mail.text.contains("Burst") && mail.text.contains("/admin/alerts"), "{}", mail.text);
        let tested = admin.poke(&format!("/api/alerts/channels/{id}/test")).await;
        assert_eq!(tested.json()["delivered"], false, "nobody reads a folder: {}", tested.text());
        assert!(tested.text().contains("CONCIERGE_SMTP_URL"), "{}", tested.text());
    }

    async fn a_flood_is_five_messages_and_a_digest(db) {
        let (app, mut admin) = house(db).await;
        silence(&app).await;
        let receiver = Receiver::start().await;
        channel(&mut admin, "webhook", &receiver.url()).await;
        for _ in 0..9 {
            rule(&mut admin, burst(1)).await;
        }
        guess(&app, "nobody@example.org", [203, 0, 113, 1]).await;
        look(&app).await;
        assert_eq!(receiver.taken().len(), 5);
        app.advance_seconds(299).await;
        send(&app).await;
        assert!(receiver.taken().is_empty());
        app.advance_seconds(1).await;
        send(&app).await;
        let got = receiver.taken();
        assert_eq!(got.len(), 1);
        assert_eq!(got[0].json()["type"], "alert.digest");
        assert_eq!(got[0].json()["data"]["alerts"].as_array().map(Vec::len), Some(4));
    }

    async fn no_secret_and_no_address_of_a_channel_is_answered_kept_open_or_logged(db) {
        let (app, mut admin, receiver, _) = fired(db, Manner::Says(500, "no")).await;
        let listed = admin.get("/api/alerts").await.text();
        assert!(!listed.contains("token=door") && !listed.contains("whsec_"), "{listed}");
        assert!(listed.contains("\"to\":\"127.0.0.1\""), "{listed}");
        let sealed = sql("SELECT sealed FROM alert_channel").fetch_one(app.db()).await;
        let sealed = sealed.and_then(|row| row.bytes("sealed")).expect("bytes");
        assert!(!sealed.windows(4).any(|part| part == b"hook" || part == b"whse"));
        let events = sql("SELECT details FROM event WHERE name LIKE 'alert_%'").fetch_all(app.db()).await;
        for row in events.expect("rows") {
            let details = row.text("details").expect("text");
            assert!(!details.contains("door") && !details.contains("whsec_"), "{details}");
        }
        drop(receiver);
    }

    async fn a_message_whose_sender_dies_is_sent_by_another_under_the_same_id(db) {
        let (app, mut admin) = house(db).await;
        silence(&app).await;
        let receiver = Receiver::start().await;
        receiver.set(Manner::Hangs);
        channel(&mut admin, "webhook", &receiver.url()).await;
        rule(&mut admin, burst(1)).await;
        guess(&app, "nobody@example.org", [203, 0, 113, 1]).await;
        app.services.alerts.evaluate().await.expect("evaluated");
        let services = std::sync::Arc::clone(&app.services);
        let sending = tokio::spawn(async move { services.alerts.deliver(&services.shutdown).await });
        let arrived = async {
            while receiver.got().is_empty() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(receiver::SOON, arrived).await.expect("it is called");
        sending.abort();
        let _ = sending.await;
        receiver.set(Manner::Says(200, "at last"));
        let other = app.beside_with(db, near).await;
        look(&other).await;
        assert_eq!(receiver.got().len(), 1, "it may still be on its way");
        other.advance_seconds(60).await;
        look(&other).await;
        look(&app).await;
        let got = receiver.got();
        assert_eq!(got.len(), 2);
        assert_eq!(got[0].header("webhook-id"), got[1].header("webhook-id"));
    }

    async fn of_two_processes_one_sends(db) {
        let (app, mut admin) = house(db).await;
        silence(&app).await;
        let receiver = Receiver::start().await;
        channel(&mut admin, "webhook", &receiver.url()).await;
        rule(&mut admin, burst(1)).await;
        let other = app.beside_with(db, near).await;
        guess(&app, "nobody@example.org", [203, 0, 113, 1]).await;
        app.services.alerts.evaluate().await.expect("evaluated");
        tokio::join!(send(&app), send(&other), send(&app), send(&other));
        assert_eq!(receiver.got().len(), 1);
    }
}

#[test]
fn a_receiver_is_waited_for_ten_seconds() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = Config::for_test(folder.path().to_owned());
    assert_eq!(config.mail.patience, Duration::from_secs(10));
}
