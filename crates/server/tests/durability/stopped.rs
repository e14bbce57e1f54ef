//! PostgreSQL stops while the program runs: told to come back, nothing half written, well again without a restart.

use concierge_server::store::sql;
use serde_json::json;

use crate::support::{PASSWORD, database::Database, line::Line, program::Program};

fn register(program: &Program, email: &str) -> String {
    let new = json!({ "email": email, "password": PASSWORD });
    program.post("/api/auth/register", &new.to_string())
}

fn is_ready(program: &Program) -> bool {
    let answer = program.request("GET /readyz HTTP/1.1", "");
    answer.starts_with("HTTP/1.1 200 ")
}

/// The line between program and database is cut and refuses calls, which is all that a program can see of a
/// stopped server; the cluster itself serves other tests.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_postgresql_is_survived_without_a_restart() {
    let Some(database) = Database::postgres().await else {
        return;
    };
    let mut line = Line::to(&database.url);
    let url = line.through(&database.url);
    let program = Program::serve(database.folder.path(), &[("DATABASE_URL", &url)]);
    assert!(register(&program, "before@example.org").starts_with("HTTP/1.1 201 "));
    assert!(is_ready(&program));

    line.stop();
    let answer = register(&program, "meanwhile@example.org");
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    assert!(
        answer.contains("retry-after: 2") && answer.contains("\"unavailable\""),
        "{answer}"
    );
    assert!(!answer.contains("set-cookie"), "{answer}");
    assert!(!is_ready(&program));
    assert!(
        program
            .request("GET /livez HTTP/1.1", "")
            .starts_with("HTTP/1.1 200 ")
    );

    line.start();
    let answer = register(&program, "meanwhile@example.org");
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
    let becomes_ready = (0..100_000).any(|_| is_ready(&program));
    assert!(becomes_ready, "the feed is heard again");
    let (status, log) = program.terminate();
    assert!(status.success(), "{status}");
    assert!(
        log.contains("request failed: the database is not available"),
        "{log}"
    );

    let db = database.open().await;
    for table in ["account", "password", "session", "device"] {
        let count = sql(format!("SELECT COUNT(*) AS n FROM {table}").leak())
            .fetch_one(&db)
            .await;
        assert_eq!(
            count.and_then(|row| row.int("n")).expect("a count"),
            2,
            "{table}"
        );
    }
    db.close().await;
    database.remove().await;
}
