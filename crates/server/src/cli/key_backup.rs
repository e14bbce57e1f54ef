//! `concierge key backup`: the sealing keys and data keys in a file, and whether such a file is any good.

use std::{
    io,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Args;
use concierge_core::audit::EventName;

use super::{
    key_open::{self, Refused, Schema},
    key_passphrase::PassphraseArgs,
};
use crate::{
    config::{
        Config, LoadArgs,
        secret_file::{self, Links},
    },
    keys::{self, Existing, age_file, backup},
    platform::{
        clock::{Clock as _, SystemClock},
        rng::OsRng,
    },
};

/// The file is broken, or it is not of this database.
pub(super) const UNFIT: u8 = 4;

/// Where to, or which to verify.
#[derive(Debug, Args)]
pub(super) struct Backup {
    /// The new file
    #[arg(
        long,
        value_name = "FILE",
        required_unless_present = "verify",
        conflicts_with = "verify"
    )]
    out: Option<PathBuf>,
    /// Open a backup and compare it with the database
    #[arg(long, value_name = "FILE")]
    verify: Option<PathBuf>,
    #[command(flatten)]
    passphrase: PassphraseArgs,
}

pub(super) fn run(what: &Backup, args: &LoadArgs) -> ExitCode {
    let outcome = key_open::config(args).and_then(|config| match (&what.out, &what.verify) {
        (Some(path), _) => make(path, &what.passphrase, &config),
        (None, Some(path)) => verify(path, &what.passphrase, &config),
        (None, None) => Ok(()),
    });
    key_open::finish(outcome.map(|()| ExitCode::SUCCESS))
}

fn make(path: &Path, passphrase: &PassphraseArgs, config: &Config) -> Result<(), Refused> {
    let taken = || {
        let message = format!(
            "{} is there already, and is not overwritten",
            path.display()
        );
        Refused::new(2, message)
    };
    if path.symlink_metadata().is_ok() {
        return Err(taken());
    }
    let rings = key_open::rings(config)?;
    let passphrase = passphrase.new_one("the backup", config.environment)?;
    let now = SystemClock.now();
    let made = key_open::with_database(config, Schema::AsServed, async |db| {
        let taken_from = backup::Backup::take(db, config.environment, &rings.sealing, now, &OsRng);
        let made = taken_from.await.map_err(|error| Refused::new(1, error))?;
        let file = made
            .seal(&passphrase, age_file::WORK_FACTOR)
            .map_err(|error| Refused::new(1, error))?;
        keys::write_secret_bytes(path, &file, Existing::Kept, &OsRng).map_err(
            |error| match error.kind() {
                io::ErrorKind::AlreadyExists => taken(),
                _ => Refused::new(1, format!("{} cannot be written: {error}", path.display())),
            },
        )?;
        // Only what opens again is a backup.
        let read = open(path, &passphrase)?;
        if read.fingerprint() != made.fingerprint() {
            return Err(Refused::new(
                1,
                format!("{} was changed by somebody else", path.display()),
            ));
        }
        let name = (EventName::KeyBackedUp, "backup_made");
        let recorded = made.record(db, name, now, &OsRng).await;
        recorded.map_err(|error| {
            let message = format!(
                "{} is written, but the database can't note it: {error}",
                path.display()
            );
            Refused::new(1, message)
        })?;
        Ok(made)
    })?;
    println!(
        "{} holds the sealing key {} and {} data keys.",
        path.display(),
        made.sealing.active,
        made.keys.len()
    );
    println!("Keep it apart from the database, and the passphrase apart from it.");
    Ok(())
}

fn verify(path: &Path, passphrase: &PassphraseArgs, config: &Config) -> Result<(), Refused> {
    let rings = key_open::rings(config)?;
    let passphrase = passphrase.known("the backup", config.environment)?;
    let kept = open(path, &passphrase)?;
    if kept.environment != config.environment {
        let message = format!(
            "the backup is of {}, this is {}",
            kept.environment, config.environment
        );
        return Err(Refused::new(UNFIT, message));
    }
    let now = SystemClock.now();
    key_open::with_database(config, Schema::Untouched, async |db| {
        let lacks = kept.lacks(db, &rings.sealing).await;
        let lacks = lacks.map_err(|error| Refused::new(1, error))?;
        if !lacks.is_empty() {
            let message = format!(
                "the backup does not hold what the database needs; make a new one:\n{}",
                lacks.join("\n")
            );
            return Err(Refused::new(UNFIT, message));
        }
        let name = (EventName::KeyBackupVerified, "backup_verified");
        let recorded = kept.record(db, name, now, &OsRng).await;
        recorded.map_err(|error| Refused::new(1, error))
    })?;
    println!(
        "{}, made {}, brings back every data key of the database ({}).",
        path.display(),
        kept.made_at.to_rfc3339(),
        kept.keys.len()
    );
    Ok(())
}

/// Reads a backup; whatever is wrong with it, it is of no use.
pub(super) fn open(
    path: &Path,
    passphrase: &concierge_core::sensitive::Sensitive,
) -> Result<backup::Backup, Refused> {
    let refused = |message: String| Refused::new(UNFIT, format!("{}: {message}", path.display()));
    let (bytes, _) = secret_file::read_bytes(path, Links::Followed)
        .map_err(|error| refused(format!("it cannot be read: {error}")))?;
    backup::Backup::open(&bytes, passphrase).map_err(refused)
}
