//! Linking: nothing is skipped, nobody links beside another, and a changed end is never mended.

use std::cell::Cell;

use concierge_core::audit::EventName;
use concierge_server::{
    audit::{self, Damage, Event, Extended, Origin, VerifyError},
    event_chain,
    keys::data_keys::{self, DataPurpose},
    store::{Statement, sql},
};

use super::{
    DAY, change, found, head, linked, record, record_at, record_at_once, sealing, tamper, verify,
    verify_with,
};
use crate::support::{ADA, app::TestApp, program::Program};

on_each_engine! {
    async fn every_committed_event_gets_the_next_position(db) {
        let app = linked(db, 3).await;
        record(&app, 700).await;
        assert_eq!(app.services.link_events().await.expect("linked"), 700);
        let report = verify(&app).await;
        assert!(report.is_whole(), "{report:?}");
        assert_eq!((report.checked, report.last, report.waiting), (703, 703, 0));
        assert_eq!(head(&app).await.position, 703);
        assert_eq!(app.services.link_events().await.expect("nothing waits"), 0);
    }

    async fn an_event_that_commits_late_with_an_older_time_is_not_skipped(db) {
        let app = TestApp::start(db).await;
        let early = app.services.clock.now();
        record(&app, 4).await;
        app.services.link_events().await.expect("linked");
        // Its time and id were made before those that are linked already.
        record_at(&app, early).await;
        assert_eq!(app.services.link_events().await.expect("linked"), 1);
        let row = sql("SELECT position FROM event WHERE name = $1").bind(EventName::LoginSuccess.as_str());
        let row = row.fetch_one(app.db()).await.expect("the row");
        assert_eq!(row.int("position").expect("a position"), 5);
        assert!(verify(&app).await.is_whole());
    }

    async fn an_event_that_is_not_committed_is_not_linked(db) {
        let app = linked(db, 2).await;
        let origin = Origin::default();
        let mut tx = app.db().begin().await.expect("a transaction");
        let event = Event::anonymous(EventName::LoginFail, &origin);
        let now = app.services.clock.now();
        audit::record(&mut tx, &event, now, &*app.services.rng).await.expect("recorded");
        if db.is_postgres() {
            assert_eq!(app.services.link_events().await.expect("nothing to link"), 0);
        }
        drop(tx);
        assert_eq!(app.services.link_events().await.expect("nothing to link"), 0);
        assert_eq!(verify(&app).await.last, 2);
    }

    async fn one_process_links_at_a_time_and_another_takes_over_from_a_dead_one(db) {
        let app = linked(db, 2).await;
        let beside = app.beside(db).await;
        record(&app, 1).await;
        let now = app.services.clock.now();
        let looked = beside.services.chain.extend(now).await;
        assert_eq!(looked.expect("an answer"), Extended::Elsewhere);
        app.advance_seconds(10).await;
        assert_eq!(beside.services.link_events().await.expect("linked"), 1);
        record(&app, 1).await;
        assert_eq!(app.services.link_events().await.expect("an answer"), 0);
        beside.services.chain.give_turn_back().await;
        assert_eq!(app.services.link_events().await.expect("linked"), 1);
        assert!(verify(&app).await.is_whole());
    }

    async fn two_processes_that_link_at_once_make_one_chain(db) {
        let app = linked(db, 1).await;
        let beside = app.beside(db).await;
        app.services.chain.give_turn_back().await;
        record(&app, 900).await;
        let both = tokio::join!(app.services.link_events(), beside.services.link_events());
        let linked = both.0.expect("an answer") + both.1.expect("an answer");
        assert_eq!(linked, 900);
        assert!(verify(&app).await.is_whole());
    }

    async fn links_of_an_older_key_hold_after_an_emergency_and_it_is_destroyed_when_they_are_gone(db) {
        let app = linked(db, 3).await;
        let beside = app.beside(db).await;
        let sealing = sealing(&app);
        let mut tx = app.db().begin().await.expect("a transaction");
        let renewed = data_keys::renew(&mut tx, &DataPurpose::RENEWED, sealing.active(), app.services.clock.now(), &*app.services.rng);
        renewed.await.expect("renewed");
        tx.commit().await.expect("committed");
        app.services.keys.reload(app.db(), &sealing).await.expect("reloaded");
        record(&app, 2).await;
        app.services.link_events().await.expect("linked");
        let row = sql("SELECT mac_key FROM event WHERE position = $1").bind(4_i64).fetch_one(app.db()).await;
        assert_eq!(row.and_then(|row| row.int("mac_key")).expect("a version"), 2);
        assert!(verify(&app).await.is_whole());
        // A process that has not heard of the new version does not link with the old one.
        record(&app, 1).await;
        app.services.chain.give_turn_back().await;
        let behind = beside.services.chain.extend(app.services.clock.now()).await;
        assert_eq!(behind.expect("an answer"), Extended::Behind(2));
        beside.services.keys.reload(app.db(), &sealing).await.expect("reloaded");
        assert_eq!(beside.services.link_events().await.expect("linked"), 1);
        assert!(audit::chain_needs_older(app.db(), 2).await.expect("an answer"));
        app.advance_seconds(700).await;
        app.services.reseal().await.expect("re-sealed");
        assert!(app.services.keys.audit.has(1), "links need it still");
        app.clock.advance(DAY * 400);
        assert!(app.services.purge_events().await.expect("purged").rows >= 6);
        app.services.link_events().await.expect("linked");
        app.services.reseal().await.expect("re-sealed");
        assert!(!app.services.keys.audit.has(1), "nothing needs it any more");
        assert!(verify(&app).await.is_whole());
    }

    async fn a_chain_whose_end_was_cut_begins_anew_and_says_so(db) {
        let app = linked(db, 5).await;
        assert_eq!(tamper(&app, "DELETE FROM event WHERE position > 3").await, 2);
        record(&app, 1).await;
        app.services.link_events().await.expect("linked");
        app.services.link_events().await.expect("linked");
        assert_eq!(app.events("audit_chain_broken").await, 1);
        let report = verify(&app).await;
        assert_eq!(found(&report), [(Damage::Deleted, 4, 5), (Damage::BegunAnew, 6, 6)]);
        assert_eq!(report.last, 7);
    }

    async fn a_chain_with_a_forged_head_begins_anew_and_says_so(db) {
        let app = linked(db, 5).await;
        tamper(&app, "DELETE FROM event WHERE position > 3").await;
        let forged = sql("UPDATE event_chain SET position = 3, mac = (SELECT mac FROM event WHERE position = 3) WHERE name = $1");
        assert_eq!(change(&app, forged.bind("head")).await, 1);
        record(&app, 4).await;
        app.services.link_events().await.expect("linked");
        app.services.link_events().await.expect("linked");
        assert_eq!(app.events("audit_chain_broken").await, 1);
        assert_eq!(found(&verify(&app).await), [(Damage::BegunAnew, 4, 4)]);
    }

    async fn with_a_lost_key_the_chain_is_made_anew_and_holds(db) {
        let app = linked(db, 4).await;
        let old = head(&app).await;
        let mut tx = app.db().begin().await.expect("a transaction");
        let now = app.services.clock.now();
        audit::chain_anew(&mut tx, &app.services.keys.audit, now).await.expect("taken apart");
        tx.commit().await.expect("committed");
        assert_eq!(app.services.link_events().await.expect("linked"), 4);
        let report = verify_with(&app, Some(&old)).await;
        assert!(report.is_whole() && !report.compared_head, "{report:?}");
        assert_eq!((report.checked, report.last), (4, 9));
    }

    async fn the_running_server_links_and_writes_the_head_down_also_what_its_end_records(db) {
        let mut variables = vec![("DATABASE_URL", db.url.as_str())];
        variables.push(("CONCIERGE_DATA", "."));
        let program = Program::serve(db.folder.path(), &variables);
        let body = serde_json::json!({ "email": ADA, "password": "not this one" });
        let before = std::time::Instant::now();
        program.post("/api/auth/login", &body.to_string());
        let db_beside = db.open().await;
        let count = async |statement: Statement| {
            let row = statement.fetch_one(&db_beside).await;
            row.and_then(|row| row.int("n")).expect("a count")
        };
        let waiting = "SELECT COUNT(*) AS n FROM event WHERE position IS NULL";
        while count(sql(waiting)).await > 0 {
            assert!(before.elapsed().as_secs() < 30, "nothing is linked");
            tokio::task::yield_now().await;
        }
        let file = db.folder.path().join("audit-head");
        while event_chain::read_head(&file).expect("a head, or no file yet").is_none() {
            assert!(before.elapsed().as_secs() < 30, "no head is written down");
            tokio::task::yield_now().await;
        }
        // Refusals are counted for a minute, and recorded at the end.
        program.request("GET /no/such/path HTTP/1.1", "");
        let (status, log) = program.terminate();
        assert!(status.success(), "{log}");
        let refused = sql("SELECT COUNT(*) AS n FROM event WHERE name = $1").bind("malicious_excess_404");
        assert_eq!(count(refused).await, 1);
        assert_eq!(count(sql(waiting)).await, 0, "the end leaves nothing unlinked");
        let last = count(sql("SELECT MAX(position) AS n FROM event")).await;
        let head = event_chain::read_head(&file).expect("a head").expect("a file");
        assert_eq!(head.position, last);
        assert_eq!(count(sql("SELECT COUNT(*) AS n FROM lease WHERE name = 'audit'")).await, 0);
        db_beside.close().await;
    }

    async fn a_check_beside_linking_and_purging_raises_no_alarm(db) {
        let app = linked(db, 1).await;
        record_at_once(&app, 1500).await;
        app.services.link_events().await.expect("linked");
        app.clock.advance(DAY * 366);
        record_at_once(&app, 3000).await;
        let done = Cell::new(false);
        let working = async {
            while app.services.chain.extend(app.services.clock.now()).await.expect("linked") != Extended::Idle {
                app.services.purge_events().await.expect("purged");
            }
            done.set(true);
        };
        let checking = async {
            let (keys, clock) = (&app.services.keys.audit, &*app.services.clock);
            let mut checked = 0;
            while !done.get() || checked == 0 {
                match audit::verify(app.db(), (keys, &[]), None, clock).await {
                    Err(VerifyError::Purging) => {}
                    report => {
                        let report = report.expect("it can be checked");
                        assert!(report.is_whole(), "{report:?}");
                        checked += 1;
                    }
                }
            }
        };
        tokio::join!(working, checking);
        assert_eq!(verify(&app).await.purged_through, 1501);
    }
}
