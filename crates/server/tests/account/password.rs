//! Changing one's password: what it needs, what it ends, and that no sign-in with the old one slips through.

use concierge_server::store::sql;
use futures_util::future::join;
use serde_json::json;

use crate::support::{
    ADA, PASSWORD,
    app::TestApp,
    browser::{Answer, Browser},
};

const NEW: &str = "nine paper boats sink";

async fn change(browser: &mut Browser, current: &str, new: &str) -> Answer {
    let body = json!({ "current": current, "new": new });
    browser.post("/api/password/change", body).await
}

async fn letters(app: &TestApp, letter: &str) -> i64 {
    let row = sql("SELECT COUNT(*) AS n FROM outbox WHERE letter = $1").bind(letter);
    let row = row.fetch_one(app.db()).await;
    row.and_then(|row| row.int("n")).expect("a count")
}

on_each_engine! {
    async fn asvs_7_4_3_a_changed_password_ends_the_other_sessions(db) {
        let app = TestApp::with(db, |options| options.config.session.per_account = 5).await;
        let mut other = app.registered(ADA).await;
        let mut browser = app.browser();
        assert_eq!(browser.sign_in(ADA, PASSWORD).await.status, 200);
        let answer = change(&mut browser, PASSWORD, NEW).await;
        assert_eq!(answer.status, 204, "{}", answer.text());
        assert_eq!(browser.get("/api/profile").await.status, 200);
        other.get("/api/profile").await.assert_problem(401, "unauthenticated");
        let ended = other.get("/api/auth/session").await.json();
        assert_eq!(ended["ended"], "password_changed");
        assert_eq!(app.events("authn_password_change").await, 1);
        assert_eq!(letters(&app, "password_changed").await, 1);
        app.browser().sign_in(ADA, PASSWORD).await.assert_problem(401, "bad_credentials");
        app.advance_seconds(60).await;
        assert_eq!(app.browser().sign_in(ADA, NEW).await.status, 200);
    }

    async fn asvs_6_2_3_a_change_needs_the_current_password(db) {
        let app = TestApp::start(db).await;
        let mut browser = app.registered(ADA).await;
        for _ in 0..10 {
            let answer = change(&mut browser, "not the right one", NEW).await;
            answer.assert_problem(401, "bad_credentials");
        }
        assert_eq!(app.events("authn_password_change_fail").await, 10);
        assert_eq!(app.events("authn_password_change").await, 0);
        let answer = change(&mut browser, PASSWORD, NEW).await;
        answer.assert_problem(429, "throttled");
    }

    async fn a_new_password_is_judged_like_the_first(db) {
        let app = TestApp::start(db).await;
        let mut browser = app.registered(ADA).await;
        for (new, code) in [("short", "password_short"), ("passwordpassword", "password_guessable")] {
            let answer = change(&mut browser, PASSWORD, new).await;
            answer.assert_problem(422, "invalid_fields");
            assert_eq!(answer.json()["fields"][0]["name"], "new");
            assert_eq!(answer.json()["fields"][0]["code"], code);
        }
        let answer = browser.post("/api/password/change", json!({ "new": NEW })).await;
        assert_eq!(answer.status, 400);
    }

    async fn a_change_needs_a_fresh_proof(db) {
        let app = TestApp::start(db).await;
        let mut browser = app.registered(ADA).await;
        app.advance_seconds(601).await;
        assert_eq!(browser.refresh().await.status, 200);
        let answer = change(&mut browser, PASSWORD, NEW).await;
        answer.assert_problem(403, "fresh_sign_in_required");
        let answer = change(&mut app.browser(), PASSWORD, NEW).await;
        answer.assert_problem(401, "unauthenticated");
    }

    async fn no_sign_in_with_the_old_password_outlives_the_change(db) {
        for round in 0..8_u32 {
            let app = TestApp::start(db).await;
            let email = format!("ada{round}@example.org");
            let (mut browser, mut thief) = (app.registered(&email).await, app.browser());
            let delayed = async {
                for _ in 0..round {
                    tokio::task::yield_now().await;
                }
                change(&mut browser, PASSWORD, NEW).await
            };
            let (signed_in, changed) = join(thief.sign_in(&email, PASSWORD), delayed).await;
            assert!(matches!(signed_in.status, 200 | 401), "{}", signed_in.text());
            // The sign-in may have ended the session that asks for the change; then nothing changed.
            if changed.status == 204 {
                assert_eq!(thief.get("/api/profile").await.status, 401, "round {round}");
            }
        }
    }
}
