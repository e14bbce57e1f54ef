//! Strangers decide neither how many series there are nor what their labels say.

use axum::body::Body;

use super::scrape;
use crate::support::{app::TestApp, database::Database};

/// Paths, methods, hosts and agents that nobody asked for before.
const STRANGERS: u32 = 10_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_hostile_requests_add_no_series_of_their_own() {
    let database = Database::sqlite();
    let app = TestApp::start(&database).await;
    let mut browser = app.browser();
    // Whatever one of each kind leaves behind, thousands leave.
    for number in 0..8 {
        visit(&mut browser, number).await;
    }
    let before: Vec<_> = scrape(&app).await.series.into_keys().collect();
    for number in 8..STRANGERS {
        visit(&mut browser, number).await;
    }
    let read = scrape(&app).await;
    let after: Vec<_> = read.series.keys().cloned().collect();
    assert_eq!(before, after);
    let labels = [
        ("method", "other"),
        ("route", "unmatched"),
        ("status", "4xx"),
    ];
    let name = "concierge_http_request_duration_seconds_count";
    assert!(read.value(name, &labels).is_some_and(|count| count > 100.0));
    let said = format!("{:?}", read.series.keys());
    for stranger in ["hostile", "evil.example", "BREW"] {
        assert!(!said.contains(stranger), "{stranger} is in a label");
    }
}

async fn visit(browser: &mut crate::support::browser::Browser, number: u32) {
    let method = match number % 4 {
        0 => "GET".to_owned(),
        1 => format!("BREW{number}"),
        2 => "POST".to_owned(),
        _ => "DELETE".to_owned(),
    };
    let path = match number % 8 {
        0..4 => format!("/hostile-{number}/%22%0a?x={number}"),
        4 => format!("/api/hostile-{number}"),
        5 => format!("/pkg/hostile-{number}.js"),
        6 => format!("/api/sessions/hostile-{number}"),
        _ => format!("/admin/accounts/hostile-{number}"),
    };
    browser.host = if number.is_multiple_of(16) {
        "evil.example"
    } else {
        "localhost:3000"
    };
    let request = browser
        .request(&method, &path)
        .header("user-agent", format!("hostile-{number}"));
    let request = request.body(Body::empty()).expect("a request");
    browser.send(request).await;
}
