//! A sign-in from a new device is told, and its owner can end everything with one link.

use serde_json::json;

use crate::support::{ADA, PASSWORD, app::TestApp};

on_each_engine! {
    async fn asvs_6_3_5_a_sign_in_from_a_new_device_is_told_and_a_known_one_is_not(db) {
        let app = TestApp::start(db).await;
        let mut ada = app.registered(ADA).await;
        // The browser that registered is known.
        assert_eq!(ada.sign_in(ADA, PASSWORD).await.status, 200);
        assert_eq!(app.events("authn_new_device").await, 0);
        assert_eq!(app.browser().sign_in(ADA, "four brass bells rang").await.status, 401);
        assert_eq!(app.events("authn_new_device").await, 0);
        assert_eq!(app.browser().sign_in(ADA, PASSWORD).await.status, 200);
        assert_eq!(app.events("authn_new_device").await, 1);
        assert!(app.mail_to(ADA).await.text.contains("/not-me#"));
    }

    async fn a_thief_who_is_the_first_to_sign_in_after_the_registration_is_told_of(db) {
        let app = TestApp::start(db).await;
        app.registered(ADA).await;
        assert_eq!(app.browser().sign_in(ADA, PASSWORD).await.status, 200);
        assert_eq!(app.events("authn_new_device").await, 1);
    }

    async fn who_says_that_it_was_not_them_ends_everything_once(db) {
        let app = TestApp::start(db).await;
        let mut ada = app.registered(ADA).await;
        assert_eq!(ada.sign_in(ADA, PASSWORD).await.status, 200);
        let mut thief = app.browser();
        assert_eq!(thief.sign_in(ADA, PASSWORD).await.status, 200);
        let token = json!({ "token": app.mail_to(ADA).await.token() });
        let mut owner = app.browser();
        owner.post("/api/auth/not-me", json!({ "token": "made up" })).await.assert_problem(401, "ticket_expired");
        assert_eq!(thief.get("/api/profile").await.status, 200);
        assert_eq!(owner.post("/api/auth/not-me", token.clone()).await.status, 204);
        owner.post("/api/auth/not-me", token).await.assert_problem(401, "ticket_expired");
        assert_eq!(thief.get("/api/profile").await.status, 401);
        thief.sign_in(ADA, PASSWORD).await.assert_problem(401, "bad_credentials");
        assert_eq!((app.events("authn_not_me").await, app.count("device").await), (1, 0));
        let new = json!({ "token": app.mail_to(ADA).await.token(), "new": "nine paper boats sink" });
        assert_eq!(owner.post("/api/password/reset", new).await.status, 204);
        assert_eq!(owner.sign_in(ADA, "nine paper boats sink").await.status, 200);
        thief.sign_in(ADA, PASSWORD).await.assert_problem(401, "bad_credentials");
    }

    async fn the_link_of_a_new_device_runs_out_after_seven_days(db) {
        let app = TestApp::start(db).await;
        let mut ada = app.registered(ADA).await;
        assert_eq!(ada.sign_in(ADA, PASSWORD).await.status, 200);
        assert_eq!(app.browser().sign_in(ADA, PASSWORD).await.status, 200);
        let token = json!({ "token": app.mail_to(ADA).await.token() });
        app.advance_seconds(7 * 24 * 3600).await;
        app.browser().post("/api/auth/not-me", token).await.assert_problem(401, "ticket_expired");
        assert!(app.services.links.purge().await.expect("purged") > 0);
        assert_eq!(app.count("not_me_link").await, 0);
    }
}
