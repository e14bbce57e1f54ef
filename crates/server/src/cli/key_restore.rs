//! `concierge key restore`: says whether a backup fits the database, asks, and puts its keys back.

use std::{
    io::{self, BufRead as _, IsTerminal as _, Write as _},
    path::PathBuf,
    process::ExitCode,
};

use clap::Args;

use super::{
    key_backup::{self, UNFIT},
    key_open::{self, Refused, Schema},
    key_passphrase::PassphraseArgs,
    pipe,
};
use crate::{
    config::{Config, Given, LoadArgs},
    keys::{
        self, Format, Home, Purpose, Supply, Turn,
        backup::Backup,
        restore::{self, RestoreError},
    },
    platform::{
        clock::{Clock as _, SystemClock},
        rng::OsRng,
    },
};

/// From which file, and how.
#[derive(Debug, Args)]
pub(super) struct Restore {
    /// The backup
    file: PathBuf,
    /// Say whether it fits; change nothing
    #[arg(long)]
    dry_run: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    passphrase: PassphraseArgs,
}

pub(super) fn run(what: &Restore, args: &LoadArgs) -> ExitCode {
    let done = key_open::config(args).and_then(|config| restore(what, &config, args));
    key_open::finish(done.map(|()| ExitCode::SUCCESS))
}

fn restore(what: &Restore, config: &Config, args: &LoadArgs) -> Result<(), Refused> {
    if !what.dry_run {
        refuse_keys_elsewhere(config)?;
        if !what.yes && !io::stdin().is_terminal() {
            let message = "there is no terminal to ask on; look with --dry-run, then give --yes";
            return Err(Refused::new(2, message));
        }
    }
    let passphrase = what.passphrase.known("the backup", config.environment)?;
    let backup = key_backup::open(&what.file, &passphrase)?;
    let schema = match what.dry_run {
        true => Schema::Untouched,
        false => Schema::AsServed,
    };
    key_open::with_database(config, schema, async |db| {
        let plan = restore::Restore::plan(db, &backup, config.environment).await;
        let plan = plan.map_err(refused)?;
        pipe::tell(&shown(&backup, &plan));
        if what.dry_run {
            println!("The backup fits. Nothing was changed.");
            return Ok(());
        }
        if !what.yes && !agreed()? {
            return Err(Refused::new(1, "nothing was changed"));
        }
        let now = SystemClock.now();
        let signing = keys::draft(Format::Hex, config.environment, now, &OsRng)
            .ok_or_else(|| Refused::new(1, "the source of randomness is broken"))?;
        let supply = Supply::of(args);
        let home = Home::of_keyring(&config.keys, config.environment, &config.data, &supply);
        let turn = Turn::take(db, now, &OsRng).await?;
        let written = async {
            // Somebody was asked in between, and took their time.
            let plan = restore::Restore::plan(db, &backup, config.environment).await;
            let plan = plan.map_err(refused)?;
            plan.write_keyring(&home, &signing, now, &OsRng).await?;
            let written = plan.write_database(db, now, &OsRng).await;
            written.map_err(|error| {
                let message = format!("the keyring is restored, the database is not: {error}");
                Refused::new(1, message)
            })
        };
        let written = written.await;
        turn.give_back().await;
        written?;
        println!(
            "Restored. The sealing key is {}, the new signing key {}; everybody signs in again.",
            backup.sealing.active, signing.id
        );
        Ok(())
    })
}

fn refused(error: RestoreError) -> Refused {
    let code = match error {
        RestoreError::Unfit(_) => UNFIT,
        RestoreError::Changed(_) | RestoreError::Store(_) => 1,
    };
    Refused::new(code, error)
}

/// Restored keys stand in the keyring file. A key from elsewhere would be used instead of them, or disagree with
/// them, and the server would not start.
fn refuse_keys_elsewhere(config: &Config) -> Result<(), Refused> {
    let rings = [
        (Purpose::Signing, &config.keys.signing),
        (Purpose::Sealing, &config.keys.sealing),
    ];
    for (purpose, ring) in rings {
        let given: [(&str, Option<&Given>); 3] = [
            (purpose.variable(), ring.keys.first()),
            (purpose.id_variable(), ring.id.as_ref()),
            (purpose.previous_variable(), ring.previous.as_ref()),
        ];
        for (variable, given) in given {
            if let Some(given) = given {
                let message = format!(
                    "{variable} is set ({}), and the restored keys go into the keyring file: remove that setting first",
                    given.source
                );
                return Err(Refused::new(2, message));
            }
        }
    }
    Ok(())
}

/// What is in the backup, and what becomes of each data key: a line each.
fn shown(backup: &Backup, plan: &restore::Restore<'_>) -> String {
    let mut lines = vec![format!(
        "A backup of {}, made {}, with the sealing key {}.",
        backup.environment,
        backup.made_at.to_rfc3339(),
        backup.sealing.active
    )];
    for name in &plan.opened {
        lines.push(format!("{name}: the backup opens it"));
    }
    for (name, by) in plan.anew() {
        lines.push(format!(
            "{name}: wrapped by {by}, which is not in the backup; its key is, and is wrapped anew"
        ));
    }
    for name in plan.missing() {
        lines.push(format!(
            "{name}: not in the database; written from the backup"
        ));
    }
    lines.join("\n") + "\n"
}

/// Whether whoever sits there says yes.
fn agreed() -> Result<bool, Refused> {
    eprint!(
        "Replace the keyring with these keys? There will be a new signing key, and everybody has to sign in again. Type yes: "
    );
    let read = |error: io::Error| Refused::new(1, format!("the answer cannot be read: {error}"));
    io::stderr().flush().map_err(read)?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).map_err(read)?;
    Ok(answer.trim() == "yes")
}
