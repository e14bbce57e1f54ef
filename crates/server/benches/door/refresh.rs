//! Rotations per second, beside what the engine itself gives: durable updates of one row, one per transaction.

use std::{
    str::FromStr as _,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use concierge_core::{
    session::{Transport, refresh::OVERLAP},
    time::Timestamp,
};
use concierge_server::{
    audit::Origin,
    platform::clock::{Clock, SystemClock},
    services::Services,
    session::Sessions,
    store::Db,
};
use sqlx::{
    PgPool, SqlitePool,
    postgres::PgPoolOptions,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::{
    Outcome, house, machine,
    report::{Goal, Report},
    statistics::median,
};

/// Sessions, and rows of the engine's own table.
const ROWS: usize = 256;
/// Updates under way at once: as many as the pool of PostgreSQL has connections.
const AT_ONCE: usize = 16;
/// Rounds of rotations and of plain updates, in turns.
const ROUNDS: usize = 7;
/// How often each row is touched in a round.
const LAPS: usize = 8;

/// A clock that moves when told: each lap is late enough for every session to rotate.
struct ManualClock(AtomicI64);

impl ManualClock {
    fn advance(&self, span: Duration) {
        let millis = i64::try_from(span.as_millis()).unwrap_or_default();
        self.0.fetch_add(millis, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

/// Measures the part.
pub fn measure(report: &mut Report) -> Outcome<()> {
    machine::on_all_cores(on_sqlite(report))?;
    let Some(url) = house::postgres_url() else {
        report.missing(house::NO_POSTGRES);
        return Ok(());
    };
    machine::on_all_cores(on_postgres(report, &url))
}

async fn on_sqlite(report: &mut Report) -> Outcome<()> {
    let folder = house::folder()?;
    let db = house::sqlite(folder.path()).await?;
    // As the program opens it, in a file of its own.
    let options = SqliteConnectOptions::from_str("sqlite:")?
        .filename(folder.path().join("engine.db"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full);
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .test_before_acquire(false)
        .connect_with(options)
        .await?;
    let engine = Engine::Sqlite(pool);
    compare(report, "SQLite", db, folder.path(), &engine).await
}

async fn on_postgres(report: &mut Report, url: &str) -> Outcome<()> {
    let folder = house::folder()?;
    let db = Db::connect(url).await?;
    let pool = PgPoolOptions::new()
        .max_connections(u32::try_from(AT_ONCE)?)
        .connect(url)
        .await?;
    compare(
        report,
        "PostgreSQL",
        db,
        folder.path(),
        &Engine::Postgres(pool),
    )
    .await
}

async fn compare(
    report: &mut Report,
    name: &str,
    db: Db,
    folder: &std::path::Path,
    engine: &Engine,
) -> Outcome<()> {
    engine.prepare().await?;
    let mut rotator = Rotator::new(db, folder).await?;
    let (mut rotations, mut updates) = (Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let (own, plain) = (rotator.rate().await?, engine.rate().await?);
        // The first round warms up.
        if round > 0 {
            rotations.push(own);
            updates.push(plain);
        }
    }
    let ratios: Vec<f64> = rotations
        .iter()
        .zip(&updates)
        .map(|(one, other)| one / other)
        .collect();
    report.add(
        &format!("{name}: rotations"),
        median(&rotations),
        "/s",
        Goal::Shown,
    );
    report.add(
        &format!("{name}: one-row updates"),
        median(&updates),
        "/s",
        Goal::Shown,
    );
    report.add(
        &format!("{name}: rotations / updates"),
        median(&ratios),
        "",
        Goal::AtLeast(0.7),
    );
    Ok(())
}

/// Sessions that rotate whenever they are asked to.
struct Rotator {
    services: Arc<Services>,
    clock: Arc<ManualClock>,
    tokens: Vec<String>,
}

impl Rotator {
    async fn new(db: Db, folder: &std::path::Path) -> Outcome<Self> {
        let clock = Arc::new(ManualClock(AtomicI64::new(SystemClock.now().as_millis())));
        let services = house::services(folder, db, Arc::<ManualClock>::clone(&clock), 1).await?;
        house::settle(&services, ROWS).await?;
        let mut tokens = Vec::with_capacity(ROWS);
        for person in 0..ROWS {
            let grant = house::sign_in(&services, person, Transport::Bearer).await?;
            tokens.push(grant.refresh_token.to_string());
        }
        Ok(Self {
            services,
            clock,
            tokens,
        })
    }

    async fn rate(&mut self) -> Outcome<f64> {
        let mut spent = Duration::ZERO;
        for _ in 0..LAPS {
            self.clock.advance(OVERLAP);
            // Time has passed, and the feed was heard, as it is four times a second.
            self.services
                .hear(self.services.db.feed_position().await?)
                .await?;
            let begun = Instant::now();
            self.tokens = self.lap().await?;
            spent += begun.elapsed();
        }
        Ok((ROWS * LAPS) as f64 / spent.as_secs_f64())
    }

    async fn lap(&self) -> Outcome<Vec<String>> {
        let tasks = self.tokens.chunks(ROWS / AT_ONCE).map(|share| {
            let (sessions, share) = (Arc::clone(&self.services.sessions), share.to_vec());
            tokio::spawn(async move { rotate(&sessions, share).await })
        });
        let mut rotated = Vec::with_capacity(ROWS);
        for done in futures_util::future::try_join_all(tasks).await? {
            rotated.extend(done?);
        }
        Ok(rotated)
    }
}

async fn rotate(sessions: &Sessions, tokens: Vec<String>) -> Outcome<Vec<String>> {
    let (origin, mut rotated) = (Origin::default(), Vec::with_capacity(tokens.len()));
    for token in tokens {
        let grant = sessions.refresh(&token, Transport::Bearer, &origin).await?;
        if *grant.refresh_token == token {
            return Err("a refresh did not rotate".into());
        }
        rotated.push(grant.refresh_token.to_string());
    }
    Ok(rotated)
}

/// The engine alone, spoken to without anything between.
#[derive(Clone)]
enum Engine {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

const CREATE: &str =
    "CREATE TABLE bench_row (id BIGINT NOT NULL PRIMARY KEY, count BIGINT NOT NULL)";
const INSERT: &str = "INSERT INTO bench_row (id, count) VALUES ($1, 0)";
const UPDATE: &str = "UPDATE bench_row SET count = count + 1 WHERE id = $1";

impl Engine {
    async fn prepare(&self) -> Outcome<()> {
        match self {
            Self::Sqlite(pool) => sqlx::raw_sql(CREATE).execute(pool).await.map(|_| ())?,
            Self::Postgres(pool) => sqlx::raw_sql(CREATE).execute(pool).await.map(|_| ())?,
        }
        for row in 0..ROWS {
            self.run(INSERT, row).await?;
        }
        Ok(())
    }

    async fn run(&self, sql: &'static str, row: usize) -> Outcome<()> {
        let row = i64::try_from(row)?;
        match self {
            Self::Sqlite(pool) => sqlx::query(sql).bind(row).execute(pool).await.map(|_| ())?,
            Self::Postgres(pool) => sqlx::query(sql).bind(row).execute(pool).await.map(|_| ())?,
        }
        Ok(())
    }

    async fn rate(&self) -> Outcome<f64> {
        let begun = Instant::now();
        let tasks = (0..AT_ONCE).map(|task| {
            let engine = self.clone();
            tokio::spawn(async move {
                for _ in 0..LAPS {
                    for row in (task..ROWS).step_by(AT_ONCE) {
                        engine.run(UPDATE, row).await?;
                    }
                }
                Outcome::Ok(())
            })
        });
        for done in futures_util::future::try_join_all(tasks).await? {
            done?;
        }
        Ok((ROWS * LAPS) as f64 / begun.elapsed().as_secs_f64())
    }
}
