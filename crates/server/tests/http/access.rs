//! The access log and the error log: one line each, of known members, that lead to each other and tell no secret.

use std::collections::BTreeSet;

use futures_util::FutureExt as _;
use serde_json::Value;

use crate::{
    metrics::journey,
    support::{
        ADA, PASSWORD, app::TestApp, database::Database, exposition::Exposition, log::logged,
        program::Program,
    },
};

const MEMBERS: [&str; 11] = [
    "timestamp",
    "level",
    "message",
    "target",
    "at",
    "method",
    "route",
    "status",
    "ms",
    "bytes",
    "request_id",
];

/// The access lines of a journey, and what must not be in them.
fn walked() -> (Vec<Value>, [String; 2]) {
    let folder = tempfile::tempdir().expect("a folder");
    let program = Program::serve(folder.path(), &[("CONCIERGE_LOG_FORMAT", "json")]);
    let secrets = journey(&program);
    let page = program.request("GET /sign-in?next=/profile%3Fsecret=x HTTP/1.1", "");
    assert!(page.contains("</html>"), "{page}");
    program.request("HUNTER2 /hunter2 HTTP/1.1\r\nUser-Agent: hunter2", "");
    let (_, log) = program.terminate();
    let lines = log.lines();
    let lines = lines.map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let lines = lines.filter(|line| line["target"] == "access");
    (lines.collect(), secrets)
}

#[test]
fn each_answer_is_one_line_of_known_members_without_a_secret() {
    let (lines, [access, refresh]) = walked();
    let mut ids = BTreeSet::new();
    for line in &lines {
        let members = line.as_object().expect("an object").keys();
        let members: BTreeSet<&str> = members.map(String::as_str).collect();
        assert_eq!(members, BTreeSet::from(MEMBERS), "{line}");
        assert!(line["ms"].is_f64(), "{line}");
        let id = line["request_id"].as_str().expect("an id");
        assert!(ids.insert(id), "{line}");
    }
    let text = lines.iter().map(Value::to_string).collect::<String>();
    let made_up = ["secret", "hunter2", "HUNTER2", &access, &refresh];
    for secret in [ADA, PASSWORD].into_iter().chain(made_up) {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    let of = |method: &str, route: &str| {
        let mut lines = lines.iter();
        let found = lines.find(|line| line["method"] == method && line["route"] == route);
        found.unwrap_or_else(|| panic!("no {method} {route} in {text}"))
    };
    assert_eq!(of("POST", "/api/auth/refresh")["status"], 200);
    assert_eq!(of("other", "unmatched")["status"], 405);
    // A page is sent in pieces; its line waits for the last one.
    let page = of("GET", "/sign-in");
    let bytes = page["bytes"].as_u64();
    assert!(bytes.is_some_and(|bytes| bytes > 1000), "{page}");
}

#[tokio::test]
async fn a_client_that_hangs_up_has_its_line_and_is_counted() {
    let database = Database::sqlite();
    let app = TestApp::start(&database).await;
    let mut browser = app.browser();
    let log = logged(async {
        // It waits for the database, and is dropped there: what a closed connection does to a request.
        let answer = browser.sign_in(ADA, PASSWORD).now_or_never();
        assert!(answer.is_none());
    });
    let log = log.await;
    let lines = log.matches("POST /api/auth/login 499").count();
    assert_eq!(lines, 1, "{log}");
    let families = app.services.metric_families().await;
    let text = concierge_server::platform::metrics::write(&families);
    let read = Exposition::read(&text).expect("metrics");
    let labels = [
        ("method", "POST"),
        ("route", "/api/auth/login"),
        ("status", "4xx"),
    ];
    let counted = read.value("concierge_http_request_duration_seconds_count", &labels);
    assert_eq!(counted, Some(1.0));
}

#[tokio::test]
async fn a_fault_is_one_line_with_its_cause_and_the_id_that_the_answer_has() {
    let database = Database::sqlite();
    let app = TestApp::start(&database).await;
    let mut browser = app.signed_in().await;
    app.db().close().await;
    let mut id = String::new();
    let log = logged(async {
        let answer = browser.get("/api/sessions").await;
        assert_eq!(answer.status, 503);
        id = answer.json()["request_id"]
            .as_str()
            .expect("an id")
            .to_owned();
    });
    let log = log.await;
    let faults: Vec<&str> = log
        .lines()
        .filter(|line| line.contains(" ERROR "))
        .collect();
    assert_eq!(faults.len(), 1, "{log}");
    assert!(
        faults[0].contains("code=\"unavailable\"") && faults[0].contains(&id),
        "{log}"
    );
    let access = log
        .lines()
        .find(|line| line.contains("GET /api/sessions 503"));
    assert!(access.is_some_and(|line| line.contains(&id)), "{log}");
}
