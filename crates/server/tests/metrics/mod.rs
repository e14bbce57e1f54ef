//! `/metrics`: what Prometheus reads, of a real sign-in over real listeners, and of strangers who try to fill it.

mod deploy;
mod hostile;
mod rules;

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use concierge_server::{config::Config, keys::Supply};
use serde_json::json;

use crate::support::{
    ADA, PASSWORD,
    app::TestApp,
    exposition::{Exposition, promtool},
    program::{self, Program},
};

fn get(address: SocketAddr, path: &str) -> (String, String) {
    send(
        address,
        &format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"),
    )
}

fn send(address: SocketAddr, request: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream.write_all(request.as_bytes()).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    (head.to_owned(), body.to_owned())
}

/// Makes an account, mistypes its password, signs in and renews the session.
pub(crate) fn journey(program: &Program) -> [String; 2] {
    let body = json!({ "email": ADA, "password": PASSWORD, "name": "Ada" });
    program.post("/api/auth/register", &body.to_string());
    let sign_in = |password: &str| {
        let body = json!({ "email": ADA, "password": password, "transport": "bearer" });
        program.post("/api/auth/login", &body.to_string())
    };
    sign_in("not her password");
    let answer = sign_in(PASSWORD);
    let tokens = answer.lines().last().expect("a body");
    let tokens: serde_json::Value = serde_json::from_str(tokens).expect("tokens");
    let secrets = ["access_token", "refresh_token"];
    let secrets = secrets.map(|name| tokens[name].as_str().expect("a token").to_owned());
    let body = json!({ "refresh_token": secrets[1] });
    program.post("/api/auth/refresh", &body.to_string());
    program.request(
        "GET /api/profile?secret=x HTTP/1.1\r\nAuthorization: Bearer abc",
        "",
    );
    secrets
}

#[test]
fn a_real_sign_in_is_counted_and_names_nobody() {
    let folder = tempfile::tempdir().expect("a folder");
    let metrics = program::free();
    let listen = metrics.to_string();
    let program = Program::serve(folder.path(), &[("CONCIERGE_METRICS_LISTEN", &listen)]);
    let secrets = journey(&program);

    let (head, text) = get(metrics, "/metrics");
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    assert!(
        head.contains("text/plain; version=0.0.4; charset=utf-8"),
        "{head}"
    );
    let read = Exposition::read(&text).unwrap_or_else(|wrong| panic!("{wrong}\n{text}"));
    if let Some(Err(said)) = promtool(&["check", "metrics"], &text) {
        panic!("{said}");
    }
    let logins = |result| {
        let labels = [("method", "password"), ("result", result)];
        read.value("concierge_logins_total", &labels)
    };
    assert_eq!(
        (logins("signed_in"), logins("refused"), logins("throttled")),
        (Some(1.0), Some(1.0), Some(0.0))
    );
    let renewed = read.value("concierge_refresh_total", &[("result", "renewed")]);
    assert_eq!(renewed, Some(1.0));
    let rejected = read.value("concierge_token_rejected_total", &[("reason", "malformed")]);
    assert_eq!(rejected, Some(1.0));
    let labels = [
        ("method", "POST"),
        ("route", "/api/auth/login"),
        ("status", "2xx"),
    ];
    let answered = read.value("concierge_http_request_duration_seconds_count", &labels);
    assert_eq!(answered, Some(1.0));
    assert_eq!(read.value("concierge_sessions", &[]), Some(1.0));
    for name in [ADA, "127.0.0.1", "secret=x", &secrets[0], &secrets[1]] {
        assert!(!text.contains(name), "{name}");
    }

    // A page of a stranger's name that leads to this machine is not answered.
    let rebound = "GET /metrics HTTP/1.1\r\nHost: evil.example:9464\r\nConnection: close\r\n\r\n";
    let (head, body) = send(metrics, rebound);
    assert!(head.starts_with("HTTP/1.1 421"), "{head}");
    assert!(
        body.contains("CONCIERGE_METRICS_LISTEN") && !body.contains("concierge_"),
        "{body}"
    );

    // Nothing of the service is behind that door, and nothing of it behind the service's.
    assert!(get(metrics, "/api/whoami").0.starts_with("HTTP/1.1 404"));
    let outside = program.request("GET /metrics HTTP/1.1", "");
    assert!(outside.starts_with("HTTP/1.1 404"), "{outside}");
    let (status, log) = program.terminate();
    assert!(status.success(), "{log}");
    assert!(TcpStream::connect(metrics).is_err(), "it listens still");
}

#[test]
fn a_taken_port_is_a_warning_and_not_the_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let listen = taken.local_addr().expect("its address").to_string();
    let program = Program::serve(folder.path(), &[("CONCIERGE_METRICS_LISTEN", &listen)]);
    assert!(
        program
            .request("GET /readyz HTTP/1.1", "")
            .starts_with("HTTP/1.1 200")
    );
    let (status, log) = program.terminate();
    assert!(status.success());
    let told = log.matches("set CONCIERGE_METRICS_LISTEN").count();
    assert_eq!(told, 1, "{log}");
}

/// What a scrape of this process gets.
async fn scrape(app: &TestApp) -> Exposition {
    let families = app.services.metric_families().await;
    let text = concierge_server::platform::metrics::write(&families);
    Exposition::read(&text).unwrap_or_else(|wrong| panic!("{wrong}\n{text}"))
}

on_each_engine! {
    async fn what_only_is_is_looked_up_and_a_lost_database_leaves_a_gap(db) {
        let app = TestApp::start(db).await;
        app.signed_in().await;
        let read = scrape(&app).await;
        assert_eq!(read.value("concierge_sessions", &[]), Some(1.0));
        assert_eq!(read.value("concierge_argon2_waiting", &[]), Some(0.0));
        assert_eq!(read.value("concierge_monitor_viewers", &[]), Some(0.0));
        assert_eq!(read.value("concierge_alert_oldest_message_seconds", &[]), Some(0.0));
        let waiting = read.value("concierge_audit_oldest_waiting_seconds", &[]);
        assert_eq!(waiting, Some(0.0), "recorded right now");
        let started = read.value("process_start_time_seconds", &[]);
        assert!(started.is_some_and(|at| at > 1.7e9), "{started:?}");
        let pools = read.values_of("pool");
        assert!(!pools.is_empty(), "no pool");

        app.clock.advance(std::time::Duration::from_secs(100));
        let waiting = scrape(&app).await.value("concierge_audit_oldest_waiting_seconds", &[]);
        assert_eq!(waiting, Some(100.0), "nobody links here");
        app.services.link_events().await.expect("linked");
        app.clock.advance(std::time::Duration::from_secs(31));
        assert_eq!(scrape(&app).await.value("concierge_audit_oldest_waiting_seconds", &[]), Some(0.0));

        app.db().close().await;
        // The last answer is good for half a minute.
        assert_eq!(scrape(&app).await.value("concierge_sessions", &[]), Some(1.0));
        app.clock.advance(std::time::Duration::from_secs(31));
        let looked_up = [
            "concierge_sessions", "concierge_audit_oldest_waiting_seconds", "concierge_alert_oldest_message_seconds",
        ];
        for looked_up in looked_up {
            assert_eq!(scrape(&app).await.value(looked_up, &[]), None);
        }
    }

    async fn reading_the_keys_for_a_metric_holds_up_no_request(db) {
        let (is_armed, freed) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let (begin, mut begun) = tokio::sync::mpsc::unbounded_channel();
        let (free, wait) = std::sync::mpsc::channel();
        let app = TestApp::with(db, |options| {
            let home = options.config.data.clone();
            let (is_armed, freed, wait) = (Arc::clone(&is_armed), Arc::clone(&freed), Mutex::new(wait));
            options.supply = Supply::new(move || {
                if is_armed.swap(false, Ordering::SeqCst) {
                    begin.send(()).expect("somebody waits");
                    // On the thread of the requests nobody could free it.
                    let came = wait.lock().expect("not poisoned").recv_timeout(Duration::from_secs(10));
                    freed.store(came.is_ok(), Ordering::SeqCst);
                }
                Config::reading_for_test(&home)
            });
        })
        .await;
        is_armed.store(true, Ordering::SeqCst);
        let request = async {
            begun.recv().await.expect("the keys are read");
            free.send(()).expect("somebody reads");
        };
        tokio::join!(app.services.metric_families(), request);
        assert!(freed.load(Ordering::SeqCst));
    }

    async fn who_is_told_to_wait_is_counted_by_route(db) {
        let app = TestApp::with(db, |options| options.config.address_limit_factor = 1).await;
        let mut browser = app.browser();
        let mut told = 0.0;
        for _ in 0..40 {
            let answer = browser.sign_in(ADA, "not her password").await;
            told += f64::from(u8::from(answer.status == 429));
        }
        assert!(told > 0.0);
        let read = scrape(&app).await;
        let counted = read.value("concierge_rate_limited_total", &[("route", "/api/auth/login")]);
        assert_eq!(counted, Some(told));
        let labels = [("method", "password"), ("result", "throttled")];
        assert_eq!(read.value("concierge_logins_total", &labels), Some(told));
    }
}
