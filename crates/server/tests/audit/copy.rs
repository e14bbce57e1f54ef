//! Copies of the events: by the command line, and one that ends with the session of who takes it.

use axum::body::Body;
use concierge_core::audit::api::EventView;
use concierge_server::http::{self, outer::Peer};
use futures_util::StreamExt as _;
use tower::ServiceExt as _;

use super::{
    command::{into_closed_pipe, into_full_disk, told},
    record_at_once,
};
use crate::support::{ADA, app::TestApp};

on_each_engine! {
    async fn the_command_line_copies_events_into_a_file_that_is_not_there_yet(db) {
        let app = TestApp::start(db).await;
        app.signed_in().await;
        record_at_once(&app, 1100).await;
        let all = app.count("event").await;
        let (code, said, error) = told(db, &["export", "--out", "events.jsonl"]);
        assert_eq!(code, 0, "{said}{error}");
        assert_eq!(said, format!("events.jsonl holds {} events.\n", all + 1));
        assert_eq!(app.events("audit_exported").await, 1);
        let path = db.folder.path().join("events.jsonl");
        let text = std::fs::read_to_string(&path).expect("the file");
        let events = text.lines().map(serde_json::from_str::<EventView>);
        let events: Vec<EventView> = events.collect::<Result<_, _>>().expect("events");
        assert_eq!(i64::try_from(events.len()), Ok(all + 1));
        assert_eq!(events.iter().filter(|event| event.event == "audit_exported").count(), 1);
        // It stays as it is.
        let (code, said, error) = told(db, &["export", "--out", "events.jsonl", "--format", "csv"]);
        assert!(code == 2 && error.contains("is there already"), "{said}{error}");
        assert_eq!(std::fs::read_to_string(&path).expect("the file"), text);
        assert_eq!(app.events("audit_exported").await, 1);
        let parts = std::fs::read_dir(db.folder.path()).expect("the folder");
        let parts = parts.filter(|entry| entry.as_ref().expect("an entry").path().extension().is_some_and(|one| one == "part"));
        assert_eq!(parts.count(), 0, "nothing is left beside it");
    }

    async fn a_copy_that_was_killed_is_in_the_way_of_none_and_a_full_disk_is_told(db) {
        let app = TestApp::start(db).await;
        app.signed_in().await;
        std::fs::write(db.folder.path().join("events.jsonl.part"), "half").expect("left behind");
        let (code, said, error) = told(db, &["export", "--out", "events.jsonl"]);
        assert_eq!(code, 0, "{said}{error}");
        let (code, error) = into_full_disk(db, &["export"]);
        assert!(code == 1 && error.contains("standard output cannot be written"), "{code}: {error}");
        // As a shell says it of a program that SIGPIPE ended.
        assert_eq!(into_closed_pipe(db, &["export"]), (141, String::new()));
    }

    async fn the_command_line_copies_what_the_filters_let_through(db) {
        let app = TestApp::start(db).await;
        app.signed_in().await;
        record_at_once(&app, 5).await;
        let (code, csv, error) = told(db, &["export", "--format", "csv", "--event", "authn_login_fail"]);
        assert_eq!(code, 0, "{error}");
        assert!(csv.starts_with("id,at,event,severity,account,"), "{csv}");
        assert_eq!(csv.lines().count(), 6, "{csv}");
        let id = app.account(ADA).await.view.id.to_string();
        let (code, own, _) = told(db, &["export", "--account", &id, "--severity", "info", "--since", "2020-01-01T00:00:00Z"]);
        assert!(code == 0 && own.lines().count() > 0 && own.lines().all(|line| line.contains(&id)), "{own}");
        let (_, none, _) = told(db, &["export", "--event", "authn_login_fail", "--since", "2100-01-01T00:00:00Z"]);
        assert!(none.is_empty(), "{none}");
        for words in [["--event", "dance"], ["--severity", "loud"], ["--since", "yesterday"], ["--account", "me"], ["--format", "xml"]] {
            let (code, said, error) = told(db, &["export", words[0], words[1]]);
            assert!(code == 2 && error.contains(words[1]) && said.is_empty(), "{words:?}: {said}{error}");
        }
    }

    async fn a_copy_breaks_off_when_the_session_of_its_reader_ends(db) {
        let app = TestApp::start(db).await;
        let mut ada = app.signed_in_admin().await;
        record_at_once(&app, 1200).await;
        let mut request = ada.request("GET", "/api/events/export?format=csv").body(Body::empty()).expect("a request");
        request.extensions_mut().insert(Peer(ada.peer));
        let answer = http::router(app.services.clone()).oneshot(request).await.expect("an answer");
        assert_eq!(answer.status(), 200);
        let mut body = answer.into_body().into_data_stream();
        let mut read = Vec::new();
        while read.len() < 10_000 {
            read.extend(body.next().await.expect("more").expect("the first batch"));
        }
        assert_eq!(ada.post("/api/auth/logout", serde_json::json!({})).await.status, 204);
        let rest = body.next().await;
        assert!(rest.is_some_and(|rest| rest.is_err()), "nobody takes half a file for the whole");
    }
}
