//! The second step: what opens it, what passes it, and that a code passes once.

use futures_util::future::join_all;
use serde_json::json;

use crate::support::{ADA, PASSWORD, app::TestApp, database::Database, log::logged};

const OTHER: &str = "grace@example.org";

on_each_engine! {
    async fn asvs_6_3_3_a_password_alone_gives_no_token_of_any_kind(db) {
        let app = TestApp::start(db).await;
        let mut owner = app.signed_in().await;
        let (authenticator, _) = app.enrolled(&mut owner).await;
        let mut browser = app.browser();
        let sessions = app.count("session").await;
        let answer = browser.sign_in(ADA, PASSWORD).await;
        assert_eq!(answer.json(), json!({ "status": "second_factor", "methods": ["totp", "recovery"] }));
        assert_eq!(browser.cookies.keys().collect::<Vec<_>>(), ["__Host-mfa"]);
        assert_eq!(app.count("session").await, sessions);
        browser.get("/api/profile").await.assert_problem(401, "unauthenticated");
        assert_eq!(browser.get("/api/auth/login/step").await.json()["step"], "second_factor");
        let answer = browser.totp(&authenticator.code(&app, 0)).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.json()["status"], "signed_in");
        assert_eq!(answer.json()["account"]["second_factor"], true);
        assert_eq!(
            browser.cookies.keys().collect::<Vec<_>>(),
            ["__Host-at", "__Host-device", "__Host-rt"]
        );
        assert_eq!(browser.get("/api/profile").await.status, 200);
    }

    async fn asvs_6_5_1_a_code_passes_once(db) {
        let app = TestApp::start(db).await;
        let mut owner = app.signed_in().await;
        let (authenticator, _) = app.enrolled(&mut owner).await;
        let code = authenticator.code(&app, 0);
        assert_eq!(app.half_way(ADA).await.totp(&code).await.status, 200);
        // In its own step, in the next, and one from before it.
        for (seconds, steps) in [(0, 0), (30, -1), (0, -1)] {
            app.advance_seconds(seconds).await;
            let code = authenticator.code(&app, steps);
            app.half_way(ADA).await.totp(&code).await.assert_problem(401, "bad_code");
        }
        assert_eq!(app.events("authn_mfa_reuse").await, 3);
        assert_eq!(app.events("authn_mfa_fail").await, 0);
        let code = authenticator.code(&app, 0);
        assert_eq!(app.half_way(ADA).await.totp(&code).await.status, 200);
    }

    async fn asvs_6_5_1_of_fifty_parallel_tries_with_one_code_one_passes(db) {
        let app = TestApp::start(db).await;
        let mut owner = app.signed_in().await;
        let (authenticator, _) = app.enrolled(&mut owner).await;
        let mut browsers = Vec::new();
        for _ in 0..10 {
            browsers.push(app.half_way(ADA).await);
        }
        let code = authenticator.code(&app, 0);
        // Five tries a ticket.
        let mut browsers: Vec<_> = (0..50).map(|n| browsers[n % 10].clone()).collect();
        let tries = browsers.iter_mut().map(|browser| browser.totp(&code));
        let answers = join_all(tries).await;
        let passed = answers.iter().filter(|answer| answer.status == 200);
        assert_eq!(passed.count(), 1);
        assert!(answers.iter().all(|answer| matches!(answer.status, 200 | 401 | 429)));
    }

    async fn a_ticket_opens_one_step_of_one_account_once(db) {
        let app = TestApp::start(db).await;
        let mut owner = app.signed_in().await;
        let (authenticator, _) = app.enrolled(&mut owner).await;
        let mut other = app.registered(OTHER).await;
        let (others, _) = app.enrolled(&mut other).await;
        // Another account's code.
        let mut browser = app.half_way(ADA).await;
        browser.totp(&others.code(&app, 0)).await.assert_problem(401, "bad_code");
        // Another account's ticket.
        let mut stranger = app.half_way(OTHER).await;
        stranger.totp(&authenticator.code(&app, 0)).await.assert_problem(401, "bad_code");
        // It opens nothing else.
        browser.post("/api/totp/enrol", json!({})).await.assert_problem(401, "ticket_expired");
        browser.get("/api/totp").await.assert_problem(401, "unauthenticated");
        let mut copy = browser.clone();
        assert_eq!(browser.totp(&authenticator.code(&app, 0)).await.status, 200);
        app.advance_seconds(30).await;
        copy.totp(&authenticator.code(&app, 0)).await.assert_problem(401, "ticket_expired");
        // Without one, with a made-up one.
        app.browser().totp("123456").await.assert_problem(401, "ticket_expired");
        copy.cookies.insert("__Host-mfa".to_owned(), "A".repeat(43));
        copy.totp("123456").await.assert_problem(401, "ticket_expired");
    }

    async fn a_ticket_lives_five_minutes_and_five_tries(db) {
        let app = TestApp::start(db).await;
        let mut owner = app.signed_in().await;
        let (authenticator, _) = app.enrolled(&mut owner).await;
        let mut late = app.half_way(ADA).await;
        app.advance_seconds(300).await;
        late.totp(&authenticator.code(&app, 0)).await.assert_problem(401, "ticket_expired");
        let mut spent = app.half_way(ADA).await;
        let wrong = authenticator.wrong(&app);
        for _ in 0..5 {
            spent.totp(&wrong).await.assert_problem(401, "bad_code");
        }
        spent.totp(&authenticator.code(&app, 0)).await.assert_problem(401, "ticket_expired");
        assert_eq!(app.events("authn_mfa_fail").await, 5);
        app.advance_seconds(301).await;
        assert!(app.services.sessions.purge_tickets().await.expect("purged") > 0);
        assert_eq!(app.count("ticket").await, 0);
    }

    async fn a_lock_and_a_sign_out_kill_tickets(db) {
        let app = TestApp::start(db).await;
        let mut owner = app.signed_in().await;
        let (authenticator, _) = app.enrolled(&mut owner).await;
        let mut browser = app.half_way(ADA).await;
        for locked in [true, false] {
            app.set_locked(ADA, locked).await;
        }
        browser.totp(&authenticator.code(&app, 0)).await.assert_problem(401, "ticket_expired");
        let mut signed_in = app.half_way(ADA).await;
        assert_eq!(signed_in.totp(&authenticator.code(&app, 0)).await.status, 200);
        let mut browser = app.half_way(ADA).await;
        assert_eq!(signed_in.poke("/api/auth/logout").await.status, 204);
        app.advance_seconds(30).await;
        browser.totp(&authenticator.code(&app, 0)).await.assert_problem(401, "ticket_expired");
    }

    async fn a_ticket_is_bound_to_the_device_it_was_made_for(db) {
        let app = TestApp::start(db).await;
        let mut owner = app.signed_in().await;
        let (authenticator, _) = app.enrolled(&mut owner).await;
        let answer = owner.sign_in(ADA, PASSWORD).await;
        assert_eq!(answer.json()["status"], "second_factor");
        let mut thief = app.browser();
        thief.cookies.insert("__Host-mfa".to_owned(), owner.cookie("__Host-mfa"));
        let code = authenticator.code(&app, 0);
        thief.totp(&code).await.assert_problem(401, "ticket_expired");
        let device = owner.cookie("__Host-device");
        assert_eq!(owner.totp(&code).await.status, 200);
        assert_eq!(owner.cookie("__Host-device"), device);
    }

    async fn a_bearer_client_carries_its_ticket_in_the_body(db) {
        let app = TestApp::start(db).await;
        let mut owner = app.signed_in().await;
        let (authenticator, _) = app.enrolled(&mut owner).await;
        let mut program = app.program();
        let body = json!({ "email": ADA, "password": PASSWORD, "transport": "bearer" });
        let answer = program.post("/api/auth/login", body).await;
        let ticket = answer.json()["ticket"].as_str().expect("a ticket").to_owned();
        assert!(program.cookies.is_empty());
        // As a cookie it opens nothing.
        let mut browser = app.browser();
        browser.cookies.insert("__Host-mfa".to_owned(), ticket.clone());
        let code = authenticator.code(&app, 0);
        browser.totp(&code).await.assert_problem(401, "ticket_expired");
        let body = json!({ "code": code, "ticket": ticket });
        let answer = program.post("/api/auth/login/totp", body).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.json()["token_type"], "Bearer");
        assert!(answer.set_cookies().is_empty());
    }

    async fn a_page_without_script_does_the_step_with_forms(db) {
        let app = TestApp::start(db).await;
        let mut owner = app.signed_in().await;
        let (authenticator, codes) = app.enrolled(&mut owner).await;
        let mut browser = app.browser();
        let fields = [("email", ADA), ("password", PASSWORD), ("next", "/security")];
        let answer = browser.form("/api/auth/login", &fields).await;
        let page = "/sign-in/second-factor?next=/security";
        assert_eq!((answer.status, answer.header("location")), (303, page));
        let wrong = authenticator.wrong(&app);
        let answer = browser.form("/api/auth/login/totp", &[("code", &wrong), ("next", "/security")]).await;
        let page = "/sign-in/second-factor?code=bad_code&next=/security";
        assert_eq!((answer.status, answer.header("location")), (303, page));
        let code = authenticator.code(&app, 0);
        let answer = browser.form("/api/auth/login/totp", &[("code", &code), ("next", "/security")]).await;
        assert_eq!(answer.status, 303);
        assert!(answer.header("location").starts_with("/security"), "{}", answer.header("location"));
        assert_eq!(browser.get("/api/profile").await.status, 200);
        let mut browser = app.half_way(ADA).await;
        let answer = browser.form("/api/auth/login/recovery", &[("code", &codes[0])]).await;
        assert!(answer.header("location").starts_with("/profile"), "{}", answer.header("location"));
    }
}

#[tokio::test]
async fn asvs_16_2_5_no_secret_of_the_second_factor_reaches_the_log() {
    let database = Database::sqlite();
    let mut secrets = Vec::new();
    let log = logged(async {
        let app = TestApp::start(&database).await;
        let mut owner = app.signed_in().await;
        let (authenticator, codes) = app.enrolled(&mut owner).await;
        let mut browser = app.half_way(ADA).await;
        secrets.push(browser.cookie("__Host-mfa"));
        secrets.extend([authenticator.wrong(&app), authenticator.code(&app, 0)]);
        browser.totp(&authenticator.wrong(&app)).await;
        assert_eq!(browser.totp(&authenticator.code(&app, 0)).await.status, 200);
        let mut browser = app.half_way(ADA).await;
        assert_eq!(browser.recover(&codes[0]).await.status, 200);
        secrets.push(authenticator.secret.replace(' ', ""));
        secrets.extend([
            authenticator.secret,
            codes[0].clone(),
            codes[0].replace('-', ""),
        ]);
    })
    .await;
    assert!(log.contains("authn_recovery_code_used"), "{log}");
    for secret in secrets {
        assert!(!log.contains(&secret), "{secret}");
    }
}
