//! A house to measure: services as the program assembles them, people with one password, a feed that is heard.

use std::{ops::Range, path::Path, sync::Arc, time::Duration};

use concierge_core::{account::AccountId, sensitive::Sensitive, session::Transport};
use concierge_server::{
    audit::Origin,
    config::{Config, HashConfig},
    http::Site,
    keys::{self, Supply, data_keys},
    password,
    platform::{clock::Clock, hash::Hasher, limit::AddressKey, rng::OsRng, shutdown::Shutdown},
    services::{Parts, Services},
    session::Grant,
    sign_in::{self, Attempt},
    store::{Db, On, feed, sql},
};
use sqlx::Connection as _;
use tempfile::TempDir;
use url::Url;

use crate::{Outcome, argon2_rate};

/// Everybody's password.
pub const PASSWORD: &str = "four brass bells ring";
/// What everybody signs in with.
const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";
/// The default cost and deadline, not those of tests.
pub const COST: HashConfig = HashConfig {
    memory_kib: 19_456,
    time: 2,
    lanes: 1,
    sign_in_deadline: Duration::from_millis(500),
};

/// The address of a person in the house.
pub fn email(number: usize) -> String {
    format!("person-{number:04}@example.org")
}

/// An address of the same length that nobody has.
pub fn unknown_email(number: usize) -> String {
    format!("nobody-{number:04}@example.org")
}

/// A folder for databases, on the disk that holds the build.
pub fn folder() -> Outcome<TempDir> {
    Ok(tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?)
}

/// The SQLite database of a folder.
pub async fn sqlite(folder: &Path) -> Outcome<Db> {
    let url = format!("sqlite:{}", folder.join("bench.db").display());
    Ok(Db::connect(&url).await?)
}

/// Why there is no figure of PostgreSQL.
pub const NO_POSTGRES: &str =
    "PostgreSQL: TEST_DATABASE_URL is not set (scripts/postgres.sh sets it)";

/// Where the cluster of the bench is, if there is one.
#[expect(
    clippy::disallowed_methods,
    reason = "the cluster of the bench is no setting of the program"
)]
pub fn postgres_url() -> Option<String> {
    std::env::var("TEST_DATABASE_URL").ok()
}

/// A new database of the cluster, so that no part meets the rows of another.
pub async fn postgres() -> Outcome<Db> {
    let url = postgres_url().ok_or(NO_POSTGRES)?;
    let mut cluster = sqlx::PgConnection::connect(&url).await?;
    for statement in [
        "DROP DATABASE IF EXISTS concierge_bench",
        "CREATE DATABASE concierge_bench",
    ] {
        sqlx::query(statement).execute(&mut cluster).await?;
    }
    let mut url = Url::parse(&url)?;
    url.set_path("concierge_bench");
    Ok(Db::connect(url.as_str()).await?)
}

/// Services on a database, which is migrated first; an account may have so many sessions.
pub async fn services(
    folder: &Path,
    db: Db,
    clock: Arc<dyn Clock>,
    sessions: u32,
) -> Outcome<Arc<Services>> {
    db.migrate().await?;
    let mut config = Config::for_test(folder.to_owned());
    config.hash = COST;
    config.session.per_account = sessions;
    let rng = Arc::new(OsRng);
    let home = folder.to_owned();
    let supply = Supply::new(move || Config::reading_for_test(&home));
    let (rings, _) = keys::read(&supply.read(), clock.now())
        .map_err(|findings| findings.iter().map(ToString::to_string).collect::<String>())?;
    let keys = data_keys::load(&db, &rings.sealing, clock.now(), &*rng).await?;
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let (_, shutdown) = Shutdown::manual();
    Ok(Services::assemble(Parts {
        hasher: Hasher::start(&config.hash, workers)?,
        site: Site::find(None),
        reload_port: None,
        config,
        db,
        clock,
        rng,
        supply,
        rings,
        keys,
        shutdown,
    }))
}

/// Keeps hearing the feed, as the running program does.
pub fn listen_to_feed(services: Arc<Services>) {
    tokio::spawn(async move {
        let mut position = 0;
        let mut poll = tokio::time::interval(feed::POLL);
        loop {
            poll.tick().await;
            position = services.hear(position).await.unwrap_or(position);
        }
    });
}

/// Puts people into the house, all with the same password and therefore, hashed once, the same hash.
pub async fn settle(services: &Services, people: usize) -> Outcome<()> {
    let (now, phc) = (services.clock.now(), argon2_rate::hash()?);
    let mut tx = services.db.begin().await?;
    for number in 0..people {
        let id: AccountId = services.rng.id(now);
        sql(
            "INSERT INTO account (id, email, email_normalised, email_sorted, name, name_normalised,
                                  locale, role, created_at)
             VALUES ($1, $2, $2, $2, 'Ada Lovelace', 'ada lovelace', 'en', 'member', $3)",
        )
        .bind(id.to_string())
        .bind(email(number))
        .bind(now.as_millis())
        .execute(&mut tx)
        .await?;
        password::insert(&mut tx, id, &phc, now).await?;
    }
    Ok(tx.commit().await?)
}

/// Gives a person the admin's role; before anybody has asked for them.
pub async fn appoint(services: &Services, number: usize) -> Outcome<()> {
    sql("UPDATE account SET role = 'admin' WHERE email_normalised = $1")
        .bind(email(number))
        .execute(On::Write(&services.db))
        .await?;
    Ok(())
}

/// Sets a second factor up for people; answers their seeds, in base 32. The seeds are made and sealed as always. Only
/// the recovery codes are left out: they cost ten hashes a head, and a sign-in never looks at them.
pub async fn enrol(services: &Services, people: Range<usize>) -> Outcome<Vec<String>> {
    let mut seeds = Vec::with_capacity(people.len());
    for number in people {
        let row = sql("SELECT id FROM account WHERE email_normalised = $1")
            .bind(email(number))
            .fetch_one(&services.db)
            .await?;
        let account = services.accounts.find(row.text("id")?.parse()?).await?;
        let enrolment = services.totp.enrol(&account.view, "bench").await?;
        seeds.push(enrolment.secret.expose().replace(' ', ""));
    }
    let now = services.clock.now().as_millis();
    for confirm in [
        "UPDATE totp SET confirmed_at = $1",
        "UPDATE account SET second_factor_at = $1 WHERE id IN (SELECT account_id FROM totp)",
    ] {
        sql(confirm)
            .bind(now)
            .execute(On::Write(&services.db))
            .await?;
    }
    Ok(seeds)
}

/// Signs a person in.
pub async fn sign_in(services: &Services, number: usize, transport: Transport) -> Outcome<Grant> {
    let (email, password) = (email(number), Sensitive::new(PASSWORD));
    let origin = Origin {
        address: "203.0.113.7".to_owned(),
        user_agent: BROWSER.to_owned(),
        ..Origin::default()
    };
    let came_to = services
        .sign_in
        .sign_in(&Attempt {
            email: &email,
            password: &password,
            remember: true,
            transport,
            device: None,
            address_key: &AddressKey::default(),
            origin: &origin,
        })
        .await?;
    match came_to {
        sign_in::Outcome::SignedIn(signed_in) => Ok(signed_in.grant),
        sign_in::Outcome::Next { .. } => Err("nobody here has a second factor".into()),
    }
}
