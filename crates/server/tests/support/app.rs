//! The application around a test's database, with a clock that moves when told.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use axum::Router;
use concierge_core::{account::Role, audit::EventName};
use concierge_server::{
    account::{Account, Deed},
    audit::{self, Event, Origin},
    config::Config,
    http::{self, Site},
    keys::{self, Keeper, Supply, data_keys},
    platform::{clock::Clock as _, hash::Hasher, rng::OsRng, shutdown::Shutdown},
    services::{Parts, Services},
    store::{Db, sql},
};
use serde_json::json;
use tokio::{net::TcpListener, sync::watch};

use super::{ADA, PASSWORD, browser::Browser, clock::ManualClock, database::Database};

/// What a test may set before the start.
pub struct Options {
    /// The configuration.
    pub config: Config,
    /// How many hashing threads there are.
    pub workers: usize,
    /// The clock.
    pub clock: Arc<ManualClock>,
    /// Where the keys come from: the documented pair of tests, unless said otherwise.
    pub supply: Supply,
}

/// One process of the server, without its listener.
pub struct TestApp {
    /// Everything below HTTP.
    pub services: Arc<Services>,
    /// The clock.
    pub clock: Arc<ManualClock>,
    /// Begins the end when `true` is sent.
    pub shutdown: watch::Sender<bool>,
    router: Router,
    position: AtomicI64,
}

impl TestApp {
    /// With the configuration of a test.
    pub async fn start(database: &Database) -> Self {
        Self::with(database, |_| {}).await
    }

    /// With a few things otherwise.
    pub async fn with(database: &Database, adjust: impl FnOnce(&mut Options)) -> Self {
        let data = database.folder.path().to_owned();
        let home = data.clone();
        let mut options = Options {
            config: Config::for_test(data.clone()),
            workers: 2,
            clock: Arc::default(),
            supply: Supply::new(move || Config::reading_for_test(&home)),
        };
        adjust(&mut options);
        let Options {
            config,
            workers,
            clock,
            supply,
        } = options;
        let rng = Arc::new(OsRng);
        let (rings, _) = keys::read(&supply.read(), clock.now()).expect("keys that are fit");
        let db = database.migrated().await;
        let data_keys = data_keys::load(&db, &rings.sealing, clock.now(), &*rng);
        let keys = data_keys.await.expect("data keys");
        let (shutdown, told) = Shutdown::manual();
        let services = Services::assemble(Parts {
            hasher: Hasher::start(&config.hash, workers).expect("threads"),
            config,
            db,
            clock: clock.clone(),
            rng,
            supply,
            rings,
            keys,
            site: Site::Folder(data),
            reload_port: None,
            shutdown: told,
        });
        let app = Self {
            router: http::router(Arc::clone(&services)),
            services,
            clock,
            shutdown,
            position: AtomicI64::new(0),
        };
        app.hear().await;
        app
    }

    /// Opens it to real connections, on a port of its own.
    pub async fn listen(&self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let (router, shutdown) = (self.router.clone(), self.services.shutdown.clone());
        tokio::spawn(async move { http::listen::serve(listener, router, &shutdown).await });
        address
    }

    /// Another process on the same database, with the same time.
    pub async fn beside(&self, database: &Database) -> Self {
        let clock = Arc::clone(&self.clock);
        Self::with(database, |options| options.clock = clock).await
    }

    /// The same with a few things otherwise.
    pub async fn beside_with(
        &self,
        database: &Database,
        adjust: impl FnOnce(&mut Options),
    ) -> Self {
        let clock = Arc::clone(&self.clock);
        let with = Self::with(database, |options| {
            options.clock = clock;
            adjust(options);
        });
        with.await
    }

    /// The database.
    pub fn db(&self) -> &Db {
        &self.services.db
    }

    /// A keeper of its keys, to be set otherwise than the usual one.
    pub fn keeper(&self) -> Keeper {
        let services = &self.services;
        Keeper::new(
            services.db.clone(),
            Arc::clone(&services.clock),
            Arc::clone(&services.rng),
            services.keeper.supply().clone(),
            services.config.session.access_ttl,
            services.config.key_grace,
        )
    }

    /// Takes in the news of the feed, as the running program does four times a second.
    pub async fn hear(&self) {
        let position = self.position.load(Ordering::SeqCst);
        let heard = self
            .services
            .hear(position)
            .await
            .expect("the feed is heard");
        self.position.store(heard, Ordering::SeqCst);
    }

    /// Lets time pass, with the feed heard all along.
    pub async fn advance(&self, span: Duration) {
        self.clock.advance(span);
        self.hear().await;
    }

    /// The same in seconds.
    pub async fn advance_seconds(&self, seconds: u64) {
        self.advance(Duration::from_secs(seconds)).await;
    }

    /// A browser that has never been here.
    pub fn browser(&self) -> Browser {
        Browser::new(self.router.clone(), Some("same-origin"))
    }

    /// A client that is no browser: it sends no `Sec-Fetch-*` header.
    pub fn program(&self) -> Browser {
        Browser::new(self.router.clone(), None)
    }

    /// A browser that has just made an account.
    pub async fn registered(&self, email: &str) -> Browser {
        let mut browser = self.browser();
        let body = json!({ "email": email, "password": PASSWORD, "name": "Ada" });
        let answer = browser.post("/api/auth/register", body).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        browser
    }

    /// A browser that has made Ada's account and signed in with its password: its device is known.
    pub async fn signed_in(&self) -> Browser {
        let mut browser = self.registered(ADA).await;
        let answer = browser.sign_in(ADA, PASSWORD).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        browser
    }

    /// A browser that has made Ada's account, which was made an admin's, and signed in.
    pub async fn signed_in_admin(&self) -> Browser {
        let mut browser = self.registered(ADA).await;
        self.act(ADA, Deed::SetRole(Role::Admin)).await;
        let answer = browser.sign_in(ADA, PASSWORD).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        browser
    }

    /// Locks or unlocks an account as the command line does; `false` when it was so already.
    pub async fn set_locked(&self, email: &str, locked: bool) -> bool {
        let deed = if locked { Deed::Lock } else { Deed::Unlock };
        self.act(email, deed).await
    }

    /// Does to an account what the command line does; `false` when it was so already.
    pub async fn act(&self, email: &str, deed: Deed) -> bool {
        let account = self.account(email).await;
        let desk = self.services.desk();
        let origin = Origin::default();
        let done = desk.act(account.view.id, deed, None, &origin);
        done.await.expect("done").0
    }

    /// The account of an address.
    pub async fn account(&self, email: &str) -> Account {
        let normalised = email.to_lowercase();
        let found = self.services.accounts.find_by_email(&normalised);
        found.await.expect("an answer").expect("an account")
    }

    /// How many rows a table has.
    pub async fn count(&self, table: &str) -> i64 {
        let statement = format!("SELECT COUNT(*) AS n FROM {table}");
        let row = sql(statement.leak()).fetch_one(self.db()).await;
        row.and_then(|row| row.int("n")).expect("a count")
    }

    /// The number of rows of every table that requests change.
    pub async fn counts(&self) -> Vec<(&'static str, i64)> {
        let mut counts = Vec::new();
        for table in [
            "account",
            "password",
            "session",
            "revocation",
            "device",
            "event",
        ] {
            counts.push((table, self.count(table).await));
        }
        counts
    }

    /// Records so many events of a name in one transaction, now.
    pub async fn record(&self, name: EventName, count: u32) {
        let origin = Origin::default();
        let mut tx = self.db().begin().await.expect("a transaction");
        let now = self.services.clock.now();
        for _ in 0..count {
            let event = Event::anonymous(name, &origin);
            let recorded = audit::record(&mut tx, &event, now, &*self.services.rng);
            recorded.await.expect("recorded");
        }
        tx.commit().await.expect("committed");
    }

    /// How many events of a name there are.
    pub async fn events(&self, name: &str) -> i64 {
        let row = sql("SELECT COUNT(*) AS n FROM event WHERE name = $1").bind(name);
        let row = row.fetch_one(self.db()).await;
        row.and_then(|row| row.int("n")).expect("a count")
    }
}
