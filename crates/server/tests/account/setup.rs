//! The first admin: one token, once, in time, and only while there is no admin.

use concierge_core::account::Role;
use concierge_server::{account::SetupLink, store::sql};
use serde_json::{Value, json};

use crate::support::{ADA, PASSWORD, app::TestApp};

async fn link(app: &TestApp) -> SetupLink {
    let link = app.services.accounts.setup_link().await;
    link.expect("the database answers")
        .expect("there is no admin yet")
}

fn body(link: &SetupLink, email: &str) -> Value {
    json!({ "token": link.token.expose(), "email": email, "password": PASSWORD })
}

async fn admins(app: &TestApp) -> i64 {
    let row = sql("SELECT COUNT(*) AS n FROM account WHERE role = 'admin'");
    let row = row.fetch_one(app.db()).await;
    row.and_then(|row| row.int("n")).expect("a count")
}

on_each_engine! {
    async fn the_link_makes_the_first_admin_once(db) {
        let app = TestApp::start(db).await;
        let link = link(&app).await;
        let mut browser = app.browser();
        let answer = browser.post("/api/setup", body(&link, ADA)).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        assert_eq!(answer.json()["account"]["role"], "admin");
        assert_eq!(browser.get("/api/profile").await.status, 200);
        let again = app.browser().post("/api/setup", body(&link, "eve@example.org")).await;
        again.assert_problem(401, "ticket_expired");
        assert_eq!((admins(&app).await, app.count("account").await), (1, 1));
        assert!(app.services.accounts.setup_link().await.expect("asked").is_none());
    }

    async fn of_twenty_parallel_setups_one_makes_the_admin(db) {
        let app = TestApp::start(db).await;
        let link = link(&app).await;
        let mut browsers = vec![app.browser(); 20];
        let tries = browsers.iter_mut().enumerate().map(|(number, browser)| {
            browser.post("/api/setup", body(&link, &format!("person{number}@example.org")))
        });
        let answers = futures_util::future::join_all(tries).await;
        let made = answers.iter().filter(|answer| answer.status == 201).count();
        let refused = answers.iter().filter(|answer| answer.status == 401).count();
        assert_eq!((made, refused), (1, 19));
        assert_eq!((admins(&app).await, app.count("account").await), (1, 1));
    }

    async fn a_link_expires_after_fifteen_minutes(db) {
        let app = TestApp::start(db).await;
        let link = link(&app).await;
        app.advance_seconds(15 * 60).await;
        let answer = app.browser().post("/api/setup", body(&link, ADA)).await;
        answer.assert_problem(401, "ticket_expired");
        assert_eq!(app.count("account").await, 0);
    }

    async fn a_newer_link_replaces_the_older(db) {
        let app = TestApp::start(db).await;
        let (older, newer) = (link(&app).await, link(&app).await);
        let answer = app.browser().post("/api/setup", body(&older, ADA)).await;
        answer.assert_problem(401, "ticket_expired");
        let answer = app.browser().post("/api/setup", body(&newer, ADA)).await;
        assert_eq!(answer.status, 201);
    }

    async fn a_link_is_void_once_there_is_an_admin(db) {
        let app = TestApp::start(db).await;
        let link = link(&app).await;
        let password = concierge_core::sensitive::Sensitive::new(PASSWORD);
        let new = concierge_server::account::NewAccount {
            email: ADA,
            password: &password,
            name: "",
            locale: concierge_core::locale::Locale::En,
            role: Role::Admin,
        };
        app.services.accounts.create(&new).await.expect("an admin");
        let answer = app.browser().post("/api/setup", body(&link, "eve@example.org")).await;
        answer.assert_problem(401, "ticket_expired");
        assert_eq!(admins(&app).await, 1);
    }

    async fn a_failed_setup_leaves_the_link_good(db) {
        let app = TestApp::start(db).await;
        app.registered(ADA).await;
        let link = link(&app).await;
        let before = app.counts().await;
        let taken = app.browser().post("/api/setup", body(&link, ADA)).await;
        taken.assert_problem(409, "email_taken");
        let mut weak = body(&link, "root@example.org");
        weak["password"] = json!("short");
        app.browser().post("/api/setup", weak).await.assert_problem(422, "invalid_fields");
        let mut wrong = body(&link, "root@example.org");
        wrong["token"] = json!("rubbish");
        // A stranger's password is not judged at all.
        wrong["password"] = json!("passwordpassword");
        app.browser().post("/api/setup", wrong).await.assert_problem(401, "ticket_expired");
        assert_eq!(app.counts().await, before);
        let answer = app.browser().post("/api/setup", body(&link, "root@example.org")).await;
        assert_eq!(answer.status, 201);
    }

    async fn the_database_holds_no_token(db) {
        let app = TestApp::start(db).await;
        let link = link(&app).await;
        let row = sql("SELECT digest FROM setup_token").fetch_one(app.db()).await;
        let digest = row.and_then(|row| row.text("digest")).expect("a digest");
        assert_eq!(digest.len(), 64);
        assert!(!digest.contains(link.token.expose()));
    }
}
