//! A turn in the database: who has it keeps it as long as it works, and loses it for good to whoever seizes it.

use std::time::Duration;

use concierge_core::time::Timestamp;

use crate::support::app::TestApp;

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
const SPAN: Duration = Duration::from_secs(150);
const NAME: &str = "keys";

on_each_engine! {
    async fn a_turn_that_lasts_longer_than_anybody_takes_it_for_is_stuck(database) {
        let app = TestApp::start(database).await;
        let db = app.db();
        let ahead = NOW.plus(SPAN * 5);
        assert!(db.take_lease(NAME, "one", SPAN, ahead).await.expect("taken"));
        assert!(!db.take_stuck_lease(NAME, "two", SPAN, NOW).await.expect("asked"), "its clock may be right");
        let ahead = NOW.plus(SPAN * 6);
        assert!(db.take_lease(NAME, "one", SPAN, ahead).await.expect("taken"));
        assert!(db.take_stuck_lease(NAME, "two", SPAN, NOW).await.expect("taken"), "its clock was wrong");
    }

    async fn a_turn_is_kept_by_who_has_it_and_by_nobody_else(database) {
        let app = TestApp::start(database).await;
        let db = app.db();
        assert!(db.take_lease(NAME, "one", SPAN, NOW).await.expect("taken"));
        let later = NOW.plus(Duration::from_secs(140));
        assert!(db.keep_lease(NAME, "one", SPAN, later).await.expect("kept"));
        let over = NOW.plus(SPAN);
        assert!(!db.take_lease(NAME, "two", SPAN, over).await.expect("asked"), "it was kept");
        db.seize_lease(NAME, "three", SPAN, over).await.expect("seized");
        assert!(!db.keep_lease(NAME, "one", SPAN, over).await.expect("asked"), "it was seized");
        db.give_lease_back(NAME, "three").await.expect("given back");
        assert!(!db.keep_lease(NAME, "one", SPAN, over).await.expect("asked"), "nobody has it");
        assert!(db.take_lease(NAME, "two", SPAN, over).await.expect("taken"));
    }
}
