//! Closing one's account, and taking one's data along.

use concierge_core::account::Role;
use concierge_server::account::Deed;
use serde_json::json;

use crate::support::{ADA, PASSWORD, app::TestApp};

/// What is kept of an account; its events stay.
const TABLES: [&str; 9] = [
    "account",
    "password",
    "session",
    "device",
    "ticket",
    "totp",
    "recovery_code",
    "recovery_unkept",
    "not_me_link",
];

on_each_engine! {
    async fn a_closed_account_leaves_nothing_but_its_events_and_a_letter(db) {
        let app = TestApp::start(db).await;
        let mut ada = app.signed_in().await;
        app.enrolled(&mut ada).await;
        let mut beside = app.beside(db).await.browser();
        beside.cookies = ada.cookies.clone();
        assert_eq!(beside.get("/api/profile").await.status, 200);
        let closed = ada.call("DELETE", "/api/account", json!({})).await;
        assert_eq!(closed.status, 204, "{}", closed.text());
        assert!(!ada.cookies.keys().any(|name| name.contains("-at") || name.contains("-rt")));
        for table in TABLES {
            assert_eq!(app.count(table).await, 0, "{table}");
        }
        assert!(app.mails().await.iter().any(|mail| mail.to == ADA && mail.subject == "Your account was closed"));
        assert_eq!((app.events("user_created").await, app.events("user_deleted").await), (1, 1));
        app.browser().sign_in(ADA, PASSWORD).await.assert_problem(401, "bad_credentials");
        // The address is free again, for another account.
        app.registered(ADA).await;
    }

    async fn asvs_7_4_2_the_sessions_of_a_closed_account_end_at_once_everywhere(db) {
        let app = TestApp::with(db, |options| options.config.session.per_account = 5).await;
        let mut ada = app.signed_in().await;
        let other = app.beside_with(db, |options| options.config.session.per_account = 5).await;
        let mut phone = other.browser();
        assert_eq!(phone.sign_in(ADA, PASSWORD).await.status, 200);
        assert_eq!(phone.get("/api/profile").await.status, 200);
        assert_eq!(ada.call("DELETE", "/api/account", json!({})).await.status, 204);
        other.hear().await;
        phone.get("/api/profile").await.assert_problem(401, "unauthenticated");
        assert_eq!(phone.refresh().await.status, 401);
        assert_eq!(phone.get("/api/auth/session").await.json()["signed_in"], false);
    }

    async fn closing_needs_a_recent_proof_and_never_takes_the_last_admin(db) {
        let app = TestApp::start(db).await;
        let mut ada = app.signed_in().await;
        app.advance_seconds(601).await;
        assert_eq!(ada.refresh().await.status, 200);
        ada.call("DELETE", "/api/account", json!({})).await.assert_problem(403, "fresh_sign_in_required");
        ada.get("/api/account/export").await.assert_problem(403, "fresh_sign_in_required");
        app.act(ADA, Deed::SetRole(Role::Admin)).await;
        assert_eq!(ada.sign_in(ADA, PASSWORD).await.status, 200);
        ada.call("DELETE", "/api/account", json!({})).await.assert_problem(409, "conflict");
        assert_eq!((app.count("account").await, app.events("user_deleted").await), (1, 0));
        assert_eq!(ada.get("/api/profile").await.status, 200);
    }

    async fn a_sign_in_under_way_does_not_outlive_the_account(db) {
        let app = TestApp::start(db).await;
        let mut ada = app.signed_in().await;
        app.enrolled(&mut ada).await;
        let mut half = app.half_way(ADA).await;
        assert_eq!(ada.call("DELETE", "/api/account", json!({})).await.status, 204);
        let code = json!({ "code": "000000" });
        half.post("/api/auth/login/totp", code).await.assert_problem(401, "ticket_expired");
        assert_eq!(app.count("session").await, 0);
    }

    async fn a_copy_of_ones_data_holds_what_is_ones_own_and_no_secret(db) {
        let app = TestApp::start(db).await;
        let mut ada = app.signed_in().await;
        app.registered("bob@example.org").await;
        let copy = ada.get("/api/account/export").await;
        assert_eq!(copy.status, 200, "{}", copy.text());
        let body = copy.json();
        assert_eq!(body["account"]["email"], ADA);
        assert_eq!(body["sessions"][0]["current"], true);
        let names: Vec<_> = body["events"].as_array().expect("events").iter().map(|event| event["name"].clone()).collect();
        assert!(names.contains(&json!("user_created")) && names.contains(&json!("user_data_exported")), "{names:?}");
        assert!(!copy.text().contains("bob") && !copy.text().contains("argon2") && !copy.text().contains(PASSWORD));
        assert_eq!(app.events("user_data_exported").await, 1);
        app.browser().get("/api/account/export").await.assert_problem(401, "unauthenticated");
    }
}
