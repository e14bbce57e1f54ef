//! Where requests may come from: no other site, no other host, no preflight.

use axum::{body::Body, http::header};
use serde_json::json;

use crate::support::{ADA, app::TestApp, browser::Browser};

fn with(
    app: &TestApp,
    signed_in: &Browser,
    headers: &[(&'static str, &str)],
    cookies: bool,
) -> Browser {
    let mut client = app.program();
    if cookies {
        client.cookies = signed_in.cookies.clone();
    }
    for (name, value) in headers {
        client.headers.push((*name, (*value).to_owned()));
    }
    client
}

on_each_engine! {
    async fn forged_requests_are_refused_and_change_nothing(db) {
        let app = TestApp::start(db).await;
        let mut browser = app.registered(ADA).await;
        let before = browser.get("/api/profile").await.json();
        let table: [(&[(&'static str, &str)], bool); 9] = [
            (&[("sec-fetch-site", "cross-site")], true),
            (&[("sec-fetch-site", "same-site")], true),
            (&[("sec-fetch-site", "none")], true),
            (&[("sec-fetch-site", "rubbish")], true),
            (&[("sec-fetch-site", "cross-site"), ("origin", "http://localhost:3000")], true),
            (&[("origin", "https://evil.example")], false),
            (&[("origin", "null")], false),
            (&[("origin", "http://localhost:3001")], true),
            (&[], true),
        ];
        for (headers, cookies) in table {
            let mut client = with(&app, &browser, headers, cookies);
            let answer = client.call("PATCH", "/api/profile", json!({ "name": "Eve" })).await;
            answer.assert_problem(403, "csrf_refused");
            client.poke("/api/auth/logout").await.assert_problem(403, "csrf_refused");
            let form = client.form("/api/auth/login", &[("email", ADA), ("password", "x")]).await;
            form.assert_problem(403, "csrf_refused");
        }
        assert_eq!(browser.get("/api/profile").await.json(), before);
    }

    async fn requests_of_our_own_pages_and_of_programs_pass(db) {
        let app = TestApp::start(db).await;
        let browser = app.registered(ADA).await;
        let table: [(&[(&'static str, &str)], bool, u16); 4] = [
            (&[("sec-fetch-site", "same-origin")], true, 200),
            (&[("origin", "http://localhost:3000")], true, 200),
            (&[("origin", "http://127.0.0.1:3000")], true, 200),
            (&[], false, 401),
        ];
        for (headers, cookies, status) in table {
            let mut client = with(&app, &browser, headers, cookies);
            let answer = client.call("PATCH", "/api/profile", json!({ "name": "Ada" })).await;
            assert_eq!(answer.status, status, "{headers:?}");
        }
    }

    async fn a_preflight_is_refused_and_allows_nothing(db) {
        let app = TestApp::start(db).await;
        for path in ["/api/profile", "/api/auth/login", "/api/nothing", "/sign-in", "/pkg/x.js"] {
            let mut evil = app.program();
            let builder = evil.request("OPTIONS", path);
            let builder = builder
                .header(header::ORIGIN, "https://evil.example")
                .header("access-control-request-method", "PATCH")
                .header("access-control-request-headers", "authorization");
            let answer = evil.send(builder.body(Body::empty()).expect("a request")).await;
            assert!(matches!(answer.status, 404 | 405), "{path}: {}", answer.status);
            let allows = answer.headers.keys().any(|name| name.as_str().starts_with("access-control"));
            assert!(!allows, "{path}");
        }
    }

    async fn another_host_is_the_wrong_door(db) {
        let app = TestApp::start(db).await;
        let mut browser = app.registered(ADA).await;
        for host in ["evil.example", "localhost", "localhost:3001", "localhost:3000.evil.example", "<script>x"] {
            browser.host = host;
            browser.get("/api/profile").await.assert_problem(421, "wrong_origin");
            let page = browser.visit("/sign-in").await;
            assert_eq!(page.status, 421, "{host}");
            assert!(page.text().contains("http://localhost:3000") && page.text().contains("CONCIERGE_PUBLIC_URL"));
            assert!(!page.text().contains("<script"));
            assert!(page.set_cookies().is_empty() && page.header("location").is_empty());
            assert_eq!(browser.get("/livez").await.status, 200);
            assert_eq!(browser.get("/readyz").await.status, 200);
        }
        browser.host = "127.0.0.1:3000";
        assert_eq!(browser.get("/api/profile").await.status, 200);
    }

    async fn without_any_host_it_is_the_wrong_door_too(db) {
        let app = TestApp::start(db).await;
        let mut client = app.browser();
        let request = axum::http::Request::get("/api/whoami").body(Body::empty());
        let answer = client.send(request.expect("a request")).await;
        answer.assert_problem(421, "wrong_origin");
    }
}
