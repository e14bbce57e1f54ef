//! `concierge key push|pull|diff`: the keyring of this machine and the one in a store.
//!
//! What is sent or written takes the place of a whole keyring, so nothing is replaced that would be lost by it, and
//! nothing that somebody else changed meanwhile. Shown are ids and the first eight hex digits of fingerprints.

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Subcommand, ValueEnum};
use concierge_core::{audit::EventName, sensitive::Sensitive};
use serde::Serialize;

use super::{
    key_diff::{Difference, Side, differences, is_other},
    key_open::{Refused, finish, in_turn},
    print_json,
};
use crate::{
    audit::{self, Event, Origin},
    boot::{self, BootError},
    config::{Config, LoadArgs, Reading, StoreKind},
    keys::{
        self, Document, Form, Found, Home, KeyringContents, KeyringFile, Purpose,
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

pub(super) fn run(command: &Command, args: &LoadArgs, json: bool) -> ExitCode {
    let reading = Config::read(args);
    let done = boot::run(async {
        Ok::<_, BootError>(match command {
            Command::Diff { to } => Sides::read(*to, reading).await.map(|sides| sides.done),
            Command::Push { to, how } => exchange(Way::Push, *to, how.force, reading).await,
            Command::Pull { from, how } => exchange(Way::Pull, *from, how.force, reading).await,
        })
    });
    let done = done.unwrap_or_else(|error| Err(error.into()));
    finish(done.map(|done| {
        show(&done, json);
        ExitCode::SUCCESS
    }))
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

/// Which of the two takes the place of the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Push,
    Pull,
}

/// The keyring on both sides, as it was read.
struct Sides {
    reading: Reading,
    kind: StoreKind,
    store: KeyStore,
    fetched: Option<Fetched>,
    file: Home,
    local: Option<Found>,
    here: KeyringContents,
    there: KeyringContents,
    done: Done,
}

impl Sides {
    async fn read(remote: Remote, reading: Reading) -> Result<Self, Refused> {
        let (kind, environment) = (remote.kind(), reading.environment);
        let settings = &reading.keys().store;
        let failed = |fault: Fault| store_failed(format!("{}: {fault}", title(kind)));
        let store = KeyStore::of(kind, settings, environment).map_err(failed)?;
        let path = keys::keyring_path(reading.keys(), environment, &reading.data);
        let file = Home::Keyring(KeyringFile::of(reading.keys(), &path));
        let local = file.read(SystemClock.now(), &OsRng).await?;
        let fetched = store.fetch().await.map_err(failed)?;
        let there = fetched.as_ref().map(|found| found.text.expose());
        let here = local.as_ref().map(|found| found.text.expose());
        let (here, there) = (
            parsed(here, "the keyring file")?,
            parsed(there, title(kind))?,
        );
        let done = Done {
            store: title(kind),
            name: settings.name_in(kind, environment),
            file: path,
            result: "compared",
            differences: differences(&here, &there),
        };
        Ok(Self {
            reading,
            kind,
            store,
            fetched,
            file,
            local,
            here,
            there,
            done,
        })
    }

    async fn push(&mut self, force: bool) -> Result<&'static str, Refused> {
        let no_file = || {
            let path = self.done.file.display();
            let remedy = format!("`concierge key generate --out {path}` makes one");
            Refused::new(
                1,
                format!("there is no keyring file {path} to send; {remedy}"),
            )
        };
        let local = self.local.as_ref().ok_or_else(no_file)?;
        let found = self.fetched.as_ref();
        if found.is_some_and(|found| found.text.expose() == local.text.expose()) {
            return Ok("unchanged");
        }
        if !force {
            let other = Purpose::ALL
                .into_iter()
                .find(|one| is_other(&self.here, &self.there, *one));
            if let Some(purpose) = other {
                let what = format!("another {} key is active in", purpose.as_str());
                return Err(refused(&format!("{what} {}", self.done.store)));
            }
            refuse_loss(&self.there, &self.here, self.done.store)?;
        }
        let text = self.replacing(&local.text, &self.here, &self.there)?;
        let now = SystemClock.now();
        let against = keys::stores::against(&mut self.reading, self.kind, text.expose(), now);
        against.map_err(|findings| {
            let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
            let lines = lines.join("\n");
            Refused::new(
                1,
                format!("nothing could start with this keyring:\n{lines}"),
            )
        })?;
        let expected = self.fetched.as_ref().map(|found| &found.version);
        let written = self.store.replace(text.expose(), expected).await;
        let written = written.map(|_| "pushed");
        written.map_err(|fault| store_failed(format!("{}: {fault}", self.done.store)))
    }

    async fn pull(&self, force: bool) -> Result<&'static str, Refused> {
        let none = || {
            let (store, name) = (self.done.store, &self.done.name);
            store_failed(format!("{store} has no keyring named {name}"))
        };
        let text = &self.fetched.as_ref().ok_or_else(none)?.text;
        let local = self.local.as_ref();
        if local.is_some_and(|found| found.text.expose() == text.expose()) {
            return Ok("unchanged");
        }
        if !force {
            refuse_loss(&self.here, &self.there, "the keyring file")?;
        }
        let text = self.replacing(text, &self.there, &self.here)?;
        let now = SystemClock.now();
        let written = self.file.write(text.expose(), local, now, &OsRng);
        written.await?;
        Ok("pulled")
    }

    /// The text that takes the place of a keyring, with what was revoked in that one.
    fn replacing(
        &self,
        text: &Sensitive,
        contents: &KeyringContents,
        before: &KeyringContents,
    ) -> Result<Sensitive, Refused> {
        let mut contents = contents.clone();
        contents.keep_revoked_of(before)?;
        let environment = self.reading.environment;
        let document = Document::parse(Form::Keyring, text.expose(), environment)?;
        Ok(document.rewritten(&contents)?)
    }
}

async fn exchange(
    way: Way,
    remote: Remote,
    force: bool,
    reading: Reading,
) -> Result<Done, Refused> {
    let surroundings = Config::read(&reading.args);
    in_turn(&surroundings, async |db| {
        let mut sides = Sides::read(remote, reading).await?;
        let result = match way {
            Way::Push => sides.push(force).await?,
            Way::Pull => sides.pull(force).await?,
        };
        let done = Done {
            result,
            ..sides.done
        };
        if done.result != "unchanged" {
            record(db, way, &done).await;
        }
        Ok(done)
    })
    .await
}

fn store_failed(message: String) -> Refused {
    Refused::new(STORE_FAILED, message)
}

fn parsed(text: Option<&str>, whose: &str) -> Result<KeyringContents, Refused> {
    let contents = text.map_or_else(|| Ok(KeyringContents::default()), KeyringContents::parse);
    contents.map_err(|error| Refused::new(1, format!("{whose}, {error}")))
}

/// Nobody gives up keys, or what was revoked, by a slip.
fn refuse_loss(
    before: &KeyringContents,
    after: &KeyringContents,
    whose: &str,
) -> Result<(), Refused> {
    match before.loss_by(after) {
        Some(loss) => Err(refused(&format!("{loss}, of {whose}"))),
        None => Ok(()),
    }
}

fn refused(why: &str) -> Refused {
    store_failed(format!(
        "{why}; `concierge key diff` shows both, --force replaces all the same"
    ))
}

/// The event belongs to the database; keys are moved also where there is none yet.
async fn record(db: Option<&Db>, way: Way, done: &Done) {
    let Some(db) = db else {
        eprintln!("warning: no event was recorded: there is no database");
        return;
    };
    let event = async {
        let name = match way {
            Way::Push => EventName::KeyPushed,
            Way::Pull => EventName::KeyPulled,
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
