//! Security headers on every answer, errors included (ASVS 3.4).

use std::sync::Arc;

use axum::{Router, middleware, routing::get};
use concierge_server::{
    config::{Environment, PublicUrl},
    http::outer,
};
use serde_json::json;

use crate::support::{
    ADA, PASSWORD,
    app::{Options, TestApp},
    browser::{Answer, Browser},
};

const FIXED: [(&str, &str); 10] = [
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("x-frame-options", "DENY"),
    ("origin-agent-cluster", "?1"),
    ("x-dns-prefetch-control", "off"),
    ("x-download-options", "noopen"),
    ("x-permitted-cross-domain-policies", "none"),
    ("x-xss-protection", "0"),
];

fn assert_secure(answer: &Answer, status: u16, what: &str) {
    assert_eq!(answer.status, status, "{what}: {}", answer.text());
    for (name, value) in FIXED {
        assert_eq!(answer.header(name), value, "{what}: {name}");
    }
    let policy = answer.header("content-security-policy");
    for part in ["default-src 'none'", "frame-ancestors 'none'"] {
        assert!(policy.contains(part), "{what}: {policy}");
    }
    assert!(
        !policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"),
        "{what}: {policy}"
    );
    assert!(
        answer.header("permissions-policy").contains("camera=()"),
        "{what}"
    );
    assert_eq!(answer.header("cache-control"), "no-store", "{what}");
    for name in ["server", "x-powered-by"] {
        assert!(!answer.headers.contains_key(name), "{what}: {name}");
    }
}

fn nonce(answer: &Answer) -> String {
    let policy = answer.header("content-security-policy");
    let (_, rest) = policy
        .split_once("script-src 'nonce-")
        .unwrap_or_else(|| panic!("{policy}"));
    rest.split('\'').next().expect("a nonce").to_owned()
}

fn over_https(options: &mut Options) {
    let url = PublicUrl::parse("https://id.example.org");
    options.config.public_url = url.expect("a URL");
}

async fn fall() -> &'static str {
    panic!("the walls have ears")
}

on_each_engine! {
    async fn a_panic_is_caught_and_answered(db) {
        for environment in [Environment::Test, Environment::Production] {
            let app = TestApp::with(db, |options| {
                over_https(options);
                options.config.environment = environment;
            })
            .await;
            let door = middleware::from_fn_with_state(Arc::clone(&app.services), outer::outer);
            let router = Router::new().route("/api/fall", get(fall)).layer(door);
            let mut browser = Browser::new(router, Some("same-origin"));
            browser.host = "id.example.org";
            let answer = browser.get("/api/fall").await;
            answer.assert_problem(500, "internal");
            assert_secure(&answer, 500, "panic");
            assert!(!answer.text().contains("ears"));
            assert_eq!(answer.json().get("detail").is_none(), environment.is_production());
        }
    }

    async fn every_kind_of_answer_carries_them(db) {
        let app = TestApp::start(db).await;
        let mut browser = app.registered(ADA).await;
        let mut visitor = app.browser();
        assert_secure(&browser.get("/api/profile").await, 200, "json");
        assert_secure(&visitor.visit("/").await, 200, "page");
        assert_secure(&visitor.visit("/profile").await, 303, "redirect");
        assert_secure(&visitor.get("/api/profile").await, 401, "401");
        assert_secure(&visitor.visit("/nowhere").await, 404, "page 404");
        assert_secure(&visitor.get("/api/nowhere").await, 404, "api 404");
        assert_secure(&visitor.get("/pkg/nothing.js").await, 404, "file 404");
        assert_secure(&visitor.call("PUT", "/api/profile", json!({})).await, 405, "405");
        assert_secure(&browser.poke("/api/auth/logout").await, 204, "204");
        assert_secure(&visitor.get("/livez").await, 200, "probe");
        let large = json!({ "email": "x".repeat(65_536), "password": "x" });
        assert_secure(&visitor.post("/api/auth/login", large).await, 413, "413");
        visitor.host = "evil.example";
        assert_secure(&visitor.visit("/").await, 421, "wrong door");
        app.db().close().await;
        app.clock.advance(std::time::Duration::from_secs(2));
        let mut late = app.browser();
        late.cookies.insert("__Host-at".to_owned(), String::new());
        assert_secure(&late.sign_in(ADA, "x").await, 503, "503");
    }

    async fn each_page_names_where_violations_are_reported(db) {
        let app = TestApp::start(db).await;
        for path in ["/", "/sign-in", "/nowhere"] {
            let answer = app.browser().visit(path).await;
            let policy = answer.header("content-security-policy");
            assert!(policy.ends_with("; report-uri /api/csp-report"), "{path}: {policy}");
        }
    }

    async fn no_two_pages_share_a_nonce(db) {
        let app = TestApp::start(db).await;
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..20 {
            let nonce = nonce(&app.browser().visit("/sign-in").await);
            assert_eq!(nonce.len(), 24, "128 bits: {nonce}");
            assert!(seen.insert(nonce));
        }
    }

    async fn hsts_is_sent_over_https_alone(db) {
        const HSTS: &str = "strict-transport-security";
        let plain = TestApp::start(db).await;
        assert_eq!(plain.browser().visit("/").await.header(HSTS), "");
        let app = TestApp::with(db, over_https).await;
        let mut browser = app.browser();
        browser.host = "id.example.org";
        let answer = browser.visit("/").await;
        assert_eq!(answer.header(HSTS), "max-age=63072000; includeSubDomains");
    }

    async fn the_api_document_and_its_page_are_served(db) {
        let app = TestApp::start(db).await;
        let document = app.browser().get("/openapi.json").await;
        assert_eq!(document.status, 200);
        assert!(document.json()["paths"].get("/api/auth/login").is_some());
        let page = app.browser().visit("/docs").await;
        assert_eq!(page.status, 200);
        assert!(page.text().contains("/api/auth/login"));
    }

    async fn deployed_the_api_document_is_for_admins(db) {
        let app = TestApp::with(db, |options| {
            over_https(options);
            options.config.environment = Environment::Production;
        })
        .await;
        let mut browser = app.browser();
        browser.host = "id.example.org";
        browser.get("/openapi.json").await.assert_problem(401, "unauthenticated");
        let body = json!({ "email": ADA, "password": PASSWORD });
        assert_eq!(browser.post("/api/auth/register", body).await.status, 201);
        browser.get("/docs").await.assert_problem(403, "forbidden");
    }
}
