//! What key commands that need the database begin with: the configuration, the rings, the database or all services;
//! and how they end.

use std::process::ExitCode;

use super::{key::Refusal, pipe, read, report};
use crate::{
    boot::{self, BootError},
    config::{Config, Finding, LoadArgs, Reading},
    key_desk::KeyDeskError,
    keys::{self, KeeperError, Supply, Turn, Unwritten},
    platform::{
        clock::{Clock as _, SystemClock},
        keyring::Keyrings,
        rng::OsRng,
        shutdown::Shutdown,
    },
    services::Services,
    store::{Db, StoreError},
};

/// Something is wrong, as with every command.
const WRONG: u8 = 1;
/// Nothing was written: the keys live where this program writes nothing.
pub(super) const READ_ONLY: u8 = 2;

/// Why a command ends: the exit code, and what it says.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) code: u8,
    pub(super) message: Refusal,
}

impl Refused {
    pub(super) fn new(code: u8, message: impl ToString) -> Self {
        Self {
            code,
            message: message.to_string(),
        }
    }
}

impl From<Refusal> for Refused {
    fn from(message: Refusal) -> Self {
        Self::new(WRONG, message)
    }
}

impl From<BootError> for Refused {
    fn from(error: BootError) -> Self {
        Self::new(WRONG, error)
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::new(WRONG, error)
    }
}

impl From<Unwritten> for Refused {
    fn from(error: Unwritten) -> Self {
        Self::new(WRONG, error)
    }
}

impl From<KeeperError> for Refused {
    fn from(error: KeeperError) -> Self {
        let code = match error {
            KeeperError::ReadOnly(_) => READ_ONLY,
            _ => WRONG,
        };
        Self::new(code, error)
    }
}

impl From<KeyDeskError> for Refused {
    fn from(error: KeyDeskError) -> Self {
        match error {
            KeyDeskError::Keeper(error) => error.into(),
            KeyDeskError::SealingElsewhere => Self::new(READ_ONLY, error),
            _ => Self::new(WRONG, error),
        }
    }
}

/// Whether a command may bring the schema up to date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Schema {
    /// As the server would at its start.
    AsServed,
    /// It only looks.
    Untouched,
}

/// A sound configuration, the keys in it not yet judged: a restore begins where there are none.
pub(super) fn config(args: &LoadArgs) -> Result<Config, Refused> {
    let loaded = read(args).accept();
    let shown = |findings: Vec<Finding>| {
        let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
        Refused::new(WRONG, lines.join("\n"))
    };
    loaded.map(|loaded| loaded.config).map_err(shown)
}

/// The rings in use, as the server would load them.
pub(super) fn rings(config: &Config) -> Result<Keyrings, Refused> {
    let (data, now) = (&config.data, SystemClock.now());
    let loaded = keys::load(&config.keys, config.environment, data, now, &OsRng);
    let (rings, warnings) = loaded.map_err(BootError::Keys)?;
    for warning in warnings {
        pipe::warn(&warning.to_string());
    }
    Ok(rings)
}

/// Does something with the database, and closes it.
pub(super) fn with_database<T>(
    config: &Config,
    schema: Schema,
    work: impl AsyncFnOnce(&Db) -> Result<T, Refused>,
) -> Result<T, Refused> {
    boot::run(async {
        let migrates = schema == Schema::AsServed && config.migrate;
        let db = boot::open_database(config, migrates).await?;
        let outcome = work(&db).await;
        db.close().await;
        Ok(outcome)
    })?
}

/// Does something with services around the keys as they are: a weak key must be openable to be rotated away. `command`
/// goes into the event that says so.
pub(super) fn with_services(
    args: &LoadArgs,
    command: &'static str,
    json: bool,
    work: impl AsyncFnOnce(&Services) -> Result<ExitCode, Refused>,
) -> ExitCode {
    at_once_with_services(read(args), args, json, async |services| {
        note_read(services, command).await;
        work(services).await
    })
}

/// Notes that a command had the keys.
pub(super) async fn note_read(services: &Services, command: &str) {
    if let Err(error) = services.key_desk().note_read(command).await {
        pipe::warn(&format!(
            "warning: the database can't note that keys were read: {error}"
        ));
    }
}

/// The same with what was read already, for an emergency, which waits for no event to be written: it is noted afterwards.
pub(super) fn at_once_with_services(
    reading: Reading,
    args: &LoadArgs,
    json: bool,
    work: impl AsyncFnOnce(&Services) -> Result<ExitCode, Refused>,
) -> ExitCode {
    let rings = keys::open(&reading, SystemClock.now());
    let opened = rings.and_then(|rings| Ok((rings, reading.accept()?.config)));
    let (rings, config) = match opened {
        Ok(opened) => opened,
        Err(findings) => return report(findings, json),
    };
    let outcome = boot::run(async {
        let (_, shutdown) = Shutdown::manual();
        let services = boot::assemble_with(config, rings, Supply::of(args), shutdown).await?;
        let outcome = work(&services).await;
        services.db.close().await;
        Ok(outcome)
    });
    finish(outcome.unwrap_or_else(|error| Err(error.into())))
}

/// Does something to a whole keyring while nobody else changes keys. Where no database can say who does, as before the
/// first start, it is done all the same: what holds the keyring compares before it is replaced.
pub(super) async fn in_turn<T>(
    reading: &Reading,
    work: impl AsyncFnOnce(Option<&Db>) -> Result<T, Refused>,
) -> Result<T, Refused> {
    let db = match &reading.config {
        Ok(config) => Db::open(config.database_url.expose()).await,
        Err(_) => return work(None).await,
    };
    let unknown = |error: &StoreError| {
        pipe::warn(&format!(
            "warning: it is not known whether somebody else changes keys now: {error}"
        ));
    };
    let db = match db {
        Ok(db) => db,
        Err(error) => {
            unknown(&error);
            return work(None).await;
        }
    };
    let turn = match Turn::take(&db, SystemClock.now(), &OsRng).await {
        Ok(turn) => Some(turn),
        Err(KeeperError::Store(error)) => {
            unknown(&error);
            None
        }
        Err(busy) => return Err(busy.into()),
    };
    let done = work(Some(&db)).await;
    if let Some(turn) = turn {
        turn.give_back().await;
    }
    db.close().await;
    done
}

/// The exit code of a command; what it says goes to standard error.
pub(super) fn finish(outcome: Result<ExitCode, Refused>) -> ExitCode {
    outcome.unwrap_or_else(|refused| {
        eprintln!("error: {}", refused.message);
        ExitCode::from(refused.code)
    })
}
