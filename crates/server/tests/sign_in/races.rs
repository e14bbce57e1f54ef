//! Sign-ins that meet each other or a lock: whoever comes first, what is left is what the rules say.

use concierge_server::store::sql;
use futures_util::future::{join, join_all};

use crate::support::{ADA, PASSWORD, app::TestApp};

/// Enough that each order comes up.
const ROUNDS: usize = 30;

async fn live_sessions(app: &TestApp) -> i64 {
    let row = sql("SELECT COUNT(*) AS n FROM session WHERE ended_at IS NULL")
        .fetch_one(app.db())
        .await;
    row.and_then(|row| row.int("n")).expect("a count")
}

on_each_engine! {
    async fn no_session_outlives_a_lock(db) {
        let app = TestApp::start(db).await;
        let mut owner = app.signed_in().await;
        for round in 0..ROUNDS {
            // Longer than the waits after so many failures.
            app.advance_seconds(11).await;
            let lock = async {
                // Lets the sign-in get as far as it may, a little further each round.
                for _ in 0..round {
                    tokio::task::yield_now().await;
                }
                app.set_locked(ADA, true).await
            };
            let (answer, locked) = join(owner.sign_in(ADA, PASSWORD), lock).await;
            assert!(locked);
            assert!(matches!(answer.status, 200 | 401), "{}", answer.text());
            assert_eq!(live_sessions(&app).await, 0, "round {round}");
            app.set_locked(ADA, false).await;
        }
    }

    async fn parallel_sign_ins_leave_as_many_sessions_as_allowed(db) {
        let app = TestApp::start(db).await;
        app.registered(ADA).await;
        // A device each: one alone would line them up.
        let mut browsers: Vec<_> = (0..4).map(|_| app.browser()).collect();
        for browser in &mut browsers {
            assert_eq!(browser.sign_in(ADA, PASSWORD).await.status, 200);
        }
        for round in 0..ROUNDS {
            let tries = browsers.iter_mut().map(|browser| browser.sign_in(ADA, PASSWORD));
            for answer in join_all(tries).await {
                assert_eq!(answer.status, 200, "{}", answer.text());
            }
            assert_eq!(live_sessions(&app).await, 1, "round {round}");
        }
    }
}
