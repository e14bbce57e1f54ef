//! `concierge key push|pull|diff`: the keyring of this machine and the one in a store.
//!
//! What is sent or written takes the place of a whole keyring, so nothing is replaced that would be lost by it, and
//! nothing that somebody else changed meanwhile. Shown are ids and the first eight hex digits of fingerprints.

use std::{collections::BTreeMap, path::PathBuf, process::ExitCode};

use clap::{Args, Subcommand, ValueEnum};
use concierge_core::{audit::EventName, sensitive::Sensitive};
use serde::Serialize;

use super::print_json;
use crate::{
    audit::{self, Event, Origin},
    boot::{self, BootError},
    config::{Config, LoadArgs, Reading, StoreKind},
    keys::{
        self, KeyringContents, KeyringFile, Purpose,
        stores::{Fault, Fetched, KeyStore, title},
    },
    platform::{
        clock::{Clock as _, SystemClock},
        rng::OsRng,
    },
    store::{Db, StoreError, feed::Change},
};

/// What can be done between this machine and a store.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Send the keyring file to a store
    #[command(
        after_help = "Example:\n  concierge key push --to vault\n\nExit 5: the store failed, or has keys that would be lost (see --force)."
    )]
    Push {
        /// Where to
        #[arg(long, value_enum)]
        to: Remote,
        #[command(flatten)]
        how: Manner,
    },
    /// Fetch the keyring of a store into the keyring file
    #[command(
        after_help = "Example:\n  concierge key pull --from vault\n\nExit 5: the store failed, or the file has keys that would be lost (see --force)."
    )]
    Pull {
        /// Where from
        #[arg(long, value_enum)]
        from: Remote,
        #[command(flatten)]
        how: Manner,
    },
    /// Show how the keyring file and that of a store differ, by ids and fingerprints
    #[command(
        after_help = "Example:\n  concierge key diff --to vault\n\nExit 5: the store failed."
    )]
    Diff {
        /// With which store
        #[arg(long, visible_alias = "from", value_enum)]
        to: Remote,
    },
}

/// How to replace.
#[derive(Debug, Args)]
pub(super) struct Manner {
    /// Replace also where keys are lost by it
    #[arg(long)]
    force: bool,
}

/// The stores.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Remote {
    /// HashiCorp Vault or OpenBao
    Vault,
    /// AWS Secrets Manager
    Aws,
    /// Azure Key Vault
    Azure,
}

impl Remote {
    const fn kind(self) -> StoreKind {
        match self {
            Self::Vault => StoreKind::Vault,
            Self::Aws => StoreKind::Aws,
            Self::Azure => StoreKind::Azure,
        }
    }
}

/// The exit code of everything a store is the reason for.
const STORE_FAILED: u8 = 5;

/// Why nothing was done, and the exit code for it.
type Refusal = (String, u8);

pub(super) fn run(command: &Command, args: &LoadArgs, json: bool) -> ExitCode {
    let reading = Config::read(args);
    let (Command::Push { to: remote, .. }
    | Command::Pull { from: remote, .. }
    | Command::Diff { to: remote }) = command;
    let outcome =
        boot::run(async { Ok::<_, BootError>(perform(command, *remote, &reading).await) });
    let refused = match outcome {
        Ok(Ok(done)) => {
            show(&done, json);
            return ExitCode::SUCCESS;
        }
        Ok(Err(refused)) => refused,
        Err(error) => (error.to_string(), 1),
    };
    eprintln!("error: {}", refused.0);
    ExitCode::from(refused.1)
}

/// What was done, and how the two keyrings differed before.
#[derive(Debug, Serialize)]
struct Done {
    store: &'static str,
    name: String,
    file: PathBuf,
    result: &'static str,
    differences: Vec<Difference>,
}

/// The keyring on both sides, as it was read.
struct Sides {
    file: KeyringFile,
    local: Option<Sensitive>,
    store: KeyStore,
    fetched: Option<Fetched>,
}

async fn perform(command: &Command, remote: Remote, reading: &Reading) -> Result<Done, Refusal> {
    let (kind, environment) = (remote.kind(), reading.environment);
    let settings = &reading.keys().store;
    let failed = |fault: Fault| (format!("{}: {fault}", title(kind)), STORE_FAILED);
    let store = KeyStore::of(kind, settings, environment).map_err(failed)?;
    let path = keys::keyring_path(reading.keys(), environment, &reading.data);
    let file = KeyringFile::of(reading.keys(), &path);
    let local = file.read().map_err(|error| (error, 1))?;
    let fetched = store.fetch().await.map_err(failed)?;
    let there = fetched.as_ref().map(|found| found.text.expose());
    let (here, there) = (
        parsed(local.as_ref().map(Sensitive::expose), "the keyring file")?,
        parsed(there, title(kind))?,
    );
    let mut done = Done {
        store: title(kind),
        name: settings.name_in(kind, environment),
        file: path,
        result: "compared",
        differences: differences(&here, &there),
    };
    let sides = Sides {
        file,
        local,
        store,
        fetched,
    };
    done.result = match command {
        Command::Diff { .. } => return Ok(done),
        Command::Push { how, .. } => {
            let mut purposes = Purpose::ALL.into_iter();
            let other = purposes.find(|one| is_other(&here, &there, *one));
            push(&sides, &done, other, how.force).await?
        }
        Command::Pull { how, .. } => pull(&sides, &done, how.force)?,
    };
    if done.result != "unchanged" {
        record(reading, &done).await;
    }
    Ok(done)
}

async fn push(
    sides: &Sides,
    done: &Done,
    other: Option<Purpose>,
    force: bool,
) -> Result<&'static str, Refusal> {
    let text = sides.local.as_ref().ok_or_else(|| no_file(&done.file))?;
    let text = text.expose();
    let found = sides.fetched.as_ref();
    if found.is_some_and(|found| found.text.expose() == text) {
        return Ok("unchanged");
    }
    refuse_loss(
        done,
        other,
        |one| (&one.there, &one.here),
        force,
        done.store,
    )?;
    let written = sides.store.replace(text, found.map(|found| &found.version));
    match written.await {
        Ok(_) => Ok("pushed"),
        Err(fault) => Err((format!("{}: {fault}", done.store), STORE_FAILED)),
    }
}

fn pull(sides: &Sides, done: &Done, force: bool) -> Result<&'static str, Refusal> {
    let Some(Fetched { text, .. }) = &sides.fetched else {
        let message = format!("{} has no keyring named {}", done.store, done.name);
        return Err((message, STORE_FAILED));
    };
    let local = sides.local.as_ref().map(Sensitive::expose);
    if local == Some(text.expose()) {
        return Ok("unchanged");
    }
    let whose = "the keyring file";
    refuse_loss(done, None, |one| (&one.here, &one.there), force, whose)?;
    sides
        .file
        .write(text.expose(), &OsRng)
        .map_err(|error| (error, 1))?;
    Ok("pulled")
}

fn no_file(path: &std::path::Path) -> Refusal {
    let path = path.display();
    let message = format!(
        "there is no keyring file {path} to send; `concierge key generate --out {path}` makes one"
    );
    (message, 1)
}

fn parsed(text: Option<&str>, whose: &str) -> Result<KeyringContents, Refusal> {
    let contents = text.map_or_else(|| Ok(KeyringContents::default()), KeyringContents::parse);
    contents.map_err(|error| (format!("{whose}, {error}"), 1))
}

/// A key on one of the two sides, without its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Side {
    fingerprint: String,
    state: &'static str,
}

/// A key the two sides don't agree about.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Difference {
    ring: &'static str,
    id: String,
    here: Option<Side>,
    there: Option<Side>,
}

fn differences(here: &KeyringContents, there: &KeyringContents) -> Vec<Difference> {
    let mut differences = Vec::new();
    for purpose in Purpose::ALL {
        let (mut here, mut there) = (sides(here, purpose), sides(there, purpose));
        let ids: std::collections::BTreeSet<String> =
            here.keys().chain(there.keys()).cloned().collect();
        differences.extend(ids.into_iter().filter_map(|id| {
            let (here, there) = (here.remove(&id), there.remove(&id));
            (here != there).then_some(Difference {
                ring: purpose.as_str(),
                id,
                here,
                there,
            })
        }));
    }
    differences
}

fn sides(contents: &KeyringContents, purpose: Purpose) -> BTreeMap<String, Side> {
    let keys = contents
        .ring(purpose)
        .into_iter()
        .flat_map(|ring| &ring.keys);
    keys.map(|key| {
        let side = Side {
            fingerprint: keys::fingerprint(key.value.expose())[..8].to_owned(),
            state: key.state.as_str(),
        };
        (key.id.clone(), side)
    })
    .collect()
}

/// Whether both have a ring, and another key is active in it.
fn is_other(here: &KeyringContents, there: &KeyringContents, purpose: Purpose) -> bool {
    match (here.ring(purpose), there.ring(purpose)) {
        (Some(here), Some(there)) => here.active_value() != there.active_value(),
        _ => false,
    }
}

/// What a lost key signed is refused from then on, and what it sealed is never read again: nobody gives that up by
/// a slip.
fn refuse_loss(
    done: &Done,
    other: Option<Purpose>,
    sides: impl Fn(&Difference) -> (&Option<Side>, &Option<Side>),
    force: bool,
    whose: &str,
) -> Result<(), Refusal> {
    let is_lost = |one: &&Difference| match sides(one) {
        (Some(old), Some(new)) => old.fingerprint != new.fingerprint,
        (old, new) => old.is_some() && new.is_none(),
    };
    let message = if force {
        return Ok(());
    } else if let Some(purpose) = other {
        format!("another {} key is active in {whose}", purpose.as_str())
    } else if let Some(lost) = done.differences.iter().find(is_lost) {
        format!("the {} key {} of {whose} would be lost", lost.ring, lost.id)
    } else {
        return Ok(());
    };
    let message =
        format!("{message}; `concierge key diff` shows both, --force replaces all the same");
    Err((message, STORE_FAILED))
}

/// The event belongs to the database; keys are moved also where there is none yet.
async fn record(reading: &Reading, done: &Done) {
    let Ok(config) = &reading.config else {
        eprintln!("warning: no event was recorded: the configuration names no database");
        return;
    };
    let event = async {
        let db = Db::open(config.database_url.expose()).await?;
        let name = match done.result {
            "pushed" => EventName::KeyPushed,
            _ => EventName::KeyPulled,
        };
        let kids: Vec<&str> = done.differences.iter().map(|one| one.id.as_str()).collect();
        let details = serde_json::json!({ "store": done.store, "name": done.name, "kids": kids });
        let (origin, now) = (Origin::default(), SystemClock.now());
        let event = Event::anonymous(name, &origin).with(details);
        let mut tx = db.begin().await?;
        audit::record(&mut tx, &event, now, &OsRng).await?;
        // Who serves with the store's keys asks it at once.
        tx.announce(&[Change::Everything], now).await?;
        tx.commit().await?;
        db.close().await;
        Ok::<_, StoreError>(())
    };
    if let Err(error) = event.await {
        eprintln!("warning: no event was recorded: {error}");
    }
}

fn show(done: &Done, json: bool) {
    if json {
        return print_json(done);
    }
    let file = done.file.display();
    for one in &done.differences {
        let side = |side: &Option<Side>| match side {
            Some(side) => format!("{} {}", side.fingerprint, side.state),
            None => "-".to_owned(),
        };
        println!(
            "{:8}{:28}file: {:20}store: {}",
            one.ring,
            one.id,
            side(&one.here),
            side(&one.there)
        );
    }
    match done.result {
        "pushed" => println!("{file} sent to {}, {}", done.store, done.name),
        "pulled" => println!("{file} written from {}, {}", done.store, done.name),
        _ if done.differences.is_empty() => println!("no difference between the two in any key"),
        _ => {}
    }
}
