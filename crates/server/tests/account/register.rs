//! Making an account.

use concierge_server::config::Registration;
use serde_json::{Value, json};

use crate::support::{ADA, PASSWORD, app::TestApp};

fn fields(body: &Value) -> Vec<(String, String)> {
    let fields = body["fields"].as_array().expect("fields").iter();
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    fields
        .map(|field| (text(&field["name"]), text(&field["code"])))
        .collect()
}

on_each_engine! {
    async fn a_suggested_passphrase_is_taken_as_a_password(db) {
        let app = TestApp::start(db).await;
        let mut browser = app.browser();
        let made = browser.get("/api/password/suggestion").await;
        assert_eq!(made.status, 200, "{}", made.text());
        let passphrase = made.json()["passphrase"].as_str().expect("words").to_owned();
        let again = browser.get("/api/password/suggestion").await.json();
        assert_ne!(again["passphrase"], passphrase.as_str());
        let body = json!({ "email": "ada@example.org", "password": passphrase });
        assert_eq!(browser.post("/api/auth/register", body).await.status, 201);
    }

    async fn a_visitor_gets_an_account_and_is_signed_in(db) {
        let app = TestApp::start(db).await;
        let mut browser = app.browser();
        let body = json!({ "email": " Ada@Example.org", "password": PASSWORD, "name": " Ada ", "locale": "fr" });
        let answer = browser.post("/api/auth/register", body).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        let account = answer.json()["account"].clone();
        assert!(account["id"].as_str().is_some_and(|id| id.starts_with("acc_")));
        assert_eq!(account["email"], "Ada@Example.org");
        assert_eq!((&account["name"], &account["locale"]), (&json!("Ada"), &json!("fr")));
        assert_eq!((&account["role"], &account["second_factor"]), (&json!("member"), &json!(false)));
        assert_eq!(account["created_at"], "2027-01-15T08:00:00.000Z");
        assert_eq!(browser.get("/api/profile").await.json()["account"], account);
        assert_eq!(app.events("user_created").await, 1);
    }

    async fn the_language_of_the_request_is_the_accounts(db) {
        let app = TestApp::start(db).await;
        let mut browser = app.browser();
        browser.headers.push(("accept-language", "fr-CH, en;q=0.5".to_owned()));
        let body = json!({ "email": ADA, "password": PASSWORD });
        let answer = browser.post("/api/auth/register", body).await;
        assert_eq!(answer.json()["account"]["locale"], "fr");
    }

    async fn one_address_has_one_account_whatever_its_case(db) {
        let app = TestApp::start(db).await;
        app.registered(ADA).await;
        let before = app.counts().await;
        let body = json!({ "email": "ADA@EXAMPLE.ORG", "password": PASSWORD });
        let mut browser = app.browser();
        let answer = browser.post("/api/auth/register", body).await;
        answer.assert_problem(409, "email_taken");
        assert!(browser.cookies.is_empty());
        assert_eq!(app.counts().await, before);
    }

    async fn of_twenty_parallel_registrations_one_wins(db) {
        let app = TestApp::start(db).await;
        let mut browsers = vec![app.browser(); 20];
        let body = json!({ "email": ADA, "password": PASSWORD });
        let tries = browsers.iter_mut().map(|browser| browser.post("/api/auth/register", body.clone()));
        let mut statuses: Vec<_> = futures_util::future::join_all(tries).await.iter().map(|answer| answer.status).collect();
        statuses.sort_unstable();
        assert_eq!((statuses[0], &statuses[1..]), (201, &[409; 19][..]));
        assert_eq!((app.count("account").await, app.count("session").await), (1, 1));
    }

    async fn closed_registration_takes_nobody(db) {
        for registration in [Registration::Closed, Registration::Invite] {
            let app = TestApp::with(db, |options| options.config.registration = registration).await;
            let body = json!({ "email": ADA, "password": PASSWORD });
            let answer = app.browser().post("/api/auth/register", body).await;
            answer.assert_problem(403, "registration_closed");
            assert_eq!(app.count("account").await, 0);
        }
    }

    async fn every_field_that_is_not_right_is_named(db) {
        let app = TestApp::start(db).await;
        let long_name = "x".repeat(101);
        let long_password = "ab ".repeat(43);
        let table = [
            (json!({ "email": "ada", "password": PASSWORD }), vec![("email", "email_invalid")]),
            (json!({ "email": "", "password": PASSWORD }), vec![("email", "required")]),
            (json!({ "email": ADA, "password": "" }), vec![("password", "required")]),
            (json!({ "email": ADA, "password": "fourteen chars" }), vec![("password", "password_short")]),
            (json!({ "email": ADA, "password": long_password }), vec![("password", "password_long")]),
            (json!({ "email": ADA, "password": "passwordpassword" }), vec![("password", "password_guessable")]),
            (json!({ "email": ADA, "password": "the concierge rings a bell" }), vec![("password", "password_own_name")]),
            (json!({ "email": ADA, "password": "my localhost is not yours" }), vec![("password", "password_own_name")]),
            (json!({ "email": ADA, "password": "gaspard eats blue cheese", "name": "Gaspard" }), vec![("password", "password_own_name")]),
            (json!({ "email": ADA, "password": PASSWORD, "name": long_name }), vec![("name", "too_long")]),
            (json!({ "email": "ada", "password": PASSWORD, "name": "a\u{202e}b" }), vec![("email", "email_invalid"), ("name", "control_characters")]),
        ];
        for (body, expected) in table {
            let mut browser = app.browser();
            let answer = browser.post("/api/auth/register", body.clone()).await;
            answer.assert_problem(422, "invalid_fields");
            let found = fields(&answer.json());
            let found: Vec<_> = found.iter().map(|(name, code)| (name.as_str(), code.as_str())).collect();
            assert_eq!(found, expected, "{body}");
            assert!(browser.cookies.is_empty());
        }
        assert_eq!(app.count("account").await, 0);
        assert_eq!(app.count("event").await, 0);
    }

    async fn an_answer_never_repeats_the_password(db) {
        let app = TestApp::start(db).await;
        let body = json!({ "email": "ada", "password": "passwordpassword" });
        let answer = app.browser().post("/api/auth/register", body).await;
        assert!(!answer.text().contains("passwordpassword"));
    }

    async fn weak_passwords_take_no_registration_and_have_a_limit_of_their_own(db) {
        let app = TestApp::with(db, |options| options.config.address_limit_factor = 1).await;
        let mut browser = app.browser();
        let body = |password: &str| json!({ "email": ADA, "password": password });
        for _ in 0..29 {
            let answer = browser.post("/api/auth/register", body("passwordpassword")).await;
            answer.assert_problem(422, "invalid_fields");
            assert_eq!(answer.json()["fields"][0]["code"], "password_guessable");
        }
        assert_eq!(browser.post("/api/auth/register", body(PASSWORD)).await.status, 201);
        let answer = app.browser().post("/api/auth/register", body("passwordpassword")).await;
        answer.assert_problem(429, "throttled");
        assert_eq!(answer.header("retry-after"), "2");
    }

    async fn a_password_is_judged_in_a_hashing_slot(db) {
        let full = TestApp::with(db, |options| options.workers = 0).await;
        let body = json!({ "email": ADA, "password": "passwordpassword" });
        let answer = full.browser().post("/api/auth/register", body).await;
        answer.assert_problem(503, "overloaded");
    }
}
