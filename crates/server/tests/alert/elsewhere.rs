//! A channel that is led elsewhere: another address, and of a webhook another secret.

use super::*;
use crate::{alert::receiver::Manner, support::browser::Answer};

/// A house with a webhook whose receiver answers this, with a message that it was sent; and the channel's path and
/// secret.
struct Led {
    app: TestApp,
    admin: Browser,
    old: Receiver,
    path: String,
    secret: String,
}

impl Led {
    async fn from(db: &Database, manner: Manner) -> Self {
        let (app, mut admin) = house(db).await;
        let old = Receiver::start().await;
        old.set(manner);
        let (id, secret) = channel(&mut admin, "webhook", &old.url()).await;
        silence(&app).await;
        rule(&mut admin, burst(1)).await;
        guess(&app, "nobody@example.org", [203, 0, 113, 1]).await;
        look(&app).await;
        assert_eq!(old.got().len(), 1);
        let path = format!("/api/alerts/channels/{id}");
        Self {
            app,
            admin,
            old,
            path,
            secret,
        }
    }

    async fn change(&mut self, change: Value) -> Answer {
        self.admin.call("PATCH", &self.path, change).await
    }
}

on_each_engine! {
    async fn what_waits_goes_to_the_new_address_signed_with_a_new_secret(db) {
        let mut led = Led::from(db, Manner::Says(500, "no")).await;
        let new = Receiver::start().await;
        let changed = led.change(json!({ "to": new.url() })).await;
        assert_eq!(changed.status, 200, "{}", changed.text());
        let secret = changed.json()["secret"].as_str().expect("a secret").to_owned();
        led.app.advance_seconds(40).await;
        send(&led.app).await;
        let got = new.got();
        assert_eq!((led.old.got().len(), got.len()), (1, 1));
        assert_eq!(got[0].header("webhook-id"), led.old.got()[0].header("webhook-id"));
        assert!(got[0].is_signed_with(&secret) && !got[0].is_signed_with(&led.secret));
        let deeds = sql("SELECT details FROM event WHERE name = 'alert_channel_changed'");
        let deeds = deeds.fetch_all(led.app.db()).await.expect("rows");
        let deeds: Vec<String> = deeds.iter().map(|row| row.text("details").expect("text")).collect();
        assert_eq!(deeds.iter().filter(|deed| deed.contains("led_elsewhere")).count(), 1, "{deeds:?}");
        assert!(deeds.iter().all(|deed| !deed.contains("door") && !deed.contains("whsec_")), "{deeds:?}");
    }

    async fn another_name_leaves_address_and_secret_as_they_are(db) {
        let mut led = Led::from(db, Manner::Says(500, "no")).await;
        let changed = led.change(json!({ "name": "By day" })).await.json();
        assert_eq!((&changed["channel"]["name"], &changed["secret"]), (&json!("By day"), &Value::Null));
        led.app.advance_seconds(40).await;
        send(&led.app).await;
        let got = led.old.got();
        assert!(got.len() == 2 && got[1].is_signed_with(&led.secret));
    }

    async fn an_address_that_is_none_changes_nothing(db) {
        let mut led = Led::from(db, Manner::Says(500, "no")).await;
        for to in ["", "ops@example.org", "ftp://127.0.0.1/", "https://192.168.0.1/"] {
            let refused = led.change(json!({ "name": "Other", "enabled": false, "to": to })).await;
            refused.assert_problem(422, "invalid_fields");
            assert_eq!(refused.json()["fields"][0]["name"], "to", "{to}");
        }
        let kept = desk(&mut led.admin).await["channels"][0].clone();
        assert_eq!((&kept["name"], &kept["enabled"]), (&json!("On call"), &json!(true)));
        led.app.advance_seconds(40).await;
        send(&led.app).await;
        assert!(led.old.got()[1].is_signed_with(&led.secret));
    }

    async fn a_mail_channel_takes_mail_addresses_and_has_no_secret(db) {
        let mut led = Led::from(db, Manner::Says(500, "no")).await;
        let (id, _) = channel(&mut led.admin, "mail", "ops@example.org").await;
        led.path = format!("/api/alerts/channels/{id}");
        let web = json!({ "to": led.old.url() });
        led.change(web).await.assert_problem(422, "invalid_fields");
        let changed = led.change(json!({ "to": " night@example.org " })).await.json();
        assert_eq!((&changed["channel"]["to"], &changed["secret"]), (&json!("night@example.org"), &Value::Null));
    }

    async fn another_receiver_is_not_gone(db) {
        let mut led = Led::from(db, Manner::Says(410, "gone")).await;
        let new = Receiver::start().await;
        let changed = led.change(json!({ "to": new.url() })).await.json()["channel"].clone();
        assert_eq!((&changed["is_gone"], &changed["enabled"]), (&json!(false), &json!(false)), "what is left out stays");
        let on = led.change(json!({ "to": new.url(), "enabled": true })).await;
        assert_eq!(on.json()["channel"]["enabled"], true);
        let tested = led.admin.post(&format!("{}/test", led.path), json!({})).await;
        assert_eq!((&tested.json()["delivered"], new.got().len()), (&json!(true), 1));
    }
}
