//! Compression: pages are small on the way, and nothing that holds a secret is ever compressed, since the length
//! of an answer that mixes a secret with a stranger's text tells the secret (BREACH).

use std::io::Read as _;

use serde_json::json;

use crate::support::{
    ADA, PASSWORD,
    app::TestApp,
    browser::{Answer, Browser},
};

fn asking_for(mut client: Browser, coding: &str) -> Browser {
    client.headers.push(("accept-encoding", coding.to_owned()));
    client
}

fn assert_plain(answer: &Answer, what: &str) {
    assert!(answer.status < 300, "{what}: {}", answer.text());
    assert_eq!(answer.header("content-encoding"), "", "{what}");
}

on_each_engine! {
    async fn a_page_is_compressed_for_those_who_can_read_it(db) {
        let app = TestApp::start(db).await;
        let plain = app.browser().visit("/sign-in").await;
        assert_plain(&plain, "nothing asked for");
        assert!(plain.header("vary").contains("accept-encoding"), "{}", plain.header("vary"));
        for coding in ["br", "gzip"] {
            let packed = asking_for(app.browser(), coding).visit("/sign-in").await;
            assert_eq!((packed.status, packed.header("content-encoding")), (200, coding));
            assert!(packed.header("vary").contains("accept-encoding"), "{coding}");
            assert!(packed.body.len() * 2 < plain.body.len(), "{coding}: {}", packed.body.len());
        }
        let packed = asking_for(app.browser(), "gzip").visit("/sign-in").await;
        let mut page = String::new();
        let mut unpacked = flate2::read::GzDecoder::new(&*packed.body);
        unpacked.read_to_string(&mut page).expect("a whole page");
        assert!(page.contains("</html>"));
    }

    async fn answers_with_secrets_are_never_compressed(db) {
        let app = TestApp::start(db).await;
        app.registered(ADA).await;
        let mut program = asking_for(app.program(), "br, gzip");
        let body = json!({ "email": ADA, "password": PASSWORD, "transport": "bearer" });
        let tokens = program.post("/api/auth/login", body).await;
        assert_plain(&tokens, "sign-in with tokens");
        let renewal = json!({ "refresh_token": tokens.json()["refresh_token"] });
        assert_plain(&program.post("/api/auth/refresh", renewal).await, "renewed tokens");
        let mut browser = asking_for(app.browser(), "br, gzip");
        assert_plain(&browser.sign_in(ADA, PASSWORD).await, "sign-in with cookies");
        for path in ["/api/profile", "/api/auth/session", "/api/whoami"] {
            assert_plain(&browser.get(path).await, path);
        }
        assert_plain(&browser.refresh().await, "renewed cookies");
        let renamed = browser.call("PATCH", "/api/profile", json!({ "name": "x".repeat(60) })).await;
        assert_plain(&renamed, "a changed profile");
    }
}
