//! Forms that work without script: 303 on success and on failure, never with what was typed.

use axum::{body::Body, http::header};

use crate::support::{ADA, PASSWORD, app::TestApp, browser::Answer};

fn assert_led(answer: &Answer, to: &str) {
    assert_eq!(
        (answer.status, answer.header("location")),
        (303, to),
        "{}",
        answer.text()
    );
}

on_each_engine! {
    async fn a_person_registers_signs_out_and_signs_in_by_form(db) {
        let app = TestApp::start(db).await;
        let mut browser = app.browser();
        let fields = [("email", ADA), ("password", PASSWORD), ("name", "")];
        assert_led(&browser.form("/api/auth/register", &fields).await, "/profile?arrived=1");
        assert_led(&browser.visit("/profile?arrived=1").await, "/profile");
        assert_eq!(browser.visit("/profile").await.status, 200);
        let out = browser.form("/api/auth/logout", &[]).await;
        assert_led(&out, "/sign-in?ended=signed_out");
        assert_eq!(out.header("clear-site-data"), "\"storage\"");
        // The device stays known.
        assert_eq!(browser.cookies.keys().collect::<Vec<_>>(), ["__Host-device"]);
        let fields = [("email", ADA), ("password", PASSWORD), ("remember", "on"), ("next", "/?x=1")];
        let answer = browser.form("/api/auth/login", &fields).await;
        assert_led(&answer, "/?x=1&arrived=1");
        assert!(answer.set_cookies().iter().all(|text| text.contains("Max-Age=")));
        assert!(answer.body.is_empty());
    }

    async fn a_browser_that_keeps_no_cookies_is_told(db) {
        let app = TestApp::start(db).await;
        app.registered(ADA).await;
        let mut browser = app.browser();
        let answer = browser.form("/api/auth/login", &[("email", ADA), ("password", PASSWORD)]).await;
        browser.cookies.clear();
        let next = browser.visit(answer.header("location")).await;
        assert_led(&next, "/sign-in?code=cookies_blocked");
    }

    async fn a_failed_sign_in_leads_back_with_the_code(db) {
        let app = TestApp::start(db).await;
        let mut browser = app.browser();
        let fields = [("email", ADA), ("password", "hunter2 hunter2"), ("next", "/profile?tab=2")];
        for _ in 0..3 {
            let answer = browser.form("/api/auth/login", &fields).await;
            assert_led(&answer, "/sign-in?code=bad_credentials&next=/profile%3Ftab%3D2");
            assert!(answer.set_cookies().is_empty());
        }
        let answer = browser.form("/api/auth/login", &fields).await;
        assert_led(&answer, "/sign-in?code=throttled&retry_after=1&next=/profile%3Ftab%3D2");
    }

    async fn fields_that_are_not_right_are_named_and_never_repeated(db) {
        let app = TestApp::start(db).await;
        let fields = [("email", "ada"), ("password", "hunter2"), ("name", "Ada\u{202e}")];
        let answer = app.browser().form("/api/auth/register", &fields).await;
        let fields = "email%3Aemail_invalid%2Cname%3Acontrol_characters%2Cpassword%3Apassword_short";
        assert_led(&answer, &format!("/sign-up?code=invalid_fields&fields={fields}"));
        let page = app.browser().visit(answer.header("location")).await;
        assert_eq!(page.status, 200);
        assert!(!page.text().contains("hunter2"));
        let fields = [("token", "rubbish"), ("email", ADA), ("password", PASSWORD)];
        let answer = app.browser().form("/api/setup", &fields).await;
        assert_led(&answer, "/setup?code=ticket_expired");
    }

    async fn a_hostile_next_is_not_followed(db) {
        let app = TestApp::start(db).await;
        app.registered(ADA).await;
        let long = format!("/{}", "a".repeat(3000));
        for next in ["https://evil.example", "//evil.example", "/\\evil.example", "/\t/evil.example", "/a\r\nset-cookie: x=y", "javascript:alert(1)", "", "/api/auth/logout", long.as_str()] {
            let fields = [("email", ADA), ("password", PASSWORD), ("next", next)];
            let answer = app.browser().form("/api/auth/login", &fields).await;
            assert_led(&answer, "/profile?arrived=1");
            let fields = [("email", "eve@example.org"), ("password", "x"), ("next", next)];
            app.advance_seconds(2).await;
            let answer = app.browser().form("/api/auth/login", &fields).await;
            let location = answer.header("location");
            assert!(location.starts_with("/sign-in?code=") && !location.contains("next="), "{location}");
        }
    }

    async fn malformed_forms_lead_back_and_change_nothing(db) {
        let app = TestApp::start(db).await;
        let before = app.counts().await;
        let large = format!("email={}", "x".repeat(65_536));
        let table = [
            ("email=a&password=b&role=admin", "bad_request"),
            ("email=a&email=b&password=c", "bad_request"),
            ("email=a&password=b&next=/&next=/x", "bad_request"),
            ("email=a", "bad_request"),
            ("", "bad_request"),
            ("%ff%fe=1", "bad_request"),
            ("email=%00&password=%00", "bad_credentials"),
            (large.as_str(), "payload_too_large"),
        ];
        for (body, code) in table {
            let mut browser = app.browser();
            let builder = browser.request("POST", "/api/auth/login");
            let builder = builder.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded; charset=utf-8");
            let answer = browser.send(builder.body(Body::from(body.to_owned())).expect("a request")).await;
            assert_led(&answer, &format!("/sign-in?code={code}"));
        }
        assert_eq!(app.counts().await[..5], before[..5]);
    }

    async fn what_serves_no_form_takes_none(db) {
        let app = TestApp::start(db).await;
        let mut browser = app.registered(ADA).await;
        for path in ["/api/auth/refresh", "/api/client-errors"] {
            let answer = browser.form(path, &[("name", "Eve")]).await;
            answer.assert_problem(415, "unsupported_media_type");
        }
    }

    async fn a_lost_database_leads_back_too(db) {
        let app = TestApp::start(db).await;
        app.db().close().await;
        let fields = [("email", ADA), ("password", PASSWORD)];
        let answer = app.browser().form("/api/auth/login", &fields).await;
        assert_led(&answer, "/sign-in?code=unavailable&retry_after=2");
    }
}
