//! Any bytes where a request brings text: never a panic or a 5xx, and nothing is read that is not there.

use std::net::{IpAddr, SocketAddr};

use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, header},
};
use concierge_core::{
    api::{Access as _, Anonymous, Method, TARGET},
    catalogue::{self, Entry},
};
use concierge_server::{
    config::Config,
    http::{
        client::Client,
        cookies::{CookieNames, RequestCookies},
    },
};
use proptest::prelude::*;

use crate::support::{
    app::TestApp,
    database::Database,
    property::{bytes, check, mutated},
};

const PROXY: [u8; 4] = [10, 0, 0, 1];
const STRANGER: [u8; 4] = [203, 0, 113, 7];
const FORWARDED: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The lines that can be a header at all.
fn headers(name: &HeaderName, lines: &[Vec<u8>]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in lines {
        if let Ok(value) = HeaderValue::from_bytes(line) {
            headers.append(name, value);
        }
    }
    headers
}

#[test]
fn any_cookie_header_is_read_or_refused() {
    let names = CookieNames::with_suffix("");
    let genuine =
        b"a=1; __Host-at=abc.def; __Host-rt=xyz; __Host-theme=dark; __Host-locale=fr".to_vec();
    let line = prop_oneof![bytes(200), mutated(genuine)];
    check(1000, &prop::collection::vec(line, 0..4), |lines| {
        let headers = headers(&header::COOKIE, &lines);
        let Some(read) = RequestCookies::parse(&headers, &names) else {
            return;
        };
        let all = String::from_utf8_lossy(&lines.concat()).into_owned();
        for value in [read.access, read.refresh, read.device]
            .into_iter()
            .flatten()
        {
            assert!(!value.is_empty() && all.contains(&value), "{value}");
        }
    });
}

#[test]
fn cookies_of_strangers_never_hide_ours() {
    let names = CookieNames::with_suffix("");
    let stranger = || {
        bytes(60).prop_filter("ours is no stranger's", |line| {
            !line.windows(7).any(|part| part == b"__Host-")
        })
    };
    check(500, &(stranger(), stranger()), |(before, after)| {
        let line = [&before, &b"; __Host-rt=ours; "[..], &after].concat();
        let Ok(value) = HeaderValue::from_bytes(&line) else {
            return;
        };
        let headers = HeaderMap::from_iter([(header::COOKIE, value)]);
        let read = RequestCookies::parse(&headers, &names).expect("no duplicate of ours");
        assert_eq!(read.refresh.as_deref(), Some("ours"));
    });
}

#[test]
fn a_forwarded_address_is_one_that_stands_there_and_only_a_proxy_is_believed() {
    let mut config = Config::for_test("unused".into());
    config.trusted_proxies = vec!["10.0.0.0/8".parse().expect("a network")];
    let names = CookieNames::with_suffix("");
    let genuine = b"2001:db8::1, 198.51.100.1, 10.9.9.9".to_vec();
    let line = prop_oneof![bytes(100), mutated(genuine)];
    check(1000, &prop::collection::vec(line, 0..3), |lines| {
        let headers = headers(&FORWARDED, &lines);
        let seen = |peer: [u8; 4]| {
            let peer = SocketAddr::from((peer, 40_000));
            let (client, _) = Client::of(&headers, peer, String::new(), &config, &names);
            let address: IpAddr = client.origin.address.parse().expect("an address");
            address
        };
        assert_eq!(seen(STRANGER), IpAddr::from(STRANGER));
        let texts = headers
            .get_all(FORWARDED)
            .iter()
            .filter_map(|value| value.to_str().ok());
        let mut entries: Vec<IpAddr> = texts
            .flat_map(|text| {
                text.split(',')
                    .filter_map(|entry| entry.trim().parse().ok())
            })
            .map(|address: IpAddr| address.to_canonical())
            .collect();
        entries.push(IpAddr::from(PROXY));
        assert!(entries.contains(&seen(PROXY)), "{entries:?}");
    });
}

/// Endpoints with a body, and bodies close to one that is right.
fn body() -> impl Strategy<Value = (Entry, Vec<u8>)> {
    let mut writers = catalogue::all();
    // A path that names nothing is refused before its body is read.
    writers.retain(|entry| entry.method != Method::Get && !entry.path.contains(TARGET));
    prop::sample::select(writers).prop_flat_map(|entry| {
        let example = entry.example.as_bytes().to_vec();
        let body = prop_oneof![
            1 => bytes(300),
            3 => mutated(if example.is_empty() { b"{}".to_vec() } else { example }),
        ];
        (Just(entry), body)
    })
}

#[test]
fn any_body_of_any_endpoint_is_judged_and_only_json_is_taken() {
    let database = Database::sqlite();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let app = runtime.block_on(TestApp::start(&database));
    // The last admin: no endpoint refuses the caller first, and none that reads a body right can close the account.
    let owner = runtime.block_on(app.signed_in_admin());
    check(300, &body(), |(entry, body)| {
        // Who is signed in stays so: a body that is right signs nobody out.
        let mut browser = if entry.access == Anonymous::NAME {
            app.browser()
        } else {
            owner.clone()
        };
        let builder = browser.request(entry.method.as_str(), entry.path);
        let builder = builder.header(header::CONTENT_TYPE, "application/json");
        let request = builder.body(Body::from(body.clone())).expect("a request");
        let answer = runtime.block_on(browser.send(request));
        let text = answer.text();
        assert!(answer.status < 500, "{} {text}", entry.path);
        let is_object =
            serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(&body).is_ok();
        if !is_object && !body.is_empty() {
            assert_eq!(answer.code(), "bad_request", "{} {text}", entry.path);
        }
    });
}
