//! Backups of the keys and the encrypted keyring: what comes back, what is refused, what the stock `age` tool says.

mod program;
mod steps;
mod stock;

use std::{fs, path::Path, process::Output};

use concierge_core::{sensitive::Sensitive, time::Timestamp};
use concierge_server::{
    config::Environment,
    keys::{
        self, Draft, FileForm, Format, Home, KeySettings, KeyringContents, KeyringFile, Purpose,
        StoredRing, backup::Backup, data_keys,
    },
    platform::{keyring::Keyrings, rng::OsRng},
    store::{Db, On, sql},
};

use crate::support::{database::Database, program::command};

const PASSPHRASE: &str = "correct horse battery";
const ENVIRONMENT: Environment = Environment::Staging;
const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

fn passphrase() -> Sensitive {
    Sensitive::new(PASSPHRASE)
}

fn draft() -> Draft {
    keys::draft(Format::Hex, ENVIRONMENT, NOW, &OsRng).expect("a key")
}

/// The keyring file of a house.
fn home(database: &Database) -> Home {
    Home::Keyring(keyring(database))
}

fn keyring(database: &Database) -> KeyringFile {
    let path = database.folder.path().join("secrets.staging.toml");
    KeyringFile::new(&path, None)
}

/// Gives a house new keys.
fn give_keys(database: &Database) {
    let mut contents = KeyringContents::default();
    for purpose in Purpose::ALL {
        contents.set(purpose, StoredRing::of(&draft(), NOW));
    }
    write(database, &contents);
}

fn write(database: &Database, contents: &KeyringContents) {
    let before = keyring(database).read().expect("read");
    let before = before.as_ref().map(Sensitive::expose);
    let written = keyring(database).replace(before, &contents.to_string(), &OsRng);
    written.expect("a keyring");
}

/// The keyring file as it is read.
fn contents(database: &Database) -> KeyringContents {
    let text = keyring(database).read().expect("read").expect("a keyring");
    KeyringContents::parse(text.expose()).expect("a sound keyring")
}

/// The rings, as a server loads them.
fn rings(database: &Database) -> Keyrings {
    let settings = KeySettings::default();
    let loaded = keys::load(&settings, ENVIRONMENT, database.folder.path(), NOW, &OsRng);
    loaded.expect("the rings load").0
}

/// A name's digest, by which one database's keys are told from another's, when a server starts; none when it does not.
async fn digest_of_a_name(database: &Database, db: &Db) -> Option<String> {
    let sealing = rings(database).sealing;
    let loaded = data_keys::load(db, &sealing, NOW, &OsRng).await;
    loaded.ok().map(|keys| keys.name_digest("ada@example.org"))
}

async fn take(database: &Database, db: &Db) -> Backup {
    let sealing = rings(database).sealing;
    let taken = Backup::take(db, ENVIRONMENT, &sealing, NOW, &OsRng).await;
    taken.expect("a backup")
}

async fn run_sql(db: &Db, text: &'static str) {
    sql(text).execute(On::Write(db)).await.expect("a statement");
}

async fn count(db: &Db, text: &'static str) -> i64 {
    let row = sql(text).fetch_one(db).await.expect("a row");
    row.int("n").expect("a count")
}

fn exit(output: &Output) -> i32 {
    output.status.code().expect("it ended by itself")
}

/// Everything a command said.
fn said(output: &Output) -> String {
    let both = [output.stdout.as_slice(), &output.stderr].concat();
    String::from_utf8(both).expect("text")
}

fn run(folder: &Path, words: &[&str], variables: &[(&str, &str)]) -> Output {
    command(folder, words, variables).output().expect("it runs")
}
