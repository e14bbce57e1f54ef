//! Probes: the process answers, and it can do its work.

use std::time::Duration;

use serde_json::json;

use crate::support::{app::TestApp, database::Database, log::logged};

on_each_engine! {
    async fn a_running_server_is_live_and_ready(db) {
        let app = TestApp::start(db).await;
        let live = app.program().get("/livez").await;
        assert_eq!((live.status, live.json()), (200, json!({ "status": "live" })));
        let ready = app.program().get("/readyz").await;
        assert_eq!((ready.status, &ready.json()["status"]), (200, &json!("ready")));
    }

    async fn a_server_that_is_ending_takes_no_more(db) {
        let app = TestApp::start(db).await;
        app.shutdown.send(true).expect("told");
        let ready = app.program().get("/readyz").await;
        assert_eq!((ready.status, &ready.json()["draining"]), (503, &json!(true)));
        assert_eq!(app.program().get("/livez").await.status, 200);
    }

    async fn a_feed_that_is_not_heard_or_a_lost_database_is_not_ready(db) {
        let app = TestApp::start(db).await;
        app.clock.advance(Duration::from_secs(5));
        let ready = app.program().get("/readyz").await;
        assert_eq!((ready.status, &ready.json()["feed"]), (503, &json!(false)));
        app.hear().await;
        assert_eq!(app.program().get("/readyz").await.status, 200);
        app.db().close().await;
        let ready = app.program().get("/readyz").await;
        assert_eq!((ready.status, &ready.json()["database"]), (503, &json!(false)));
    }
}

#[tokio::test]
async fn the_access_log_names_the_route() {
    let app = TestApp::start(&Database::sqlite()).await;
    for (path, route) in [
        ("/livez", "/livez"),
        ("/readyz", "/readyz"),
        ("/.well-known/jwks.json", "/.well-known/jwks.json"),
        ("/openapi.json", "/openapi.json"),
        ("/docs", "/docs"),
        ("/pkg/nothing.js", "/pkg/{*file}"),
        ("/api/profile", "/api/profile"),
        ("/sign-in?next=/x", "/sign-in"),
        ("/nowhere", "unmatched"),
    ] {
        let log = logged(async {
            app.browser().visit(path).await;
        });
        let log = log.await;
        assert!(log.contains(&format!("GET {route} ")), "{path}: {log}");
    }
}
