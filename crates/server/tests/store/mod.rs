//! The contract of the store, the same on each engine.

mod failure;
mod lease;
mod plans;
mod tidy;

use std::sync::Arc;

use concierge_core::time::Timestamp;
use concierge_server::{
    keys::data_keys::DataPurpose,
    store::{Db, On, StoreError, feed::Change, sql},
};

use crate::support::{
    app::TestApp,
    database::{Database, cluster, variable},
};

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

async fn insert_token(on: On<'_>, id: i64) -> Result<u64, StoreError> {
    sql("INSERT INTO setup_token (id, digest, expires_at) VALUES ($1, $2, 0)")
        .bind(id)
        .bind("digest")
        .execute(on)
        .await
}

async fn tokens(db: &Db) -> i64 {
    let row = sql("SELECT COUNT(*) AS n FROM setup_token")
        .fetch_one(db)
        .await;
    row.and_then(|row| row.int("n")).expect("a count")
}

on_each_engine! {
    async fn a_second_row_of_one_key_is_a_conflict(db) {
        let db = db.migrated().await;
        insert_token(On::Write(&db), 1).await.expect("the first");
        let second = insert_token(On::Write(&db), 1).await;
        assert!(matches!(second, Err(StoreError::Conflict)), "{second:?}");
        assert_eq!(tokens(&db).await, 1);
    }

    async fn a_row_without_its_owner_is_refused(db) {
        let db = db.migrated().await;
        let orphan = sql("INSERT INTO password (account_id, phc, changed_at) VALUES ('nobody', 'x', 0)");
        let outcome = orphan.execute(On::Write(&db)).await;
        assert!(matches!(outcome, Err(StoreError::Driver(_))), "{outcome:?}");
    }

    async fn a_dropped_transaction_leaves_nothing(db) {
        let db = db.migrated().await;
        let mut tx = db.begin().await.expect("begun");
        insert_token(On::Tx(&mut tx), 1).await.expect("inserted");
        tx.announce(&[Change::Session("ses_x".to_owned())], NOW).await.expect("announced");
        drop(tx);
        assert_eq!(tokens(&db).await, 0);
        assert_eq!(db.feed_position().await.expect("a position"), 0);
        let mut tx = db.begin().await.expect("begun");
        insert_token(On::Tx(&mut tx), 1).await.expect("inserted");
        tx.commit().await.expect("committed");
        assert_eq!(tokens(&db).await, 1);
    }

    async fn values_come_back_as_they_went_in(db) {
        let db = db.migrated().await;
        let bytes: Vec<u8> = (0..=255).collect();
        sql("INSERT INTO data_key (purpose, version, wrapped, wrapped_by, created_at) VALUES ($1, $2, $3, $4, $5)")
            .bind("é𝄞'\"\\%_")
            .bind(i64::MAX)
            .bind(bytes.clone())
            .bind("")
            .bind(i64::MIN)
            .execute(On::Write(&db))
            .await
            .expect("inserted");
        let row = sql("SELECT * FROM data_key").fetch_one(&db).await.expect("the row");
        assert_eq!(row.text("purpose").expect("text"), "é𝄞'\"\\%_");
        assert_eq!(row.int("version").expect("a number"), i64::MAX);
        assert_eq!(row.bytes("wrapped").expect("bytes"), bytes);
        assert_eq!(row.text("wrapped_by").expect("text"), "");
        assert_eq!(row.int("created_at").expect("a number"), i64::MIN);
        assert!(row.int("purpose").is_err() && row.text("nothing").is_err());
    }

    async fn the_feed_is_in_commit_order_under_twenty_announcers(db) {
        let db = Arc::new(db.migrated().await);
        let announcers = (0..20).map(|number| {
            let db = Arc::clone(&db);
            tokio::spawn(async move {
                let mut tx = db.begin().await.expect("begun");
                let change = Change::Session(format!("ses_{number}"));
                tx.announce(&[change, Change::Account(format!("acc_{number}"))], NOW).await.expect("announced");
                if number % 5 == 0 {
                    drop(tx);
                } else {
                    tx.commit().await.expect("committed");
                }
            })
        });
        let announcers: Vec<_> = announcers.collect();
        let (mut position, mut heard) = (0, Vec::new());
        while !announcers.iter().all(tokio::task::JoinHandle::is_finished) {
            position = hear(&db, position, &mut heard).await;
            tokio::task::yield_now().await;
        }
        hear(&db, position, &mut heard).await;
        assert_eq!(heard.iter().map(|(at, _)| *at).collect::<Vec<_>>(), (1..=32).collect::<Vec<_>>());
        assert_eq!(db.changes_since(0).await.expect("the feed"), heard);
        assert_eq!(db.feed_position().await.expect("a position"), 32);
        assert_eq!(db.delete_changes_before(NOW.plus(std::time::Duration::from_secs(1))).await.expect("deleted"), 32);
        assert!(db.changes_since(0).await.expect("the feed").is_empty());
    }

    async fn migrations_are_pending_once(db) {
        let db = db.open().await;
        let pending = db.pending_migrations().await.expect("asked").migrations;
        assert!(!pending.is_empty());
        db.migrate().await.expect("migrated");
        assert!(db.pending_migrations().await.expect("asked").migrations.is_empty());
        db.migrate().await.expect("migrated again");
    }

    async fn several_processes_may_migrate_at_once(db) {
        let dbs = [db.open().await, db.open().await, db.open().await];
        let outcomes = futures_util::future::join_all(dbs.iter().map(Db::migrate)).await;
        assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    }

    async fn a_schema_newer_than_the_program_is_refused(db) {
        let db = db.migrated().await;
        sql("UPDATE _sqlx_migrations SET version = 9999 WHERE version = (SELECT MAX(version) FROM _sqlx_migrations)")
            .execute(On::Write(&db))
            .await
            .expect("from the future");
        for outcome in [db.pending_migrations().await.map(|_| ()), db.migrate().await] {
            let text = outcome.expect_err("refused").to_string();
            assert!(text.contains("9999") && text.contains("newer program"), "{text}");
        }
    }

    async fn a_closed_database_is_unavailable(db) {
        let db = db.migrated().await;
        db.close().await;
        assert!(matches!(db.ping().await, Err(StoreError::Unavailable(_))));
        assert!(matches!(db.begin().await, Err(StoreError::Unavailable(_))));
        assert!(matches!(insert_token(On::Write(&db), 1).await, Err(StoreError::Unavailable(_))));
    }

    async fn processes_that_start_at_once_agree_on_the_data_keys(db) {
        let one = TestApp::start(db).await;
        let two = one.beside(db).await;
        assert_eq!(one.count("data_key").await, DataPurpose::ALL.len() as i64);
        let mut browser = one.registered("ada@example.org").await;
        one.advance_seconds(60).await;
        let mut there = two.browser();
        there.cookies = browser.cookies.clone();
        assert_eq!(there.refresh().await.status, 200);
        assert_eq!(browser.refresh().await.status, 200);
    }
}

async fn hear(db: &Db, position: i64, heard: &mut Vec<(i64, Change)>) -> i64 {
    heard.extend(db.changes_since(position).await.expect("the feed"));
    heard.last().map_or(0, |(at, _)| *at)
}

#[tokio::test]
async fn sqlite_is_new_enough_to_keep_every_acknowledged_commit() {
    let db = Database::sqlite().migrated().await;
    let row = sql("SELECT sqlite_version() AS v").fetch_one(&db).await;
    let version = row.and_then(|row| row.text("v")).expect("a version");
    let parts: Vec<u32> = version
        .split('.')
        .map(|part| part.parse().expect("a number"))
        .collect();
    assert!((parts[0], parts[1]) >= (3, 51), "{version}");
}

#[tokio::test]
async fn sqlite_is_set_up_to_lose_nothing() {
    let database = Database::sqlite();
    let db = database.migrated().await;
    for (pragma, name, expected) in [
        ("PRAGMA synchronous", "synchronous", "2"),
        ("PRAGMA foreign_keys", "foreign_keys", "1"),
    ] {
        let row = sql(pragma)
            .fetch_one(On::Write(&db))
            .await
            .expect("a pragma");
        assert_eq!(
            row.int(name).expect("a number").to_string(),
            expected,
            "{pragma}"
        );
    }
    let row = sql("PRAGMA journal_mode")
        .fetch_one(&db)
        .await
        .expect("a pragma");
    assert_eq!(row.text("journal_mode").expect("text"), "wal");
    use std::os::unix::fs::PermissionsExt as _;
    let file = std::fs::metadata(database.folder.path().join("concierge.db")).expect("the file");
    assert_eq!(file.permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn postgresql_is_reached_over_tls_and_the_authority_is_checked() {
    let Some(admin) = cluster() else { return };
    let authority = variable("TEST_DATABASE_CA").unwrap_or_default();
    let with = |mode: &str, authority: &str| {
        let mut url = url::Url::parse(&admin).expect("a URL");
        url.set_query(None);
        url.query_pairs_mut().append_pair("sslmode", mode);
        if !authority.is_empty() {
            url.query_pairs_mut().append_pair("sslrootcert", authority);
        }
        url.to_string()
    };
    let in_tls = "SELECT CAST(ssl AS TEXT) AS ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    let mut urls = vec![with("require", "")];
    if !authority.is_empty() {
        urls.push(with("verify-full", &authority));
        let stranger = Db::connect(&with("verify-full", "")).await;
        assert!(
            matches!(stranger, Err(StoreError::Unavailable(_))),
            "{stranger:?}"
        );
    }
    for url in urls {
        let db = Db::connect(&url).await.expect("connected");
        let row = sql(in_tls).fetch_one(&db).await.expect("asked");
        assert_eq!(row.text("ssl").expect("text"), "true");
        db.close().await;
    }
    assert!(Db::connect(&with("disable", "")).await.is_err());
}
