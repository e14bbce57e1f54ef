//! Setting a factor up and removing it: what an app reads, what a first code changes.

use std::process::Command;

use serde_json::json;

use crate::support::{ADA, PASSWORD, app::TestApp, authenticator::Authenticator};

/// What `oathtool` of oath-toolkit makes of the seed now, where it is installed.
fn oathtool(app: &TestApp, secret: &str) -> Option<String> {
    let seconds = app.services.clock.now().as_millis() / 1000;
    let now = format!("@{seconds}");
    let made = Command::new("oathtool")
        .args(["--totp", "-b", "-N", &now, secret])
        .output()
        .ok()?;
    Some(
        String::from_utf8(made.stdout)
            .expect("text")
            .trim()
            .to_owned(),
    )
}

on_each_engine! {
    async fn codes_of_two_other_generators_are_taken(db) {
        let app = TestApp::start(db).await;
        let mut owner = app.signed_in().await;
        for round in 0..20 {
            let answer = owner.post("/api/totp/enrol", json!({})).await.json();
            let secret = answer["secret"].as_str().expect("a seed").to_owned();
            let uri = answer["uri"].as_str().expect("an address");
            assert!(uri.starts_with("otpauth://totp/Concierge:ada%40example.org?"), "{uri}");
            assert!(uri.contains(&secret.replace(' ', "")));
            assert!(answer["qr_svg"].as_str().expect("a drawing").starts_with("<svg"));
            let authenticator = Authenticator { secret };
            let own = authenticator.code(&app, 0);
            let code = oathtool(&app, &authenticator.secret.replace(' ', "")).unwrap_or(own.clone());
            assert_eq!(code, own, "round {round}");
            let answer = owner.post("/api/totp/confirm", json!({ "code": code })).await;
            assert_eq!(answer.status, 200, "{}", answer.text());
            assert_eq!(owner.call("DELETE", "/api/totp", json!({})).await.status, 204);
            app.advance_seconds(17).await;
        }
    }

    async fn a_factor_counts_once_its_first_code_is_confirmed(db) {
        let app = TestApp::start(db).await;
        let mut owner = app.signed_in().await;
        owner.get("/api/totp/enrol").await.assert_problem(404, "not_found");
        let first = owner.post("/api/totp/enrol", json!({})).await.json();
        assert_eq!(owner.get("/api/totp/enrol").await.json(), first);
        assert_eq!(owner.sign_in(ADA, PASSWORD).await.json()["status"], "signed_in");
        let second = owner.post("/api/totp/enrol", json!({})).await.json();
        assert_ne!(first["secret"], second["secret"]);
        // A code of a seed that was replaced confirms nothing.
        let old = Authenticator { secret: first["secret"].as_str().expect("a seed").to_owned() };
        owner.post("/api/totp/confirm", json!({ "code": old.code(&app, 0) })).await.assert_problem(401, "bad_code");
        let (authenticator, _) = app.enrolled(&mut owner).await;
        owner.post("/api/totp/enrol", json!({})).await.assert_problem(409, "conflict");
        let code = authenticator.code(&app, 0);
        owner.post("/api/totp/confirm", json!({ "code": code })).await.assert_problem(409, "conflict");
        owner.get("/api/totp/enrol").await.assert_problem(404, "not_found");
        assert_eq!(app.events("authn_mfa_enabled").await, 1);
        assert_eq!(app.count("outbox").await, 1);
    }

    async fn the_first_code_is_used_up_by_confirming(db) {
        let app = TestApp::start(db).await;
        let mut owner = app.signed_in().await;
        let secret = owner.post("/api/totp/enrol", json!({})).await.json()["secret"].clone();
        let authenticator = Authenticator { secret: secret.as_str().expect("a seed").to_owned() };
        let code = authenticator.code(&app, 0);
        assert_eq!(owner.post("/api/totp/confirm", json!({ "code": code })).await.status, 200);
        app.half_way(ADA).await.totp(&code).await.assert_problem(401, "bad_code");
    }

    async fn other_sessions_end_when_a_factor_is_set_up_and_stay_when_it_is_removed(db) {
        let app = TestApp::with(db, |options| options.config.session.per_account = 3).await;
        let mut owner = app.signed_in().await;
        let mut elsewhere = app.browser();
        assert_eq!(elsewhere.sign_in(ADA, PASSWORD).await.status, 200);
        let (authenticator, _) = app.enrolled(&mut owner).await;
        elsewhere.get("/api/profile").await.assert_problem(401, "unauthenticated");
        let mut elsewhere = app.half_way(ADA).await;
        assert_eq!(elsewhere.totp(&authenticator.code(&app, 0)).await.status, 200);
        assert_eq!(owner.call("DELETE", "/api/totp", json!({})).await.status, 204);
        owner.call("DELETE", "/api/totp", json!({})).await.assert_problem(404, "not_found");
        assert_eq!(elsewhere.get("/api/profile").await.json()["account"]["second_factor"], false);
        assert_eq!((app.count("totp").await, app.count("recovery_code").await), (0, 0));
        assert_eq!(app.events("authn_mfa_disabled").await, 1);
        assert_eq!(owner.sign_in(ADA, PASSWORD).await.json()["status"], "signed_in");
    }

    async fn a_seed_is_seen_and_confirmed_only_where_it_was_made_and_for_ten_minutes(db) {
        let app = TestApp::with(db, |options| options.config.session.per_account = 3).await;
        let (mut owner, mut thief) = (app.signed_in().await, app.browser());
        assert_eq!(thief.sign_in(ADA, PASSWORD).await.status, 200);
        let planted = thief.post("/api/totp/enrol", json!({})).await.json();
        owner.get("/api/totp/enrol").await.assert_problem(404, "not_found");
        let planted = Authenticator { secret: planted["secret"].as_str().expect("a seed").to_owned() };
        let code = json!({ "code": planted.code(&app, 0) });
        for _ in 0..11 {
            // Nothing of theirs waits here, so nothing is tried, and nothing of the budget goes.
            owner.post("/api/totp/confirm", code.clone()).await.assert_problem(409, "conflict");
        }
        assert_eq!(owner.post("/api/totp/enrol", json!({})).await.status, 200);
        thief.get("/api/totp/enrol").await.assert_problem(404, "not_found");
        let secret = owner.get("/api/totp/enrol").await.json()["secret"].as_str().expect("a seed").to_owned();
        for _ in 0..2 {
            app.advance_seconds(301).await;
            assert_eq!(owner.refresh().await.status, 200);
        }
        let proof = json!({ "password": PASSWORD });
        assert_eq!(owner.post("/api/auth/fresh", proof).await.status, 200);
        owner.get("/api/totp/enrol").await.assert_problem(404, "not_found");
        let late = json!({ "code": Authenticator { secret }.code(&app, 0) });
        owner.post("/api/totp/confirm", late).await.assert_problem(409, "conflict");
        app.enrolled(&mut owner).await;
    }

    async fn asvs_7_5_1_an_old_sign_in_sets_no_factor_up(db) {
        let app = TestApp::start(db).await;
        let mut owner = app.signed_in().await;
        for _ in 0..2 {
            app.advance_seconds(301).await;
            assert_eq!(owner.refresh().await.status, 200);
        }
        owner.post("/api/totp/enrol", json!({})).await.assert_problem(403, "fresh_sign_in_required");
        owner.post("/api/totp/confirm", json!({ "code": "123456" })).await.assert_problem(403, "fresh_sign_in_required");
    }
}
