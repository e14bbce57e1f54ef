//! What stands in for Vault: KV 2 on a port of this machine, which can be told to fail, to be silent, to lose its answers
//! or to be quicker than we are.

use std::sync::{Arc, Mutex};

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Response},
    routing::get,
};
use concierge_core::{keys::RingName, sensitive::Sensitive, time::Timestamp};
use concierge_server::{
    config::{Config, Environment, Reading, StoreKind},
    keys::{self, By, Keeper, KeyringContents, Purpose, Rotation, StoredRing, Supply},
    platform::{clock::Clock as _, rng::OsRng},
};
use serde_json::{Value, json};

use crate::{
    key_desk::new_keys,
    support::{app::TestApp, database::Database},
};

/// The server's state.
#[derive(Default)]
struct Kept {
    versions: Vec<String>,
    /// The status it answers with, and what it says, while it fails.
    failing: Option<(u16, &'static str)>,
    /// What somebody else writes just before the next one writes.
    rival: Option<String>,
    /// What somebody else writes over the next text, as in a store that can't compare and set.
    overwriter: Option<String>,
    /// Whether it takes questions and never answers.
    is_silent: bool,
    /// Whether it does what it is asked and says that it failed.
    loses_answers: bool,
    asked: usize,
}

/// A Vault that runs as long as the test's runtime.
#[derive(Clone)]
pub struct Vault {
    kept: Arc<Mutex<Kept>>,
    address: String,
}

impl Vault {
    pub async fn start() -> Self {
        let kept = Arc::<Mutex<Kept>>::default();
        let mount = json!({ "data": { "path": "secret/", "options": { "version": "2" } } });
        let secret = "/v1/secret/data/concierge/staging";
        let router = Router::new()
            .route(
                "/v1/sys/internal/ui/mounts/{*path}",
                get(async move || Json(mount)),
            )
            .route(secret, get(read).post(write))
            .with_state(Arc::clone(&kept));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        tokio::spawn(async { axum::serve(listener, router).await });
        Self {
            kept,
            address: format!("http://127.0.0.1:{port}"),
        }
    }

    fn with<T>(&self, act: impl FnOnce(&mut Kept) -> T) -> T {
        act(&mut self.kept.lock().expect("whole"))
    }

    /// Somebody else writes.
    pub fn put(&self, text: String) {
        self.with(|kept| kept.versions.push(text));
    }

    /// Somebody else writes just before the next one does.
    pub fn let_a_rival_win(&self, text: String) {
        self.with(|kept| kept.rival = Some(text));
    }

    /// Somebody else writes just after the next one did.
    pub fn let_a_rival_overwrite(&self, text: String) {
        self.with(|kept| kept.overwriter = Some(text));
    }

    /// From now on it never answers.
    pub fn be_silent(&self) {
        self.with(|kept| kept.is_silent = true);
    }

    /// From now on nobody hears that something was written.
    pub fn lose_answers(&self) {
        self.with(|kept| kept.loses_answers = true);
    }

    pub fn fail(&self, status: u16, says: &'static str) {
        self.with(|kept| kept.failing = Some((status, says)));
    }

    pub fn mend(&self) {
        self.with(|kept| (kept.failing, kept.is_silent) = (None, false));
    }

    /// The newest version.
    pub fn text(&self) -> String {
        self.with(|kept| kept.versions.last().cloned().expect("a version"))
    }

    pub fn contents(&self) -> KeyringContents {
        KeyringContents::parse(&self.text()).expect("it is whole")
    }

    pub fn active(&self, ring: RingName) -> String {
        let contents = self.contents();
        contents.ring(ring.into()).expect("the ring").active.clone()
    }

    pub fn count_versions(&self) -> usize {
        self.with(|kept| kept.versions.len())
    }

    pub fn count_reads(&self) -> usize {
        self.with(|kept| kept.asked)
    }
}

type Shared = State<Arc<Mutex<Kept>>>;

fn failure(kept: &Kept) -> Option<Response> {
    let (status, says) = kept.failing?;
    let status = StatusCode::from_u16(status).expect("a status");
    Some((status, Json(json!({ "errors": [says] }))).into_response())
}

/// Answers never, if it is silent.
async fn answer(kept: &Mutex<Kept>) {
    let is_silent = kept.lock().expect("whole").is_silent;
    if is_silent {
        std::future::pending::<()>().await;
    }
}

async fn read(State(kept): Shared) -> Response {
    answer(&kept).await;
    let mut kept = kept.lock().expect("whole");
    kept.asked += 1;
    if let Some(failure) = failure(&kept) {
        return failure;
    }
    let Some(text) = kept.versions.last() else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let metadata = json!({ "version": kept.versions.len() });
    Json(json!({ "data": { "data": { "keyring": text }, "metadata": metadata } })).into_response()
}

async fn write(State(kept): Shared, Json(body): Json<Value>) -> Response {
    answer(&kept).await;
    let mut kept = kept.lock().expect("whole");
    if let Some(failure) = failure(&kept) {
        return failure;
    }
    if let Some(rival) = kept.rival.take() {
        kept.versions.push(rival);
    }
    if body["options"]["cas"] != kept.versions.len() {
        let says = "check-and-set parameter did not match the current version";
        return (StatusCode::BAD_REQUEST, Json(json!({ "errors": [says] }))).into_response();
    }
    let text = body["data"]["keyring"].as_str().expect("text").to_owned();
    kept.versions.push(text);
    let overwriter = kept.overwriter.take();
    kept.versions.extend(overwriter);
    if kept.loses_answers {
        return StatusCode::BAD_GATEWAY.into_response();
    }
    Json(json!({ "data": { "version": kept.versions.len() } })).into_response()
}

/// A house in staging whose keys are in that Vault.
pub struct House {
    pub app: TestApp,
    pub vault: Vault,
}

impl House {
    /// With new keys.
    pub async fn open(db: &Database) -> Self {
        let vault = Vault::start().await;
        let clock = Arc::<crate::support::clock::ManualClock>::default();
        vault.put(new_keys(clock.now()).to_string());
        let supply = asked(supply(db, &vault, false), clock.now()).await;
        let app = TestApp::with(db, |options| {
            options.clock = clock;
            options.supply = supply;
        });
        let house = Self {
            app: app.await,
            vault,
        };
        begin(&house.app).await;
        house
    }

    /// Another process on the same Vault, which asks it for itself.
    pub async fn beside(&self, db: &Database) -> TestApp {
        let supply = asked(supply(db, &self.vault, false), self.app.clock.now()).await;
        let app = self
            .app
            .beside_with(db, |options| options.supply = supply)
            .await;
        begin(&app).await;
        app
    }

    pub fn keeper(&self) -> &Keeper {
        &self.app.services.keeper
    }

    /// Rotates a ring while these processes hear of it, as they do in the running program.
    pub async fn rotate(&self, purpose: Purpose, apps: &[&TestApp], by: By<'_>) -> String {
        let rotating = self.keeper().rotate(Rotation::of(purpose), by, &|_| {});
        let rotated = while_asking(apps, rotating).await.expect("rotated");
        assert_eq!(self.vault.active(purpose.into()), rotated.active);
        rotated.active
    }
}

/// The supply of a process, which has asked nobody yet.
pub fn supply(db: &Database, vault: &Vault, is_strict: bool) -> Supply {
    let (folder, address) = (db.folder.path().to_owned(), vault.address.clone());
    Supply::new(move || reading(&folder, &address, is_strict))
}

/// The settings of a process, with the store not yet asked.
pub fn reading(folder: &std::path::Path, address: &str, is_strict: bool) -> Reading {
    let mut reading = Reading {
        environment: Environment::Staging,
        ..Config::reading_for_test(folder)
    };
    let store = &mut reading.keys_mut().store;
    store.kind = StoreKind::Vault;
    store.is_strict = is_strict;
    store.vault.address = Some(address.to_owned());
    store.vault.token = Some(Sensitive::new("the-token"));
    reading
}

impl Vault {
    /// What a command beside the house is given, to work on the same keys and the same database.
    pub fn variables(&self, db: &Database) -> Vec<(&'static str, String)> {
        let url = match db.is_postgres() && !db.url.contains("sslmode") {
            true => format!("{}?sslmode=prefer", db.url),
            false => db.url.clone(),
        };
        [
            ("CONCIERGE_ENV", "staging"),
            ("CONCIERGE_PUBLIC_URL", "https://localhost"),
            ("CONCIERGE_SECOND_FACTOR", "optional"),
            ("CONCIERGE_DATA", &*db.folder.path().to_string_lossy()),
            ("DATABASE_URL", &url),
            ("CONCIERGE_KEY_STORE", "vault"),
            ("VAULT_ADDR", &self.address),
            ("VAULT_TOKEN", "the-token"),
        ]
        .map(|(name, value)| (name, value.to_owned()))
        .into()
    }

    /// The settings of a process of this Vault.
    pub fn reading(&self, folder: &std::path::Path, is_strict: bool) -> Reading {
        reading(folder, &self.address, is_strict)
    }
}

async fn asked(supply: Supply, now: Timestamp) -> Supply {
    supply.renew(now, &OsRng).await.expect("Vault answers");
    supply
}

async fn begin(app: &TestApp) {
    let reading = app.services.keeper.supply().read();
    let (rings, _) = keys::read(&reading, app.clock.now()).expect("keys");
    let begun = app.services.begin_with(&reading, rings).await;
    begun.expect("taken in");
}

/// Does something while these processes ask for their keys all the time.
pub async fn while_asking<T>(apps: &[&TestApp], work: impl Future<Output = T>) -> T {
    let mut look = tokio::time::interval(std::time::Duration::from_millis(20));
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let asking = async {
        loop {
            look.tick().await;
            for app in apps {
                app.services.ask_key_store(false).await;
            }
        }
    };
    tokio::select! {
        done = work => done,
        () = asking => unreachable!("it asks for ever"),
    }
}

/// A ring by its purpose.
pub fn ring(contents: &KeyringContents, purpose: Purpose) -> StoredRing {
    contents.ring(purpose).cloned().expect("the ring")
}
