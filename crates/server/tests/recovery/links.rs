//! A forgotten password: the answer tells nothing, and a link works once, in time, and only for the password it was
//! made for.

use concierge_server::{
    config::Environment,
    keys::{self, data_keys},
    platform::{clock::Clock as _, rng::OsRng},
    store::sql,
};
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::{
    ADA, PASSWORD,
    app::TestApp,
    browser::{Answer, Browser},
};

const NEW: &str = "nine paper boats sink";

/// The mails of a kind that wait to be sent, oldest first, opened with the key of the house.
async fn mails(app: &TestApp, letter: &str) -> Vec<Value> {
    app.services.links.settle().await;
    let config = &app.services.config;
    let now = app.clock.now();
    let loaded = keys::load(&config.keys, Environment::Test, &config.data, now, &OsRng);
    let (rings, _) = loaded.expect("the fixed keys of the test environment");
    let keys = data_keys::load(app.db(), &rings.sealing, now, &OsRng).await;
    let seal = keys.expect("data keys").mail;
    let rows = sql("SELECT id, sealed FROM outbox WHERE letter = $1 ORDER BY id").bind(letter);
    let rows = rows.fetch_all(app.db()).await.expect("the outbox");
    let open = |row: &concierge_server::store::Row| {
        let associated = format!("outbox/{}", row.text("id").expect("an id"));
        let sealed = row.bytes("sealed").expect("a mail");
        let plain = seal.open(&associated, &sealed).expect("our own seal");
        serde_json::from_slice(&plain).expect("a mail")
    };
    rows.iter().map(open).collect()
}

async fn forgot(app: &TestApp, email: &str) -> Answer {
    let body = json!({ "email": email });
    app.browser().post("/api/password/forgot", body).await
}

/// A link for Ada, asked for and opened.
async fn link(app: &TestApp) -> String {
    assert_eq!(forgot(app, ADA).await.status, 202);
    let mail = mails(app, "reset_password").await.pop().expect("a mail");
    assert_eq!(mail["to"], ADA);
    let token = mail["letter"]["reset_password"]["token"].as_str();
    token.expect("a token").to_owned()
}

async fn reset(browser: &mut Browser, token: &str, new: &str) -> Answer {
    let body = json!({ "token": token, "new": new });
    browser.post("/api/password/reset", body).await
}

on_each_engine! {
    async fn asvs_6_4_3_a_reset_passes_no_second_factor(db) {
        let app = TestApp::start(db).await;
        let mut owner = app.signed_in().await;
        app.enrolled(&mut owner).await;
        let token = link(&app).await;
        assert_eq!(reset(&mut app.browser(), &token, NEW).await.status, 204);
        let signed_in = app.browser().sign_in(ADA, NEW).await;
        assert_eq!(signed_in.json()["status"], "second_factor");
        assert_eq!(owner.get("/api/profile").await.status, 401);
    }

    async fn asvs_6_3_8_the_answer_is_the_same_whoever_is_asked_for(db) {
        let app = TestApp::start(db).await;
        app.registered(ADA).await;
        let mut known = forgot(&app, ADA).await;
        let names: Vec<_> = known.headers.keys().cloned().collect();
        for email in ["nobody@example.org", "no address", ""] {
            let mut answer = forgot(&app, email).await;
            assert_eq!((answer.status, answer.text()), (known.status, known.text()), "{email}");
            assert_eq!(answer.headers.keys().cloned().collect::<Vec<_>>(), names);
            for varies in ["x-request-id", "date"] {
                answer.headers.remove(varies);
                known.headers.remove(varies);
            }
            assert_eq!(answer.headers.len(), known.headers.len());
        }
        assert_eq!(mails(&app, "reset_password").await.len(), 1);
        assert_eq!(app.events("authn_password_reset_requested").await, 1);
    }

    async fn a_link_sets_the_password_and_ends_every_session(db) {
        let app = TestApp::start(db).await;
        let mut thief = app.registered(ADA).await;
        let token = link(&app).await;
        let mut browser = app.browser();
        let answer = reset(&mut browser, &token, NEW).await;
        assert_eq!(answer.status, 204, "{}", answer.text());
        // Known from here on, and not signed in.
        assert_eq!(browser.cookies.keys().collect::<Vec<_>>(), ["__Host-device"]);
        thief.get("/api/profile").await.assert_problem(401, "unauthenticated");
        assert_eq!(thief.get("/api/auth/session").await.json()["ended"], "password_changed");
        assert_eq!(browser.sign_in(ADA, NEW).await.status, 200);
        app.browser().sign_in(ADA, PASSWORD).await.assert_problem(401, "bad_credentials");
        assert_eq!(app.events("authn_password_reset").await, 1);
        assert_eq!(mails(&app, "password_changed").await.len(), 1);
    }

    async fn asvs_6_4_1_a_link_works_once_and_for_half_an_hour(db) {
        let app = TestApp::start(db).await;
        app.registered(ADA).await;
        let mut browser = app.browser();
        let used = link(&app).await;
        assert_eq!(reset(&mut browser, &used, NEW).await.status, 204);
        for token in [used.as_str(), "made up", ""] {
            reset(&mut browser, token, PASSWORD).await.assert_problem(401, "ticket_expired");
        }
        let late = link(&app).await;
        app.advance_seconds(30 * 60).await;
        reset(&mut browser, &late, PASSWORD).await.assert_problem(401, "ticket_expired");
        assert_eq!(app.services.links.purge().await.expect("purged"), 2);
    }

    async fn of_parallel_resets_one_counts(db) {
        let app = TestApp::start(db).await;
        app.registered(ADA).await;
        let token = link(&app).await;
        let mut browsers: Vec<_> = (0..4).map(|_| app.browser()).collect();
        let tries = browsers.iter_mut().map(|browser| reset(browser, &token, NEW));
        let mut statuses: Vec<_> = join_all(tries).await.iter().map(|answer| answer.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [204, 401, 401, 401]);
        assert_eq!(app.events("authn_password_reset").await, 1);
    }

    async fn a_link_dies_with_the_password_it_was_made_for(db) {
        let app = TestApp::start(db).await;
        let mut owner = app.registered(ADA).await;
        let token = link(&app).await;
        let body = json!({ "current": PASSWORD, "new": NEW });
        assert_eq!(owner.post("/api/password/change", body).await.status, 204);
        let answer = reset(&mut app.browser(), &token, PASSWORD).await;
        answer.assert_problem(401, "ticket_expired");
    }

    async fn a_refused_password_leaves_the_link(db) {
        let app = TestApp::start(db).await;
        app.registered(ADA).await;
        let token = link(&app).await;
        let mut browser = app.browser();
        for refused in ["short", "passwordpassword"] {
            reset(&mut browser, &token, refused).await.assert_problem(422, "invalid_fields");
        }
        assert_eq!(reset(&mut browser, &token, NEW).await.status, 204);
    }

    async fn a_reset_clears_the_waits_that_strangers_caused(db) {
        let app = TestApp::start(db).await;
        app.registered(ADA).await;
        for _ in 0..4 {
            app.browser().sign_in(ADA, "wrong and wrong again").await;
        }
        assert_eq!(app.count("throttle").await, 1);
        let token = link(&app).await;
        assert_eq!(reset(&mut app.browser(), &token, NEW).await.status, 204);
        assert_eq!(app.count("throttle").await, 0);
    }

    async fn three_mails_an_hour_go_to_an_account_and_ten_requests_come_from_an_address(db) {
        let app = TestApp::with(db, |options| options.config.address_limit_factor = 1).await;
        app.registered(ADA).await;
        for _ in 0..10 {
            assert_eq!(forgot(&app, ADA).await.status, 202);
        }
        forgot(&app, ADA).await.assert_problem(429, "throttled");
        assert_eq!(mails(&app, "reset_password").await.len(), 3);
    }

    async fn a_locked_account_gets_no_link_and_an_older_one_does_nothing(db) {
        let app = TestApp::start(db).await;
        app.registered(ADA).await;
        let token = link(&app).await;
        app.set_locked(ADA, true).await;
        let answer = reset(&mut app.browser(), &token, NEW).await;
        answer.assert_problem(401, "ticket_expired");
        assert_eq!(forgot(&app, ADA).await.status, 202);
        assert_eq!(mails(&app, "reset_password").await.len(), 1);
    }
}
