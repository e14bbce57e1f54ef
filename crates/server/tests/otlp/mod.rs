//! OTLP: what a receiver gets of a real sign-in, and what becomes of it when there is none.

mod flood;
mod receiver;

use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    body::{Body, to_bytes},
    http::StatusCode,
};
use concierge_server::{
    http,
    platform::{
        clock::{Clock as _, SystemClock},
        otlp::{self, Exporter, Records, Tap},
        rng::OsRng,
        shutdown::Shutdown,
    },
};
use opentelemetry_proto::tonic::{
    metrics::v1::{AggregationTemporality, metric::Data, number_data_point::Value},
    trace::v1::Span,
};
use tower::ServiceExt as _;
use tracing_subscriber::prelude::*;

use self::receiver::{Receiver, attribute};
use crate::{
    metrics::journey,
    support::{
        ADA, PASSWORD,
        app::TestApp,
        database::Database,
        log::logged,
        program::{self, Program},
    },
};

const KEY: &str = "a-key-of-the-receiver";

fn endpoint(address: std::net::SocketAddr) -> String {
    format!("http://{address}")
}

/// What a receiver with `temporality` gets of a journey; also what the program logged.
async fn sent(temporality: &str) -> (Receiver, [String; 2], String) {
    let receiver = Receiver::start().await;
    let endpoint = endpoint(receiver.address);
    let temporality = temporality.to_owned();
    let walked = tokio::task::spawn_blocking(move || {
        let folder = tempfile::tempdir().expect("a folder");
        let headers = format!("x-api-key={KEY}");
        let program = Program::serve(
            folder.path(),
            &[
                ("CONCIERGE_OTLP_ENDPOINT", &endpoint),
                ("CONCIERGE_OTLP_HEADERS", &headers),
                ("CONCIERGE_OTLP_TEMPORALITY", &temporality),
                // Says nothing about what is sent.
                ("CONCIERGE_LOG", "warn,concierge_server=info"),
            ],
        );
        let secrets = journey(&program);
        let (status, log) = program.terminate();
        assert!(status.success(), "{log}");
        (secrets, log)
    });
    let (secrets, log) = walked.await.expect("a journey");
    (receiver, secrets, log)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_span_a_metric_and_a_security_event_of_a_sign_in_arrive() {
    let (receiver, _, _) = sent("cumulative").await;
    let spans = receiver.spans();
    let is_sign_in = |status: &str| {
        let span = spans.iter().find(|span| {
            span.name == "POST /api/auth/login"
                && attribute(&span.attributes, "http.response.status_code").as_deref()
                    == Some(status)
        });
        span.expect("a span")
    };
    let span = is_sign_in("200");
    assert_eq!(
        attribute(&span.attributes, "http.route").as_deref(),
        Some("/api/auth/login")
    );
    assert!(span.start_time_unix_nano < span.end_time_unix_nano);
    assert_eq!((span.trace_id.len(), span.span_id.len()), (16, 8));

    let logs = receiver.logs();
    // The event of a request is in the trace of that request.
    let event = |name: &str, span: &Span| {
        let found = logs
            .iter()
            .find(|log| log.event_name == name && log.trace_id == span.trace_id);
        found.unwrap_or_else(|| panic!("no {name} in {logs:?}"))
    };
    event("authn_login_success", span);
    let refused = event("authn_login_fail", is_sign_in("401"));
    let address = attribute(&refused.attributes, "client.address");
    assert_eq!(address.as_deref(), Some("127.0.0.1"));

    let (resource, metrics) = receiver.metrics();
    assert_eq!(
        attribute(&resource, "service.name").as_deref(),
        Some("concierge")
    );
    let logins = metrics
        .iter()
        .find(|metric| metric.name == "concierge_logins_total");
    let Some(Data::Sum(sum)) = &logins.expect("a metric").data else {
        panic!("no counter: {logins:?}");
    };
    let point = sum
        .data_points
        .iter()
        .find(|point| attribute(&point.attributes, "result").as_deref() == Some("signed_in"));
    assert_eq!(
        point.and_then(|point| point.value),
        Some(Value::AsDouble(1.0))
    );
    assert_eq!(
        sum.aggregation_temporality(),
        AggregationTemporality::Cumulative
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_secret_is_sent_and_the_key_is_not_logged() {
    let (receiver, secrets, log) = sent("delta").await;
    let came = receiver.came();
    let paths: BTreeSet<&str> = came.iter().map(|one| one.path.as_str()).collect();
    assert_eq!(
        paths,
        BTreeSet::from(["/v1/logs", "/v1/metrics", "/v1/traces"])
    );
    for one in &came {
        assert_eq!(one.headers["x-api-key"], KEY);
        assert_eq!(one.headers["content-type"], "application/x-protobuf");
        let text = String::from_utf8_lossy(&one.body);
        for secret in [
            ADA,
            "ada@",
            PASSWORD,
            "secret=x",
            KEY,
            &secrets[0],
            &secrets[1],
        ] {
            assert!(!text.contains(secret), "{secret} in {}", one.path);
        }
    }
    assert!(!log.contains(KEY));
    let known = [
        "http.request.method",
        "http.route",
        "http.response.status_code",
        "http.response.body.size",
        "error.type",
    ];
    for span in receiver.spans() {
        assert!(
            span.attributes
                .iter()
                .all(|one| known.contains(&one.key.as_str())),
            "{span:?}"
        );
    }
    let (_, metrics) = receiver.metrics();
    let refreshed = metrics
        .iter()
        .find(|metric| metric.name == "concierge_refresh_total");
    let Some(Data::Sum(sum)) = &refreshed.expect("a metric").data else {
        panic!("no counter: {refreshed:?}");
    };
    assert_eq!(sum.aggregation_temporality(), AggregationTemporality::Delta);
}

#[test]
fn a_receiver_that_is_away_is_told_of_once_and_delays_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let endpoint = endpoint(program::free());
    let program = Program::serve(folder.path(), &[("CONCIERGE_OTLP_ENDPOINT", &endpoint)]);
    journey(&program);
    let (status, log) = program.terminate();
    assert!(status.success(), "{log}");
    assert_eq!(log.matches("OTLP").count(), 1, "{log}");
    assert!(log.contains("it can't be reached"), "{log}");
}

fn log_requests(records: &Arc<Records>, count: u32) {
    let tap = Tap(Arc::clone(records)).with_filter(Tap::filter());
    let subscriber = tracing_subscriber::registry().with(tap);
    tracing::subscriber::with_default(subscriber, || {
        for _ in 0..count {
            tracing::info!(target: "access", at = 1_u64, method = "GET", route = "/livez", status = 200_u16, ms = 1.0, bytes = 1_u64, request_id = "0011223344556677", "");
        }
    });
}

/// Logs these events as the audit does: each with the reason it was refused for, or none where it was recorded.
fn log_events(records: &Arc<Records>, reasons: impl Iterator<Item = &'static str>) {
    let tap = Tap(Arc::clone(records)).with_filter(Tap::filter());
    let subscriber = tracing_subscriber::registry().with(tap);
    tracing::subscriber::with_default(subscriber, || {
        for reason in reasons {
            match reason {
                "" => {
                    tracing::info!(target: "security", event = "authn_token_reuse", severity = "critical", account = "x", "");
                }
                reason => {
                    tracing::info!(target: "security", event = "excess_404", severity = "notice", reason, "");
                }
            }
        }
    });
}

fn exporter(records: &Arc<Records>, receiver: &Receiver) -> Exporter {
    let settings = otlp::Receiver {
        endpoint: endpoint(receiver.address).parse().expect("a URL"),
        headers: Vec::new(),
        is_delta: false,
    };
    let exporter = Exporter::new(
        &settings,
        Arc::clone(records),
        "test",
        Arc::new(SystemClock),
        &OsRng,
    );
    exporter.expect("an exporter")
}

/// Sends all there is, once.
async fn send(records: &Arc<Records>, receiver: &Receiver) {
    let (end, told) = Shutdown::manual();
    end.send(true).expect("told");
    exporter(records, receiver)
        .run(async || Vec::new(), told)
        .await;
}

/// Waits until it is so.
async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let look = async {
        let mut look = tokio::time::interval(Duration::from_millis(20));
        while !is_so() {
            look.tick().await;
        }
    };
    let looked = tokio::time::timeout(Duration::from_secs(60), look);
    looked.await.unwrap_or_else(|_| panic!("{what}"));
}

#[tokio::test]
async fn a_receiver_that_takes_no_spans_delays_no_events() {
    let records = Arc::new(Records::default());
    let receiver = Receiver::saying(|path| match path {
        "/v1/traces" => (StatusCode::SERVICE_UNAVAILABLE, Vec::new()),
        _ => (StatusCode::OK, Vec::new()),
    });
    let receiver = receiver.await;
    let (end, told) = Shutdown::manual();
    let running = tokio::spawn(exporter(&records, &receiver).run(async || Vec::new(), told));
    log_requests(&records, 1);
    until("spans are tried again", || {
        receiver.asked("/v1/traces") == 2
    })
    .await;
    // Spans are tried again in four seconds, events every second.
    log_events(&records, [""].into_iter());
    until("the event arrives", || !receiver.logs().is_empty()).await;
    assert_eq!(receiver.asked("/v1/traces"), 2);
    end.send(true).expect("told");
    running.await.expect("it ends");
}

#[tokio::test]
async fn what_a_receiver_does_not_want_is_told_as_lost() {
    let records = Arc::new(Records::default());
    let log = logged(async {
        log_requests(&records, 5);
        // Takes all but three, as the protocol has it: a partial success with that number in it.
        let picky = Receiver::saying(|_| (StatusCode::OK, vec![0x0a, 0x02, 0x08, 0x03])).await;
        send(&records, &picky).await;
        log_requests(&records, 4);
        let strict = Receiver::saying(|_| (StatusCode::BAD_REQUEST, Vec::new())).await;
        send(&records, &strict).await;
    });
    let log = log.await;
    assert!(log.contains("lost=3"), "{log}");
    assert!(log.contains("lost=4"), "{log}");
}

#[tokio::test]
async fn a_span_ends_with_the_head_of_the_answer_however_long_the_body_takes() {
    let database = Database::sqlite();
    let app = TestApp::start(&database).await;
    let records = Arc::new(Records::default());
    let mut head_at = 0;
    // Within `logged`: beside its subscriber this one is asked about every line, wherever it was met first.
    logged(async {
        let tap = Tap(Arc::clone(&records)).with_filter(Tap::filter());
        let subscriber = tracing_subscriber::registry().with(tap);
        let _tapped = tracing::subscriber::set_default(subscriber);
        let request = app.browser().request("GET", "/sign-in");
        let request = request.body(Body::empty()).expect("a request");
        let answer = http::router(Arc::clone(&app.services))
            .oneshot(request)
            .await
            .expect("an answer");
        head_at = u64::try_from(app.clock.now().as_millis()).expect("a time") * 1_000_000;
        app.clock.advance(Duration::from_secs(3600));
        to_bytes(answer.into_body(), usize::MAX)
            .await
            .expect("a body");
    })
    .await;
    let receiver = Receiver::start().await;
    send(&records, &receiver).await;
    let spans = receiver.spans();
    let span = spans.iter().find(|span| span.name == "GET /sign-in");
    let span = span.expect("a span");
    assert_eq!(span.end_time_unix_nano, head_at);
    assert!(span.start_time_unix_nano < head_at);
}

#[test]
fn a_receiver_that_never_answers_does_not_hold_up_the_end() {
    let folder = tempfile::tempdir().expect("a folder");
    // The kernel takes what comes; nobody ever reads it.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let endpoint = endpoint(silent.local_addr().expect("its address"));
    let program = Program::serve(folder.path(), &[("CONCIERGE_OTLP_ENDPOINT", &endpoint)]);
    journey(&program);
    let told = Instant::now();
    let (status, log) = program.terminate();
    let took = told.elapsed();
    assert!(status.success(), "{log}");
    assert!(took < Duration::from_secs(8), "{took:?}");
    assert!(
        log.contains("did not take the last records in time"),
        "{log}"
    );
}

#[tokio::test]
async fn what_a_busy_receiver_does_not_take_is_sent_again_and_what_it_refuses_is_not() {
    let records = Arc::new(Records::default());
    log_requests(&records, 600);
    let busy = Receiver::saying(|_| (StatusCode::SERVICE_UNAVAILABLE, Vec::new())).await;
    send(&records, &busy).await;
    let good = Receiver::start().await;
    send(&records, &good).await;
    assert_eq!(good.spans().len(), 600);

    log_requests(&records, 3);
    let picky = Receiver::saying(|_| (StatusCode::BAD_REQUEST, Vec::new())).await;
    send(&records, &picky).await;
    let good = Receiver::start().await;
    send(&records, &good).await;
    assert_eq!(good.spans().len(), 0);
}
