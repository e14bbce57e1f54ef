//! Before the upgrade: a plain answer to everybody who may not watch.

use tokio_tungstenite::tungstenite::http::{HeaderValue, Request};

use super::{House, ORIGIN, request};
use crate::support::app::TestApp;

/// A request with one header otherwise; none takes it away.
fn with(house: &House, name: &'static str, value: Option<&'static str>) -> Request<()> {
    let mut request = request(&house.admin, "");
    request.headers_mut().remove(name);
    if let Some(value) = value {
        let value = HeaderValue::from_static(value);
        request.headers_mut().insert(name, value);
    }
    request
}

on_each_engine! {
    async fn an_admin_opens_a_socket(db) {
        let house = House::open(TestApp::start(db).await).await;
        house.watch().await;
    }

    async fn any_other_origin_is_refused_and_recorded(db) {
        let house = House::open(TestApp::start(db).await).await;
        let origins = [
            None,
            Some("null"),
            Some("http://localhost:3001"),
            Some("https://localhost:3000"),
            Some("http://localhost:3000.evil.example"),
            Some("http://evil.example"),
            Some(""),
        ];
        for origin in origins {
            let refused = house.knock(with(&house, "origin", origin)).await.err();
            assert_eq!(refused, Some((403, "csrf_refused".to_owned())), "{origin:?}");
        }
        let mut twice = request(&house.admin, "");
        twice.headers_mut().append("origin", HeaderValue::from_static(ORIGIN));
        assert_eq!(house.knock(twice).await.err().map(|refused| refused.0), Some(403));
        house.app.services.record_refusals().await.expect("recorded");
        assert_eq!(house.app.events("malicious_csrf").await, 1);
        assert!(!house.app.services.monitor.is_watched());
    }

    async fn only_the_same_site_may_say_where_it_comes_from(db) {
        let house = House::open(TestApp::start(db).await).await;
        for site in ["cross-site", "same-site", "none", "SAME-ORIGIN"] {
            let refused = house.knock(with(&house, "sec-fetch-site", Some(site))).await.err();
            assert_eq!(refused, Some((403, "csrf_refused".to_owned())), "{site}");
        }
        house.knock(with(&house, "sec-fetch-site", None)).await.expect("an old browser");
    }

    async fn nobody_without_a_live_token_watches(db) {
        let house = House::open(TestApp::start(db).await).await;
        let refused = house.knock(with(&house, "cookie", None)).await.err();
        assert_eq!(refused, Some((401, "unauthenticated".to_owned())));

        let mut bearer = house.app.program();
        bearer.sign_in_bearer(crate::support::ADA, crate::support::PASSWORD).await;
        let token = bearer.headers[0].1.parse().expect("a header");
        let mut carried = request(&bearer, "");
        carried.headers_mut().insert("authorization", token);
        let refused = house.knock(carried).await.err();
        assert_eq!(refused, Some((401, "unauthenticated".to_owned())));
    }

    async fn an_expired_token_or_an_ended_session_opens_nothing(db) {
        let mut house = House::open(TestApp::start(db).await).await;
        let early = request(&house.admin, "");
        house.app.advance(house.app.services.config.session.access_ttl).await;
        let refused = house.knock(early).await.err();
        assert_eq!(refused, Some((401, "token_expired".to_owned())));

        assert_eq!(house.admin.refresh().await.status, 200);
        let renewed = request(&house.admin, "");
        house.admin.poke("/api/auth/logout").await;
        let refused = house.knock(renewed).await.err();
        assert_eq!(refused, Some((401, "unauthenticated".to_owned())));
    }

    async fn a_member_is_refused(db) {
        let house = House::open(TestApp::start(db).await).await;
        let member = house.app.registered("bea@example.org").await;
        let refused = house.knock(request(&member, "")).await.err();
        assert_eq!(refused, Some((403, "forbidden".to_owned())));
    }

    async fn the_eleventh_socket_of_an_account_waits_for_a_seat(db) {
        let house = House::open(TestApp::start(db).await).await;
        let mut open = Vec::new();
        for _ in 0..10 {
            open.push(house.watch().await);
        }
        let refused = house.knock(request(&house.admin, "")).await.err();
        assert_eq!(refused, Some((429, "throttled".to_owned())));
        open.clear();
        house.only_so_many_watch(0).await;
        house.watch().await;
    }

    async fn how_many_sockets_an_account_has_is_a_setting(db) {
        let app = TestApp::with(db, |options| options.config.monitor_viewers_per_account = 1).await;
        let house = House::open(app).await;
        let _open = house.watch().await;
        let refused = house.knock(request(&house.admin, "")).await.err();
        assert_eq!(refused, Some((429, "throttled".to_owned())));
    }

    async fn the_fifty_first_socket_of_an_address_waits_for_a_seat(db) {
        let app = TestApp::with(db, |options| options.config.address_limit_factor = 1).await;
        let house = House::open(app).await;
        let mut open = Vec::new();
        for admin in 0..5 {
            let browser = house.another(&format!("admin{admin}@example.org")).await;
            for _ in 0..10 {
                open.push(house.knock(request(&browser, "")).await.expect("a socket"));
            }
        }
        let refused = house.knock(request(&house.admin, "")).await.err();
        assert_eq!(refused, Some((429, "throttled".to_owned())));
    }

    async fn who_finds_the_house_full_comes_back_later(db) {
        let app = TestApp::with(db, |options| options.config.monitor_viewers = 2).await;
        let house = House::open(app).await;
        let (one, _other) = (house.watch().await, house.watch().await);
        let refused = house.knock(request(&house.admin, "")).await.err();
        assert_eq!(refused, Some((503, "overloaded".to_owned())));
        drop(one);
        house.only_so_many_watch(1).await;
        house.watch().await;
    }

    async fn what_asks_for_no_socket_gets_a_plain_answer(db) {
        let mut house = House::open(TestApp::start(db).await).await;
        house.admin.headers.push(("origin", ORIGIN.to_owned()));
        let answer = house.admin.get("/api/monitor/live").await;
        answer.assert_problem(400, "bad_request");
        let refused = house.knock(request(&house.admin, "?token=x")).await.err();
        assert_eq!(refused, Some((400, "bad_request".to_owned())));
    }

    async fn a_house_that_closes_opens_no_socket(db) {
        let mut house = House::open(TestApp::start(db).await).await;
        house.app.shutdown.send(true).expect("somebody listens");
        house.admin.headers.push(("origin", ORIGIN.to_owned()));
        let answer = house.admin.get("/api/monitor/live").await;
        answer.assert_problem(503, "unavailable");
    }
}
