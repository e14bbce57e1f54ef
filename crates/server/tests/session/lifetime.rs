//! How long sessions and their cookies live.

use concierge_server::store::sql;
use serde_json::json;

use crate::support::{ADA, PASSWORD, app::TestApp, browser::Answer};

const HOUR: u64 = 3600;

async fn absolute_end(app: &TestApp) -> i64 {
    let row = sql("SELECT expires_at FROM session")
        .fetch_one(app.db())
        .await;
    row.and_then(|row| row.int("expires_at"))
        .expect("one session")
}

fn max_ages(answer: &Answer) -> Vec<Option<i64>> {
    let cookies = answer
        .set_cookies()
        .into_iter()
        .filter(|text| !text.starts_with("__Host-device"));
    let cookies = cookies.map(|text| cookie::Cookie::parse(text).expect("a cookie"));
    cookies
        .map(|cookie| cookie.max_age().map(cookie::time::Duration::whole_seconds))
        .collect()
}

on_each_engine! {
    async fn the_absolute_end_never_moves(db) {
        let app = TestApp::start(db).await;
        let mut browser = app.registered(ADA).await;
        let end = absolute_end(&app).await;
        for _ in 0..47 {
            app.advance_seconds(HOUR / 2).await;
            assert_eq!(browser.refresh().await.status, 200);
            assert_eq!(absolute_end(&app).await, end);
        }
        app.advance_seconds(HOUR / 2 - 1).await;
        let last = browser.refresh().await;
        assert_eq!(last.json()["expires_in"], 1);
        app.advance_seconds(1).await;
        browser.refresh().await.assert_problem(401, "unauthenticated");
        browser.get("/api/profile").await.assert_problem(401, "unauthenticated");
    }

    async fn an_untouched_session_ends_after_an_hour(db) {
        let app = TestApp::start(db).await;
        let mut browser = app.registered(ADA).await;
        app.advance_seconds(HOUR - 1).await;
        assert_eq!(browser.refresh().await.status, 200);
        app.advance_seconds(HOUR).await;
        browser.refresh().await.assert_problem(401, "unauthenticated");
    }

    async fn an_expired_access_token_of_a_live_session_says_so(db) {
        let app = TestApp::start(db).await;
        let mut browser = app.registered(ADA).await;
        app.advance_seconds(599).await;
        assert_eq!(browser.get("/api/profile").await.status, 200);
        app.advance_seconds(1).await;
        let answer = browser.get("/api/profile").await;
        answer.assert_problem(401, "token_expired");
        assert!(answer.set_cookies().is_empty());
        let session = browser.get("/api/auth/session").await;
        assert_eq!(session.json(), json!({ "signed_in": false, "renewable": true }));
        assert_eq!(browser.refresh().await.status, 200);
        assert_eq!(browser.get("/api/profile").await.status, 200);
    }

    async fn a_remembered_session_lives_for_days_in_persistent_cookies(db) {
        let app = TestApp::start(db).await;
        let mut browser = app.registered(ADA).await;
        let body = json!({ "email": ADA, "password": PASSWORD, "remember": true });
        let answer = browser.post("/api/auth/login", body).await;
        let month = 30 * 24 * 3600;
        assert_eq!(max_ages(&answer), [Some(month), Some(month)]);
        app.advance_seconds(6 * 24 * HOUR).await;
        let answer = browser.refresh().await;
        assert_eq!(answer.status, 200);
        let left = month - 6 * 24 * 3600;
        assert_eq!(max_ages(&answer), [Some(left), Some(left)]);
        app.advance_seconds(7 * 24 * HOUR).await;
        browser.refresh().await.assert_problem(401, "unauthenticated");
    }

    async fn a_plain_session_ends_with_the_browser(db) {
        let app = TestApp::start(db).await;
        let mut browser = app.registered(ADA).await;
        let answer = browser.sign_in(ADA, PASSWORD).await;
        assert_eq!(max_ages(&answer), [None, None]);
        for text in answer.set_cookies() {
            for part in ["__Host-", "Secure", "HttpOnly", "SameSite=Strict", "Path=/"] {
                assert!(text.contains(part), "{text}");
            }
            assert!(!text.contains("Domain"), "{text}");
        }
    }

    async fn the_session_endpoint_tells_who_is_there_and_never_fails(db) {
        let app = TestApp::start(db).await;
        let visitor = app.browser().get("/api/auth/session").await;
        assert_eq!((visitor.status, visitor.json()), (200, json!({ "signed_in": false })));
        let mut browser = app.registered(ADA).await;
        let answer = browser.get("/api/auth/session").await.json();
        assert_eq!(answer["signed_in"], true);
        assert_eq!(answer["account"]["email"], ADA);
        assert_eq!((&answer["expires_in"], &answer["idle_in"]), (&json!(600), &json!(3600)));
        browser.cookies.insert("__Host-at".to_owned(), "rubbish".to_owned());
        browser.cookies.remove("__Host-rt");
        let broken = browser.get("/api/auth/session").await;
        assert_eq!((broken.status, broken.json()), (200, json!({ "signed_in": false })));
        let mut odd = app.program();
        odd.headers.push(("authorization", "Basic YTpi".to_owned()));
        assert_eq!(odd.get("/api/auth/session").await.json(), json!({ "signed_in": false }));
    }
}
