//! A new version of the key: whoever does not have it neither links nor takes it for a forgery.

use std::collections::BTreeMap;

use concierge_server::{
    audit::{self, VerifyError},
    event_chain::ChainError,
    keys::data_keys::{self, DataPurpose},
    platform::{
        keyring::{Key, KeyState, Ring, Scheme},
        seal::MacKeys,
    },
    store::sql,
};
use zeroize::Zeroizing;

use super::{change, head, linked, record, sealing, verify};
use crate::support::app::TestApp;

/// Makes a new version of the key of the chain with a sealing key that only this process gets.
async fn renew_with_another_key(app: &TestApp) {
    let new = Key {
        id: "another".to_owned(),
        secret: Zeroizing::new(b"a sealing key that only one process has".to_vec()),
        scheme: Scheme::Hs256,
        state: KeyState::Active,
    };
    let before = sealing(app);
    let before = before.keys().map(|key| Key {
        id: key.id.clone(),
        secret: key.secret.clone(),
        scheme: Scheme::Hs256,
        state: KeyState::Grace {
            until: app.services.clock.now(),
        },
    });
    let ring = Ring::new(new, before.collect());
    let mut tx = app.db().begin().await.expect("a transaction");
    let (now, rng) = (app.services.clock.now(), &*app.services.rng);
    let renewed = data_keys::renew(&mut tx, &[DataPurpose::Audit], ring.active(), now, rng);
    renewed.await.expect("renewed");
    tx.commit().await.expect("committed");
    let reloaded = app.services.keys.reload(app.db(), &ring);
    reloaded.await.expect("reloaded");
}

/// How many links a version of the key made.
async fn links_of(app: &TestApp, version: i64) -> i64 {
    let row = sql("SELECT COUNT(*) AS n FROM event WHERE mac_key = $1").bind(version);
    let row = row.fetch_one(app.db()).await;
    row.and_then(|row| row.int("n")).expect("a count")
}

on_each_engine! {
    async fn a_process_without_the_new_sealing_key_neither_links_nor_calls_the_chain_broken(db) {
        let app = linked(db, 3).await;
        let beside = app.beside(db).await;
        renew_with_another_key(&app).await;
        // Before anything is linked with it, and after.
        for _ in 0..2 {
            record(&app, 2).await;
            app.services.chain.give_turn_back().await;
            for _ in 0..3 {
                let refused = beside.services.link_events().await;
                assert!(matches!(refused, Err(ChainError::Behind(2))), "{refused:?}");
            }
            assert_eq!(links_of(&app, 1).await, 3, "an old version links nothing");
            assert!(app.services.link_events().await.expect("the turn is free") >= 2);
        }
        assert_eq!(app.events("audit_chain_broken").await, 0);
        assert_eq!(app.events("key_reload_failed").await, 1, "it is tried once");
        assert!(verify(&app).await.is_whole());
        assert_eq!(links_of(&app, 2).await, head(&app).await.position - 3);
    }

    async fn a_process_without_the_new_sealing_key_purges_nothing(db) {
        let app = linked(db, 3).await;
        let beside = app.beside(db).await;
        renew_with_another_key(&app).await;
        app.services.chain.give_turn_back().await;
        let now = app.services.clock.now();
        assert_eq!(beside.services.chain.purge(now, now).await.expect("nothing").rows, 0);
        beside.services.chain.give_turn_back().await;
        assert_eq!(app.services.chain.purge(now, now).await.expect("purged").rows, 3);
        assert!(verify(&app).await.is_whole());
    }

    async fn a_head_of_a_version_that_never_was_is_forged(db) {
        let app = linked(db, 3).await;
        assert_eq!(change(&app, sql("UPDATE event_chain SET mac_key = 7 WHERE name = $1").bind("head")).await, 1);
        record(&app, 1).await;
        app.services.link_events().await.expect("linked");
        assert_eq!(app.events("audit_chain_broken").await, 1);
    }

    async fn a_check_without_the_newest_version_says_so_and_raises_no_alarm(db) {
        let app = linked(db, 3).await;
        renew_with_another_key(&app).await;
        let ring = sealing(&app);
        record(&app, 2).await;
        app.services.link_events().await.expect("linked");
        let clock = &*app.services.clock;
        let none = MacKeys::new(BTreeMap::new());
        let checked = audit::verify(app.db(), (&none, &[1]), None, clock).await;
        assert!(matches!(checked, Err(VerifyError::Renewed)), "{checked:?}");
        // Read again, the new version is one that can't be opened.
        let (keys, lost) = data_keys::find_audit_keys(app.db(), &ring).await.expect("read");
        assert_eq!(lost, [2]);
        let report = audit::verify(app.db(), (&keys, &lost), None, clock).await.expect("checked");
        assert!(report.is_whole() && !report.is_complete(), "{report:?}");
    }
}
