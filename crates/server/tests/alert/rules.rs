//! Rules and channels as admins keep them: who may, what is refused, what stays.

use concierge_core::alert::Shipped;

use super::*;
use crate::support::ADA;

/// The id and the rule that is shipped under a word.
async fn shipped(admin: &mut Browser, word: &str) -> (String, Value) {
    let rules = desk(admin).await["rules"].clone();
    let rules = rules.as_array().expect("rules").clone();
    let found = rules
        .into_iter()
        .find(|rule| rule["shipped"] == word)
        .expect("it is shipped");
    (
        found["id"].as_str().expect("an id").to_owned(),
        found["rule"].clone(),
    )
}

on_each_engine! {
    async fn shipped_rules_come_once_and_stay_as_the_admin_wants_them(db) {
        let (app, mut admin) = house(db).await;
        look(&app).await;
        assert_eq!(app.count("alert_rule").await, Shipped::ALL.len() as i64);
        let (id, mut rule) = shipped(&mut admin, "token_reuse").await;
        rule["enabled"] = json!(false);
        rule["threshold"] = json!(7);
        let path = format!("/api/alerts/rules/{id}");
        let changed = admin.call("PATCH", &path, rule.clone()).await;
        assert_eq!(changed.status, 200, "{}", changed.text());
        admin.call("DELETE", &path, json!({})).await.assert_problem(409, "conflict");
        app.advance_seconds(31).await;
        let next = app.beside_with(db, near).await;
        look(&next).await;
        assert_eq!(app.count("alert_rule").await, Shipped::ALL.len() as i64);
        assert_eq!(shipped(&mut admin, "token_reuse").await, (id, rule));
        assert_eq!(app.events("alert_rule_changed").await, 1);
    }

    async fn a_rule_that_is_switched_off_ends_its_alert_without_a_word(db) {
        let (app, mut admin) = house(db).await;
        silence(&app).await;
        let receiver = Receiver::start().await;
        channel(&mut admin, "webhook", &receiver.url()).await;
        let id = rule(&mut admin, burst(1)).await;
        guess(&app, "nobody@example.org", [203, 0, 113, 1]).await;
        look(&app).await;
        let mut off = burst(1);
        off["enabled"] = json!(false);
        let path = format!("/api/alerts/rules/{id}");
        assert_eq!(admin.call("PATCH", &path, off).await.status, 200);
        look(&app).await;
        assert_eq!(receiver.got().len(), 1);
        assert_eq!(desk(&mut admin).await["alerts"][0]["phase"], "resolved");
        assert_eq!(admin.call("DELETE", &path, json!({})).await.status, 204);
        admin.call("DELETE", &path, json!({})).await.assert_problem(404, "not_found");
        assert_eq!(app.count("alert").await, 0);
        assert_eq!(app.events("alert_rule_changed").await, 3);
    }

    async fn what_happened_while_a_rule_was_off_is_not_told(db) {
        let (app, mut admin) = house(db).await;
        silence(&app).await;
        let receiver = Receiver::start().await;
        channel(&mut admin, "webhook", &receiver.url()).await;
        let id = rule(&mut admin, burst(1)).await;
        look(&app).await;
        let path = format!("/api/alerts/rules/{id}");
        let switched = |enabled: bool| {
            let mut rule = burst(1);
            rule["enabled"] = json!(enabled);
            rule
        };
        assert_eq!(admin.call("PATCH", &path, switched(false)).await.status, 200);
        guess(&app, "nobody@example.org", [203, 0, 113, 1]).await;
        app.advance_seconds(301).await;
        assert_eq!(admin.call("PATCH", &path, switched(true)).await.status, 200);
        look(&app).await;
        app.advance_seconds(11).await;
        look(&app).await;
        assert!(receiver.got().is_empty());
        guess(&app, "nobody@example.org", [203, 0, 113, 1]).await;
        look(&app).await;
        assert_eq!(receiver.got().len(), 1);
    }

    async fn a_rule_that_is_switched_off_during_a_look_leaves_no_alert(db) {
        let (app, mut admin) = house(db).await;
        silence(&app).await;
        let id = rule(&mut admin, burst(1)).await;
        app.services.alerts.evaluate().await.expect("evaluated");
        guess(&app, "nobody@example.org", [203, 0, 113, 1]).await;
        let mut tx = app.db().begin().await.expect("begun");
        let off = sql("UPDATE alert_rule SET rule = REPLACE(rule, '\"enabled\":true', '\"enabled\":false') WHERE id = $1");
        assert_eq!(off.bind(id).execute(&mut tx).await.expect("switched off"), 1);
        let services = std::sync::Arc::clone(&app.services);
        let looking = tokio::spawn(async move { services.alerts.evaluate().await });
        wait_for_others(&app).await;
        tx.commit().await.expect("committed");
        looking.await.expect("ended").expect("evaluated");
        assert_eq!(app.count("alert").await, 0);
        look(&app).await;
        assert_eq!(app.count("alert").await, 0);
    }

    async fn events_of_another_detail_hide_none(db) {
        let (app, mut admin) = house(db).await;
        silence(&app).await;
        let receiver = Receiver::start().await;
        channel(&mut admin, "webhook", &receiver.url()).await;
        let mut narrow = burst(1);
        narrow["watch"] = json!("key_abuse");
        narrow["detail"] = json!("pattern=wrong_env, count=1");
        rule(&mut admin, narrow).await;
        let seed = |id: &str, most: u32, pattern: &str| {
            let details = json!({ "count": 1, "pattern": pattern });
            sql(format!(
                "INSERT INTO event (id, at, name, severity, details)
                 WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {most})
                 SELECT '{id}' || i, $1, 'key_abuse', 'critical', '{details}' FROM n"
            )
            .leak())
            .bind(app.services.clock.now().as_millis())
            .execute(On::Write(app.db()))
        };
        seed("a", 1, "revoked_kid").await.expect("seeded");
        look(&app).await;
        assert!(receiver.got().is_empty());
        seed("b", 1, "wrong_env").await.expect("seeded");
        app.advance_seconds(1).await;
        seed("c", 2500, "revoked_kid").await.expect("seeded");
        look(&app).await;
        assert_eq!(receiver.got().len(), 1);
    }

    async fn a_rule_that_names_a_channel_of_before_can_be_changed(db) {
        let (_, mut admin) = house(db).await;
        let receiver = Receiver::start().await;
        let (channel, _) = channel(&mut admin, "webhook", &receiver.url()).await;
        let mut chosen = burst(1);
        chosen["channels"] = json!([channel]);
        let id = rule(&mut admin, chosen.clone()).await;
        assert_eq!(admin.call("DELETE", &format!("/api/alerts/channels/{channel}"), json!({})).await.status, 204);
        chosen["enabled"] = json!(false);
        let path = format!("/api/alerts/rules/{id}");
        assert_eq!(admin.call("PATCH", &path, chosen.clone()).await.status, 200);
        chosen["channels"] = json!(["chn_00000000000000000000000000000000"]);
        admin.call("PATCH", &path, chosen).await.assert_problem(422, "invalid_fields");
    }

    async fn what_is_wrong_with_a_rule_is_named_and_makes_none(db) {
        let (app, mut admin) = house(db).await;
        let before = app.count("alert_rule").await;
        for (field, value, code) in [
            ("watch", json!("authn_login_fai"), "unknown"),
            ("name", json!(""), "required"),
            ("name", json!("a\u{202e}b"), "control_characters"),
            ("name", json!("x".repeat(500)), "too_long"),
            ("threshold", json!(-1), "out_of_range"),
            ("threshold", json!(1_001), "out_of_range"),
            ("window_seconds", json!(0), "out_of_range"),
            ("window_seconds", json!(604_801), "out_of_range"),
            ("for_seconds", json!(604_801), "out_of_range"),
            ("repeat_seconds", json!(59), "out_of_range"),
            ("quiet", json!({ "from": 60, "to": 60 }), "out_of_range"),
            ("quiet", json!({ "from": 60, "to": 1_440 }), "out_of_range"),
            ("detail", json!("x".repeat(201)), "too_long"),
            ("channels", json!(["chn_00000000000000000000000000000000"]), "unknown"),
        ] {
            let mut wrong = burst(3);
            wrong[field] = value;
            let answer = admin.post("/api/alerts/rules", wrong).await;
            answer.assert_problem(422, "invalid_fields");
            assert_eq!(answer.json()["fields"], json!([{ "name": field, "code": code }]));
        }
        for (field, value) in [("comparator", json!("=")), ("severity", json!("bad")), ("more", json!(1)), ("threshold", json!("3"))] {
            let mut wrong = burst(3);
            wrong[field] = value;
            admin.post("/api/alerts/rules", wrong).await.assert_problem(400, "bad_request");
        }
        assert_eq!(app.count("alert_rule").await, before);
        assert_eq!(app.events("alert_rule_changed").await, 0);
    }

    async fn asvs_8_3_1_alerts_are_for_admins_who_proved_themselves_lately(db) {
        let (app, mut admin) = house(db).await;
        let receiver = Receiver::start().await;
        let (id, _) = channel(&mut admin, "webhook", &receiver.url()).await;
        let mut member = app.registered("bob@example.org").await;
        let path = format!("/api/alerts/channels/{id}");
        app.browser().get("/api/alerts").await.assert_problem(401, "unauthenticated");
        member.get("/api/alerts").await.assert_problem(403, "forbidden");
        member.post("/api/alerts/rules", burst(1)).await.assert_problem(403, "forbidden");
        member.call("DELETE", &path, json!({})).await.assert_problem(403, "forbidden");
        app.advance_seconds(601).await;
        assert_eq!(admin.refresh().await.status, 200);
        assert_eq!(admin.get("/api/alerts").await.status, 200);
        for (method, path) in [
            ("POST", "/api/alerts/rules".to_owned()), ("POST", format!("{path}/test")), ("DELETE", path.clone()),
        ] {
            let body = if path.ends_with("rules") { burst(1) } else { json!({}) };
            admin.call(method, &path, body).await.assert_problem(403, "fresh_sign_in_required");
        }
        assert!(receiver.got().is_empty());
        assert_eq!(app.count("alert_channel").await, 1);
    }

    async fn channels_are_renamed_switched_and_deleted_on_record(db) {
        let (app, mut admin) = house(db).await;
        let receiver = Receiver::start().await;
        let (id, _) = channel(&mut admin, "webhook", &receiver.url()).await;
        let path = format!("/api/alerts/channels/{id}");
        let changed = admin.call("PATCH", &path, json!({ "name": "Night", "enabled": false })).await;
        assert_eq!((&changed.json()["channel"]["name"], &changed.json()["channel"]["enabled"]), (&json!("Night"), &json!(false)));
        admin.call("PATCH", &path, json!({ "name": "" })).await.assert_problem(422, "invalid_fields");
        silence(&app).await;
        rule(&mut admin, burst(1)).await;
        guess(&app, ADA, [203, 0, 113, 1]).await;
        look(&app).await;
        assert!(receiver.got().is_empty());
        assert_eq!(admin.poke(&format!("{path}/test")).await.status, 200, "a test shows whether it would work");
        assert_eq!(admin.call("DELETE", &path, json!({})).await.status, 204);
        admin.call("PATCH", &path, json!({})).await.assert_problem(404, "not_found");
        assert_eq!((app.count("alert_channel").await, app.count("alert_delivery").await), (0, 0));
        assert_eq!(app.events("alert_channel_changed").await, 4);
    }

    async fn a_rule_speaks_to_its_own_channels(db) {
        let (app, mut admin) = house(db).await;
        silence(&app).await;
        let (one, other) = (Receiver::start().await, Receiver::start().await);
        let (id, _) = channel(&mut admin, "webhook", &one.url()).await;
        channel(&mut admin, "webhook", &other.url()).await;
        let mut chosen = burst(1);
        chosen["channels"] = json!([id]);
        rule(&mut admin, chosen).await;
        guess(&app, "nobody@example.org", [203, 0, 113, 1]).await;
        look(&app).await;
        assert_eq!((one.got().len(), other.got().len()), (1, 0));
    }

    async fn old_messages_and_alerts_are_tidied_away(db) {
        let (app, mut admin) = house(db).await;
        silence(&app).await;
        let receiver = Receiver::start().await;
        channel(&mut admin, "webhook", &receiver.url()).await;
        rule(&mut admin, burst(1)).await;
        guess(&app, "nobody@example.org", [203, 0, 113, 1]).await;
        look(&app).await;
        for _ in 0..2 {
            app.advance_seconds(400).await;
            look(&app).await;
        }
        app.advance_seconds(90 * 24 * 3600 + 1).await;
        app.services.alerts.purge().await.expect("tidied");
        assert_eq!((app.count("alert").await, app.count("alert_delivery").await), (0, 0));
    }

    async fn the_page_shows_everything_before_any_script_and_to_admins_alone(db) {
        let (app, mut admin) = house(db).await;
        let receiver = Receiver::start().await;
        let (_, secret) = channel(&mut admin, "webhook", &receiver.url()).await;
        look(&app).await;
        for (language, words) in [
            ("en", ["Rules watch what happens here", "An old token was used again", "Webhook (signed) · 127.0.0.1"]),
            ("fr", ["Des règles surveillent", "Un ancien jeton a été réutilisé", "Webhook (signé) · 127.0.0.1"]),
        ] {
            // What is chosen on a page goes before what the browser prefers.
            assert_eq!(admin.visit(&format!("/admin/alerts?lang={language}")).await.status, 303);
            let page = admin.visit("/admin/alerts").await;
            assert_eq!(page.status, 200, "{}", page.text());
            for word in words {
                assert!(page.text().contains(word), "{word} is not in {}", page.text());
            }
            assert!(!page.text().contains("/hook") && !page.text().contains(&secret));
        }
        let mut member = app.registered("bob@example.org").await;
        assert_eq!(member.visit("/admin/alerts").await.status, 404);
    }
}
