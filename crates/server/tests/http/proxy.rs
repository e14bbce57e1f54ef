//! Behind proxies: whose word is believed about address and scheme.

use std::net::SocketAddr;

use concierge_server::config::{Environment, PublicUrl};
use serde_json::json;

use crate::support::{
    app::{Options, TestApp},
    browser::Browser,
};

fn behind_a_proxy(options: &mut Options) {
    let nets = ["10.0.0.0/8", "fd00::/8"].map(|net| net.parse().expect("a network"));
    options.config.trusted_proxies = nets.into();
    options.config.public_url = PublicUrl::parse("https://id.example.org").expect("a URL");
}

fn from(app: &TestApp, peer: [u8; 4], headers: &[(&'static str, &str)]) -> Browser {
    let mut browser = app.browser();
    browser.host = "id.example.org";
    browser.peer = SocketAddr::from((peer, 40_000));
    for (name, value) in headers {
        browser.headers.push((*name, (*value).to_owned()));
    }
    browser
}

async fn seen_address(app: &TestApp, peer: [u8; 4], forwarded: &[&str]) -> String {
    let mut headers = vec![("x-forwarded-proto", "https")];
    headers.extend(forwarded.iter().map(|value| ("x-forwarded-for", *value)));
    let answer = from(app, peer, &headers).get("/api/whoami").await;
    answer.json()["address"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

on_each_engine! {
    async fn forwarded_addresses_are_walked_from_the_right(db) {
        let app = TestApp::with(db, behind_a_proxy).await;
        const PROXY: [u8; 4] = [10, 0, 0, 1];
        const STRANGER: [u8; 4] = [203, 0, 113, 7];
        let table: [([u8; 4], &[&str], &str); 11] = [
            (STRANGER, &["198.51.100.1"], "203.0.113.7"),
            (PROXY, &[], "10.0.0.1"),
            (PROXY, &["198.51.100.1"], "198.51.100.1"),
            (PROXY, &["1.2.3.4, 198.51.100.1"], "198.51.100.1"),
            (PROXY, &["1.2.3.4, 198.51.100.1, 10.9.9.9"], "198.51.100.1"),
            (PROXY, &["1.2.3.4", "198.51.100.1"], "198.51.100.1"),
            (PROXY, &["10.1.1.1, 10.2.2.2"], "10.1.1.1"),
            (PROXY, &["1.2.3.4, rubbish"], "10.0.0.1"),
            (PROXY, &["198.51.100.1:4711"], "10.0.0.1"),
            (PROXY, &["2001:db8::1"], "2001:db8::1"),
            (PROXY, &["::ffff:198.51.100.1"], "198.51.100.1"),
        ];
        for (peer, forwarded, expected) in table {
            assert_eq!(seen_address(&app, peer, forwarded).await, expected, "{forwarded:?}");
        }
    }

    async fn a_request_that_came_over_plain_http_is_led_to_https(db) {
        let app = TestApp::with(db, behind_a_proxy).await;
        let mut client = from(&app, [10, 0, 0, 1], &[("x-forwarded-proto", "http"), ("x-forwarded-for", "198.51.100.1")]);
        let page = client.visit("/sign-in?next=%2Fprofile").await;
        assert_eq!((page.status, page.header("location")), (308, "https://id.example.org/sign-in?next=%2Fprofile"));
        assert!(page.set_cookies().is_empty());
        let answer = client.sign_in("ada@example.org", "x").await;
        answer.assert_problem(403, "forbidden");
        assert!(answer.set_cookies().is_empty());
        let mut client = from(&app, [203, 0, 113, 7], &[("x-forwarded-proto", "http")]);
        assert_eq!(client.visit("/sign-in").await.status, 200);
    }

    async fn in_production_an_unknown_proxy_is_named(db) {
        let app = TestApp::with(db, |options| {
            behind_a_proxy(options);
            options.config.environment = Environment::Production;
        })
        .await;
        let forwarded = [("x-forwarded-for", "198.51.100.1"), ("x-forwarded-proto", "https"), ("x-forwarded-host", "id.example.org")];
        for header in forwarded {
            for peer in [[127, 0, 0, 1], [192, 168, 1, 2], [172, 16, 0, 9]] {
                let answer = from(&app, peer, &[header]).get("/api/whoami").await;
                answer.assert_problem(503, "unavailable");
                assert!(answer.json().get("detail").is_none());
            }
            let answer = from(&app, [203, 0, 113, 7], &[header]).get("/api/whoami").await;
            assert_eq!(answer.json()["address"], "203.0.113.7");
        }
        assert_eq!(from(&app, [127, 0, 0, 1], &[]).get("/api/whoami").await.status, 200);
        assert_eq!(from(&app, [127, 0, 0, 1], &forwarded).get("/livez").await.status, 200);
    }

    async fn whoami_tells_what_the_server_saw(db) {
        let app = TestApp::with(db, behind_a_proxy).await;
        let headers = [("x-forwarded-for", "198.51.100.1"), ("x-forwarded-proto", "https")];
        let answer = from(&app, [10, 0, 0, 1], &headers).get("/api/whoami").await;
        assert_eq!(answer.json(), json!({ "address": "198.51.100.1", "scheme": "https", "proxy_trusted": true }));
        let answer = from(&app, [203, 0, 113, 7], &headers).get("/api/whoami").await;
        assert_eq!(answer.json(), json!({ "address": "203.0.113.7", "scheme": "https", "proxy_trusted": false }));
    }

    async fn the_limit_per_address_counts_the_forwarded_one(db) {
        let app = TestApp::with(db, |options| {
            behind_a_proxy(options);
            options.config.address_limit_factor = 1;
        })
        .await;
        let client = |address| from(&app, [10, 0, 0, 1], &[("x-forwarded-for", address), ("x-forwarded-proto", "https")]);
        for number in 0..10 {
            let name = format!("person{number}@example.org");
            assert_eq!(client("198.51.100.1").sign_in(&name, "x").await.status, 401);
        }
        assert_eq!(client("198.51.100.1").sign_in("x@example.org", "x").await.status, 429);
        assert_eq!(client("198.51.100.2").sign_in("x@example.org", "x").await.status, 401);
    }
}
