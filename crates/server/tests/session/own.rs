//! One's own sessions: listed, ended one by one or all others at once, and why one is over.

use serde_json::json;

use crate::support::{ADA, PASSWORD, app::TestApp, browser::Browser, database::Database};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

/// Ada's two sessions, the newer one in a browser that says what it is.
async fn two_sessions(db: &Database) -> (TestApp, Browser, Browser) {
    let app = TestApp::with(db, |options| options.config.session.per_account = 5).await;
    let older = app.registered(ADA).await;
    app.advance_seconds(1).await;
    let mut newer = app.browser();
    newer.headers.push(("user-agent", FIREFOX.to_owned()));
    assert_eq!(newer.sign_in(ADA, PASSWORD).await.status, 200);
    (app, older, newer)
}

async fn ids(browser: &mut Browser) -> Vec<String> {
    let answer = browser.get("/api/sessions").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let answer = answer.json();
    let sessions = answer["sessions"].as_array().expect("a list").iter();
    sessions
        .map(|session| session["id"].as_str().expect("an id").to_owned())
        .collect()
}

async fn end(browser: &mut Browser, id: &str) -> crate::support::browser::Answer {
    let path = format!("/api/sessions/{id}");
    browser.call("DELETE", &path, json!({})).await
}

on_each_engine! {
    async fn live_sessions_are_listed_newest_first_with_their_device(db) {
        let (app, mut older, mut newer) = two_sessions(db).await;
        app.registered("eve@example.org").await;
        let list = newer.get("/api/sessions").await.json();
        let sessions = list["sessions"].as_array().expect("a list");
        assert_eq!(sessions.len(), 2);
        assert_eq!(sessions[0]["browser"], "Firefox");
        assert_eq!(sessions[0]["system"], "Linux");
        assert_eq!(sessions[0]["current"], true);
        assert_eq!(sessions[1]["browser"], "");
        assert_eq!(sessions[1]["current"], false);
        older.poke("/api/auth/logout").await;
        newer.get("/api/sessions").await.assert_problem(401, "unauthenticated");
    }

    async fn asvs_7_5_2_one_ends_one_of_ones_sessions_at_once(db) {
        let (app, mut older, mut newer) = two_sessions(db).await;
        let ids = ids(&mut newer).await;
        assert_eq!(end(&mut newer, &ids[1]).await.status, 204);
        older.get("/api/profile").await.assert_problem(401, "unauthenticated");
        assert_eq!(newer.get("/api/profile").await.status, 200);
        assert_eq!(app.events("authn_token_revoked").await, 1);
        end(&mut newer, &ids[1]).await.assert_problem(404, "not_found");
        assert_eq!(app.events("authn_token_revoked").await, 1);
    }

    async fn ending_the_session_that_asks_takes_its_cookies(db) {
        let (_app, mut older, mut newer) = two_sessions(db).await;
        let mut stolen = newer.clone();
        let ids = ids(&mut newer).await;
        assert_eq!(end(&mut newer, &ids[0]).await.status, 204);
        assert!(!newer.cookies.contains_key("__Host-rt"));
        stolen.get("/api/profile").await.assert_problem(401, "unauthenticated");
        assert_eq!(older.get("/api/profile").await.status, 200);
    }

    async fn nobody_ends_or_probes_the_session_of_another(db) {
        let (app, mut older, mut newer) = two_sessions(db).await;
        let ids = ids(&mut newer).await;
        let mut eve = app.registered("eve@example.org").await;
        for id in [ids[0].as_str(), "ses_00000000000000000000000000", "nonsense"] {
            end(&mut eve, id).await.assert_problem(404, "not_found");
        }
        assert_eq!(newer.get("/api/profile").await.status, 200);
        assert_eq!(older.get("/api/profile").await.status, 200);
    }

    async fn all_others_end_and_the_one_that_asks_stays(db) {
        let (app, mut older, mut newer) = two_sessions(db).await;
        let mut eve = app.registered("eve@example.org").await;
        let answer = older.call("DELETE", "/api/sessions", json!({})).await;
        assert_eq!((answer.status, answer.json()), (200, json!({ "ended": 1 })));
        newer.get("/api/profile").await.assert_problem(401, "unauthenticated");
        assert_eq!(older.get("/api/profile").await.status, 200);
        assert_eq!(eve.get("/api/profile").await.status, 200);
        assert_eq!(app.events("authn_token_revoked").await, 1);
    }

    async fn ending_sessions_needs_a_fresh_proof_and_listing_a_session(db) {
        let (app, mut older, mut newer) = two_sessions(db).await;
        let ids = ids(&mut newer).await;
        app.advance_seconds(601).await;
        assert_eq!(older.refresh().await.status, 200);
        end(&mut older, &ids[0]).await.assert_problem(403, "fresh_sign_in_required");
        let answer = older.call("DELETE", "/api/sessions", json!({})).await;
        answer.assert_problem(403, "fresh_sign_in_required");
        let mut stranger = app.browser();
        stranger.get("/api/sessions").await.assert_problem(401, "unauthenticated");
        end(&mut stranger, &ids[0]).await.assert_problem(401, "unauthenticated");
    }

    async fn whoever_holds_a_token_of_an_ended_session_learns_why(db) {
        let (app, mut older, newer) = two_sessions(db).await;
        older.call("DELETE", "/api/sessions", json!({})).await;
        for cookie in ["__Host-at", "__Host-rt"] {
            let mut browser = newer.clone();
            browser.cookies.retain(|name, _| name == cookie);
            let answer = browser.get("/api/auth/session").await.json();
            assert_eq!(answer, json!({ "signed_in": false, "ended": "ended_elsewhere" }), "{cookie}");
            // The same id without the MAC is no token of ours.
            let forged = browser.cookie(cookie);
            let forged = format!("{}{}", &forged[..forged.len() - 8], "AAAAAAAA");
            browser.cookies.insert(cookie.to_owned(), forged);
            let answer = browser.get("/api/auth/session").await.json();
            assert_eq!(answer, json!({ "signed_in": false }), "{cookie}");
        }
        assert_eq!(app.browser().get("/api/auth/session").await.json(), json!({ "signed_in": false }));
    }
}
