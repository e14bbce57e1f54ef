//! A full disk and a locked file: told to come back, nothing half written, well again without a restart.

use concierge_server::store::{On, sql};
use serde_json::json;

use crate::support::{ADA, PASSWORD, app::TestApp, database::Database, log::logged};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_passes_without_a_restart() {
    let database = Database::sqlite();
    let app = TestApp::start(&database).await;
    let mut owner = app.registered(ADA).await;
    let limit = |statement| sql(statement).fetch_one(On::Write(app.db()));
    limit("PRAGMA max_page_count = 1")
        .await
        .expect("no page more");
    let mut made = 1;
    let refusal = loop {
        let email = format!("person{made}@example.org");
        let body = json!({ "email": email, "password": PASSWORD });
        let answer = app.browser().post("/api/auth/register", body).await;
        if answer.status != 201 {
            break answer;
        }
        made += 1;
    };
    refusal.assert_problem(503, "unavailable");
    assert_eq!(refusal.header("retry-after"), "2");
    for table in ["account", "password", "session", "device"] {
        assert_eq!(app.count(table).await, made, "{table}");
    }
    assert_eq!(app.events("user_created").await, made);
    assert_eq!(owner.get("/api/profile").await.status, 200);
    limit("PRAGMA max_page_count = 1000000")
        .await
        .expect("room again");
    app.registered("later@example.org").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_locked_file_holds_up_writers_alone() {
    let database = Database::sqlite();
    let app = TestApp::start(&database).await;
    let mut owner = app.registered(ADA).await;
    let other = database.open().await;
    let lock = other.begin().await.expect("the one writer");
    assert_eq!(owner.get("/api/profile").await.status, 200);
    let change = json!({ "name": "Countess" });
    let refused = owner.call("PATCH", "/api/profile", change.clone()).await;
    refused.assert_problem(503, "unavailable");
    let held = owner.get("/api/profile").await.json();
    assert_eq!(held["account"]["name"], "Ada");
    drop(lock);
    other.close().await;
    assert_eq!(
        owner.call("PATCH", "/api/profile", change).await.status,
        200
    );
}

#[tokio::test]
async fn the_security_log_tells_of_nothing_that_was_not_committed() {
    let app = TestApp::start(&Database::sqlite()).await;
    // A deferred foreign key is what a commit can fail on.
    for statement in [
        "CREATE TABLE parent (id BIGINT NOT NULL PRIMARY KEY)",
        "CREATE TABLE orphan (id BIGINT REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)",
        "CREATE TRIGGER fault BEFORE INSERT ON event BEGIN INSERT INTO orphan VALUES (1); END",
    ] {
        let run = sql(statement).execute(On::Write(app.db())).await;
        run.expect(statement);
    }
    let mut browser = app.browser();
    let body = json!({ "email": ADA, "password": PASSWORD });
    let log = logged(async {
        let answer = browser.post("/api/auth/register", body.clone()).await;
        assert!(answer.status >= 500, "{}", answer.text());
    });
    let log = log.await;
    assert!(!log.contains("user_created"), "{log}");
    let mended = sql("DROP TRIGGER fault").execute(On::Write(app.db())).await;
    mended.expect("mended");
    let log = logged(async {
        let answer = browser.post("/api/auth/register", body).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
    });
    let log = log.await;
    let line = log.lines().find(|line| line.contains("user_created"));
    let line = line.expect("one line");
    assert!(
        line.contains("security:")
            && line.contains("account=\"acc_")
            && line.contains("request_id="),
        "{line}"
    );
    assert_eq!(app.events("user_created").await, 1);
}
