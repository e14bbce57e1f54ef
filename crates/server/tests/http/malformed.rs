//! Malformed input to every endpoint: a problem answer, never a 5xx, and nothing changed.

use axum::{
    body::Body,
    http::{HeaderValue, header},
};
use concierge_core::{
    api::{Method, TARGET},
    catalogue::{self, Entry},
};
use serde_json::json;

use crate::support::{ADA, PASSWORD, app::TestApp, browser::Answer};

const JSON: &str = "application/json";

fn assert_problem(answer: &Answer, what: &str) {
    assert!(
        (400..500).contains(&answer.status),
        "{what}: {} {}",
        answer.status,
        answer.text()
    );
    let media_type = answer.header("content-type");
    assert!(
        media_type.starts_with("application/problem+json"),
        "{what}: {media_type}"
    );
    let problem = answer.json();
    assert_eq!(problem["status"], answer.status, "{what}");
    assert_eq!(
        problem["request_id"].as_str().map(str::len),
        Some(16),
        "{what}"
    );
    assert!(problem.get("detail").is_none(), "{what}");
    assert!(answer.set_cookies().is_empty(), "{what}");
}

fn writers() -> impl Iterator<Item = Entry> {
    catalogue::all()
        .into_iter()
        // A path that names nothing is refused before its body is read.
        .filter(|entry| entry.method != Method::Get && !entry.path.contains(TARGET))
}

/// Bodies that no endpoint takes, with the content type they come with and what they get.
fn bodies() -> Vec<(&'static str, Vec<u8>, u16)> {
    let large = format!("{{\"name\":\"{}\"}}", "x".repeat(64 * 1024));
    vec![
        (JSON, b"{".to_vec(), 400),
        (JSON, b"[]".to_vec(), 400),
        (JSON, b"null".to_vec(), 400),
        (JSON, b"\"text\"".to_vec(), 400),
        (JSON, b"{}{}".to_vec(), 400),
        (JSON, b"{\"surprise\":1}".to_vec(), 400),
        (
            JSON,
            b"{\"email\":\"a@b.org\",\"email\":\"a@b.org\",\"password\":\"x\"}".to_vec(),
            400,
        ),
        (JSON, b"{\"__proto__\":{}}".to_vec(), 400),
        (JSON, vec![0xff, 0xfe, 0x00], 400),
        (JSON, b"{\"email\":\"\xc3\x28\"}".to_vec(), 400),
        (JSON, b"{\"email\":1e400}".to_vec(), 400),
        (JSON, "[".repeat(60_000).into_bytes(), 400),
        (JSON, large.into_bytes(), 413),
        ("text/plain", b"{}".to_vec(), 415),
        ("multipart/form-data; boundary=x", b"--x--".to_vec(), 415),
        ("application/xml", b"<a/>".to_vec(), 415),
        ("", b"{}".to_vec(), 415),
    ]
}

on_each_engine! {
    async fn malformed_bodies_get_their_problem_and_change_nothing(db) {
        let app = TestApp::start(db).await;
        // An admin, so that no endpoint refuses the caller before it reads the body.
        let mut browser = app.signed_in_admin().await;
        let before = app.counts().await;
        for entry in writers() {
            for (media_type, body, status) in bodies() {
                let what = format!("{} {media_type} {:.40}", entry.path, String::from_utf8_lossy(&body));
                let mut builder = browser.request(entry.method.as_str(), entry.path);
                if !media_type.is_empty() {
                    builder = builder.header(header::CONTENT_TYPE, media_type);
                }
                let answer = browser.send(builder.body(Body::from(body)).expect("a request")).await;
                assert_problem(&answer, &what);
                assert_eq!(answer.status, status, "{what}");
            }
        }
        assert_eq!(app.counts().await, before);
        assert_eq!(browser.get("/api/profile").await.status, 200);
    }

    async fn a_missing_body_is_refused_where_fields_are_needed(db) {
        let app = TestApp::start(db).await;
        for path in ["/api/auth/login", "/api/auth/register", "/api/setup"] {
            assert_eq!(app.browser().poke(path).await.status, 415, "{path}");
        }
        assert_eq!(app.browser().poke("/api/auth/logout").await.status, 204);
    }

    async fn hostile_texts_in_every_field_are_no_fault_of_ours(db) {
        let app = TestApp::start(db).await;
        let before = app.counts().await;
        let long = "x".repeat(20_000);
        for text in ["a\u{0}b@example.org", "\u{0}", "\u{ffff}", "💣@example.org", "' OR 1=1 --", "$1", long.as_str()] {
            let login = json!({ "email": text, "password": text });
            let mut browser = app.browser();
            let answer = browser.post("/api/auth/login", login.clone()).await;
            answer.assert_problem(401, "bad_credentials");
            let answer = browser.post("/api/auth/register", login).await;
            answer.assert_problem(422, "invalid_fields");
            let setup = json!({ "token": text, "email": ADA, "password": PASSWORD });
            let answer = browser.post("/api/setup", setup).await;
            answer.assert_problem(401, "ticket_expired");
            let refresh = json!({ "refresh_token": text });
            let answer = browser.post("/api/auth/refresh", refresh).await;
            answer.assert_problem(401, "unauthenticated");
        }
        assert_eq!(app.counts().await[..5], before[..5]);
    }

    async fn two_cookies_of_one_of_our_names_are_refused_everywhere(db) {
        let app = TestApp::start(db).await;
        let browser = app.registered(ADA).await;
        let before = app.counts().await;
        for entry in catalogue::all() {
            for name in ["__Host-at", "__Host-rt", "__Host-device", "__Host-locale"] {
                let twice = format!("{name}=a; theirs=1; {name}=a");
                let mut client = app.browser();
                let builder = client.request(entry.method.as_str(), entry.path);
                let builder = builder.header(header::COOKIE, twice).header(header::CONTENT_TYPE, JSON);
                let answer = client.send(builder.body(Body::from("{}")).expect("a request")).await;
                answer.assert_problem(400, "bad_request");
            }
        }
        let mut others = app.browser();
        let line = format!("theirs=1; theirs=2; __Host-at={}; =; ;;", browser.cookie("__Host-at"));
        others.headers.push(("cookie", line));
        assert_eq!(others.get("/api/profile").await.status, 200);
        assert_eq!(app.counts().await, before);
    }

    async fn a_strangers_cookie_in_utf_8_signs_nobody_out(db) {
        let app = TestApp::start(db).await;
        let browser = app.registered(ADA).await;
        let mut client = app.browser();
        let line = format!("theirs=\u{e9}t\u{e9}; __Host-at={}", browser.cookie("__Host-at"));
        let line = HeaderValue::from_bytes(line.as_bytes()).expect("a header");
        let builder = client.request("GET", "/api/profile").header(header::COOKIE, line);
        let answer = client.send(builder.body(Body::empty()).expect("a request")).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }

    async fn hostile_cookies_and_headers_open_nothing(db) {
        let app = TestApp::start(db).await;
        app.registered(ADA).await;
        let before = app.counts().await;
        let long = "x".repeat(8000);
        let values = ["", " ", "a.b.c", "..", "%00", "\"", "é", "=", long.as_str(), "eyJhbGciOiJub25lIn0.e30."];
        for value in values {
            for name in ["__Host-at", "__Host-rt", "__Host-device", "__Host-theme", "__Host-locale"] {
                let mut client = app.browser();
                client.cookies.insert(name.to_owned(), value.to_owned());
                client.get("/api/profile").await.assert_problem(401, "unauthenticated");
                let session = client.get("/api/auth/session").await;
                assert_eq!(session.json(), json!({ "signed_in": false }), "{name}={value}");
                client.refresh().await.assert_problem(401, "unauthenticated");
                assert!(client.visit("/").await.status < 400, "{name}={value}");
            }
            for header in ["authorization", "accept-language", "user-agent", "x-forwarded-for", "if-none-match", "range"] {
                let mut client = app.program();
                client.headers.push((header, value.to_owned()));
                client.get("/api/profile").await.assert_problem(401, "unauthenticated");
            }
        }
        assert_eq!(app.counts().await, before);
    }

    async fn a_wrong_method_is_405_and_an_unknown_path_404(db) {
        let app = TestApp::start(db).await;
        let mut browser = app.registered(ADA).await;
        for path in catalogue::all().into_iter().map(|entry| entry.path).chain(["/livez", "/openapi.json", "/favicon.svg", "/pkg/x.js"]) {
            let has_delete = catalogue::all().iter().any(|entry| entry.path == path && entry.method == Method::Delete);
            let methods = ["PUT", "TRACE", "BREW"].into_iter().chain((!has_delete).then_some("DELETE"));
            for method in methods {
                let answer = browser.call(method, path, json!({})).await;
                answer.assert_problem(405, "method_not_allowed");
            }
        }
        for path in ["/api", "/api/", "/api/nothing", "/api/profile/", "/api//profile", "/api/../etc/passwd"] {
            browser.get(path).await.assert_problem(404, "not_found");
            browser.poke(path).await.assert_problem(404, "not_found");
        }
    }

    async fn the_title_follows_the_language_and_the_code_does_not(db) {
        let app = TestApp::start(db).await;
        let mut browser = app.browser();
        let english = browser.get("/api/profile").await.json();
        browser.headers.push(("accept-language", "fr".to_owned()));
        let french = browser.get("/api/profile").await.json();
        assert_eq!(english["code"], french["code"]);
        assert_eq!((&english["title"], &french["title"]), (&json!("Please sign in."), &json!("Veuillez vous connecter.")));
    }

    async fn reports_of_browsers_are_taken_and_limited(db) {
        let app = TestApp::with(db, |options| options.config.address_limit_factor = 1).await;
        let mut browser = app.browser();
        let mut statuses = Vec::new();
        for number in 0..21 {
            let builder = browser.request("POST", "/api/csp-report");
            let builder = builder.header(header::CONTENT_TYPE, "application/reports+json");
            let answer = if number % 2 == 0 {
                browser.send(builder.body(Body::from("[]")).expect("a request")).await
            } else {
                browser.post("/api/client-errors", json!({ "message": "x".repeat(5000), "page": "/" })).await
            };
            statuses.push(answer.status);
        }
        assert_eq!((&statuses[..20], statuses[20]), (&[204; 20][..], 429));
    }
}
