//! A property test of the session machine: random histories, played against the service and against a small
//! model that knows a session only as the list of its generations.
//!
//! Checked: I1 one acceptable successor, I4 nothing works after the end, I6 forged input changes nothing, I7 the
//! absolute end stays. (I5, a crash before the answer, is a lost answer; `jar` and `tabs`
//! have I2, `tabs` has I3.)

use std::{sync::Arc, time::Duration};

use concierge_core::{sensitive::Sensitive, session::Transport};
use concierge_server::{
    audit::Origin,
    platform::limit::AddressKey,
    session::{Grant, SessionError},
    sign_in::{Attempt, Outcome},
    store::sql,
};
use proptest::prelude::*;
use tokio::runtime::Runtime;

use crate::support::{ADA, PASSWORD, app::TestApp, database::Database, property};

#[derive(Debug, Clone)]
enum Step {
    /// Present the refresh token of so many generations ago.
    Present(usize),
    /// Use the newest access token of so many generations ago.
    Use(usize),
    /// Let time pass; with the feed heard, or not.
    Wait(u64, bool),
    /// Present a token with a wrong MAC, or of a generation to come.
    Forge(u8),
    /// Sign out with the newest tokens.
    SignOut,
}

fn step() -> impl Strategy<Value = Step> {
    let waits = prop_oneof![
        4 => 0_u64..20_000,
        4 => Just(20_000),
        4 => Just(20_001),
        4 => 20_002_u64..600_000,
        1 => Just(3_599_000_u64),
        1 => Just(3_600_000),
    ];
    prop_oneof![
        12 => prop_oneof![8 => Just(0_usize), 4 => Just(1), 1 => Just(2), 1 => Just(3)].prop_map(Step::Present),
        6 => (0_usize..3).prop_map(Step::Use),
        10 => (waits, any::<bool>()).prop_map(|(millis, heard)| Step::Wait(millis, heard)),
        2 => any::<u8>().prop_map(Step::Forge),
        1 => Just(Step::SignOut),
    ]
}

/// What is known of one generation.
struct Generation {
    handed_out_at: i64,
    came_back: bool,
    refresh: String,
    access: String,
    access_ends: i64,
}

/// A session by its history.
struct Model {
    generations: Vec<Generation>,
    ended: bool,
    idle_end: i64,
    absolute_end: i64,
}

const HOUR: i64 = 3_600_000;

impl Model {
    fn begun(now: i64, grant: &Grant) -> Self {
        let mut model = Self {
            generations: Vec::new(),
            ended: false,
            idle_end: now + HOUR,
            absolute_end: now + 24 * HOUR,
        };
        model.rotate(now, grant);
        model.generations[0].came_back = true;
        model
    }

    fn rotate(&mut self, now: i64, grant: &Grant) {
        self.idle_end = (now + HOUR).min(self.absolute_end);
        self.generations.push(Generation {
            handed_out_at: now,
            came_back: false,
            refresh: grant.refresh_token.to_string(),
            access: String::new(),
            access_ends: 0,
        });
        self.note_access(now, grant);
    }

    fn note_access(&mut self, now: i64, grant: &Grant) {
        let ends = (now + 600_000).min(self.idle_end).min(self.absolute_end);
        let newest = self.generations.last_mut().expect("a generation");
        newest.access = grant.access_token.to_string();
        newest.access_ends = ends / 1000;
    }

    fn is_live(&self, now: i64) -> bool {
        !self.ended && now < self.idle_end && now < self.absolute_end
    }

    /// Whether the session answers with a grant; `Some(true)`: of a new generation. Ends it on reuse.
    fn present(&mut self, at: usize, now: i64) -> Option<bool> {
        if !self.is_live(now) {
            return None;
        }
        let last = self.generations.len() - 1;
        let newest = &mut self.generations[last];
        let age = now - newest.handed_out_at;
        if at == last {
            newest.came_back = true;
            return Some(age >= 20_000);
        }
        if at + 1 == last && !newest.came_back {
            newest.handed_out_at = now;
            return Some(false);
        }
        if at + 1 == last && age <= 20_000 {
            return Some(false);
        }
        self.ended = true;
        None
    }
}

/// A server with one account, and the runtime it lives on.
pub(super) struct World {
    pub(super) app: TestApp,
    pub(super) runtime: Runtime,
}

impl World {
    pub(super) fn new() -> (Arc<Self>, Database) {
        let database = Database::sqlite();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let runtime = runtime.expect("a runtime");
        let app = runtime.block_on(async {
            let app = TestApp::with(&database, |options| {
                options.config.session.per_account = 50;
                options.config.address_limit_factor = 100_000;
            });
            let app = app.await;
            app.registered(ADA).await;
            app
        });
        (Arc::new(Self { app, runtime }), database)
    }

    fn now(&self) -> i64 {
        self.app.services.clock.now().as_millis()
    }

    pub(super) async fn sign_in(&self) -> Grant {
        let attempt = Attempt {
            email: ADA,
            password: &Sensitive::new(PASSWORD),
            remember: false,
            transport: Transport::Bearer,
            device: None,
            address_key: &AddressKey::default(),
            origin: &Origin::default(),
        };
        let outcome = self.app.services.sign_in.sign_in(&attempt).await;
        match outcome.expect("signed in") {
            Outcome::SignedIn(signed_in) => signed_in.grant,
            Outcome::Next { step, .. } => panic!("a step comes first: {step:?}"),
        }
    }

    pub(super) async fn refresh(&self, token: &str) -> Result<Grant, SessionError> {
        let origin = Origin::default();
        self.app
            .services
            .sessions
            .refresh(token, Transport::Bearer, &origin)
            .await
    }

    pub(super) async fn row(&self, grant: &Grant) -> (i64, i64, i64, bool) {
        let row = sql(
            "SELECT generation, seen_generation, expires_at, ended_at FROM session WHERE id = $1",
        )
        .bind(grant.actor.session.to_string())
        .fetch_one(self.app.db())
        .await
        .expect("the session's row");
        (
            row.int("generation").expect("a number"),
            row.int("seen_generation").expect("a number"),
            row.int("expires_at").expect("a time"),
            row.int_or_null("ended_at")
                .expect("a time or none")
                .is_some(),
        )
    }

    /// Plays one history; every answer and the row after every step are the model's.
    async fn play(&self, steps: &[Step]) {
        let first = self.sign_in().await;
        let mut model = Model::begun(self.now(), &first);
        for step in steps {
            self.take(step, &mut model, &first).await;
            let (generation, seen, absolute_end, ended) = self.row(&first).await;
            assert_eq!(
                usize::try_from(generation),
                Ok(model.generations.len()),
                "{step:?}"
            );
            let came_back = model
                .generations
                .last()
                .is_some_and(|newest| newest.came_back);
            if model.is_live(self.now()) {
                assert_eq!(seen == generation, came_back, "{step:?}");
            }
            assert_eq!(absolute_end, model.absolute_end, "I7");
            assert_eq!(ended, model.ended, "{step:?}");
        }
        self.sign_out(&model).await;
        for generation in &model.generations {
            assert!(self.refresh(&generation.refresh).await.is_err(), "I4");
            let access = self
                .app
                .services
                .sessions
                .authenticate(&generation.access)
                .await;
            assert!(
                matches!(access, Err(SessionError::Unauthenticated(_))),
                "I4"
            );
        }
    }

    async fn sign_out(&self, model: &Model) {
        let newest = model.generations.last().expect("a generation");
        let origin = Origin::default();
        let out = self.app.services.sessions.sign_out(
            Some(&newest.access),
            Some(&newest.refresh),
            Some(concierge_core::session::api::Scope::Current),
            &origin,
        );
        out.await.expect("a sign-out never fails");
    }

    /// Presents the refresh token of a generation.
    async fn present(&self, at: usize, model: &mut Model) {
        let (now, newest) = (self.now(), model.generations.len() - 1);
        let answer = self.refresh(&model.generations[at].refresh).await;
        match (model.present(at, now), answer) {
            (Some(true), Ok(grant)) => model.rotate(now, &grant),
            (Some(false), Ok(grant)) => {
                let token = &model.generations[newest].refresh;
                assert_eq!(*grant.refresh_token, *token, "I1");
                model.note_access(now, &grant);
            }
            (None, Err(SessionError::Unauthenticated(_))) => {}
            (expected, answer) => panic!("{expected:?}, but {answer:?}"),
        }
    }

    /// Uses the access token of a generation.
    async fn open(&self, at: usize, model: &mut Model, first: &Grant) {
        let now = self.now();
        let sessions = &self.app.services.sessions;
        let answer = sessions.authenticate(&model.generations[at].access).await;
        let is_live = model.is_live(now);
        let generation = &mut model.generations[at];
        generation.came_back |= is_live;
        let is_over = generation.access_ends <= now / 1000;
        match (is_live, is_over, answer) {
            (true, false, Ok(actor)) => assert_eq!(actor.session, first.actor.session),
            (true, true, Err(SessionError::TokenExpired)) => {}
            (false, _, Err(SessionError::Unauthenticated(_))) => {}
            (is_live, is_over, answer) => panic!("{is_live} {is_over}, but {answer:?}"),
        }
    }

    async fn take(&self, step: &Step, model: &mut Model, first: &Grant) {
        let newest = model.generations.len() - 1;
        let now = self.now();
        match step {
            Step::Present(back) => self.present(newest.saturating_sub(*back), model).await,
            Step::Use(back) => self.open(newest.saturating_sub(*back), model, first).await,
            Step::Wait(millis, heard) => {
                self.app.clock.advance(Duration::from_millis(*millis));
                if *heard {
                    self.app.hear().await;
                }
            }
            Step::Forge(at) => {
                let mut bytes = model.generations[newest].refresh.clone().into_bytes();
                let at = usize::from(*at) % bytes.len();
                bytes[at] = if bytes[at] == b'x' { b'y' } else { b'x' };
                let token = String::from_utf8(bytes).expect("ascii");
                assert!(self.refresh(&token).await.is_err(), "I6");
            }
            Step::SignOut => {
                self.sign_out(model).await;
                model.ended |= model.is_live(now);
            }
        }
    }
}

/// Plays random values of a strategy against one world.
pub(super) fn check<S: Strategy>(cases: u32, strategy: &S, play: impl Fn(&World, S::Value)) {
    let (world, _database) = World::new();
    property::check(cases, strategy, |value| play(&world, value));
}

#[test]
fn every_history_of_a_session_is_the_models() {
    let histories = proptest::collection::vec(step(), 1..40);
    check(150, &histories, |world, steps| {
        world.runtime.block_on(world.play(&steps))
    });
}
