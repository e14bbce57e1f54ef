//! A chain that stands still is noticed, and little makes it stand still.

use std::time::Duration;

use concierge_server::{
    event_chain::{ChainError, Kept},
    store::sql,
};

use super::{change, command, linked, record, tamper, verify};
use crate::support::app::TestApp;

/// Gives the turn to a process that is not there, for so long.
async fn give_to_nobody(app: &TestApp, span: Duration) {
    let until = app.services.clock.now().plus(span).as_millis();
    app.services.chain.give_turn_back().await;
    let gone = sql("INSERT INTO lease (name, holder, until) VALUES ('audit', 'gone', $1)");
    assert_eq!(change(app, gone.bind(until)).await, 1);
}

on_each_engine! {
    async fn events_that_nobody_links_are_told_of(db) {
        let app = linked(db, 2).await;
        record(&app, 2).await;
        assert!(verify(&app).await.is_complete(), "they are young");
        give_to_nobody(&app, Duration::from_secs(62)).await;
        app.advance_seconds(60).await;
        let report = verify(&app).await;
        assert!(report.is_whole() && !report.is_complete(), "{report:?}");
        assert_eq!(report.waiting, 2);
        let (code, page, _) = command::verify(db, &[]);
        assert_eq!(code, 2, "{page}");
        assert!(page.starts_with("2 events wait for their link, the oldest since 2027-"), "{page}");
        // The server tells its log.
        let mut kept = Kept::default();
        let told = app.services.keep_chain(&mut kept).await;
        assert!(matches!(told, Err(ChainError::Late(_))), "{told:?}");
        app.advance_seconds(2).await;
        app.services.keep_chain(&mut kept).await.expect("the turn is over");
        assert_eq!(verify(&app).await.waiting, 0);
        assert_eq!(command::verify(db, &[]).0, 0);
    }

    async fn a_turn_that_ends_in_a_year_is_nobodys(db) {
        let app = linked(db, 2).await;
        give_to_nobody(&app, Duration::from_secs(365 * 24 * 3600)).await;
        record(&app, 3).await;
        assert_eq!(app.services.link_events().await.expect("linked"), 3);
    }

    async fn a_row_that_cant_be_read_keeps_no_other_waiting(db) {
        let app = linked(db, 2).await;
        record(&app, 2).await;
        // Only SQLite lets anybody put a blob where text belongs.
        let spoilt = if db.is_postgres() { 0 } else { 700 };
        for _ in 0..spoilt {
            tamper(&app, "INSERT INTO event (id, at, name, severity, details)
                          SELECT 'evt_spoilt_' || COUNT(*), 0, 'x', 'info', X'ff' FROM event").await;
        }
        assert_eq!(app.services.link_events().await.expect("linked"), 2);
        record(&app, 1).await;
        assert_eq!(app.services.link_events().await.expect("linked"), 1);
        let report = verify(&app).await;
        assert_eq!((report.waiting, report.is_complete()), (spoilt, spoilt == 0));
    }
}
