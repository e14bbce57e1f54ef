//! What key commands that need the database begin with: the configuration, the database, and the rings.

use std::process::ExitCode;

use super::key::Refusal;
use crate::{
    boot::{self, BootError},
    config::{Config, Finding, LoadArgs},
    keys,
    platform::{
        clock::{Clock as _, SystemClock},
        keyring::Keyrings,
        rng::OsRng,
    },
    store::Db,
};

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
        Self::new(1, message)
    }
}

impl From<BootError> for Refused {
    fn from(error: BootError) -> Self {
        Self::new(1, error)
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
    let loaded = super::read(args).accept();
    let shown = |findings: Vec<Finding>| {
        let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
        Refused::new(1, lines.join("\n"))
    };
    loaded.map(|loaded| loaded.config).map_err(shown)
}

/// The rings in use, as the server would load them.
pub(super) fn rings(config: &Config) -> Result<Keyrings, Refused> {
    let (data, now) = (&config.data, SystemClock.now());
    let loaded = keys::load(&config.keys, config.environment, data, now, &OsRng);
    let (rings, warnings) = loaded.map_err(BootError::Keys)?;
    warnings.iter().for_each(|warning| eprintln!("{warning}"));
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

/// The exit code of a command; what it says goes to standard error.
pub(super) fn finish(outcome: Result<(), Refused>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(refused) => {
            eprintln!("error: {}", refused.message);
            ExitCode::from(refused.code)
        }
    }
}
