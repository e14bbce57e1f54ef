//! A sealing key that is lost for good: nobody gets in with less than before, and everybody gets in again.

use concierge_core::{locale::Locale, totp::Policy};
use concierge_server::{
    audit::Origin,
    keys::{self, KeeperError, data_keys},
    lost_key::{self, Loss, LostKeyError},
    mail::{Letter, Mail},
    platform::{
        clock::Clock as _,
        keyring::{Key, KeyState, Ring, Scheme},
        rng::OsRng,
    },
    store::Db,
};
use serde_json::json;
use zeroize::Zeroizing;

use crate::support::{ADA, PASSWORD, app::TestApp, database::Database, program};

const BOB: &str = "bob@example.org";

fn stranger() -> Key {
    Key {
        id: "lost".to_owned(),
        secret: Zeroizing::new(b"nobody has this key any more".to_vec()),
        scheme: Scheme::Hs256,
        state: KeyState::Active,
    }
}

fn sealing(app: &TestApp) -> Ring {
    let config = &app.services.config;
    let now = app.clock.now();
    let loaded = keys::load(&config.keys, config.environment, &config.data, now, &OsRng);
    let (rings, _) = loaded.expect("the fixed keys of the test environment");
    rings.sealing
}

/// The key that wraps the data keys is one that nobody has.
async fn lose(app: &TestApp) {
    let mut tx = app.db().begin().await.expect("a transaction");
    let (sealing, stranger) = (sealing(app), stranger());
    let rewrapped = data_keys::rewrap(&mut tx, &sealing, &stranger, &OsRng);
    let all = data_keys::DataPurpose::ALL.len();
    assert_eq!(rewrapped.await.expect("wrapped"), all);
    tx.commit().await.expect("committed");
}

async fn replace(app: &TestApp) -> Result<Loss, LostKeyError> {
    let now = app.clock.now();
    let (keeper, sealing) = (app.keeper(), sealing(app));
    lost_key::replace(app.db(), &keeper, &sealing, "the disk burned", now, &OsRng).await
}

async fn rehearse(app: &TestApp) -> Result<Loss, LostKeyError> {
    lost_key::rehearse(app.db(), &sealing(app), app.clock.now(), &OsRng).await
}

async fn queue(app: &TestApp, letter: Letter) {
    let mut tx = app.db().begin().await.expect("a transaction");
    let mail = Mail {
        to: ADA.to_owned(),
        name: String::new(),
        locale: Locale::default(),
        letter,
    };
    let queued = app.services.outbox.queue(&mut tx, &mail).await;
    queued.expect("queued");
    tx.commit().await.expect("committed");
}

async fn everything(db: &Db) -> Vec<String> {
    let mut rows = Vec::new();
    for text in [
        "SELECT purpose || version || wrapped_by AS row FROM data_key ORDER BY purpose, version",
        "SELECT id || COALESCE(end_reason, '') AS row FROM session ORDER BY id",
        "SELECT account_id || digest AS row FROM device ORDER BY account_id, digest",
        "SELECT account_id AS row FROM totp ORDER BY account_id",
        "SELECT id AS row FROM outbox ORDER BY id",
        "SELECT id AS row FROM event ORDER BY id",
        "SELECT CAST(position AS TEXT) AS row FROM feed",
    ] {
        let found = concierge_server::store::sql(text).fetch_all(db).await;
        let texts = found.expect("rows").into_iter();
        rows.extend(texts.map(|row| row.text("row").expect("a text")));
    }
    rows
}

on_each_engine! {
    async fn after_the_loss_no_password_alone_opens_an_account_with_a_second_factor(db) {
        let app = TestApp::start(db).await;
        app.registered(BOB).await;
        let mut owner = app.signed_in().await;
        let (authenticator, codes) = app.enrolled(&mut owner).await;
        lose(&app).await;
        let loss = replace(&app).await.expect("replaced");
        assert_eq!((loss.lost, loss.second_factors), (vec!["lost".to_owned()], 1));
        // The server that is started anew.
        let app = app.beside(db).await;
        let mut old = app.browser();
        old.cookies = owner.cookies.clone();
        assert_eq!(old.refresh().await.status, 401);
        // The password alone opens the second step, and nothing else.
        let mut browser = app.half_way(ADA).await;
        assert_eq!(browser.get("/api/sessions").await.status, 401);
        let refused = browser.post("/api/totp/enrol", json!({})).await.status;
        assert!((400..500).contains(&refused), "{refused}");
        browser.totp(&authenticator.code(&app, 0)).await.assert_problem(401, "bad_code");
        // A recovery code is hashed and needs no key.
        let answer = browser.recover(&codes[0]).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(browser.get("/api/totp").await.json()["confirmed_at"], json!(null));
        // Until a new seed is set up it stays so, also while one waits.
        browser.post("/api/totp/enrol", json!({})).await;
        app.half_way(ADA).await.totp(&authenticator.code(&app, 0)).await.assert_problem(401, "bad_code");
        let (authenticator, _) = app.enrolled(&mut browser).await;
        app.advance_seconds(60).await;
        let mut browser = app.half_way(ADA).await;
        assert_eq!(browser.totp(&authenticator.code(&app, 0)).await.status, 200);
        // Who had no second factor signs in as ever.
        let answer = app.browser().sign_in(BOB, PASSWORD).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(app.events("key_lost_replaced").await, 1);
    }

    async fn a_key_that_is_active_no_more_when_everybody_has_agreed_wraps_nothing(db) {
        let app = TestApp::start(db).await;
        app.signed_in().await;
        lose(&app).await;
        let before = everything(app.db()).await;
        let old = Key { id: "before".to_owned(), secret: Zeroizing::new(b"rotated away meanwhile".to_vec()), ..stranger() };
        let (keeper, now) = (app.keeper(), app.clock.now());
        let ring = Ring::new(old, Vec::new());
        let refused = lost_key::replace(app.db(), &keeper, &ring, "the disk burned", now, &OsRng).await;
        assert!(matches!(refused, Err(LostKeyError::Changed)), "{refused:?}");
        assert_eq!(everything(app.db()).await, before);
        replace(&app).await.expect("the turn was given back");
    }

    async fn a_lost_factor_can_be_removed_by_an_admin_for_who_has_no_recovery_code(db) {
        let app = TestApp::start(db).await;
        let mut owner = app.signed_in().await;
        app.enrolled(&mut owner).await;
        lose(&app).await;
        replace(&app).await.expect("replaced");
        let app = app.beside_with(db, |options| options.config.second_factor = Policy::Optional).await;
        let account = app.account(ADA).await.view;
        assert!(account.second_factor);
        app.services.totp.remove(&account, None, &Origin::default()).await.expect("removed");
        assert!(app.services.totp.remove(&account, None, &Origin::default()).await.is_err());
        assert_eq!(app.browser().sign_in(ADA, PASSWORD).await.status, 200);
    }

    async fn what_is_lost_is_counted_first_and_nothing_changes_by_that(db) {
        let app = TestApp::start(db).await;
        let mut owner = app.signed_in().await;
        app.enrolled(&mut owner).await;
        let mails = app.count("outbox").await;
        queue(&app, Letter::AddressTaken).await;
        queue(&app, Letter::AddressTaken).await;
        let before = everything(app.db()).await;
        assert!(matches!(rehearse(&app).await, Err(LostKeyError::NothingLost)));
        assert!(matches!(replace(&app).await, Err(LostKeyError::NothingLost)));
        assert_eq!(everything(app.db()).await, before);
        lose(&app).await;
        let before = everything(app.db()).await;
        let rehearsed = rehearse(&app).await.expect("counted");
        assert_eq!(everything(app.db()).await, before);
        assert_eq!(rehearsed.mails.get("address_taken"), Some(&2));
        assert_eq!(rehearsed.mails.values().sum::<u64>(), mails as u64 + 2);
        assert_eq!((rehearsed.sessions, rehearsed.second_factors), (1, 1));
        assert!(rehearsed.devices > 0);
        assert_eq!(replace(&app).await.expect("replaced"), rehearsed);
        for table in ["outbox", "totp", "device", "throttle", "ticket", "recovery_unkept"] {
            assert_eq!(app.count(table).await, 0, "{table}");
        }
        assert_eq!(app.count("data_key").await, data_keys::DataPurpose::ALL.len() as i64);
        assert!(matches!(replace(&app).await, Err(LostKeyError::NothingLost)));
    }

    async fn whoever_changes_the_keys_right_now_is_not_interfered_with(db) {
        let app = TestApp::start(db).await;
        lose(&app).await;
        let keeper = app.keeper();
        let lease = keeper.lease().await.expect("the turn");
        let before = everything(app.db()).await;
        let refused = replace(&app).await;
        assert!(matches!(refused, Err(LostKeyError::Keeper(KeeperError::Busy))), "{refused:?}");
        assert_eq!(everything(app.db()).await, before);
        keeper.give_back(&lease).await;
        replace(&app).await.expect("replaced");
        keeper.lease().await.expect("the turn was given back");
    }

    async fn what_a_key_at_hand_still_opens_stays(db) {
        let app = TestApp::start(db).await;
        let mut owner = app.signed_in().await;
        let (authenticator, _) = app.enrolled(&mut owner).await;
        let mut tx = app.db().begin().await.expect("a transaction");
        let (purposes, stranger) = ([data_keys::DataPurpose::Totp], stranger());
        let renewed = data_keys::renew(&mut tx, &purposes, &stranger, app.clock.now(), &OsRng);
        renewed.await.expect("renewed");
        tx.commit().await.expect("committed");
        let loss = replace(&app).await.expect("replaced");
        assert_eq!((loss.second_factors, loss.sessions), (0, 1));
        assert!(loss.mails.is_empty());
        let app = app.beside(db).await;
        app.advance_seconds(60).await;
        let mut browser = app.half_way(ADA).await;
        assert_eq!(browser.totp(&authenticator.code(&app, 0)).await.status, 200);
    }

    async fn the_command_refuses_while_nothing_is_lost_and_shows_what_goes(db) {
        let app = TestApp::start(db).await;
        app.signed_in().await;
        let (status, _, error) = command(db);
        assert_eq!(status, Some(2), "{error}");
        assert!(error.contains("nothing is lost"), "{error}");
        lose(&app).await;
        let (status, output, error) = command(db);
        assert_eq!(status, Some(0), "{error}");
        for words in ["the sealing key lost", "1  sessions end", "Restart every serving instance"] {
            assert!(output.contains(words), "{words}: {output}");
        }
        assert_eq!(app.events("key_lost_replaced").await, 1);
    }
}

/// The program without a terminal, where the reason is the consent.
fn command(db: &Database) -> (Option<i32>, String, String) {
    let words = [
        "key",
        "replace-lost",
        "--ring",
        "sealing",
        "--reason",
        "the disk burned",
    ];
    let folder = db.folder.path();
    let data = folder.display().to_string();
    let variables = [
        ("CONCIERGE_ENV", "test"),
        ("CONCIERGE_DATA", &*data),
        ("DATABASE_URL", &*db.url),
    ];
    let output = program::command(folder, &words, &variables).output();
    let output = output.expect("the program runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}
