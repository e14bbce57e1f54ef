//! Refusals that need no account are counted and recorded, and nobody can fill the table with them.

use std::net::{Ipv4Addr, SocketAddr};

use concierge_server::{config::Environment, store::sql};
use serde_json::{Value, json};

use crate::support::{app::TestApp, browser::Browser, database::Database, log::logged};

/// The recorded refusals: event, reason, address, count.
async fn recorded(app: &TestApp) -> Vec<(String, String, String, u64)> {
    app.services.record_refusals().await.expect("recorded");
    let rows =
        sql("SELECT name, address, details FROM event WHERE account_id IS NULL ORDER BY name, id")
            .fetch_all(app.db())
            .await
            .expect("events");
    let read = rows.iter().map(|row| {
        let text = |column| row.text(column).expect("a text");
        let details: Value = serde_json::from_str(&text("details")).expect("JSON");
        let reason = details["reason"].as_str().unwrap_or_default().to_owned();
        let count = details["count"].as_u64().unwrap_or_default();
        (text("name"), reason, text("address"), count)
    });
    read.collect()
}

fn from(app: &TestApp, address: [u8; 4]) -> Browser {
    let mut browser = app.browser();
    browser.peer = SocketAddr::from((address, 40_000));
    browser
}

fn row(event: &str, reason: &str, address: &str, count: u64) -> (String, String, String, u64) {
    (
        event.to_owned(),
        reason.to_owned(),
        address.to_owned(),
        count,
    )
}

on_each_engine! {
    async fn one_row_per_reason_address_and_minute(db) {
        let app = TestApp::start(db).await;
        let mut stranger = from(&app, [203, 0, 113, 1]);
        for _ in 0..3 {
            stranger.headers = vec![("authorization", "Bearer nonsense".to_owned())];
            stranger.get("/api/profile").await.assert_problem(401, "unauthenticated");
            stranger.headers = vec![("cookie", "__Host-at=a; __Host-at=b".to_owned())];
            assert_eq!(stranger.get("/api/profile").await.status, 400);
            stranger.headers.clear();
            assert_eq!(stranger.get("/wp-login.php").await.status, 404);
        }
        stranger.site = Some("cross-site");
        stranger.sign_in("ada@example.org", "x").await.assert_problem(403, "csrf_refused");
        let mut other = from(&app, [203, 0, 113, 2]);
        other.host = "elsewhere.example";
        other.get("/api/whoami").await.assert_problem(421, "wrong_origin");
        let expected = [
            row("authz_fail", "malformed", "203.0.113.1", 3),
            row("input_validation_fail", "duplicate_cookie", "203.0.113.1", 3),
            row("input_validation_fail", "wrong_host", "203.0.113.2", 1),
            row("malicious_csrf", "cross_site", "203.0.113.1", 1),
            row("malicious_excess_404", "unknown_path", "203.0.113.1", 3),
        ];
        let mut found = recorded(&app).await;
        found.sort();
        assert_eq!(found, expected);
        assert_eq!(recorded(&app).await.len(), expected.len(), "nothing new, nothing written");
        assert_eq!(app.services.refusals.counts()["malformed"], 3);
    }

    async fn token_refusals_are_counted_apart(db) {
        let app = TestApp::start(db).await;
        let mut owner = app.signed_in().await;
        let token = owner.cookies["__Host-at"].clone();
        let mut thief = app.program();
        let mut show = async |token: String| {
            thief.headers = vec![("authorization", format!("Bearer {token}"))];
            assert_eq!(thief.get("/api/profile").await.status, 401);
        };
        let (message, signature) = token.rsplit_once('.').expect("three parts");
        let other = if signature.starts_with('A') { 'B' } else { 'A' };
        show(format!("{message}.{other}{}", &signature[1..])).await;
        owner.post("/api/auth/logout", json!({})).await;
        show(token).await;
        let counts = app.services.refusals.counts();
        assert_eq!((counts["bad_signature"], counts["no_live_session"]), (1, 1));
    }

    async fn an_expired_token_is_counted_and_is_no_event(db) {
        let app = TestApp::start(db).await;
        let mut owner = app.signed_in().await;
        app.advance_seconds(601).await;
        owner.get("/api/profile").await.assert_problem(401, "token_expired");
        assert_eq!(app.services.refusals.counts()["token_expired"], 1);
        assert_eq!(recorded(&app).await, []);
    }

    async fn limits_that_were_passed_are_recorded(db) {
        let app = TestApp::with(db, |options| options.config.address_limit_factor = 1).await;
        let mut sprayer = from(&app, [203, 0, 113, 1]);
        for number in 0..14 {
            sprayer.sign_in(&format!("person{number}@example.org"), "x").await;
        }
        let found = recorded(&app).await;
        assert!(found.contains(&row("excess_rate_limit_exceeded", "throttled", "203.0.113.1", 4)), "{found:?}");
    }
}

#[tokio::test]
async fn a_flood_from_many_addresses_fills_no_table() {
    let app = TestApp::start(&Database::sqlite()).await;
    for number in 0..1500_u32 {
        let address = Ipv4Addr::from_bits(0xcb00_0000 + number).octets();
        assert_eq!(from(&app, address).get("/nothing").await.status, 404);
    }
    let rows = recorded(&app).await;
    assert_eq!(rows.len(), 1001);
    assert_eq!(rows.iter().map(|row| row.3).sum::<u64>(), 1500);
    assert!(rows.contains(&row("malicious_excess_404", "unknown_path", "", 500)));
}

#[tokio::test]
async fn what_can_not_be_written_is_kept() {
    let database = Database::sqlite();
    let app = TestApp::start(&database).await;
    from(&app, [203, 0, 113, 1]).get("/nothing").await;
    let other = database.open().await;
    let lock = other.begin().await.expect("the one writer");
    assert!(app.services.record_refusals().await.is_err());
    from(&app, [203, 0, 113, 1]).get("/nothing").await;
    drop(lock);
    other.close().await;
    let expected = row("malicious_excess_404", "unknown_path", "203.0.113.1", 2);
    assert_eq!(recorded(&app).await, [expected]);
}

#[tokio::test]
async fn an_unknown_proxy_is_told_to_the_operator_with_the_line_to_set() {
    let app = TestApp::with(&Database::sqlite(), |options| {
        options.config.environment = Environment::Production;
    })
    .await;
    let mut proxy = from(&app, [172, 16, 0, 9]);
    proxy.headers = vec![("x-forwarded-for", "198.51.100.1".to_owned())];
    let log = logged(async {
        proxy
            .get("/api/whoami")
            .await
            .assert_problem(503, "unavailable");
    });
    let log = log.await;
    assert!(
        log.contains("CONCIERGE_TRUSTED_PROXIES=172.16.0.9"),
        "{log}"
    );
}
