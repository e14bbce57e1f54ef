//! The real program: what it acknowledged survives `kill -9`, it ends when told, it refuses a bad configuration,
//! and its log holds no secret.

use concierge_server::store::{Db, sql};
use serde_json::json;

use crate::support::{
    ADA, PASSWORD,
    program::{Program, command},
};

fn body(json: serde_json::Value) -> String {
    json.to_string()
}

/// The values of the cookies an answer sets.
fn cookies(response: &str) -> Vec<String> {
    let lines = response
        .lines()
        .filter_map(|line| line.strip_prefix("set-cookie: "));
    let values = lines.filter_map(|line| line.split_once('=')?.1.split_once(';'));
    values
        .map(|(value, _)| value.to_owned())
        .filter(|value| !value.is_empty())
        .collect()
}

#[tokio::test]
async fn an_acknowledged_account_survives_kill_9() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!(
        "sqlite:{}",
        folder.path().join("data/concierge.db").display()
    );
    for round in 1..=3 {
        let program = Program::serve(folder.path(), &[]);
        let email = format!("person{round}@example.org");
        let request = body(json!({ "email": email, "password": PASSWORD }));
        let response = program.post("/api/auth/register", &request);
        program.kill();
        assert!(response.starts_with("HTTP/1.1 201 "), "{response}");
        let db = Db::connect(&url).await.expect("the database opens");
        let counts = sql("SELECT (SELECT COUNT(*) FROM account) AS accounts, (SELECT COUNT(*) FROM session) AS sessions,
                                 (SELECT COUNT(*) FROM event WHERE name = 'user_created') AS events");
        let row = counts.fetch_one(&db).await.expect("counts");
        for column in ["accounts", "sessions", "events"] {
            assert_eq!(row.int(column).expect("a count"), round, "{column}");
        }
        db.close().await;
    }
}

#[test]
fn told_to_end_it_finishes_and_exits_with_0() {
    let folder = tempfile::tempdir().expect("a folder");
    let program = Program::serve(folder.path(), &[]);
    assert!(
        program
            .request("GET /readyz HTTP/1.1", "")
            .starts_with("HTTP/1.1 200 ")
    );
    let health = command(
        folder.path(),
        &["healthcheck"],
        &[("CONCIERGE_ENV", "test")],
    )
    .env("CONCIERGE_LISTEN", program.address.to_string())
    .status();
    assert!(health.expect("it runs").success());
    let (status, log) = program.terminate();
    assert!(status.success(), "{status}");
    assert!(log.contains("Concierge is closed"), "{log}");
    let data = folder.path().join("data");
    assert!(
        !data.join("concierge.db-wal").exists(),
        "the log was folded into the file"
    );
}

#[test]
fn production_without_keys_names_every_problem_and_exits_with_1() {
    let folder = tempfile::tempdir().expect("a folder");
    let variables = [
        ("CONCIERGE_ENV", "production"),
        ("CONCIERGE_PUBLIC_URL", "http://id.example.org/path"),
        ("CONCIERGE_ACCESS_TTL", "soon"),
        (
            "DATABASE_URL",
            "postgres://concierge:hunter2@db.example.org/concierge",
        ),
        ("CONCIERGE_LOGG", "info"),
    ];
    let output = command(folder.path(), &["serve"], &variables)
        .output()
        .expect("it runs");
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{text}");
    for named in [
        "JWT_SECRET",
        "SECRET_KEY",
        "CONCIERGE_PUBLIC_URL",
        "CONCIERGE_ACCESS_TTL",
        "CONCIERGE_LOGG",
    ] {
        assert!(text.contains(named), "{named} is missing in: {text}");
    }
    assert!(!text.contains("hunter2"));
    assert!(
        !folder.path().join("data").exists(),
        "a refused start leaves nothing"
    );
}

#[test]
fn a_known_or_short_key_is_refused_in_production() {
    let folder = tempfile::tempdir().expect("a folder");
    for (key, shown) in [
        ("your-256-bit-secret", false),
        (concierge_server::keys::TEST_SIGNING_KEY, false),
        ("short", false),
    ] {
        let variables = [
            ("CONCIERGE_ENV", "production"),
            ("CONCIERGE_PUBLIC_URL", "https://id.example.org"),
            ("JWT_SECRET", key),
            (
                "SECRET_KEY",
                "b1946ac92492d2347c6235b4d2611184b1946ac92492d2347c6235b4d2611184",
            ),
        ];
        let output = command(folder.path(), &["serve"], &variables)
            .output()
            .expect("it runs");
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(text.contains("JWT_SECRET"), "{text}");
        assert_eq!(key.len() > 5 && text.contains(key), shown, "{text}");
    }
}

#[test]
fn the_log_of_a_journey_holds_no_secret() {
    let folder = tempfile::tempdir().expect("a folder");
    let variables = [
        ("CONCIERGE_LOG_FORMAT", "json"),
        ("CONCIERGE_LOG", "debug,concierge_server=trace"),
    ];
    let program = Program::serve(folder.path(), &variables);
    let link =
        std::fs::read_to_string(folder.path().join("data/setup-link")).expect("the setup link");
    let token = link
        .trim()
        .split_once('#')
        .expect("a fragment")
        .1
        .to_owned();
    let mut secrets = vec![
        PASSWORD.to_owned(),
        "hunter2 hunter2".to_owned(),
        token.clone(),
    ];
    let new = json!({ "token": token, "email": ADA, "password": PASSWORD });
    let answers = [
        program.post("/api/setup", &body(new.clone())),
        program.post("/api/setup", &body(new)),
        program.post(
            "/api/auth/login",
            &body(json!({ "email": ADA, "password": "hunter2 hunter2" })),
        ),
        program.post(
            "/api/auth/login",
            &body(json!({ "email": ADA, "password": PASSWORD })),
        ),
        program.post(
            "/api/auth/register",
            &body(json!({ "email": ADA, "password": PASSWORD })),
        ),
        program.post("/api/auth/login", &format!("{{\"password\":\"{PASSWORD}\"")),
    ];
    secrets.extend(answers.iter().flat_map(|answer| cookies(answer)));
    let bearer = json!({ "email": ADA, "password": PASSWORD, "transport": "bearer" });
    let tokens = program.post("/api/auth/login", &body(bearer));
    let tokens: serde_json::Value =
        serde_json::from_str(tokens.lines().last().expect("a body")).expect("JSON");
    let text = |name: &str| tokens[name].as_str().expect("a token").to_owned();
    let (access, refresh) = (text("access_token"), text("refresh_token"));
    program.post(
        "/api/auth/refresh",
        &body(json!({ "refresh_token": refresh })),
    );
    program.request(
        &format!("GET /profile?token={access} HTTP/1.1\r\nAuthorization: Bearer {access}"),
        "",
    );
    program.request(
        &format!("GET /api/profile HTTP/1.1\r\nCookie: __Host-at={access}x; __Host-rt={refresh}"),
        "",
    );
    secrets.extend([access, refresh]);
    let (_, log) = program.terminate();
    assert!(
        log.contains("authn_login_success") && log.contains("authn_login_fail"),
        "{log}"
    );
    assert!(secrets.len() >= 8, "{secrets:?}");
    let short: Vec<_> = secrets
        .iter()
        .map(|secret| &secret[..secret.len().min(40)])
        .collect();
    for secret in short.into_iter().chain([ADA, "Ada@"]) {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
    for line in log.lines() {
        assert!(
            serde_json::from_str::<serde_json::Value>(line).is_ok(),
            "no JSON: {line}"
        );
    }
}
