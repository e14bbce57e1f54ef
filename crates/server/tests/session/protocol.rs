//! The refresh protocol over HTTP (decisions D1 to D3).

use std::time::Duration;

use concierge_server::store::sql;
use serde_json::json;

use crate::support::{ADA, PASSWORD, app::TestApp, browser::Answer};

const RT: &str = "__Host-rt";

async fn generation(app: &TestApp) -> i64 {
    let row = sql("SELECT generation FROM session WHERE ended_at IS NULL");
    let row = row.fetch_one(app.db()).await.expect("one live session");
    row.int("generation").expect("a number")
}

fn assert_refused(answer: &Answer) {
    answer.assert_problem(401, "unauthenticated");
    assert!(
        answer.set_cookies().is_empty(),
        "a 401 never touches a cookie"
    );
    assert_eq!(
        answer.header("www-authenticate"),
        "Bearer error=\"invalid_token\""
    );
}

on_each_engine! {
    async fn a_retry_in_time_gets_the_same_refresh_token(db) {
        let app = TestApp::start(db).await;
        let mut browser = app.registered(ADA).await;
        let first = browser.clone();
        app.advance_seconds(60).await;
        assert_eq!(browser.refresh().await.status, 200);
        assert_ne!(browser.cookie(RT), first.cookie(RT));
        for seconds in [0, 8, 12] {
            app.advance_seconds(seconds).await;
            let mut retry = first.clone();
            assert_eq!(retry.refresh().await.status, 200);
            assert_eq!(retry.cookie(RT), browser.cookie(RT));
        }
        assert_eq!(generation(&app).await, 2);
    }

    async fn a_session_rotates_at_most_once_in_twenty_seconds(db) {
        let app = TestApp::start(db).await;
        let mut browser = app.registered(ADA).await;
        let first = browser.cookie(RT);
        app.advance_seconds(19).await;
        assert_eq!(browser.refresh().await.status, 200);
        assert_eq!(browser.cookie(RT), first);
        app.advance_seconds(1).await;
        assert_eq!(browser.refresh().await.status, 200);
        assert_ne!(browser.cookie(RT), first);
    }

    async fn a_late_answer_sets_no_browser_back(db) {
        let app = TestApp::start(db).await;
        let mut browser = app.registered(ADA).await;
        app.advance_seconds(60).await;
        assert_eq!(browser.refresh().await.status, 200);
        app.advance(Duration::from_millis(19_900)).await;
        let late = browser.clone().refresh().await;
        assert_eq!(late.status, 200);
        app.advance(Duration::from_millis(100)).await;
        assert_eq!(browser.refresh().await.status, 200);
        assert_eq!(browser.get("/api/profile").await.status, 200);
        browser.keep(&late);
        app.advance_seconds(300).await;
        assert_eq!(browser.refresh().await.status, 200);
    }

    async fn a_lost_response_is_recovered_ten_minutes_later(db) {
        let app = TestApp::start(db).await;
        let browser = app.registered(ADA).await;
        app.advance_seconds(60).await;
        let mut lost = browser.clone();
        assert_eq!(lost.refresh().await.status, 200);
        app.advance_seconds(600).await;
        let mut later = browser.clone();
        assert_eq!(later.refresh().await.status, 200);
        assert_eq!(later.cookie(RT), lost.cookie(RT));
        assert_eq!(later.get("/api/profile").await.status, 200);
    }

    async fn a_token_handed_out_again_begins_the_wait_anew(db) {
        let app = TestApp::start(db).await;
        let mut browser = app.registered(ADA).await;
        app.advance_seconds(60).await;
        let mut slow = browser.clone();
        assert_eq!(browser.clone().refresh().await.status, 200, "and its answer is lost");
        app.advance_seconds(60).await;
        assert_eq!(browser.refresh().await.status, 200);
        let held = browser.cookie(RT);
        assert_eq!(browser.get("/api/profile").await.status, 200);
        app.advance_seconds(19).await;
        assert_eq!(browser.refresh().await.status, 200);
        assert_eq!(browser.cookie(RT), held, "no rotation yet");
        assert_eq!(slow.refresh().await.status, 200, "left before the answer came");
        assert_eq!(generation(&app).await, 2);
        app.advance_seconds(1).await;
        assert_eq!(browser.refresh().await.status, 200);
        assert_eq!(generation(&app).await, 3);
    }

    async fn a_token_in_use_is_not_sent_to_whoever_shows_the_one_before(db) {
        let app = TestApp::start(db).await;
        let mut owner = app.registered(ADA).await;
        let mut thief = owner.clone();
        app.advance_seconds(60).await;
        assert_eq!(owner.refresh().await.status, 200);
        assert_eq!(owner.get("/api/profile").await.status, 200);
        let answer = thief.refresh().await;
        assert_eq!(answer.status, 200);
        assert!(answer.set_cookies().iter().all(|cookie| cookie.starts_with("__Host-at=")));
        app.advance_seconds(21).await;
        assert_refused(&thief.refresh().await);
        assert_refused(&owner.get("/api/profile").await);
    }

    async fn reuse_of_a_token_whose_successor_was_used_ends_the_session(db) {
        let app = TestApp::start(db).await;
        let mut owner = app.registered(ADA).await;
        let mut thief = owner.clone();
        app.advance_seconds(60).await;
        assert_eq!(owner.refresh().await.status, 200);
        assert_eq!(owner.get("/api/profile").await.status, 200);
        app.advance_seconds(21).await;
        assert_refused(&thief.refresh().await);
        assert_eq!(app.events("authn_token_reuse").await, 1);
        assert_refused(&owner.get("/api/profile").await);
        assert_refused(&owner.refresh().await);
        assert_refused(&thief.refresh().await);
        assert_eq!(app.events("authn_token_reuse").await, 1);
    }

    async fn a_token_two_generations_old_is_reuse_at_any_time(db) {
        let app = TestApp::start(db).await;
        let mut owner = app.registered(ADA).await;
        let mut thief = owner.clone();
        for _ in 0..2 {
            app.advance_seconds(20).await;
            assert_eq!(owner.refresh().await.status, 200);
        }
        assert_refused(&thief.refresh().await);
        assert_refused(&owner.refresh().await);
        assert_eq!(app.events("authn_token_reuse").await, 1);
    }

    async fn a_thief_who_rotates_first_is_found_when_the_owner_comes_back(db) {
        let app = TestApp::start(db).await;
        let mut owner = app.registered(ADA).await;
        let mut thief = owner.clone();
        app.advance_seconds(60).await;
        assert_eq!(thief.refresh().await.status, 200);
        assert_eq!(thief.get("/api/profile").await.status, 200);
        app.advance_seconds(60).await;
        assert_refused(&owner.refresh().await);
        assert_refused(&thief.refresh().await);
        assert_refused(&thief.get("/api/profile").await);
    }

    async fn thirty_parallel_refreshes_agree_and_rotate_once(db) {
        let app = TestApp::start(db).await;
        let browser = app.registered(ADA).await;
        app.advance_seconds(60).await;
        let tabs = (0..30).map(|_| {
            let mut tab = browser.clone();
            tokio::spawn(async move {
                let answer = tab.refresh().await;
                assert_eq!(answer.status, 200, "{}", answer.text());
                tab.cookie(RT)
            })
        });
        let mut tokens = Vec::new();
        for tab in tabs.collect::<Vec<_>>() {
            tokens.push(tab.await.expect("the tab's refresh"));
        }
        tokens.dedup();
        assert_eq!(tokens.len(), 1);
        assert_eq!(generation(&app).await, 2);
        assert_eq!(app.events("authn_token_reuse").await, 0);
    }

    async fn two_processes_refresh_at_once_and_agree(db) {
        let app = TestApp::start(db).await;
        let other = app.beside(db).await;
        let mut here = app.registered(ADA).await;
        let mut there = other.browser();
        there.cookies = here.cookies.clone();
        assert_eq!(there.get("/api/profile").await.status, 200);
        app.advance_seconds(60).await;
        other.hear().await;
        let (one, two) = tokio::join!(here.refresh(), there.refresh());
        assert_eq!((one.status, two.status), (200, 200));
        assert_eq!(here.cookie(RT), there.cookie(RT));
        assert_eq!(there.get("/api/profile").await.status, 200);
        assert_eq!(here.get("/api/profile").await.status, 200);
        assert_eq!(generation(&app).await, 2);
    }

    async fn a_changed_token_is_refused_and_changes_nothing(db) {
        let app = TestApp::start(db).await;
        let mut browser = app.registered(ADA).await;
        let token = browser.cookie(RT);
        app.advance_seconds(60).await;
        let before = app.counts().await;
        for at in [0, 20, 25, 31, 32, 40, 74] {
            let mut changed = token.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let mut forger = app.browser();
            let changed = String::from_utf8(changed).expect("ascii");
            forger.cookies.insert(RT.to_owned(), changed);
            assert_refused(&forger.refresh().await);
        }
        assert_eq!(app.counts().await, before);
        assert_eq!(generation(&app).await, 1);
        assert_eq!(browser.refresh().await.status, 200);
    }

    async fn a_session_keeps_its_transport(db) {
        let app = TestApp::start(db).await;
        let mut browser = app.registered(ADA).await;
        let stolen = json!({ "refresh_token": browser.cookie(RT) });
        app.advance_seconds(60).await;
        assert_refused(&app.program().post("/api/auth/refresh", stolen).await);
        assert_eq!(browser.refresh().await.status, 200);

        let token = app.program().sign_in_bearer(ADA, PASSWORD).await;
        app.advance_seconds(60).await;
        let mut thief = app.browser();
        thief.cookies.insert(RT.to_owned(), token.clone());
        assert_refused(&thief.refresh().await);
        let body = json!({ "refresh_token": token });
        let answer = app.program().post("/api/auth/refresh", body).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.json()["token_type"], "Bearer");
        assert!(answer.set_cookies().is_empty());
    }

    async fn a_refresh_without_any_token_is_unauthenticated(db) {
        let app = TestApp::start(db).await;
        let answer = app.browser().refresh().await;
        answer.assert_problem(401, "unauthenticated");
        assert_eq!(answer.header("www-authenticate"), "Bearer");
        assert!(answer.set_cookies().is_empty());
    }
}
