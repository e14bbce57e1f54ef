//! Who must have a second factor, by policy and role, and what happens to who has none.

use concierge_core::totp::Policy;
use serde_json::json;

use crate::support::{
    ADA, PASSWORD,
    app::TestApp,
    authenticator::Authenticator,
    browser::{Answer, Browser},
};

const GRACE: &str = "grace@example.org";

async fn set_up_admin(app: &TestApp, browser: &mut Browser) -> Answer {
    let link = app
        .services
        .accounts
        .setup_link()
        .await
        .expect("asked")
        .expect("a link");
    let body = json!({ "token": link.token.expose(), "email": ADA, "password": PASSWORD });
    browser.post("/api/setup", body).await
}

on_each_engine! {
    async fn asvs_6_3_3_the_policy_by_table(db) {
        let app = TestApp::start(db).await;
        let (mut admin, mut member) = (app.browser(), app.registered(GRACE).await);
        assert_eq!(set_up_admin(&app, &mut admin).await.status, 201);
        for has_factor in [false, true] {
            for (policy, member_says, admin_says) in [
                (Policy::Optional, "signed_in", "signed_in"),
                (Policy::Admins, "signed_in", "enrol_second_factor"),
                (Policy::Required, "enrol_second_factor", "enrol_second_factor"),
            ] {
                let clock = app.clock.clone();
                let app = TestApp::with(db, |options| {
                    options.config.second_factor = policy;
                    options.clock = clock;
                }).await;
                for (email, says) in [(GRACE, member_says), (ADA, admin_says)] {
                    let says = if has_factor { "second_factor" } else { says };
                    let answer = app.browser().sign_in(email, PASSWORD).await;
                    assert_eq!(answer.json()["status"], says, "{policy:?} {email} {has_factor}");
                }
            }
            if !has_factor {
                for (browser, email) in [(&mut admin, ADA), (&mut member, GRACE)] {
                    assert_eq!(browser.sign_in(email, PASSWORD).await.status, 200);
                    app.enrolled(browser).await;
                }
            }
        }
    }

    async fn a_new_account_sets_its_factor_up_before_it_has_a_session(db) {
        let app = TestApp::with(db, |options| options.config.second_factor = Policy::Required).await;
        let mut browser = app.registered(GRACE).await;
        assert_eq!(browser.cookies.keys().collect::<Vec<_>>(), ["__Host-mfa"]);
        assert_eq!(app.count("session").await, 0);
        assert_eq!(browser.get("/api/auth/login/step").await.json()["step"], "enrol_second_factor");
        browser.totp("123456").await.assert_problem(401, "ticket_expired");
        let (_, codes) = app.enrolled(&mut browser).await;
        assert_eq!(codes.len(), 10);
        assert_eq!(
            browser.cookies.keys().collect::<Vec<_>>(),
            ["__Host-at", "__Host-device", "__Host-rt"]
        );
        let profile = browser.get("/api/profile").await.json();
        assert_eq!(profile["account"]["second_factor"], true);
        browser.call("DELETE", "/api/totp", json!({})).await.assert_problem(409, "conflict");
        let state = browser.get("/api/totp").await.json();
        assert_eq!((&state["required"], &state["recovery_codes_left"]), (&json!(true), &json!(10)));
        let mut admin = app.browser();
        let answer = set_up_admin(&app, &mut admin).await;
        assert_eq!((answer.status, &answer.json()["status"]), (201, &json!("enrol_second_factor")));
    }

    async fn a_bearer_client_sets_up_with_its_ticket_and_is_signed_in(db) {
        let app = TestApp::start(db).await;
        app.registered(GRACE).await;
        let app = TestApp::with(db, |options| options.config.second_factor = Policy::Required).await;
        let mut program = app.program();
        let body = json!({ "email": GRACE, "password": PASSWORD, "transport": "bearer" });
        let answer = program.post("/api/auth/login", body).await;
        let ticket = answer.json()["ticket"].as_str().expect("a ticket").to_owned();
        let answer = program.post("/api/totp/enrol", json!({ "ticket": ticket })).await;
        let secret = answer.json()["secret"].as_str().expect("a seed").to_owned();
        let code = Authenticator { secret }.code(&app, 0);
        let body = json!({ "ticket": ticket, "code": code });
        let answer = program.post("/api/totp/confirm", body).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.json()["tokens"]["token_type"], "Bearer");
        assert!(answer.set_cookies().is_empty());
    }

    async fn sessions_from_before_a_stricter_policy_end_at_the_start(db) {
        let app = TestApp::start(db).await;
        let without = app.registered(GRACE).await;
        let mut with = app.signed_in().await;
        app.enrolled(&mut with).await;
        let clock = app.clock.clone();
        let app = TestApp::with(db, |options| {
            options.config.second_factor = Policy::Required;
            options.clock = clock;
        }).await;
        assert_eq!(app.services.end_unproven().await.expect("ended"), 1);
        assert_eq!(app.services.end_unproven().await.expect("ended"), 0);
        let mut moved = app.browser();
        moved.cookies = without.cookies.clone();
        moved.get("/api/profile").await.assert_problem(401, "unauthenticated");
        moved.cookies = with.cookies.clone();
        assert_eq!(moved.get("/api/profile").await.status, 200);
    }
}
