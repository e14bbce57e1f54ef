//! What has long been over is deleted, and nothing else.

use std::time::Duration;

use concierge_server::store::{On, sql};

use crate::support::{ADA, app::TestApp};

const DAY: Duration = Duration::from_secs(24 * 3600);

on_each_engine! {
    async fn sessions_go_thirty_days_after_they_are_over(db) {
        let app = TestApp::start(db).await;
        // One that is signed out of at once, one that runs out after an hour untouched, one that goes on.
        let mut ended = app.registered("ended@example.org").await;
        assert_eq!(ended.poke("/api/auth/logout").await.status, 204);
        app.registered("idle@example.org").await;
        app.registered(ADA).await;
        let far = app.services.clock.now().plus(DAY * 60).as_millis();
        let live = sql("UPDATE session SET idle_expires_at = $1, expires_at = $1
                        WHERE account_id = (SELECT id FROM account WHERE email = $2)");
        live.bind(far).bind(ADA).execute(On::Write(app.db())).await.expect("it goes on");
        for (span, purged, left) in [
            (DAY * 30, 0, 3),
            (Duration::from_secs(1), 1, 2),
            (Duration::from_secs(3600), 1, 1),
            (DAY * 30, 0, 1),
            (DAY * 30, 1, 0),
        ] {
            app.clock.advance(span);
            assert_eq!(app.services.sessions.purge().await.expect("purged"), purged);
            assert_eq!(app.count("session").await, left);
        }
        assert!(app.count("event").await > 3);
    }

    async fn sessions_go_also_where_a_clock_that_was_ahead_said_when_they_began(db) {
        let app = TestApp::start(db).await;
        app.registered(ADA).await;
        let years = app.services.clock.now().plus(DAY * 3650).as_millis();
        let moved = sql("UPDATE session SET created_at = $1").bind(years).execute(On::Write(app.db()));
        assert_eq!(moved.await.expect("moved"), 1);
        for (span, purged) in [(DAY, 0), (DAY * 365, 1)] {
            app.clock.advance(span);
            assert_eq!(app.services.sessions.purge().await.expect("purged"), purged);
        }
    }

    async fn devices_go_with_their_cookie(db) {
        let app = TestApp::start(db).await;
        app.signed_in().await;
        assert!(app.count("device").await > 0);
        app.clock.advance(DAY * 400);
        app.services.sign_in.purge().await.expect("purged");
        assert!(app.count("device").await > 0);
        app.clock.advance(Duration::from_millis(1));
        app.services.sign_in.purge().await.expect("purged");
        assert_eq!(app.count("device").await, 0);
    }

    async fn one_statement_tidies_so_many_at_most(db) {
        let app = TestApp::start(db).await;
        app.registered(ADA).await;
        let copies = sql("INSERT INTO session (id, account_id, transport, sealed_key, generation, rotated_at, seen_generation,
                              created_at, last_seen_at, idle_expires_at, expires_at, address, user_agent)
                          WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10001)
                          SELECT id || CAST(i AS TEXT), account_id, transport, sealed_key, 1, 0, 0, 0, 0, 0, 0, '', '' FROM session, n");
        copies.execute(On::Write(app.db())).await.expect("inserted");
        for (purged, left) in [(10_000, 2), (1, 1), (0, 1)] {
            assert_eq!(app.services.sessions.purge().await.expect("purged"), purged);
            assert_eq!(app.count("session").await, left);
        }
    }
}
