//! Patterns of abuse, driven through the real doors: each is an event, once, and by a shipped rule an alert.

use std::time::Duration;

use super::*;
use crate::support::{ADA, PASSWORD, line::Line};

/// What the receiver was told to be firing, by the event that is watched.
fn watched(receiver: &Receiver) -> Vec<String> {
    let got = receiver.taken().into_iter().map(|got| got.json());
    let fired = got.filter(|body| body["type"] == "alert.fired");
    fired
        .map(|body| body["data"]["watch"].as_str().expect("a name").to_owned())
        .collect()
}

async fn told_house(db: &Database) -> (TestApp, Browser, Receiver) {
    let (app, mut admin) = house(db).await;
    let receiver = Receiver::start().await;
    channel(&mut admin, "webhook", &receiver.url()).await;
    // A disk or a memory that is nearly full is no part of these tests.
    app.services.alerts.evaluate().await.expect("evaluated");
    for rule in desk(&mut admin).await["rules"].as_array().expect("rules") {
        let watch = rule["rule"]["watch"].as_str().expect("a name");
        if watch.ends_with("_percent") {
            let off = sql(
                "UPDATE alert_rule SET rule = REPLACE(rule, '\"enabled\":true', '\"enabled\":false') WHERE id = $1",
            );
            off.bind(rule["id"].as_str())
                .execute(On::Write(app.db()))
                .await
                .expect("off");
        }
    }
    (app, admin, receiver)
}

on_each_engine! {
    async fn one_address_that_tries_many_names_is_told_once(db) {
        let (app, _, receiver) = told_house(db).await;
        for n in 0..7 {
            guess(&app, &format!("nobody{n}@example.org"), [203, 0, 113, 9]).await;
        }
        look(&app).await;
        assert_eq!(app.events("authn_password_spraying").await, 0);
        for n in 7..20 {
            guess(&app, &format!("nobody{n}@example.org"), [203, 0, 113, 9]).await;
            look(&app).await;
        }
        assert_eq!(app.events("authn_password_spraying").await, 1);
        assert_eq!(watched(&receiver), ["authn_password_spraying"]);
        let row = sql("SELECT address FROM event WHERE name = 'authn_password_spraying'").fetch_one(app.db()).await;
        assert_eq!(row.and_then(|row| row.text("address")).expect("an address"), "203.0.113.9");
    }

    async fn many_addresses_that_try_one_account_are_told_once(db) {
        let (app, _, receiver) = told_house(db).await;
        for n in 1..=9 {
            app.advance_seconds(5).await;
            guess(&app, ADA, [203, 0, 113, n]).await;
            look(&app).await;
            assert_eq!(app.events("authn_credential_stuffing").await, i64::from(n >= 5));
        }
        assert_eq!(watched(&receiver), ["authn_credential_stuffing"]);
    }

    async fn a_sign_in_after_ten_failures_is_told(db) {
        let (app, mut owner, receiver) = told_house(db).await;
        for _ in 0..10 {
            app.advance_seconds(5).await;
            guess(&app, ADA, [203, 0, 113, 9]).await;
        }
        app.advance_seconds(5).await;
        let mut stranger = app.browser();
        stranger.peer = ([203, 0, 113, 9], 40_000).into();
        assert_eq!(stranger.sign_in(ADA, PASSWORD).await.status, 200);
        for _ in 0..2 {
            look(&app).await;
            assert_eq!(app.events("authn_login_successafterfail").await, 1);
        }
        assert_eq!(watched(&receiver), ["authn_login_successafterfail"]);
        // The owner's own sign-in afterwards is none.
        assert_eq!(owner.sign_in(ADA, PASSWORD).await.status, 200);
        look(&app).await;
        assert_eq!(app.events("authn_login_successafterfail").await, 1);
    }

    async fn wrong_codes_are_failures_before_a_success(db) {
        let (app, mut owner, receiver) = told_house(db).await;
        let (authenticator, _) = app.enrolled(&mut owner).await;
        for _ in 0..8 {
            app.advance_seconds(5).await;
            guess(&app, ADA, [203, 0, 113, 9]).await;
        }
        app.advance_seconds(60).await;
        let mut stranger = app.half_way(ADA).await;
        assert_eq!(stranger.totp(&authenticator.wrong(&app)).await.status, 401);
        assert_eq!(stranger.recover("AAAA-AAAA-AAAA-AAAA").await.status, 401);
        assert_eq!((app.events("authn_mfa_fail").await, app.events("authn_recovery_code_fail").await), (1, 1));
        assert_eq!(stranger.totp(&authenticator.code(&app, 0)).await.status, 200);
        look(&app).await;
        assert_eq!(watched(&receiver), ["authn_login_successafterfail"]);
    }

    async fn an_old_refresh_token_is_told(db) {
        let (app, mut owner, receiver) = told_house(db).await;
        let mut thief = owner.clone();
        for _ in 0..2 {
            app.advance_seconds(20).await;
            assert_eq!(owner.refresh().await.status, 200);
        }
        assert_eq!(thief.refresh().await.status, 401);
        assert_eq!(app.events("authn_token_reuse").await, 1);
        look(&app).await;
        assert_eq!(watched(&receiver), ["authn_token_reuse"]);
    }

    async fn forged_tokens_are_told(db) {
        let (app, owner, receiver) = told_house(db).await;
        let token = owner.cookie("__Host-at");
        let (head, signature) = token.rsplit_once('.').expect("a token");
        let other = if signature.starts_with('A') { "B" } else { "A" };
        let forged = format!("{head}.{other}{}", &signature[1..]);
        let mut forger = app.program();
        forger.headers.push(("authorization", format!("Bearer {forged}")));
        for _ in 0..21 {
            forger.get("/api/profile").await.assert_problem(401, "unauthenticated");
        }
        app.services.record_refusals().await.expect("written");
        let found = app.services.key_desk().look_for_abuse().await;
        assert_eq!(found.expect("looked"), 1);
        look(&app).await;
        assert_eq!(watched(&receiver), ["key_abuse"]);
    }

    async fn a_session_from_four_addresses_and_one_from_two_browsers_are_told(db) {
        let (app, mut owner, receiver) = told_house(db).await;
        for n in 1..=5 {
            owner.peer = ([203, 0, 113, n], 40_000).into();
            assert_eq!(owner.get("/api/profile").await.status, 200);
        }
        assert_eq!(app.events("session_many_addresses").await, 1);
        assert_eq!(app.events("session_browser_changed").await, 0);
        for agent in ["curl/8.14.1", "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0", "curl/8.14.1"] {
            owner.headers = vec![("user-agent", agent.to_owned())];
            assert_eq!(owner.get("/api/profile").await.status, 200);
        }
        assert_eq!(app.events("session_browser_changed").await, 1);
        look(&app).await;
        let mut told = watched(&receiver);
        told.sort();
        assert_eq!(told, ["session_browser_changed", "session_many_addresses"]);
    }

    async fn an_admin_who_is_locked_is_told_and_a_member_is_not(db) {
        let (app, _, receiver) = told_house(db).await;
        for name in ["grace@example.org", "eve@example.org"] {
            app.registered(name).await;
        }
        use concierge_core::account::Role;
        use concierge_server::account::Deed;
        app.act("grace@example.org", Deed::SetRole(Role::Admin)).await;
        app.act("eve@example.org", Deed::Lock).await;
        look(&app).await;
        assert!(watched(&receiver).is_empty());
        app.act("grace@example.org", Deed::Lock).await;
        look(&app).await;
        assert_eq!(watched(&receiver), ["user_updated"]);
    }

    async fn a_pattern_that_goes_on_is_recorded_again_after_its_window(db) {
        let (app, _, _) = told_house(db).await;
        for n in 0..30 {
            guess(&app, &format!("nobody{n}@example.org"), [203, 0, 113, 9]).await;
            app.advance(Duration::from_secs(30)).await;
            look(&app).await;
        }
        assert_eq!(app.events("authn_password_spraying").await, 2);
    }
}

/// Only PostgreSQL is at the end of a line that counts; the statements are the same on both.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_patterns_cost_a_look_no_query_each() {
    let Some(mut database) = Database::postgres().await else {
        return;
    };
    let line = Line::to(&database.url);
    database.url = line.through(&database.url);
    let app = TestApp::with(&database, near).await;
    app.services.alerts.evaluate().await.expect("evaluated");
    let seeded = sql(
        "INSERT INTO event (id, at, name, severity, address, details)
         SELECT 'evt_' || host || '_' || name, $1, 'authn_login_fail', 'notice',
                '198.18.' || (host / 250) || '.' || (host % 250), '{\"name\":\"' || name || '\"}'
         FROM generate_series(1, 1000) AS host, generate_series(1, 8) AS name",
    );
    let now = app.services.clock.now().as_millis();
    seeded
        .bind(now)
        .execute(On::Write(app.db()))
        .await
        .expect("seeded");
    app.services.alerts.evaluate().await.expect("evaluated");
    assert_eq!(app.events("authn_password_spraying").await, 1000);
    line.cut_after(2000);
    app.services
        .alerts
        .evaluate()
        .await
        .expect("it asks a few times");
    line.mend();
    assert_eq!(app.events("authn_password_spraying").await, 1000);
    database.remove().await;
}
