//! Nobody learns from an answer who has an account (ASVS 6.3.8).

use serde_json::{Value, json};

use crate::support::{ADA, PASSWORD, app::TestApp, browser::Answer};

const WRONG: &str = "not the right words";

/// Everything of an answer that a stranger can compare.
fn visible(answer: &Answer) -> (u16, Vec<(String, String)>, Value) {
    let mut headers: Vec<_> = answer
        .headers
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().expect("text").to_owned()))
        .collect();
    headers.sort();
    let mut body = answer.json();
    body["request_id"] = Value::Null;
    (answer.status, headers, body)
}

on_each_engine! {
    async fn an_unknown_name_a_wrong_password_and_a_locked_account_look_the_same(db) {
        let app = TestApp::start(db).await;
        app.registered(ADA).await;
        app.registered("locked@example.org").await;
        app.set_locked("locked@example.org", true).await;
        let tries = [
            (ADA, WRONG),
            ("nobody@example.org", WRONG),
            ("locked@example.org", WRONG),
            ("locked@example.org", PASSWORD),
            ("not an address", WRONG),
            ("", WRONG),
            (ADA, ""),
        ];
        let mut seen = Vec::new();
        for (email, password) in tries {
            seen.push(visible(&app.browser().sign_in(email, password).await));
        }
        assert_eq!(seen[0].0, 401);
        assert_eq!(seen[0].2["code"], "bad_credentials");
        assert!(seen.iter().all(|answer| *answer == seen[0]), "{seen:#?}");
        assert_eq!(app.events("authn_login_lock").await, 2);
        assert_eq!(app.events("authn_login_fail").await, 5);
    }

    async fn the_throttle_of_an_unknown_name_looks_the_same(db) {
        let app = TestApp::start(db).await;
        app.registered(ADA).await;
        let mut seen = Vec::new();
        for email in [ADA, "nobody@example.org"] {
            let mut stranger = app.browser();
            let mut answers = Vec::new();
            for _ in 0..5 {
                answers.push(visible(&stranger.sign_in(email, WRONG).await));
            }
            seen.push(answers);
        }
        assert_eq!(seen[0], seen[1]);
        assert_eq!(seen[0][4].0, 429);
    }

    async fn a_locked_account_with_a_known_device_looks_the_same_too(db) {
        let app = TestApp::start(db).await;
        let mut owner = app.signed_in().await;
        let before = visible(&owner.sign_in(ADA, WRONG).await);
        app.set_locked(ADA, true).await;
        assert_eq!(visible(&owner.sign_in(ADA, PASSWORD).await), before);
        app.set_locked(ADA, false).await;
        assert_eq!(owner.sign_in(ADA, PASSWORD).await.status, 200);
    }

    async fn pages_get_no_raw_tokens(db) {
        let app = TestApp::start(db).await;
        app.registered(ADA).await;
        let body = json!({ "email": ADA, "password": PASSWORD, "transport": "bearer" });
        for header in ["sec-fetch-site", "sec-fetch-mode", "sec-fetch-dest"] {
            let mut page = app.program();
            page.headers.push((header, "same-origin".to_owned()));
            let answer = page.post("/api/auth/login", body.clone()).await;
            answer.assert_problem(403, "forbidden");
        }
        let answer = app.program().post("/api/auth/login", body).await;
        assert_eq!(answer.status, 200);
        assert!(answer.set_cookies().is_empty());
        let tokens = answer.json();
        assert_eq!(tokens.as_object().expect("an object").len(), 4);
        assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("Bearer"), &json!(600)));
    }

    async fn a_bearer_header_counts_before_the_cookies(db) {
        let app = TestApp::with(db, |options| options.config.session.per_account = 5).await;
        let browser = app.registered(ADA).await;
        let mut program = app.program();
        program.sign_in_bearer(ADA, PASSWORD).await;
        assert_eq!(program.get("/api/profile").await.status, 200);
        program.cookies = browser.cookies.clone();
        program.headers = vec![("authorization", "Bearer rubbish".to_owned())];
        program.get("/api/profile").await.assert_problem(401, "unauthenticated");
        let mut cookies = browser.clone();
        assert_eq!(cookies.get("/api/profile").await.status, 200);
    }

    async fn a_complete_sign_in_answers_what_the_contract_says(db) {
        let app = TestApp::start(db).await;
        let mut browser = app.registered(ADA).await;
        let answer = browser.sign_in(" ADA@example.org ", PASSWORD).await;
        let body = answer.json();
        assert_eq!((answer.status, &body["status"]), (200, &json!("signed_in")));
        assert_eq!((&body["account"]["email"], &body["expires_in"]), (&json!(ADA), &json!(600)));
        assert_eq!(body["expires_at"], "2027-01-15T08:10:00.000Z");
        let names: Vec<_> = browser.cookies.keys().map(String::as_str).collect();
        assert_eq!(names, ["__Host-at", "__Host-device", "__Host-rt"]);
        // The one of the registration, and this.
        assert_eq!(app.events("authn_login_success").await, 2);
    }
}
