//! Proving again who one is: what needs it, what it takes, what guessing comes to.

use serde_json::json;

use crate::support::{ADA, PASSWORD, app::TestApp, browser::Browser};

/// A session that is alive, and whose sign-in is over ten minutes old.
async fn stale(app: &TestApp, browser: &mut Browser) {
    for _ in 0..2 {
        app.advance_seconds(301).await;
        assert_eq!(browser.refresh().await.status, 200);
    }
    browser
        .poke("/api/recovery/codes")
        .await
        .assert_problem(403, "fresh_sign_in_required");
}

async fn prove(
    browser: &mut Browser,
    password: &str,
    code: Option<&str>,
) -> crate::support::browser::Answer {
    let body = match code {
        Some(code) => json!({ "password": password, "code": code }),
        None => json!({ "password": password }),
    };
    browser.post("/api/auth/fresh", body).await
}

on_each_engine! {
    async fn asvs_7_5_3_a_password_makes_an_old_sign_in_fresh(db) {
        let app = TestApp::start(db).await;
        let mut owner = app.signed_in().await;
        stale(&app, &mut owner).await;
        prove(&mut owner, "not the password", None).await.assert_problem(401, "bad_credentials");
        assert_eq!(app.events("authn_step_up_fail").await, 1);
        let answer = prove(&mut owner, PASSWORD, None).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(owner.get("/api/auth/session").await.json()["fresh_until"], answer.json()["fresh_until"]);
        assert_eq!(owner.post("/api/totp/enrol", json!({})).await.status, 200);
        assert_eq!(app.events("authn_step_up").await, 1);
        stale(&app, &mut owner).await;
        app.browser().post("/api/auth/fresh", json!({ "password": PASSWORD })).await
            .assert_problem(401, "unauthenticated");
    }

    async fn a_code_is_needed_where_a_factor_is_set_up(db) {
        let app = TestApp::start(db).await;
        let mut owner = app.signed_in().await;
        let (authenticator, codes) = app.enrolled(&mut owner).await;
        stale(&app, &mut owner).await;
        prove(&mut owner, PASSWORD, None).await.assert_problem(401, "bad_code");
        let wrong = authenticator.wrong(&app);
        prove(&mut owner, PASSWORD, Some(&wrong)).await.assert_problem(401, "bad_code");
        let right = authenticator.code(&app, 0);
        prove(&mut owner, "not the password", Some(&right)).await.assert_problem(401, "bad_credentials");
        assert_eq!(prove(&mut owner, PASSWORD, Some(&right)).await.status, 200);
        prove(&mut owner, PASSWORD, Some(&right)).await.assert_problem(401, "bad_code");
        assert_eq!(app.events("authn_mfa_reuse").await, 1);
        stale(&app, &mut owner).await;
        assert_eq!(prove(&mut owner, PASSWORD, Some(&codes[0])).await.status, 200);
        prove(&mut owner, PASSWORD, Some(&codes[0])).await.assert_problem(401, "bad_code");
    }

    async fn a_right_password_without_the_code_leaves_an_event_like_a_wrong_one(db) {
        let app = TestApp::start(db).await;
        let mut owner = app.signed_in().await;
        app.enrolled(&mut owner).await;
        for (password, code) in [(PASSWORD, "bad_code"), ("four brass bells rang", "bad_credentials")] {
            let before = app.events("authn_step_up_fail").await;
            let proof = json!({ "password": password });
            owner.post("/api/auth/fresh", proof).await.assert_problem(401, code);
            assert_eq!(app.events("authn_step_up_fail").await, before + 1, "{code}");
        }
    }

    async fn whoever_holds_a_session_guesses_ten_passwords_an_hour(db) {
        let app = TestApp::start(db).await;
        let mut thief = app.signed_in().await;
        for _ in 0..10 {
            prove(&mut thief, "not the password", None).await.assert_problem(401, "bad_credentials");
        }
        prove(&mut thief, PASSWORD, None).await.assert_problem(429, "throttled");
        // The front door is another matter.
        assert_eq!(app.browser().sign_in(ADA, PASSWORD).await.status, 200);
    }
}
