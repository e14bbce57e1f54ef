//! The real program: what it acknowledged survives `kill -9`, it ends when told, it refuses a bad configuration,
//! and its log holds no secret. And what a failing database does to each use case.

mod fail_at_n;
mod scene;
mod stopped;

use std::io::Read as _;

use concierge_server::store::sql;
use serde_json::json;

use crate::support::{
    ADA, PASSWORD,
    program::{Program, command},
};

const WRONG: &str = "hunter2 hunter2";

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

on_each_engine! {
    async fn an_acknowledged_account_survives_kill_9(db) {
        for round in 1..=3 {
            let program = Program::serve(db.folder.path(), &[("DATABASE_URL", &db.url)]);
            let email = format!("person{round}@example.org");
            let request = body(json!({ "email": email, "password": PASSWORD }));
            let response = program.post("/api/auth/register", &request);
            program.kill();
            assert!(response.starts_with("HTTP/1.1 201 "), "{response}");
            let opened = db.open().await;
            let counts = sql("SELECT (SELECT COUNT(*) FROM account) AS accounts, (SELECT COUNT(*) FROM session) AS sessions,
                                     (SELECT COUNT(*) FROM event WHERE name = 'user_created') AS events");
            let row = counts.fetch_one(&opened).await.expect("counts");
            for column in ["accounts", "sessions", "events"] {
                assert_eq!(row.int(column).expect("a count"), round, "{column}");
            }
            opened.close().await;
        }
    }

    async fn what_was_not_acknowledged_before_kill_9_is_whole_or_absent(db) {
        let variables = [("DATABASE_URL", db.url.as_str()), ("CONCIERGE_ADDRESS_LIMIT_FACTOR", "100")];
        let program = Program::serve(db.folder.path(), &variables);
        let mut lines: Vec<_> = (1..=8)
            .map(|number| {
                let email = format!("person{number}@example.org");
                program.send("/api/auth/register", &body(json!({ "email": email, "password": PASSWORD })))
            })
            .collect();
        // The first answer is there, the others are under way: some before their commit, some after.
        let mut first = [0; 12];
        lines[0].read_exact(&mut first).expect("the first answer");
        assert_eq!(&first, b"HTTP/1.1 201");
        program.kill();
        let opened = db.open().await;
        let counts = sql("SELECT (SELECT COUNT(*) FROM account) AS accounts, (SELECT COUNT(*) FROM password) AS passwords,
                                 (SELECT COUNT(*) FROM session) AS sessions, (SELECT COUNT(*) FROM event WHERE account_id IS NOT NULL) / 2 AS events");
        let row = counts.fetch_one(&opened).await.expect("counts");
        let count = |column| row.int(column).expect("a count");
        assert!(count("accounts") >= 1);
        for column in ["passwords", "sessions", "events"] {
            assert_eq!(count(column), count("accounts"), "{column}");
        }
        opened.close().await;
    }
}

#[test]
fn no_core_is_dumped_of_what_holds_the_keys() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    // As where an operator asks for dumps; what is started from here would have them, too.
    let most = getrlimit(Resource::Core).maximum;
    let asked = Rlimit {
        current: most,
        maximum: most,
    };
    setrlimit(Resource::Core, asked).expect("asked for");
    let folder = tempfile::tempdir().expect("a folder");
    let program = Program::serve(folder.path(), &[]);
    assert_eq!(limit(&program, "Max core file size"), ["0", "0"]);
}

/// The soft and the hard limit of a program.
fn limit(program: &Program, name: &str) -> [String; 2] {
    let limits = program.limits();
    let line = limits.lines().find_map(|line| line.strip_prefix(name));
    let mut words = line
        .expect("its limit")
        .split_whitespace()
        .map(str::to_owned);
    [(); 2].map(|()| words.next().expect("a number"))
}

#[test]
fn a_usual_limit_of_open_files_is_raised_as_far_as_it_may_be() {
    let folder = tempfile::tempdir().expect("a folder");
    let program = Program::serve(folder.path(), &[]);
    let limits = limit(&program, "Max open files");
    let [soft, hard] = limits.map(|text| text.parse::<u64>().unwrap_or(u64::MAX));
    assert!(soft >= hard.min(4096), "{soft} of {hard}");
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

/// Makes the first admin, fails and succeeds at signing in; the secrets that were sent and got.
fn walk_with_cookies(program: &Program, token: &str) -> Vec<String> {
    let new = body(json!({ "token": token, "email": ADA, "password": PASSWORD }));
    let wrong = body(json!({ "email": ADA, "password": WRONG }));
    let right = body(json!({ "email": ADA, "password": PASSWORD }));
    let torn = format!("{{\"password\":\"{PASSWORD}\"");
    let steps = [
        ("/api/setup", &new),
        ("/api/setup", &new),
        ("/api/auth/login", &wrong),
        ("/api/auth/login", &right),
        ("/api/auth/register", &right),
        ("/api/auth/login", &torn),
    ];
    let answers = steps.map(|(path, body)| program.post(path, body));
    answers.iter().flat_map(|answer| cookies(answer)).collect()
}

/// Signs in for raw tokens and shows them in every place they should and should not be in.
fn walk_with_tokens(program: &Program) -> Vec<String> {
    let bearer = json!({ "email": ADA, "password": PASSWORD, "transport": "bearer" });
    let answer = program.post("/api/auth/login", &body(bearer));
    let tokens = answer.lines().last().expect("a body");
    let tokens: serde_json::Value = serde_json::from_str(tokens).expect("JSON");
    let text = |name: &str| tokens[name].as_str().expect("a token").to_owned();
    let (access, refresh) = (text("access_token"), text("refresh_token"));
    let renewal = json!({ "refresh_token": refresh });
    program.post("/api/auth/refresh", &body(renewal));
    let heads = [
        format!("GET /profile?token={access} HTTP/1.1\r\nAuthorization: Bearer {access}"),
        format!("GET /{access} HTTP/1.1"),
        format!("GET /api/profile HTTP/1.1\r\nCookie: __Host-at={access}x; __Host-rt={refresh}"),
    ];
    for head in heads {
        program.request(&head, "");
    }
    vec![access, refresh]
}

#[test]
fn the_log_of_a_journey_holds_no_secret() {
    let folder = tempfile::tempdir().expect("a folder");
    let filter = "debug,concierge_server=trace";
    let variables = [("CONCIERGE_LOG_FORMAT", "json"), ("CONCIERGE_LOG", filter)];
    let program = Program::serve(folder.path(), &variables);
    let link = std::fs::read_to_string(folder.path().join("data/setup-link"));
    let link = link.expect("the setup link");
    let (_, token) = link.trim().split_once('#').expect("a fragment");
    let mut secrets = walk_with_cookies(&program, token);
    secrets.extend(walk_with_tokens(&program));
    assert!(secrets.len() >= 7, "{secrets:?}");
    secrets.extend([PASSWORD, WRONG, token, ADA, "ada@"].map(str::to_owned));
    let (_, log) = program.terminate();
    assert!(log.contains("authn_login_success") && log.contains("authn_login_fail"));
    for secret in secrets {
        let head = &secret[..secret.len().min(40)];
        assert!(!log.contains(head), "{head} is in the log");
    }
    for line in log.lines() {
        let parsed = serde_json::from_str::<serde_json::Value>(line);
        assert!(parsed.is_ok(), "no JSON: {line}");
    }
}
