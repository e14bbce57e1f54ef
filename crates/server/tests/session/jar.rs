//! One browser (I2): several tabs share a cookie jar, requests and answers overtake each other, come late or never.
//!
//! What a request presents is what the jar holds when it leaves; what an answer sets counts when it arrives, in
//! whatever order. However they fall, nobody is signed out as long as each answer arrives less than ten seconds
//! after its request left, or never.

use std::{cmp::Reverse, collections::BinaryHeap, time::Duration};

use concierge_server::session::{Grant, SessionError};
use proptest::prelude::*;

use super::model::{World, check};

/// One request of one tab, in milliseconds.
#[derive(Debug, Clone, Copy)]
struct Trip {
    /// After the request before it left.
    wait: u64,
    /// On the way to the server.
    out: u64,
    /// On the way back.
    back: u64,
    /// The answer never arrives.
    is_lost: bool,
    /// A refresh, or a call with the access token.
    is_refresh: bool,
}

/// The jar's two cookies.
#[derive(Debug, Clone)]
struct Jar {
    refresh: String,
    access: String,
}

/// A moment of a trip.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Moment {
    Leave,
    /// With the token it left with.
    Judge(String),
    /// With the cookies it sets: access and, unless the browser has it already, refresh.
    Arrive(String, Option<String>),
}

/// What is still to come: the time, the trip, the moment.
type Agenda = BinaryHeap<Reverse<(u64, usize, Moment)>>;

fn trip() -> impl Strategy<Value = Trip> {
    let wait = prop_oneof![
        6 => 0_u64..3_000,
        2 => 9_000_u64..11_000,
        2 => 18_000_u64..22_000,
        1 => Just(10_000_u64),
        1 => Just(20_000_u64),
        1 => 22_000_u64..60_000,
    ];
    // A whole trip stays under ten seconds; its judgement falls anywhere within.
    let whole = prop_oneof![2 => Just(0_u64), 2 => 0_u64..10_000, 2 => 9_000_u64..10_000];
    let part = prop_oneof![Just(0_u64), Just(100), 0_u64..=100];
    let lost = prop::bool::weighted(0.2);
    (wait, whole, part, lost, prop::bool::weighted(0.7)).prop_map(
        |(wait, whole, part, is_lost, is_refresh)| {
            let out = whole * part / 100;
            Trip {
                wait,
                out,
                back: whole - out,
                is_lost,
                is_refresh,
            }
        },
    )
}

impl World {
    /// Makes the trips of one browser's tabs, in the order of time.
    async fn travel(&self, trips: &[Trip]) {
        let first = self.sign_in().await;
        let mut jar = Jar {
            refresh: first.refresh_token.to_string(),
            access: first.access_token.to_string(),
        };
        let mut agenda = Agenda::new();
        let mut leaves = 0;
        for (number, trip) in trips.iter().enumerate() {
            leaves += trip.wait;
            agenda.push(Reverse((leaves, number, Moment::Leave)));
        }
        let mut now = 0;
        while let Some(Reverse((at, number, moment))) = agenda.pop() {
            self.app.advance(Duration::from_millis(at - now)).await;
            now = at;
            if let Some(next) = self.live(&trips[number], moment, &mut jar).await {
                agenda.push(Reverse((now + next.0, number, next.1)));
            }
        }
    }

    /// One moment of a trip; the next one, and in how long.
    async fn live(&self, trip: &Trip, moment: Moment, jar: &mut Jar) -> Option<(u64, Moment)> {
        match moment {
            Moment::Leave if trip.is_refresh => {
                Some((trip.out, Moment::Judge(jar.refresh.clone())))
            }
            Moment::Leave => Some((trip.out, Moment::Judge(jar.access.clone()))),
            Moment::Judge(token) if trip.is_refresh => {
                let (access, refresh) = self.renewed(&token).await?;
                let arrival = Moment::Arrive(access, refresh);
                (!trip.is_lost).then_some((trip.back, arrival))
            }
            Moment::Judge(token) => {
                let used = self.app.services.sessions.authenticate(&token).await;
                let fine = matches!(used, Ok(_) | Err(SessionError::TokenExpired));
                assert!(fine, "I2: {used:?}");
                None
            }
            Moment::Arrive(access, refresh) => {
                jar.access = access;
                if let Some(refresh) = refresh {
                    jar.refresh = refresh;
                }
                None
            }
        }
    }

    /// The cookies of a refresh; none when there were too many in a minute, which signs nobody out.
    async fn renewed(&self, token: &str) -> Option<(String, Option<String>)> {
        match self.refresh(token).await {
            Ok(Grant {
                access_token,
                refresh_token,
                is_held,
                ..
            }) => Some((
                access_token.to_string(),
                (!is_held).then(|| refresh_token.to_string()),
            )),
            Err(SessionError::Throttled(_)) => None,
            Err(error) => panic!("I2: an honest tab is never signed out: {error}"),
        }
    }
}

fn refresh(wait: u64, out: u64, back: u64) -> Trip {
    Trip {
        wait,
        out,
        back,
        is_lost: false,
        is_refresh: true,
    }
}

fn lost(wait: u64) -> Trip {
    Trip {
        is_lost: true,
        ..refresh(wait, 0, 0)
    }
}

fn call(wait: u64) -> Trip {
    Trip {
        is_refresh: false,
        ..refresh(wait, 0, 0)
    }
}

/// The shapes that are easy to get wrong, one by one.
#[test]
fn answers_that_come_late_sign_nobody_out() {
    let minute = 60_000;
    let histories = [
        // An answer to the predecessor comes after the next rotation.
        vec![
            refresh(minute, 0, 5_001),
            refresh(5_000, 0, 9_999),
            refresh(5_001, 0, 0),
            call(0),
            refresh(minute, 0, 0),
        ],
        // The second tab's request is under way while the first tab's answer is, and is the slower one.
        vec![
            refresh(minute, 0, 9_900),
            refresh(9_800, 9_999, 0),
            call(200),
        ],
        // A lost answer; two tabs recover, and a third refreshes in between.
        vec![
            lost(minute),
            refresh(minute, 0, 100),
            refresh(50, 9_900, 0),
            refresh(100, 0, 0),
            call(0),
        ],
        // The same, but the third comes as soon as a rotation is possible again.
        vec![
            lost(minute),
            refresh(19_000, 0, 9_999),
            refresh(9_998, 9_999, 0),
            refresh(2, 0, 0),
            call(0),
        ],
    ];
    let (world, _database) = World::new();
    for history in histories {
        world.runtime.block_on(world.travel(&history));
    }
}

#[test]
fn one_jar_is_never_signed_out_by_its_own_tabs() {
    let trips = prop::collection::vec(trip(), 1..40);
    check(200, &trips, |world, trips| {
        world.runtime.block_on(world.travel(&trips));
    });
}
