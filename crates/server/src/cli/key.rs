//! `concierge key generate|check`: new keys, and whether the ones in use are any good.

use std::{
    io::{self, IsTerminal as _},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Args, Subcommand, ValueEnum};
use concierge_core::time::Timestamp;

use super::print_json;
use crate::{
    config::{
        Config, Environment, LoadArgs,
        dotenv::{Dotenv, assignment},
        secret_file::{self, Links},
    },
    keys::{self, Draft, Existing, Format, KeyringContents, Purpose, StoredRing},
    platform::{
        clock::{Clock as _, SystemClock},
        rng::OsRng,
    },
};

/// What can be done with keys.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make new keys
    #[command(
        after_help = "Examples:\n  concierge key generate                                  lines for the environment\n  concierge key generate --out .env                       into a .env file, other lines stay\n  concierge key generate --env production --out secrets.production.toml\n\nExit 2: the file has keys already (see --force)."
    )]
    Generate(Generate),
    /// Check strength, files and environment of the keys in use; exit 1 when something is wrong
    #[command(
        after_help = "Examples:\n  concierge key check\n  concierge key check --fix   close the permissions of key files (development)"
    )]
    Check {
        /// In development, take the access of others to key files away
        #[arg(long)]
        fix: bool,
    },
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

fn environment(text: &str) -> Result<Environment, String> {
    Environment::from_text(text)
        .ok_or_else(|| "development, test, staging or production".to_owned())
}

pub(super) fn run(command: &Command, args: &LoadArgs, json: bool) -> ExitCode {
    match command {
        Command::Check { fix } => check(args, *fix, json),
        Command::Generate(what) => generate(what, args).unwrap_or_else(|message| {
            eprintln!("error: {message}");
            ExitCode::from(2)
        }),
    }
}

/// Judges the key settings only: whatever else is wrong is the business of `config check`.
fn check(args: &LoadArgs, fix: bool, json: bool) -> ExitCode {
    let mut reading = Config::read(args);
    if fix && close_files(&reading) {
        reading = Config::read(args);
    }
    let mut findings = keys::check(
        reading.keys(),
        reading.environment,
        &reading.data,
        SystemClock.now(),
    );
    findings.sort_by_key(|finding| finding.level);
    if json {
        print_json(&findings);
    } else if findings.is_empty() {
        println!("The keys for {} are sound.", reading.environment);
    } else {
        findings.iter().for_each(|finding| eprintln!("{finding}"));
    }
    ExitCode::from(u8::from(!findings.is_empty()))
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
type Refusal = String;

fn generate(what: &Generate, args: &LoadArgs) -> Result<ExitCode, Refusal> {
    let environment = what.env.unwrap_or_else(|| Config::read(args).environment);
    let now = SystemClock.now();
    let drafts = what
        .ring
        .purposes()
        .into_iter()
        .map(|purpose| {
            keys::draft(what.format, environment, now, &OsRng)
                .map(|draft| (purpose, draft))
                .ok_or_else(|| "the source of randomness is broken".to_owned())
        })
        .collect::<Result<Vec<_>, _>>()?;
    let Some(path) = &what.out else {
        print_lines(&drafts);
        return Ok(ExitCode::SUCCESS);
    };
    let (kind, text) = (Kind::of(path)?, existing(path)?);
    let text = match kind {
        Kind::Dotenv => into_dotenv(text.as_deref(), &drafts, what.force)?,
        Kind::Keyring => into_keyring(text.as_deref(), &drafts, what.force, now)?,
    };
    keys::write_secret_file(path, &text, Existing::Replaced, &OsRng)
        .map_err(|error| format!("{} cannot be written: {error}", path.display()))?;
    for (purpose, draft) in &drafts {
        println!(
            "{} key {} written to {}",
            purpose.as_str(),
            draft.id,
            path.display()
        );
    }
    if let Some(changed) = ignore_in_git(path) {
        println!("added it to {}", changed.display());
    }
    Ok(ExitCode::SUCCESS)
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

enum Kind {
    Dotenv,
    Keyring,
}

impl Kind {
    fn of(path: &Path) -> Result<Self, Refusal> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.ends_with(".toml") {
            Ok(Self::Keyring)
        } else if name.starts_with(".env") || name.ends_with(".env") {
            Ok(Self::Dotenv)
        } else {
            Err(
                "--out takes a .env file or a keyring file such as secrets.production.toml"
                    .to_owned(),
            )
        }
    }
}

fn existing(path: &Path) -> Result<Option<String>, Refusal> {
    match secret_file::read(path, Links::Refused) {
        Ok((text, _)) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(format!("{} cannot be read: {error}", path.display())),
    }
}

fn into_dotenv(
    text: Option<&str>,
    drafts: &[(Purpose, Draft)],
    force: bool,
) -> Result<String, Refusal> {
    let mut file = Dotenv::parse(text.unwrap_or_default()).map_err(|faults| {
        let first = faults.into_iter().next();
        first.map_or_else(String::new, |fault| {
            format!("line {}: {}; {}", fault.line, fault.message, fault.remedy)
        })
    })?;
    for (purpose, draft) in drafts {
        let variable = purpose.variable();
        if file.get(variable).is_some() && !force {
            return Err(taken(variable));
        }
        file.set(variable, draft.value.expose());
        file.set(purpose.id_variable(), &draft.id);
    }
    Ok(file.to_string())
}

fn into_keyring(
    text: Option<&str>,
    drafts: &[(Purpose, Draft)],
    force: bool,
    now: Timestamp,
) -> Result<String, Refusal> {
    let text = text.unwrap_or_default();
    let mut contents = KeyringContents::parse(text)?;
    let mut added = KeyringContents::default();
    let mut replaces = false;
    for (purpose, draft) in drafts {
        if contents.ring(*purpose).is_some() {
            if !force {
                return Err(taken(purpose.as_str()));
            }
            replaces = true;
        }
        added.set(*purpose, StoredRing::of(draft, now));
        contents.set(*purpose, StoredRing::of(draft, now));
    }
    // Comments stay when nothing is replaced.
    Ok(match (replaces, text.trim().is_empty()) {
        (true, _) => contents.to_string(),
        (false, true) => added.to_string(),
        (false, false) => format!("{}\n\n{added}", text.trim_end()),
    })
}

fn taken(what: &str) -> Refusal {
    format!(
        "the file has a key for {what} already; --force replaces it, and what it signed or sealed is lost"
    )
}

/// Inside a git checkout, makes sure that the file is ignored; the `.gitignore` that was changed.
fn ignore_in_git(path: &Path) -> Option<PathBuf> {
    let path = path.canonicalize().ok()?;
    let root = path
        .ancestors()
        .skip(1)
        .find(|folder| folder.join(".git").exists())?;
    let line = format!("/{}", path.strip_prefix(root).ok()?.display());
    let ignore = root.join(".gitignore");
    let text = std::fs::read_to_string(&ignore).unwrap_or_default();
    let name = path.file_name()?.to_string_lossy();
    if text.lines().any(|rule| covers(rule.trim(), &line, &name)) {
        return None;
    }
    let gap = if text.is_empty() || text.ends_with('\n') {
        ""
    } else {
        "\n"
    };
    match std::fs::write(&ignore, format!("{text}{gap}{line}\n")) {
        Ok(()) => Some(ignore),
        Err(error) => {
            eprintln!(
                "warning: {} cannot be changed ({error}): keep the file out of git yourself",
                ignore.display()
            );
            None
        }
    }
}

/// Whether a line of `.gitignore` names this file or the beginning of its name and a star.
fn covers(rule: &str, line: &str, name: &str) -> bool {
    rule == line
        || rule == name
        || rule.strip_suffix('*').is_some_and(|start| {
            !start.is_empty() && !start.contains(['/', '*', '!']) && name.starts_with(start)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drafts(format: Format) -> Vec<(Purpose, Draft)> {
        let now = Timestamp::from_millis(1_795_219_200_000);
        let draft = |_| keys::draft(format, Environment::Production, now, &OsRng).unwrap();
        Purpose::ALL.map(|one| (one, draft(one))).into()
    }

    #[test]
    fn keys_are_added_to_a_dot_env_and_replaced_only_by_force() {
        let drafts = drafts(Format::Symbols);
        let text = into_dotenv(Some("# ours\nA=1\nJWT_SECRET=\n"), &drafts, false).unwrap();
        assert!(text.starts_with("# ours\nA=1\nJWT_SECRET='"), "{text}");
        let file = Dotenv::parse(&text).unwrap();
        assert_eq!(file.get("JWT_SECRET"), Some(drafts[0].1.value.expose()));
        assert_eq!(file.get("SECRET_KEY_ID"), Some(drafts[1].1.id.as_str()));
        assert!(into_dotenv(Some(&text), &drafts, false).is_err());
        assert!(into_dotenv(Some(&text), &drafts, true).is_ok());
    }

    #[test]
    fn keys_are_added_to_a_keyring_and_replaced_only_by_force() {
        let now = Timestamp::from_millis(0);
        let mut both = drafts(Format::Hex);
        let one = both.split_off(1);
        let text = into_keyring(Some("# ours\n"), &one, false, now).unwrap();
        let text = into_keyring(Some(&text), &both, false, now).unwrap();
        assert!(text.starts_with("# ours\n"), "{text}");
        let contents = KeyringContents::parse(&text).unwrap();
        let value = contents.ring(Purpose::Sealing).unwrap().active_value();
        assert_eq!(value, Some(one[0].1.value.expose()));
        assert!(into_keyring(Some(&text), &both, false, now).is_err());
        assert!(into_keyring(Some(&text), &both, true, now).is_ok());
    }

    #[test]
    fn a_new_key_file_is_ignored_in_git_once() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join(".git")).unwrap();
        let file = folder.path().join("prod.env");
        std::fs::write(&file, "").unwrap();
        let ignore = folder.path().canonicalize().unwrap().join(".gitignore");
        std::fs::write(&ignore, "/target\nsecrets.*").unwrap();
        assert_eq!(ignore_in_git(&file), Some(ignore.clone()));
        assert_eq!(ignore_in_git(&file), None);
        let text = std::fs::read_to_string(&ignore).unwrap();
        assert_eq!(text, "/target\nsecrets.*\n/prod.env\n");
        let covered = folder.path().join("secrets.production.toml");
        std::fs::write(&covered, "").unwrap();
        assert_eq!(ignore_in_git(&covered), None);
    }

    #[test]
    fn other_names_are_refused() {
        assert!(Kind::of(Path::new("keys.txt")).is_err());
        for name in [".env", ".env.local", "prod.env", "a/secrets.staging.toml"] {
            assert!(Kind::of(Path::new(name)).is_ok(), "{name}");
        }
    }
}
