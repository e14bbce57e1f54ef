//! Retention: what is older goes, in batches, with a row that says so; and the time of an edited event decides nothing.

use concierge_core::time::Timestamp;
use concierge_server::{audit::Damage, event_chain::Kept};

use super::{DAY, found, head, linked, record, record_at, record_at_once, tamper, verify};

on_each_engine! {
    async fn events_go_after_the_retention_and_the_chain_goes_on(db) {
        let app = linked(db, 30).await;
        assert_eq!(app.services.purge_events().await.expect("nothing is old").rows, 0);
        app.clock.advance(DAY * 365 - std::time::Duration::from_secs(1));
        let purged = app.services.purge_events().await.expect("purged");
        assert_eq!((purged.rows, purged.through, purged.broken), (29, 29, 0), "the last is a second too young");
        app.clock.advance(DAY);
        app.services.link_events().await.expect("linked");
        assert_eq!(app.services.purge_events().await.expect("purged").rows, 1);
        app.services.link_events().await.expect("linked");
        assert_eq!(app.events("audit_purged").await, 2);
        let report = verify(&app).await;
        assert!(report.is_whole(), "{report:?}");
        assert_eq!((report.purged_through, report.checked), (30, 2));
    }

    async fn a_chain_that_was_purged_to_its_end_goes_on(db) {
        let app = linked(db, 3).await;
        app.clock.advance(DAY * 366);
        let now = app.services.clock.now();
        assert_eq!(app.services.chain.purge(now, now).await.expect("purged").rows, 3);
        assert_eq!(app.events("audit_purged").await, 1, "in the transaction of the purge");
        assert!(verify(&app).await.is_whole());
        record(&app, 2).await;
        assert_eq!(app.services.link_events().await.expect("linked"), 3);
        let report = verify(&app).await;
        assert!(report.is_whole(), "{report:?}");
        assert_eq!((report.checked, report.last), (3, 6));
    }

    async fn an_event_that_somebody_made_old_is_not_purged(db) {
        let app = linked(db, 6).await;
        tamper(&app, "UPDATE event SET at = 0 WHERE position > 2").await;
        assert_eq!(app.services.purge_events().await.expect("nothing").rows, 0);
        assert_eq!(verify(&app).await.findings.len(), 4);
    }

    async fn an_old_time_among_young_ones_takes_nothing_with_it(db) {
        let app = linked(db, 6).await;
        record_at(&app, Timestamp::from_millis(0)).await;
        record(&app, 1).await;
        assert_eq!(app.services.link_events().await.expect("linked"), 2);
        assert_eq!(app.services.purge_events().await.expect("nothing").rows, 0);
        assert_eq!(app.count("event").await, 8);
        assert!(verify(&app).await.is_whole());
    }

    async fn a_time_that_is_yet_to_come_keeps_nothing(db) {
        let app = linked(db, 2).await;
        record_at(&app, app.services.clock.now().plus(DAY * 4000)).await;
        app.services.link_events().await.expect("linked");
        record(&app, 2).await;
        app.services.link_events().await.expect("linked");
        app.clock.advance(DAY * 366);
        assert_eq!(app.services.purge_events().await.expect("purged").rows, 5);
    }

    async fn a_host_that_begins_at_the_beginning_of_time_purges_nothing(db) {
        let app = linked(db, 3).await;
        let now = Timestamp::from_millis(1000);
        app.services.chain.give_turn_back().await;
        let purged = app.services.chain.purge(now.minus(DAY * 365), now).await;
        assert_eq!(purged.expect("nothing").rows, 0);
    }

    async fn a_purge_of_many_goes_on_batch_by_batch_with_links_between(db) {
        let app = linked(db, 1).await;
        record_at_once(&app, 2600).await;
        app.services.link_events().await.expect("linked");
        app.clock.advance(DAY * 366);
        let mut kept = Kept::default();
        for (look, (left, purges)) in [(603, 1), (3, 2), (3, 2)].into_iter().enumerate() {
            record_at_once(&app, 1).await;
            app.services.keep_chain(&mut kept).await.expect("kept");
            let left = left + i64::try_from(look).expect("small");
            assert_eq!((app.count("event").await, app.events("audit_purged").await), (left, purges), "look {look}");
        }
        app.services.link_events().await.expect("linked");
        let report = verify(&app).await;
        assert!(report.is_whole() && report.waiting == 0, "{report:?}");
        assert_eq!(report.purged_through, 2601);
    }

    async fn a_purge_that_took_all_there_was_comes_again_in_an_hour(db) {
        let app = linked(db, 10).await;
        // The first became too old just now, and another does each second.
        app.clock.advance(DAY * 365 - std::time::Duration::from_secs(9));
        let mut kept = Kept::default();
        for _ in 0..3 {
            app.services.keep_chain(&mut kept).await.expect("kept");
            assert_eq!(app.events("audit_purged").await, 1, "each purge is an event");
            app.clock.advance(std::time::Duration::from_secs(1));
        }
        for _ in 0..2 {
            // More at once would be a clock that jumps.
            app.clock.advance(DAY / 48);
            app.services.keep_chain(&mut kept).await.expect("kept");
        }
        assert_eq!(app.events("audit_purged").await, 2);
    }

    async fn a_clock_that_jumps_ahead_by_years_purges_nothing(db) {
        let app = linked(db, 3).await;
        let mut kept = Kept::default();
        app.services.keep_chain(&mut kept).await.expect("kept");
        app.clock.advance(DAY * 3660);
        app.services.keep_chain(&mut kept).await.expect("kept");
        assert_eq!(app.events("audit_purged").await, 0);
    }

    async fn rows_that_somebody_spoilt_keep_none_behind_them(db) {
        let app = linked(db, 1).await;
        record_at_once(&app, 2010).await;
        app.services.link_events().await.expect("linked");
        tamper(&app, "UPDATE event SET name = 'nothing' WHERE position < 2006").await;
        app.clock.advance(DAY * 366);
        let purged = app.services.purge_events().await.expect("purged");
        assert_eq!((purged.rows, purged.broken), (2011, 2005));
    }

    async fn a_purged_row_that_was_put_back_moves_no_beginning(db) {
        let app = linked(db, 6).await;
        tamper(&app, "CREATE TABLE copied AS SELECT * FROM event WHERE position = 1").await;
        let (chain, now) = (&app.services.chain, app.services.clock.now());
        let third = now.minus(std::time::Duration::from_secs(3));
        assert_eq!(chain.purge(third, now).await.expect("purged").through, 3);
        tamper(&app, "INSERT INTO event SELECT * FROM copied").await;
        assert_eq!(chain.purge(third, now).await.expect("nothing").rows, 0);
        assert_eq!(found(&verify(&app).await), [(Damage::Inserted, 1, 1)]);
        let purged = chain.purge(now, now).await.expect("purged");
        assert_eq!((purged.rows, purged.broken, purged.through), (4, 1, 6));
    }

    async fn a_head_file_that_holds_no_head_is_evidence_and_stays(db) {
        let app = linked(db, 3).await;
        let (mut kept, file) = (Kept::default(), app.services.head_file());
        std::fs::write(&file, "garbage").expect("written");
        for _ in 0..2 {
            app.services.keep_chain(&mut kept).await.expect("kept");
            app.advance_seconds(60).await;
        }
        assert_eq!(std::fs::read_to_string(&file).expect("the file"), "garbage");
        assert_eq!(app.events("audit_chain_broken").await, 1, "told once");
        // Once it is removed, the next head takes its place.
        std::fs::remove_file(&file).expect("removed");
        app.services.keep_chain(&mut kept).await.expect("kept");
        let text = std::fs::read_to_string(&file).expect("the head");
        assert!(text.starts_with(&format!("{} ", head(&app).await)), "{text}");
    }

    async fn a_head_that_could_not_be_written_is_written_later(db) {
        let app = linked(db, 3).await;
        let (mut kept, file) = (Kept::default(), app.services.head_file());
        // A link that leads nowhere is no head, and is never written through.
        std::os::unix::fs::symlink("nowhere", &file).expect("in the way");
        app.services.keep_chain(&mut kept).await.expect("kept");
        assert!(file.is_symlink());
        std::fs::remove_file(&file).expect("removed");
        app.advance_seconds(60).await;
        app.services.keep_chain(&mut kept).await.expect("kept");
        assert!(file.exists(), "the head did not move, and is written all the same");
    }

    async fn an_event_that_somebody_spoilt_goes_in_its_time_and_is_counted(db) {
        let app = linked(db, 4).await;
        tamper(&app, "UPDATE event SET at = at + 999999999999 WHERE position = 2").await;
        app.clock.advance(DAY * 366);
        let purged = app.services.purge_events().await.expect("purged");
        assert_eq!((purged.rows, purged.broken), (4, 1));
    }

    async fn nothing_that_waits_is_purged(db) {
        let app = crate::support::app::TestApp::start(db).await;
        record(&app, 2).await;
        app.clock.advance(DAY * 366);
        assert_eq!(app.services.purge_events().await.expect("nothing").rows, 0);
        assert_eq!(app.count("event").await, 2);
    }

    async fn the_head_is_written_down_once_a_minute_and_a_lost_one_is_kept_as_evidence(db) {
        let app = linked(db, 3).await;
        let (mut kept, file) = (Kept::default(), app.services.head_file());
        app.services.keep_chain(&mut kept).await.expect("kept");
        let first = std::fs::read_to_string(&file).expect("the head");
        assert!(first.starts_with(&format!("{} ", head(&app).await)), "{first}");
        record(&app, 1).await;
        app.services.keep_chain(&mut kept).await.expect("kept");
        assert_eq!(std::fs::read_to_string(&file).expect("the head"), first, "not yet a minute");
        app.advance_seconds(60).await;
        app.services.keep_chain(&mut kept).await.expect("kept");
        let second = std::fs::read_to_string(&file).expect("the head");
        assert!(second.starts_with("4:"), "{second}");
        // Cut off with its seal: the server notices by the file, says so, and leaves the file.
        tamper(&app, "DELETE FROM event WHERE position > 1").await;
        tamper(&app, "DELETE FROM event_chain").await;
        record(&app, 1).await;
        app.advance_seconds(60).await;
        for _ in 0..2 {
            app.services.keep_chain(&mut kept).await.expect("kept");
            app.advance_seconds(60).await;
        }
        assert_eq!(std::fs::read_to_string(&file).expect("the head"), second);
        assert_eq!(app.events("audit_chain_broken").await, 2, "the cut, and the head");
        let report = verify(&app).await;
        assert_eq!(found(&report), [(Damage::BegunAnew, 2, 2)]);
    }
}
