//! Rotations under traffic on two processes: no session that is valid is ever told that it is not.

use std::{cell::Cell, time::Duration};

use concierge_core::keys::RingName;
use concierge_server::{
    audit::Origin,
    keys::{Purpose, Rotation},
};
use futures_util::future::join_all;

use super::{House, nobody, while_watching};
use crate::support::{PASSWORD, app::TestApp, browser::Browser};

const ROTATIONS: usize = 5;
const BROWSERS: usize = 3;

/// What an honest client does all day: ask, renew when its token is over, sign in once in a while. Answers how often
/// it was told something that its session did not deserve.
async fn live(browsers: [&TestApp; 2], email: &str, is_over: &Cell<bool>) -> (usize, usize) {
    let mut here: [Browser; 2] = browsers.map(TestApp::browser);
    // A busy house may ask to come back.
    while here[0].sign_in(email, PASSWORD).await.status != 200 {}
    let (mut asked, mut wronged) = (0, 0);
    while !is_over.get() {
        // A proxy sends every request to another process.
        let (from, to) = (asked % 2, (asked + 1) % 2);
        here[to].cookies = here[from].cookies.clone();
        asked += 1;
        let answer = here[to].get("/api/profile").await;
        if answer.status == 401 && answer.code() == "token_expired" {
            wronged += usize::from(here[to].refresh().await.status == 401);
        } else {
            wronged += usize::from(answer.status == 401);
        }
        if asked.is_multiple_of(10) {
            wronged += usize::from(here[to].refresh().await.status == 401);
        }
        if asked.is_multiple_of(50) {
            wronged += usize::from(here[to].sign_in(email, PASSWORD).await.status == 401);
        }
        tokio::task::yield_now().await;
    }
    (asked, wronged)
}

on_each_engine! {
    async fn no_valid_session_is_refused_while_keys_are_rotated_under_traffic(db) {
        let house = House::open(db).await;
        let beside = house.beside(db).await;
        let both = [&house.app, &beside];
        let emails: Vec<String> = (0..BROWSERS).map(|n| format!("ada{n}@example.org")).collect();
        for email in &emails {
            house.app.registered(email).await;
        }
        let is_over = Cell::new(false);
        let traffic = join_all(emails.iter().map(|email| live(both, email, &is_over)));
        let rotating = async {
            let origin = Origin::default();
            let keeper = &house.app.services.keeper;
            let shortest = Duration::from_secs(605);
            for _ in 0..ROTATIONS {
                for purpose in [Purpose::Signing, Purpose::Sealing] {
                    let rotation = Rotation { grace: Some(shortest), ..Rotation::of(purpose) };
                    keeper.rotate(rotation, nobody(&origin), &|_| {}).await.expect("rotated");
                }
                // The grace runs out under the traffic; both processes hear the feed all along.
                for _ in 0..7 {
                    house.app.advance(Duration::from_secs(100)).await;
                    beside.hear().await;
                    for app in both {
                        app.services.reload_keys("test").await;
                    }
                    tokio::task::yield_now().await;
                }
            }
            is_over.set(true);
        };
        let (outcomes, ()) = while_watching(&both, async { tokio::join!(traffic, rotating) }).await;
        let asked: usize = outcomes.iter().map(|(asked, _)| asked).sum();
        let wronged: usize = outcomes.iter().map(|(_, wronged)| wronged).sum();
        assert!(asked > 20 * BROWSERS, "{asked} requests are no traffic");
        assert_eq!(wronged, 0, "of {asked} requests");
        let ring = house.contents();
        let ring = ring.ring(RingName::Signing.into()).expect("the ring");
        assert_eq!(ring.keys.len(), ROTATIONS + 1);
    }
}
