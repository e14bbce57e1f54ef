//! The life of the keys on a house that serves: rotation that nobody notices, and the emergency.

mod busy;
mod calendar;
mod command;
mod emergency;
mod overlap;
mod rotation;
mod tokens;

use std::{
    future::Future,
    path::{Path, PathBuf},
};

use concierge_core::keys::RingName;
use concierge_server::{
    audit::Origin,
    config::{Config, Environment, Reading},
    keys::{self, By, Format, KeyringContents, Purpose, StoredRing, Supply},
    platform::{clock::Clock as _, rng::OsRng},
};

use crate::support::{app::TestApp, database::Database};

/// A house in staging, whose keys are in a keyring file.
pub struct House {
    pub app: TestApp,
    pub keyring: PathBuf,
}

/// Keys of a keyring in a folder.
pub fn supply(folder: &Path) -> Supply {
    let folder = folder.to_owned();
    Supply::new(move || Reading {
        environment: Environment::Staging,
        ..Config::reading_for_test(&folder)
    })
}

impl House {
    /// With new keys.
    pub async fn open(db: &Database) -> Self {
        let folder = db.folder.path();
        let keyring = folder.join("secrets.staging.toml");
        let supply = supply(folder);
        let app = TestApp::with(db, |options| {
            write_keys(&keyring, options.clock.now());
            options.supply = supply;
        });
        let house = Self {
            app: app.await,
            keyring,
        };
        house.begin(&house.app).await;
        house
    }

    /// Another process on the same keyring.
    pub async fn beside(&self, db: &Database) -> TestApp {
        let supply = supply(db.folder.path());
        let app = self
            .app
            .beside_with(db, |options| options.supply = supply)
            .await;
        self.begin(&app).await;
        app
    }

    async fn begin(&self, app: &TestApp) {
        let reading = app.services.keeper.supply().read();
        let (rings, _) = keys::read(&reading, app.clock.now()).expect("keys");
        app.services
            .begin_with(&reading, rings)
            .await
            .expect("taken in");
    }

    pub fn contents(&self) -> KeyringContents {
        let text = std::fs::read_to_string(&self.keyring).expect("the keyring");
        KeyringContents::parse(&text).expect("it is whole")
    }

    pub fn active(&self, ring: RingName) -> String {
        let contents = self.contents();
        contents.ring(ring.into()).expect("the ring").active.clone()
    }
}

/// Two rings with a new key each.
pub fn new_keys(now: concierge_core::time::Timestamp) -> KeyringContents {
    let mut contents = KeyringContents::default();
    for purpose in Purpose::ALL {
        let draft = keys::draft(Format::Hex, Environment::Staging, now, &OsRng).expect("a key");
        contents.set(purpose, StoredRing::of(&draft, now));
    }
    contents
}

pub fn write_keys(path: &Path, now: concierge_core::time::Timestamp) {
    let text = new_keys(now).to_string();
    keys::write_secret_file(path, &text, keys::Existing::Replaced, &OsRng).expect("written");
}

/// The command line.
pub fn nobody(origin: &Origin) -> By<'_> {
    By::nobody(origin)
}

/// Does something while these processes look at their keys all the time, as they do in the running program.
pub async fn while_watching<T>(apps: &[&TestApp], work: impl Future<Output = T>) -> T {
    let mut look = tokio::time::interval(std::time::Duration::from_millis(20));
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let watching = async {
        loop {
            look.tick().await;
            for app in apps {
                app.services.look_at_keys().await;
            }
        }
    };
    tokio::select! {
        done = work => done,
        () = watching => unreachable!("it watches for ever"),
    }
}

/// The id of the key that signed a token.
pub fn kid(token: &str) -> String {
    use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
    let header = token.split('.').next().expect("a header");
    let header = BASE64_URL_SAFE_NO_PAD.decode(header).expect("base64");
    let header: serde_json::Value = serde_json::from_slice(&header).expect("JSON");
    header["kid"].as_str().expect("a kid").to_owned()
}
