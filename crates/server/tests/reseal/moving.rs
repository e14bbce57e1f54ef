//! What older versions sealed moves to the newest, and the older versions are destroyed.

use std::time::Duration;

use concierge_core::{account::AccountId, locale::Locale};
use concierge_server::{
    keys::{self, data_keys::DataPurpose},
    mail::{Letter, Mail},
    platform::{clock::Clock as _, keyring::Keyrings, rng::OsRng},
    store::{On, sql},
};

use super::renew;
use crate::support::{ADA, PASSWORD, app::TestApp};

/// How many data keys there are, and how many of them a revoke makes anew.
const ALL: i64 = DataPurpose::ALL.len() as i64;
const RENEWED: i64 = DataPurpose::RENEWED.len() as i64;

fn rings(app: &TestApp) -> Keyrings {
    let config = &app.services.config;
    let now = app.clock.now();
    let loaded = keys::load(&config.keys, config.environment, &config.data, now, &OsRng);
    loaded.expect("the fixed keys of the test environment").0
}

/// New versions, taken in by this process.
async fn renewed(app: &TestApp) {
    renew(app.db(), &rings(app).sealing).await;
    take_in(app).await;
}

async fn take_in(app: &TestApp) {
    let sealing = rings(app).sealing;
    let reloaded = app.services.keys.reload(app.db(), &sealing);
    assert!(reloaded.await.expect("reloaded"), "there are new versions");
    app.services.sessions.forget_all();
}

async fn queue(app: &TestApp, mails: usize) {
    let mut tx = app.db().begin().await.expect("a transaction");
    for _ in 0..mails {
        let mail = Mail {
            to: ADA.to_owned(),
            name: String::new(),
            locale: Locale::default(),
            letter: Letter::PasswordChanged,
        };
        let queued = app.services.outbox.queue(&mut tx, &mail).await;
        queued.expect("queued");
    }
    tx.commit().await.expect("committed");
}

/// Moves everything, at a time when every process has the new versions; answers what is unreadable.
async fn settle(app: &TestApp) -> Vec<(&'static str, u64)> {
    app.advance(Duration::from_secs(601)).await;
    let unreadable = app.services.reseal().await.expect("re-sealed");
    unreadable.into_iter().collect()
}

/// The recovery codes as they are shown until they are kept.
async fn shown(app: &TestApp, account: AccountId) -> Vec<String> {
    let codes = app.services.recovery.show(account).await;
    let codes = codes.expect("they open").into_iter();
    codes.map(|code| code.expose().to_owned()).collect()
}

on_each_engine! {
    async fn everything_opens_after_a_renewal_and_after_the_old_versions_are_gone(db) {
        let app = TestApp::start(db).await;
        let mut owner = app.signed_in().await;
        let (authenticator, codes) = app.enrolled(&mut owner).await;
        queue(&app, 3).await;
        renewed(&app).await;
        owner.refresh().await.assert_problem(401, "unauthenticated");
        let mut owner = app.half_way(ADA).await;
        assert_eq!(owner.totp(&authenticator.code(&app, 0)).await.status, 200);
        let id = app.account(ADA).await.view.id;
        assert_eq!(shown(&app, id).await, codes);
        app.services.reseal().await.expect("re-sealed");
        // Another process may not have heard yet: the old versions stay for a while.
        assert_eq!(app.count("data_key").await, ALL + RENEWED);
        assert_eq!(settle(&app).await, []);
        assert_eq!(app.count("data_key").await, ALL);
        assert_eq!(app.events("key_destroyed").await, RENEWED);
        // Neither a process that starts now nor this one has anything older left.
        for process in [&app.beside(db).await, &app] {
            process.services.sessions.forget_all();
            assert_eq!(owner.refresh().await.status, 200);
            assert_eq!(shown(process, id).await, codes);
            let moved = process.services.outbox.reseal("").await.expect("looked at");
            assert_eq!((moved.moved, moved.unreadable), (0, 0));
            assert!(process.services.keys.outdated().await.is_empty());
        }
        app.advance(Duration::from_secs(60)).await;
        let mut browser = app.half_way(ADA).await;
        assert_eq!(browser.totp(&authenticator.code(&app, 0)).await.status, 200);
    }

    async fn a_kill_between_two_batches_loses_nothing_and_another_process_goes_on(db) {
        let app = TestApp::start(db).await;
        queue(&app, 450).await;
        renewed(&app).await;
        let first = app.services.outbox.reseal("").await.expect("a batch");
        assert_eq!((first.moved, first.overtaken, first.unreadable), (200, 0, 0));
        let other = app.beside(db).await;
        assert_eq!(settle(&other).await, []);
        assert_eq!(other.events("key_destroyed").await, RENEWED);
        let after = other.services.outbox.reseal("").await.expect("a batch");
        assert_eq!((after.moved, after.unreadable), (0, 0));
        assert_eq!(other.services.outbox.backlog().await.expect("counted").waiting, 450);
    }

    async fn a_concurrent_change_wins_and_keeps_the_old_version_alive(db) {
        let app = TestApp::start(db).await;
        queue(&app, 1).await;
        renewed(&app).await;
        let mut tx = app.db().begin().await.expect("a transaction");
        let change = sql("UPDATE outbox SET sealed = $1").bind(b"changed".to_vec());
        assert_eq!(change.execute(&mut tx).await.expect("changed"), 1);
        let mut moving = std::pin::pin!(app.services.outbox.reseal(""));
        // It has read the old bytes and waits for the row, or for its turn to write.
        let waits = tokio::time::timeout(Duration::from_millis(300), &mut moving).await;
        assert!(waits.is_err(), "the row is held");
        tx.commit().await.expect("committed");
        let done = moving.await.expect("a batch");
        assert_eq!((done.moved, done.overtaken), (0, 1));
        let row = sql("SELECT sealed FROM outbox").fetch_one(app.db()).await;
        assert_eq!(row.and_then(|row| row.bytes("sealed")).expect("bytes"), b"changed");
    }

    async fn what_no_version_opens_is_counted_and_stops_nothing(db) {
        let app = TestApp::start(db).await;
        queue(&app, 3).await;
        let change = sql("UPDATE outbox SET sealed = $1 WHERE id = (SELECT MIN(id) FROM outbox)");
        let change = change.bind(b"nobody opens this".to_vec());
        change.execute(On::Write(app.db())).await.expect("changed");
        renewed(&app).await;
        assert_eq!(settle(&app).await, [("outbox", 1)]);
        assert_eq!(app.events("key_destroyed").await, RENEWED);
        assert_eq!(app.count("outbox").await, 3);
    }

    async fn an_old_version_goes_only_when_its_successor_is_this_one(db) {
        let app = TestApp::start(db).await;
        let behind = app.beside(db).await;
        renewed(&app).await;
        take_in(&behind).await;
        renewed(&app).await;
        // This process knows the first two versions only, and what it moves it seals with the second.
        assert_eq!(settle(&behind).await, []);
        assert_eq!(app.count("data_key").await, ALL + RENEWED);
        let mut browser = app.registered(ADA).await;
        assert_eq!(browser.sign_in(ADA, PASSWORD).await.status, 200);
        assert_eq!(settle(&app).await, []);
        assert_eq!(app.count("data_key").await, ALL);
    }
}
