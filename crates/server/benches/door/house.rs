//! A house to measure: services as the program assembles them, people with one password, a feed that is heard.

use std::{path::Path, sync::Arc, time::Duration};

use concierge_core::{account::AccountId, sensitive::Sensitive, session::Transport};
use concierge_server::{
    audit::Origin,
    config::{Config, HashConfig},
    http::Site,
    keys::{self, data_keys},
    password,
    platform::{clock::Clock, hash::Hasher, limit::AddressKey, rng::OsRng, shutdown::Shutdown},
    services::{Parts, Services},
    session::Grant,
    sign_in::{self, Attempt},
    store::{Db, feed, sql},
};
use tempfile::TempDir;

use crate::{Outcome, argon2_rate};

/// Everybody's password.
pub const PASSWORD: &str = "four brass bells ring";
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

/// Services on a database, which is migrated first.
pub async fn services(folder: &Path, db: Db, clock: Arc<dyn Clock>) -> Outcome<Arc<Services>> {
    db.migrate().await?;
    let mut config = Config::for_test(folder.to_owned());
    config.hash = COST;
    let rng = Arc::new(OsRng);
    let (rings, _) = keys::load(
        &config.keys,
        config.environment,
        &config.data,
        clock.now(),
        &*rng,
    )
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
        signing: rings.signing,
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
        sql("INSERT INTO account (id, email, email_normalised, name, locale, role, created_at) VALUES ($1, $2, $2, $3, 'en', 'member', $4)")
            .bind(id.to_string())
            .bind(email(number))
            .bind("Ada Lovelace")
            .bind(now.as_millis())
            .execute(&mut tx)
            .await?;
        password::insert(&mut tx, id, &phc, now).await?;
    }
    Ok(tx.commit().await?)
}

/// Signs a person in.
pub async fn sign_in(services: &Services, number: usize, transport: Transport) -> Outcome<Grant> {
    let (email, password) = (email(number), Sensitive::new(PASSWORD));
    let came_to = services
        .sign_in
        .sign_in(&Attempt {
            email: &email,
            password: &password,
            remember: true,
            transport,
            device: None,
            address_key: &AddressKey::default(),
            origin: &Origin::default(),
        })
        .await?;
    match came_to {
        sign_in::Outcome::SignedIn(signed_in) => Ok(signed_in.grant),
        sign_in::Outcome::Next { .. } => Err("nobody here has a second factor".into()),
    }
}
