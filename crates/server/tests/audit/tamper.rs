//! Whoever writes into the database without the key is found out, each way on each engine.

use concierge_server::audit::{self, Damage};

use super::{DAY, found, head, linked, record, tamper, verify, verify_with};

on_each_engine! {
    async fn an_edit_is_found_in_every_column(db) {
        let app = linked(db, 12).await;
        for (statement, position) in [
            ("UPDATE event SET id = 'evt_x' WHERE position = 1", 1),
            ("UPDATE event SET at = at - 1 WHERE position = 2", 2),
            ("UPDATE event SET name = 'authn_login_success' WHERE position = 3", 3),
            ("UPDATE event SET severity = 'info' WHERE position = 4", 4),
            ("UPDATE event SET account_id = '' WHERE position = 5", 5),
            ("UPDATE event SET actor_id = 'acc_x' WHERE position = 6", 6),
            ("UPDATE event SET address = '192.0.2.8' WHERE position = 7", 7),
            ("UPDATE event SET user_agent = NULL WHERE position = 8", 8),
            ("UPDATE event SET request_id = 'req_2' WHERE position = 9", 9),
            ("UPDATE event SET details = '{}' WHERE position = 10", 10),
            ("UPDATE event SET mac = mac_before WHERE position = 11", 11),
            ("UPDATE event SET mac_key = 9 WHERE position = 12", 12),
        ] {
            assert_eq!(tamper(&app, statement).await, 1, "{statement}");
            let report = verify(&app).await;
            assert_eq!(found(&report).last(), Some(&(Damage::Edited, position, position)), "{statement}");
            assert_eq!(i64::try_from(report.findings.len()), Ok(position), "{statement}");
        }
    }

    async fn a_deletion_is_found(db) {
        let app = linked(db, 9).await;
        tamper(&app, "DELETE FROM event WHERE position = 1").await;
        tamper(&app, "DELETE FROM event WHERE position IN (4, 5)").await;
        let report = verify(&app).await;
        assert_eq!(found(&report), [(Damage::Deleted, 1, 1), (Damage::Deleted, 4, 5)]);
        let line = report.findings[1].to_string();
        assert!(line.starts_with("positions 4 to 5: deleted"), "{line}");
    }

    async fn a_deletion_that_closes_the_gap_is_found(db) {
        let app = linked(db, 6).await;
        tamper(&app, "DELETE FROM event WHERE position = 3").await;
        for position in 4..=6 {
            let statement = format!("UPDATE event SET position = {} WHERE position = {position}", position - 1);
            tamper(&app, statement.leak()).await;
        }
        let report = verify(&app).await;
        let moved: Vec<_> = report.findings.iter().map(|one| (one.kind, one.from, one.belongs)).collect();
        assert_eq!(moved[..3], [(Damage::Moved, 3, Some(4)), (Damage::Moved, 4, Some(5)), (Damage::Moved, 5, Some(6))]);
        assert!(found(&report).contains(&(Damage::Truncated, 6, 6)), "{report:?}");
    }

    async fn two_events_that_change_places_are_found(db) {
        let app = linked(db, 8).await;
        for statement in [
            "UPDATE event SET position = 100 WHERE position = 3",
            "UPDATE event SET position = 3 WHERE position = 6",
            "UPDATE event SET position = 6 WHERE position = 100",
        ] {
            assert_eq!(tamper(&app, statement).await, 1);
        }
        let report = verify(&app).await;
        let moved: Vec<_> = report.findings.iter().map(|one| (one.kind, one.from, one.belongs)).collect();
        assert_eq!(moved, [(Damage::Moved, 3, Some(6)), (Damage::Moved, 6, Some(3))]);
        assert!(report.findings[0].to_string().ends_with("belongs at position 6"));
    }

    async fn two_events_that_change_what_they_say_are_found(db) {
        let app = linked(db, 8).await;
        tamper(&app, "UPDATE event SET id = 'x', details = (SELECT details FROM event WHERE position = 6),
                      at = (SELECT at FROM event WHERE position = 6) WHERE position = 3").await;
        tamper(&app, "UPDATE event SET details = '{\"number\":2}' WHERE position = 6").await;
        let report = verify(&app).await;
        assert_eq!(found(&report), [(Damage::Edited, 3, 3), (Damage::Edited, 6, 6)]);
    }

    async fn an_insertion_without_the_key_is_found(db) {
        let app = linked(db, 4).await;
        tamper(&app, "INSERT INTO event (id, at, name, severity, details, position, mac_before, mac, mac_key)
                      SELECT 'evt_late', at, name, severity, details, 5, mac, mac, mac_key FROM event WHERE position = 4").await;
        assert_eq!(found(&verify(&app).await), [(Damage::Inserted, 5, 5)]);
        tamper(&app, "UPDATE event SET position = 0 WHERE id = 'evt_late'").await;
        assert_eq!(found(&verify(&app).await), [(Damage::Inserted, 0, 0)]);
        // In the midst of the others, which make room.
        for position in [4, 3] {
            let statement = format!("UPDATE event SET position = {} WHERE position = {position}", position + 1);
            tamper(&app, statement.leak()).await;
        }
        tamper(&app, "UPDATE event SET position = 3 WHERE id = 'evt_late'").await;
        let report = verify(&app).await;
        assert_eq!(found(&report), [(Damage::Edited, 3, 3), (Damage::Moved, 4, 4), (Damage::Moved, 5, 5)]);
        // The server does not take it for a link either.
        record(&app, 1).await;
        app.services.link_events().await.expect("linked");
        assert_eq!(app.events("audit_chain_broken").await, 1);
    }

    async fn a_tail_that_was_cut_off_is_found(db) {
        let app = linked(db, 7).await;
        let kept = head(&app).await;
        tamper(&app, "DELETE FROM event WHERE position > 4").await;
        assert_eq!(found(&verify(&app).await), [(Damage::Truncated, 5, 7)]);
        assert_eq!(found(&verify_with(&app, Some(&kept)).await), [(Damage::Truncated, 5, 7)]);
    }

    async fn a_tail_that_was_cut_off_together_with_its_seal_is_found_by_a_head_that_was_kept(db) {
        let app = linked(db, 4).await;
        tamper(&app, "CREATE TABLE stolen AS SELECT * FROM event_chain").await;
        record(&app, 3).await;
        app.services.link_events().await.expect("linked");
        let kept = head(&app).await;
        tamper(&app, "DELETE FROM event WHERE position > 4").await;
        tamper(&app, "DELETE FROM event_chain").await;
        tamper(&app, "INSERT INTO event_chain SELECT * FROM stolen").await;
        assert!(verify(&app).await.is_whole(), "an old database put back tells nothing by itself");
        let report = verify_with(&app, Some(&kept)).await;
        assert_eq!(found(&report), [(Damage::Truncated, 5, 7)]);
        assert!(report.compared_head);
        // And when the chain has grown over the cut.
        record(&app, 5).await;
        app.services.link_events().await.expect("linked");
        assert!(verify(&app).await.is_whole());
        assert_eq!(found(&verify_with(&app, Some(&kept)).await), [(Damage::Rewritten, 7, 7)]);
    }

    async fn an_old_seal_put_back_alone_is_found(db) {
        let app = linked(db, 4).await;
        tamper(&app, "CREATE TABLE stolen AS SELECT * FROM event_chain").await;
        record(&app, 3).await;
        app.services.link_events().await.expect("linked");
        tamper(&app, "DELETE FROM event_chain").await;
        assert_eq!(found(&verify(&app).await), [(Damage::EndForged, 7, 7)]);
        tamper(&app, "INSERT INTO event_chain SELECT * FROM stolen").await;
        assert_eq!(found(&verify(&app).await), [(Damage::EndForged, 4, 4)]);
    }

    async fn a_purge_is_told_from_a_deletion(db) {
        let app = linked(db, 5).await;
        app.clock.advance(DAY * 366);
        record(&app, 5).await;
        app.services.link_events().await.expect("linked");
        assert_eq!(app.services.purge_events().await.expect("purged").rows, 5);
        let report = verify(&app).await;
        assert!(report.is_whole(), "{report:?}");
        assert_eq!((report.purged_through, report.checked), (5, 5));
        tamper(&app, "DELETE FROM event WHERE position <= 7").await;
        assert_eq!(found(&verify(&app).await), [(Damage::Deleted, 6, 7)]);
        // A purge can't be pretended either.
        tamper(&app, "UPDATE event_chain SET position = 7, mac = (SELECT mac_before FROM event WHERE position = 8) WHERE name = 'begin'").await;
        assert_eq!(found(&verify(&app).await), [(Damage::EndForged, 7, 7)]);
        tamper(&app, "DELETE FROM event_chain WHERE name = 'begin'").await;
        assert_eq!(found(&verify(&app).await), [(Damage::Deleted, 1, 7)]);
    }

    async fn a_beginning_anew_shows_also_where_a_chain_begins(db) {
        let app = linked(db, 3).await;
        let mut tx = app.db().begin().await.expect("a transaction");
        let now = app.services.clock.now();
        audit::chain_anew(&mut tx, &app.services.keys.audit, now).await.expect("taken apart");
        tx.commit().await.expect("committed");
        // The first link follows nothing, as the one behind a lost end would.
        tamper(&app, "UPDATE event_chain SET at = at + 1 WHERE name = 'head'").await;
        app.services.link_events().await.expect("linked");
        assert_eq!(app.events("audit_chain_broken").await, 1);
        assert_eq!(found(&verify(&app).await), [(Damage::BegunAnew, 5, 5)]);
    }

    async fn a_row_at_the_last_number_there_is_stops_nothing(db) {
        let app = linked(db, 4).await;
        tamper(&app, "INSERT INTO event (id, at, name, severity, details, position, mac_before, mac, mac_key)
                      SELECT 'evt_last', at, name, severity, details, 9223372036854775807, mac, mac, mac_key FROM event WHERE position = 4").await;
        tamper(&app, "INSERT INTO event (id, at, name, severity, details, position, mac_before, mac, mac_key)
                      SELECT 'evt_next', at, name, severity, details, 6, mac, mac, mac_key FROM event WHERE position = 4").await;
        for _ in 0..3 {
            record(&app, 2).await;
            app.services.link_events().await.expect("linked");
        }
        assert_eq!(app.events("audit_chain_broken").await, 1, "told once");
        let report = verify(&app).await;
        assert_eq!(found(&report), [(Damage::Edited, 6, 6), (Damage::Inserted, i64::MAX, i64::MAX)]);
        assert_eq!(head(&app).await.position, 12);
        // Nor without the seal.
        tamper(&app, "DELETE FROM event_chain").await;
        record(&app, 1).await;
        app.services.link_events().await.expect("linked");
        assert_eq!(found(&verify(&app).await)[1], (Damage::BegunAnew, 13, 13));
    }

    async fn an_event_at_the_first_number_there_is_is_found(db) {
        let app = linked(db, 2).await;
        tamper(&app, "INSERT INTO event (id, at, name, severity, details, position, mac_before, mac, mac_key)
                      SELECT 'evt_first', at, name, severity, details, -9223372036854775807 - 1, mac, mac, mac_key FROM event WHERE position = 2").await;
        assert_eq!(found(&verify(&app).await), [(Damage::Inserted, i64::MIN, i64::MIN)]);
    }

    async fn a_key_that_is_gone_makes_a_chain_that_is_not_checked(db) {
        let app = linked(db, 3).await;
        let none = concierge_server::platform::seal::MacKeys::new(std::collections::BTreeMap::new());
        let report = concierge_server::audit::verify(app.db(), (&none, &[1]), None, &*app.services.clock).await.expect("read");
        assert!(report.is_whole() && !report.is_complete());
        assert_eq!((report.checked, report.unchecked), (3, 4));
    }
}
