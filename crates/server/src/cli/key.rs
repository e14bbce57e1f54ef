//! `concierge key generate|import|check`: new keys, and whether the ones in use are any good.

use std::{
    io::{self, IsTerminal as _},
    path::PathBuf,
    process::ExitCode,
};

use clap::{Args, Subcommand, ValueEnum};

use super::{
    checklist, key_age, key_backup,
    key_file::add_keys,
    key_import::{self, Import},
    key_incident::{self, IncidentCommand},
    key_life::{self, Revoke, Rotate},
    key_passphrase::PassphraseArgs,
    key_restore, key_scan, key_store, print_json, read,
};
use crate::{
    boot,
    config::{Config, Environment, Finding, LoadArgs, dotenv::assignment},
    keys::{self, Draft, FileForm, Form, Format, Purpose, due::Standing},
    platform::{
        clock::{Clock as _, SystemClock},
        keyring::Algorithm,
        rng::OsRng,
    },
};

/// Something is wrong with a key or its file.
const WRONG: u8 = 1;
/// Nothing is wrong but the age of a key.
const OVERDUE: u8 = 3;

/// What can be done with keys.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make new keys
    #[command(
        after_help = "Examples:\n  concierge key generate                                  lines for the environment\n  concierge key generate --out .env                       into a .env file, other lines stay\n  concierge key generate --env production --out secrets.production.toml\n  concierge key generate --alg Ed25519 --out secrets.production.toml\n                                                          other services verify through /.well-known/jwks.json\n\nExit 2: the file has keys already (see --force)."
    )]
    Generate(Generate),
    /// Put a key that was made elsewhere into a keyring file, if it is any good
    #[command(
        after_help = "Examples:\n  openssl rand -hex 32 | concierge key import --ring signing --stdin\n  concierge key import --ring sealing --stdin --out .env < key.txt\n\nExit 1: the key is refused; 2: the file has a key already (see --force). Then nothing was changed."
    )]
    Import(Import),
    /// Check strength, files, environment and age of the keys in use
    #[command(
        after_help = "Examples:\n  concierge key check\n  concierge key check --fix   close the permissions of key files (development)\n  concierge key check --json  findings and the eight lines, for a program\n\nExit 1: something is wrong; 3: nothing is, but a key should have been rotated."
    )]
    Check {
        /// In development, take the access of others to key files away
        #[arg(long)]
        fix: bool,
    },
    /// Make a new key active and let the old one verify for a while; nobody notices
    #[command(
        after_help = "Examples:\n  concierge key rotate --ring signing --grace 7d\n  concierge key rotate --if-due               for a timer\n  concierge key rotate --ring signing --out .env\n  concierge key rotate --ring signing --undo  the key in grace is active again\n\nExit 0: done, or nothing is due; 2: the key lives where this program writes nothing; the lines to set are shown."
    )]
    Rotate(Rotate),
    /// The emergency: refuse a key everywhere within a second and end every session
    #[command(
        after_help = "Example:\n  concierge key revoke --kid prod-20261120-9f3a --reason \"found in a public repository\"\n\nAsks on a terminal; elsewhere --reason is the consent. Works with the server up or down; repeated, it finishes what was broken off."
    )]
    Revoke(Revoke),
    /// Show both rings: id, state, age, until when and by what each key is needed; never a value. Exit 3 when overdue
    Status,
    /// The records of revoked keys
    #[command(subcommand)]
    Incident(IncidentCommand),
    /// Encrypt the keyring file with a passphrase, and remove the plain one
    #[command(
        after_help = "Examples:\n  concierge key encrypt                                 asks for the passphrase, twice\n  concierge key encrypt --passphrase-file /run/keys/p   where no terminal is\n\nThe server opens it with the passphrase in the file that CONCIERGE_KEYRING_PASSPHRASE_FILE names."
    )]
    Encrypt(PassphraseArgs),
    /// Make the encrypted keyring file a plain one again
    #[command(
        after_help = "Examples:\n  concierge key decrypt\n  concierge key decrypt --passphrase-stdin < passphrase"
    )]
    Decrypt(PassphraseArgs),
    /// Look for keys in a git repository and its whole history; exit 1 when there are some
    #[command(
        after_help = "Examples:\n  concierge key scan-git                  everything: .gitignore, tracked files, every object\n  concierge key scan-git --staged         what the next commit would add\n  concierge key scan-git --install-hook   run that before each commit\n\nExit 0: nothing found; 1: found; 2: no repository, no git, or not everything could be read."
    )]
    ScanGit(key_scan::ScanGit),
    /// Go on without a sealing key that is lost for good; what it sealed is given up
    #[command(
        after_help = "Example:\n  concierge key replace-lost --ring sealing --reason \"the disk burned\"\n\nStop the server first, look for a backup first, and keep a copy of the database: there is no way back.\nShows what goes and asks; without a terminal --reason is the consent.\n\nExit 2: nothing is lost, or the answer was no; nothing was changed."
    )]
    ReplaceLost(super::key_lost::ReplaceLost),
    /// Write the sealing keys and data keys to a file that a passphrase opens, or verify such a file
    #[command(
        after_help = "Examples:\n  concierge key backup --out keys.age\n  concierge key backup --verify keys.age   whether it opens and fits the database\n\nThe stock tool opens it, too: `age -d keys.age`. Exit 4: the file is broken or does not fit."
    )]
    Backup(key_backup::Backup),
    /// Put the keys of a backup back; everybody has to sign in again
    #[command(
        after_help = "Examples:\n  concierge key restore keys.age --dry-run   says whether it fits the database, changes nothing\n  concierge key restore keys.age\n\nExit 2: the keys in use are given in a place that is not written to. Exit 4: the file is broken or does not fit."
    )]
    Restore(key_restore::Restore),
    /// Send keys to a store, fetch them, compare
    #[command(flatten)]
    Store(key_store::Command),
}

/// What to make, and where to put it.
#[derive(Debug, Args)]
pub(super) struct Generate {
    /// Which keys
    #[arg(long, value_enum, default_value_t)]
    ring: Rings,
    /// Environment the keys are for [default: CONCIERGE_ENV]
    #[arg(long, value_parser = environment, value_name = "ENVIRONMENT")]
    env: Option<Environment>,
    /// A .env file or a keyring file (.toml); without it the lines are printed
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// How the signing key signs: HS256, or Ed25519 where other services verify tokens; in a keyring file
    #[arg(long, value_parser = algorithm, value_name = "HS256|Ed25519", default_value = "HS256")]
    alg: Algorithm,
    /// How a key is written
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Replace keys that are there already; what they signed or sealed is lost
    #[arg(long)]
    force: bool,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Rings {
    /// JWT_SECRET: signs access tokens
    Signing,
    /// SECRET_KEY: seals data at rest
    Sealing,
    /// Both
    #[default]
    Both,
}

impl Rings {
    fn purposes(self) -> Vec<Purpose> {
        match self {
            Self::Signing => vec![Purpose::Signing],
            Self::Sealing => vec![Purpose::Sealing],
            Self::Both => Purpose::ALL.to_vec(),
        }
    }
}

pub(super) fn environment(text: &str) -> Result<Environment, String> {
    Environment::from_text(text)
        .ok_or_else(|| "development, test, staging or production".to_owned())
}

pub(super) fn algorithm(text: &str) -> Result<Algorithm, String> {
    Algorithm::from_text(text).ok_or_else(|| "HS256 or Ed25519".to_owned())
}

pub(super) fn run(command: &Command, args: &LoadArgs, json: bool) -> ExitCode {
    match command {
        Command::Store(command) => key_store::run(command, args, json),
        Command::Check { fix } => check(args, *fix, json),
        Command::Rotate(command) => key_life::rotate(command, args, json),
        Command::Revoke(command) => key_life::revoke(command, args, json),
        Command::Status => key_life::status(args, json),
        Command::Incident(command) => key_incident::incident(command, args, json),
        Command::Encrypt(passphrase) => key_age::convert(FileForm::Age, passphrase, args),
        Command::Decrypt(passphrase) => key_age::convert(FileForm::Plain, passphrase, args),
        Command::ScanGit(what) => key_scan::run(what, args, json),
        Command::Import(what) => key_import::run(what, args, json),
        Command::ReplaceLost(what) => super::with_loaded(args, json, |loaded| {
            super::key_lost::run(&loaded, what, json)
        }),
        Command::Backup(what) => key_backup::run(what, args),
        Command::Restore(what) => key_restore::run(what, args),
        Command::Generate(what) => generate(what, args).unwrap_or_else(|message| {
            eprintln!("error: {message}");
            ExitCode::from(2)
        }),
    }
}

/// Judges the key settings only: whatever else is wrong is the business of `config check`.
fn check(args: &LoadArgs, fix: bool, json: bool) -> ExitCode {
    // A copy would hide that the store is down.
    let args = LoadArgs {
        strict_store: true,
        ..args.clone()
    };
    let mut reading = read(&args);
    if fix && close_files(&reading) {
        reading = read(&args);
    }
    let (settings, environment) = (reading.keys(), reading.environment);
    let now = SystemClock.now();
    let mut findings = keys::check(settings, environment, &reading.data, now);
    let ages = keys::due::ages(settings, environment, &reading.data, now);
    findings.sort_by_key(|finding| finding.level);
    let lines = async { Ok(checklist::of(&reading, &findings, now).await) };
    let lines = boot::run(lines).unwrap_or_else(|error| {
        eprintln!("error: {error}");
        Vec::new()
    });
    if json {
        print_json(&serde_json::json!({ "findings": findings, "checklist": lines }));
    } else {
        if findings.is_empty() {
            println!("The keys for {environment} are sound.");
        }
        findings.iter().for_each(|finding| eprintln!("{finding}"));
        print!("{}", checklist::page(&lines, environment));
    }
    ExitCode::from(verdict(&findings, &ages))
}

/// A key that is due soon is worth a word and no more.
fn verdict(findings: &[Finding], ages: &[(Standing, Finding)]) -> u8 {
    let is_age = |finding: &Finding| ages.iter().any(|(_, age)| age == finding);
    if !findings.iter().all(is_age) {
        WRONG
    } else if ages
        .iter()
        .any(|(standing, _)| *standing == Standing::Overdue)
    {
        OVERDUE
    } else {
        0
    }
}

/// Whether a file was closed. Elsewhere than in development somebody chose the permissions.
fn close_files(reading: &crate::config::Reading) -> bool {
    if reading.environment != Environment::Development {
        eprintln!("warning: --fix works in development only");
        return false;
    }
    let files = keys::files(reading.keys(), reading.environment, &reading.data);
    let open = files
        .iter()
        .filter(|file| file.judge(reading.environment).is_some());
    open.fold(false, |_, file| {
        match file.close() {
            Ok(()) => println!("closed {}", file.path.display()),
            Err(error) => eprintln!("error: {}: {error}", file.path.display()),
        }
        true
    })
}

/// A refusal is text for the user; it exits with 2 and has changed nothing.
pub(super) type Refusal = String;

fn generate(what: &Generate, args: &LoadArgs) -> Result<ExitCode, Refusal> {
    if what.alg == Algorithm::Ed25519 {
        refuse_where_ed25519_cannot_be(what)?;
    }
    let reading = Config::read(args);
    let environment = what.env.unwrap_or(reading.environment);
    let now = SystemClock.now();
    let drafts = what
        .ring
        .purposes()
        .into_iter()
        .map(|purpose| {
            keys::draft(what.format, environment, now, &OsRng)
                .map(|draft| (purpose, for_ring(draft, purpose, what.alg)))
                .ok_or_else(|| "the source of randomness is broken".to_owned())
        })
        .collect::<Result<Vec<_>, _>>()?;
    let Some(path) = &what.out else {
        print_lines(&drafts);
        return Ok(ExitCode::SUCCESS);
    };
    add_keys(path, reading.keys(), &drafts, environment, what.force, now)?;
    for (purpose, draft) in &drafts {
        println!(
            "{} key {} written to {}",
            purpose.as_str(),
            draft.id,
            path.display()
        );
    }
    Ok(ExitCode::SUCCESS)
}

/// The algorithm is the signing key's: the sealing key signs nothing.
fn for_ring(draft: Draft, purpose: Purpose, algorithm: Algorithm) -> Draft {
    match purpose {
        Purpose::Signing => Draft { algorithm, ..draft },
        Purpose::Sealing => draft,
    }
}

/// A `.env` file and the environment name no algorithm, so a seed there would be taken for a key of HS256.
fn refuse_where_ed25519_cannot_be(what: &Generate) -> Result<(), Refusal> {
    let refusal = if matches!(what.ring, Rings::Sealing) {
        "--alg Ed25519 is for the signing ring; the sealing key signs nothing"
    } else if what.format != Format::Hex {
        "a key of Ed25519 is a seed in hex; leave --format away"
    } else if !matches!(what.out.as_deref().map(Form::of), Some(Ok(Form::Keyring))) {
        "a key of Ed25519 lives in a keyring file, since JWT_SECRET says no algorithm: give --out secrets.<env>.toml"
    } else {
        return Ok(());
    };
    Err(refusal.to_owned())
}

/// The lines for the environment, on standard output so that they can be piped.
fn print_lines(drafts: &[(Purpose, Draft)]) {
    if io::stdout().is_terminal() {
        eprintln!(
            "warning: these keys are now in the scrollback of this terminal; --out writes them to a file"
        );
    }
    for (purpose, draft) in drafts {
        println!("{}", assignment(purpose.variable(), draft.value.expose()));
        println!("{}", assignment(purpose.id_variable(), &draft.id));
    }
}

#[cfg(test)]
mod tests {
    use concierge_core::time::Timestamp;

    use super::*;
    use crate::{cli::key_file::with_keys, keys::KeyringContents};

    #[test]
    fn an_ed25519_key_goes_into_a_keyring_in_hex_and_signs() {
        let what = |ring, out: Option<&str>, format| Generate {
            ring,
            env: None,
            out: out.map(PathBuf::from),
            alg: Algorithm::Ed25519,
            format,
            force: false,
        };
        let file = Some("secrets.staging.toml");
        for ring in [Rings::Signing, Rings::Both] {
            assert_eq!(
                refuse_where_ed25519_cannot_be(&what(ring, file, Format::Hex)),
                Ok(())
            );
        }
        for (refused, why) in [
            (what(Rings::Sealing, file, Format::Hex), "signing ring"),
            (what(Rings::Both, None, Format::Hex), "--out secrets"),
            (
                what(Rings::Both, Some(".env"), Format::Hex),
                "--out secrets",
            ),
            (what(Rings::Both, file, Format::Base64url), "hex"),
        ] {
            let refusal = refuse_where_ed25519_cannot_be(&refused).unwrap_err();
            assert!(refusal.contains(why), "{refusal}");
        }
        let now = Timestamp::from_millis(1_795_219_200_000);
        let draft = || keys::draft(Format::Hex, Environment::Staging, now, &OsRng).unwrap();
        let drafts = Purpose::ALL.map(|one| (one, for_ring(draft(), one, Algorithm::Ed25519)));
        let text = with_keys(
            Form::Keyring,
            None,
            &drafts,
            Environment::Staging,
            false,
            now,
        )
        .unwrap();
        assert_eq!(
            text.expose().matches("alg = \"Ed25519\"").count(),
            1,
            "one of the two"
        );
        let contents = KeyringContents::parse(text.expose()).unwrap();
        let signing = contents.ring(Purpose::Signing).unwrap();
        assert_eq!(signing.keys[0].alg, Algorithm::Ed25519);
    }
}
