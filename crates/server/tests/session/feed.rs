//! Several processes on one database: what one ends or changes, the others see (decision D6).

use std::time::Duration;

use concierge_core::time::Timestamp;
use concierge_server::store::{On, sql};
use serde_json::json;

use crate::support::{ADA, app::TestApp, browser::Browser, database::Database};

/// Two processes, and a browser that both have seen.
async fn two_processes(db: &Database) -> (TestApp, TestApp, Browser, Browser) {
    let here = TestApp::start(db).await;
    let there = here.beside(db).await;
    let browser = here.registered(ADA).await;
    let mut elsewhere = there.browser();
    elsewhere.cookies = browser.cookies.clone();
    assert_eq!(elsewhere.get("/api/profile").await.status, 200);
    (here, there, browser, elsewhere)
}

/// Deletes every announcement, as happens to those older than a day.
async fn forget_news(app: &TestApp) {
    let end = Timestamp::from_millis(i64::MAX);
    let deleted = app.db().delete_changes_before(end).await;
    assert!(deleted.expect("deleted") > 0);
}

on_each_engine! {
    async fn a_sign_out_in_another_process_counts_once_the_news_is_heard(db) {
        let (_here, there, mut browser, mut elsewhere) = two_processes(db).await;
        assert_eq!(browser.poke("/api/auth/logout").await.status, 204);
        there.hear().await;
        elsewhere.get("/api/profile").await.assert_problem(401, "unauthenticated");
        elsewhere.refresh().await.assert_problem(401, "unauthenticated");
    }

    async fn without_news_the_database_is_asked(db) {
        let (here, _there, mut browser, mut elsewhere) = two_processes(db).await;
        assert_eq!(browser.poke("/api/auth/logout").await.status, 204);
        here.clock.advance(Duration::from_millis(1001));
        elsewhere.get("/api/profile").await.assert_problem(401, "unauthenticated");
    }

    async fn a_refresh_is_never_granted_from_memory(db) {
        let (here, there, mut browser, mut elsewhere) = two_processes(db).await;
        here.clock.advance(Duration::from_secs(60));
        there.hear().await;
        assert_eq!(elsewhere.get("/api/profile").await.status, 200);
        assert_eq!(browser.poke("/api/auth/logout").await.status, 204);
        elsewhere.refresh().await.assert_problem(401, "unauthenticated");
    }

    async fn a_rotation_in_another_process_is_known_without_news(db) {
        let (here, there, mut browser, mut elsewhere) = two_processes(db).await;
        here.advance_seconds(60).await;
        there.hear().await;
        assert_eq!(browser.refresh().await.status, 200);
        elsewhere.cookies = browser.cookies.clone();
        assert_eq!(elsewhere.get("/api/profile").await.status, 200);
    }

    async fn a_changed_name_is_seen_by_the_other_process(db) {
        let (_here, there, mut browser, mut elsewhere) = two_processes(db).await;
        let answer = browser.call("PATCH", "/api/profile", json!({ "name": "Countess" })).await;
        assert_eq!(answer.status, 200);
        there.hear().await;
        let seen = elsewhere.get("/api/profile").await.json();
        assert_eq!(seen["account"]["name"], "Countess");
    }

    async fn a_locked_account_is_out_everywhere(db) {
        let (here, there, mut browser, mut elsewhere) = two_processes(db).await;
        let locked = here.set_locked(ADA, true).await;
        assert!(locked);
        there.hear().await;
        browser.get("/api/profile").await.assert_problem(401, "unauthenticated");
        elsewhere.get("/api/profile").await.assert_problem(401, "unauthenticated");
    }

    async fn news_that_was_deleted_unheard_ends_every_copy(db) {
        let (here, there, mut browser, mut elsewhere) = two_processes(db).await;
        assert_eq!(browser.poke("/api/auth/logout").await.status, 204);
        forget_news(&here).await;
        there.hear().await;
        elsewhere.get("/api/profile").await.assert_problem(401, "unauthenticated");
    }

    async fn a_hole_before_the_first_news_ends_every_copy(db) {
        let (here, there, mut browser, mut elsewhere) = two_processes(db).await;
        let mut other = here.registered("other@example.org").await;
        assert_eq!(browser.poke("/api/auth/logout").await.status, 204);
        forget_news(&here).await;
        assert_eq!(other.call("PATCH", "/api/profile", json!({ "name": "Other" })).await.status, 200);
        there.hear().await;
        elsewhere.get("/api/profile").await.assert_problem(401, "unauthenticated");
    }

    async fn a_feed_that_went_back_ends_every_copy(db) {
        let (here, there, mut browser, mut elsewhere) = two_processes(db).await;
        let change = json!({ "name": "Countess" });
        assert_eq!(browser.call("PATCH", "/api/profile", change).await.status, 200);
        there.hear().await;
        assert_eq!(elsewhere.get("/api/profile").await.status, 200);
        // A backup is put back, in which the session had ended and the change was not made yet.
        for statement in ["UPDATE session SET ended_at = 1", "DELETE FROM revocation", "UPDATE feed SET position = 0"] {
            sql(statement).execute(On::Write(here.db())).await.expect("restored");
        }
        there.hear().await;
        elsewhere.get("/api/profile").await.assert_problem(401, "unauthenticated");
    }

    async fn a_lost_database_lets_nobody_in_and_signs_nobody_out(db) {
        let app = TestApp::start(db).await;
        let mut browser = app.registered(ADA).await;
        let cookies = browser.cookies.clone();
        app.db().close().await;
        app.clock.advance(Duration::from_secs(2));
        for path in ["/api/profile", "/api/auth/session"] {
            let answer = browser.get(path).await;
            answer.assert_problem(503, "unavailable");
            assert_eq!(answer.header("retry-after"), "2");
        }
        browser.refresh().await.assert_problem(503, "unavailable");
        let answer = browser.sign_in(ADA, "some other words here").await;
        answer.assert_problem(503, "unavailable");
        assert_eq!(browser.get("/readyz").await.status, 503);
        assert_eq!(browser.get("/livez").await.status, 200);
        assert_eq!(browser.visit("/profile").await.status, 503);
        assert_eq!(browser.cookies, cookies);
    }
}
