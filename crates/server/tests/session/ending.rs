//! How sessions end: sign-out, a newer sign-in, and that nothing of them works afterwards.

use concierge_server::store::sql;
use serde_json::json;

use crate::support::{ADA, PASSWORD, app::TestApp, browser::Browser, database::Database};

async fn assert_over(browser: &mut Browser) {
    browser
        .get("/api/profile")
        .await
        .assert_problem(401, "unauthenticated");
    browser
        .refresh()
        .await
        .assert_problem(401, "unauthenticated");
}

async fn with_two_sessions(db: &Database) -> (TestApp, Browser, Browser) {
    let app = TestApp::with(db, |options| options.config.session.per_account = 5).await;
    let one = app.registered(ADA).await;
    let mut two = app.browser();
    assert_eq!(two.sign_in(ADA, PASSWORD).await.status, 200);
    (app, one, two)
}

on_each_engine! {
    async fn a_sign_out_ends_every_session_of_the_account(db) {
        let (app, one, mut two) = with_two_sessions(db).await;
        let (mut stolen, mut other) = (one.clone(), app.registered("eve@example.org").await);
        let mut browser = one;
        let answer = browser.poke("/api/auth/logout").await;
        assert_eq!(answer.status, 204);
        assert_eq!(answer.header("clear-site-data"), "\"storage\"");
        assert_eq!(browser.cookies.keys().collect::<Vec<_>>(), ["__Host-device"]);
        assert_over(&mut stolen).await;
        assert_over(&mut two).await;
        assert_eq!(other.get("/api/profile").await.status, 200);
        assert_eq!(app.events("authn_token_revoked").await, 2);
    }

    async fn scope_current_ends_one_session_and_leaves_the_others(db) {
        let (_app, mut one, mut two) = with_two_sessions(db).await;
        let mut stolen = one.clone();
        let answer = one.post("/api/auth/logout", json!({ "scope": "current" })).await;
        assert_eq!(answer.status, 204);
        assert_over(&mut stolen).await;
        assert_eq!(two.get("/api/profile").await.status, 200);
    }

    async fn a_sign_out_is_answered_the_same_for_anybody_and_again(db) {
        let app = TestApp::start(db).await;
        let mut browser = app.registered(ADA).await;
        let old = browser.clone();
        for mut client in [browser.clone(), old, app.browser()] {
            let answer = client.poke("/api/auth/logout").await;
            assert_eq!(answer.status, 204);
            assert_eq!(answer.set_cookies().len(), 3);
        }
        assert_over(&mut browser).await;
        assert_eq!(app.events("authn_token_revoked").await, 1);
    }

    async fn the_device_stays_known_after_a_sign_out(db) {
        let app = TestApp::start(db).await;
        let mut browser = app.signed_in().await;
        browser.poke("/api/auth/logout").await;
        let kept: Vec<_> = browser.cookies.keys().map(String::as_str).collect();
        assert_eq!(kept, ["__Host-device"]);
    }

    async fn an_expired_access_token_still_signs_out(db) {
        let app = TestApp::start(db).await;
        let mut browser = app.registered(ADA).await;
        let mut stolen = browser.clone();
        app.advance_seconds(601).await;
        browser.cookies.remove("__Host-rt");
        assert_eq!(browser.poke("/api/auth/logout").await.status, 204);
        assert_over(&mut stolen).await;
    }

    async fn the_refresh_token_alone_signs_out(db) {
        let app = TestApp::start(db).await;
        let mut browser = app.registered(ADA).await;
        let mut stolen = browser.clone();
        browser.cookies.remove("__Host-at");
        assert_eq!(browser.poke("/api/auth/logout").await.status, 204);
        assert_over(&mut stolen).await;
    }

    async fn the_token_of_an_ended_session_ends_no_other(db) {
        let app = TestApp::start(db).await;
        let mut old = app.registered(ADA).await;
        let mut new = app.browser();
        assert_eq!(new.sign_in(ADA, PASSWORD).await.status, 200);
        assert_eq!(old.poke("/api/auth/logout").await.status, 204);
        assert_eq!(new.get("/api/profile").await.status, 200);
    }

    async fn one_session_per_account_ends_the_older_and_says_so(db) {
        let app = TestApp::start(db).await;
        let mut older = app.registered(ADA).await;
        let mut newer = app.browser();
        assert_eq!(newer.sign_in(ADA, PASSWORD).await.status, 200);
        assert_over(&mut older).await;
        assert_eq!(newer.get("/api/profile").await.status, 200);
        let row = sql("SELECT end_reason FROM session WHERE ended_at IS NOT NULL");
        let row = row.fetch_one(app.db()).await.expect("one ended session");
        assert_eq!(row.text("end_reason").expect("a reason"), "replaced");
        assert_eq!(app.events("authn_token_revoked").await, 1);
    }

    async fn the_oldest_sessions_make_room(db) {
        let app = TestApp::with(db, |options| options.config.session.per_account = 2).await;
        let mut browsers = vec![app.registered(ADA).await];
        for _ in 0..3 {
            app.advance_seconds(1).await;
            let mut browser = app.browser();
            assert_eq!(browser.sign_in(ADA, PASSWORD).await.status, 200);
            browsers.push(browser);
        }
        let mut statuses = Vec::new();
        for browser in &mut browsers {
            statuses.push(browser.get("/api/profile").await.status);
        }
        assert_eq!(statuses, [401, 401, 200, 200]);
    }

    async fn a_refresh_in_flight_during_the_sign_out_opens_nothing(db) {
        let app = TestApp::start(db).await;
        let browser = app.registered(ADA).await;
        app.advance_seconds(60).await;
        let (mut leaving, mut tabs) = (browser.clone(), vec![browser.clone(); 8]);
        let out = tokio::spawn(async move { leaving.poke("/api/auth/logout").await.status });
        let refreshes = tabs.iter_mut().map(Browser::refresh);
        futures_util::future::join_all(refreshes).await;
        assert_eq!(out.await.expect("the sign-out"), 204);
        for tab in &mut tabs {
            assert_over(tab).await;
        }
    }
}
