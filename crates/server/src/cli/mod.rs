//! The command line: reads the words, loads the configuration, hands over to whoever does the work.
//!
//! Exit codes: 0 done, 1 something is wrong (with the configuration, the keys, the database), 2 the
//! command line itself, or a file that will not be overwritten. `doctor` has its own: 1 warnings, 2 errors.

#![expect(clippy::print_stdout, reason = "the command line talks to its user")]
#![expect(clippy::print_stderr, reason = "findings go to standard error")]

mod audit;
mod audit_export;
mod checklist;
mod config;
mod doctor;
mod key;
mod key_age;
mod key_backup;
mod key_diff;
mod key_file;
mod key_import;
mod key_incident;
mod key_life;
mod key_lines;
mod key_lost;
mod key_open;
mod key_passphrase;
mod key_restore;
mod key_scan;
mod key_store;
mod pipe;

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, CommandFactory as _, Parser, Subcommand};

use crate::{
    account, boot,
    config::{Config, Finding, LoadArgs, Loaded, Reading, StoreAnswer, leptos},
    keys::{self, stores},
    platform::{
        clock::{Clock as _, SystemClock},
        core_dump,
    },
};

const EXAMPLES: &str = "\
Examples:
  concierge serve                               start on http://localhost:3000, data in ./data
  concierge config check                        everything that is wrong, each with its remedy
  concierge doctor                              the same for keys, database, disk, clock and addresses
  concierge key generate --out .env             new keys into a .env file
  concierge account create --admin --email me@example.org --password-stdin

Every setting is listed in docs/configuration.md and by `concierge config explain`.";

/// A self-hosted desk for accounts and security: sign-in, sessions, keys.
#[derive(Debug, Parser)]
#[command(name = "concierge", version, after_help = EXAMPLES)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Option<Command>,
}

/// Flags every command takes.
#[derive(Debug, Args)]
struct Global {
    /// Configuration file [default: concierge.toml in the working directory, if there is one]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// File of NAME=value lines [default in development: .env in the working directory]
    #[arg(long, global = true, value_name = "FILE")]
    env_file: Option<PathBuf>,
    /// Folder of database and keyring [default: ./data]
    #[arg(long, global = true, value_name = "FOLDER")]
    data: Option<String>,
    /// Address and port to listen on [default: 127.0.0.1:3000]
    #[arg(long, global = true, value_name = "ADDRESS")]
    listen: Option<String>,
    /// Address people type [default: http://localhost:3000]
    #[arg(long, global = true, value_name = "URL")]
    public_url: Option<String>,
    /// Print data as JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server
    #[command(
        after_help = "Examples:\n  concierge serve\n  concierge serve --listen 0.0.0.0:8080 --public-url https://id.example.org"
    )]
    Serve {
        /// Do not start on the last good copy of the keys when their store does not answer
        #[arg(long)]
        strict_store: bool,
    },
    /// Bring the database schema up to date
    #[command(
        after_help = "Examples:\n  concierge migrate\n  concierge migrate --check   exit 1 when something is pending"
    )]
    Migrate {
        /// Change nothing; exit 1 when migrations are pending
        #[arg(long)]
        check: bool,
    },
    /// Make and list accounts
    #[command(subcommand)]
    Account(AccountCommand),
    /// Make and check keys
    #[command(subcommand)]
    Key(key::Command),
    /// Check and copy the security events
    #[command(subcommand)]
    Audit(audit::Command),
    /// Check and explain the configuration
    #[command(subcommand)]
    Config(config::Command),
    /// Look at everything the server needs, each with what to do; changes nothing
    #[command(
        after_help = "Examples:\n  concierge doctor\n  concierge doctor --strict --json   for a timer or a pipeline\n\nExit 0: no errors; 1: warnings, with --strict; 2: errors."
    )]
    Doctor(doctor::Doctor),
    /// Ask the running server whether it is ready; exit 0 or 1
    Healthcheck,
}

/// What can be done to accounts without a browser.
#[derive(Debug, Subcommand)]
pub enum AccountCommand {
    /// Make an account; the password is read from standard input
    #[command(
        after_help = "Example:\n  printf %s \"$PASSWORD\" | concierge account create --email me@example.org --admin --password-stdin"
    )]
    Create {
        /// E-mail address
        #[arg(long)]
        email: String,
        /// Make it an admin
        #[arg(long)]
        admin: bool,
        /// Name to show
        #[arg(long)]
        name: Option<String>,
        /// Read the password from standard input, up to the end of the line
        #[arg(long, required = true)]
        password_stdin: bool,
    },
    /// List accounts
    List {
        /// Only those whose address or name begins so
        #[arg(long)]
        query: Option<String>,
    },
    /// Print a one-time link with which somebody sets a new password
    ResetLink {
        /// E-mail address
        #[arg(long)]
        email: String,
    },
    /// Make a new one-time link to set up the first admin
    SetupLink,
    /// Lock an account and end its sessions
    Lock {
        /// E-mail address
        #[arg(long)]
        email: String,
    },
    /// Unlock an account and clear its waits
    Unlock {
        /// E-mail address
        #[arg(long)]
        email: String,
    },
    /// Make an account an admin; its sessions end
    Promote {
        /// E-mail address
        #[arg(long)]
        email: String,
    },
    /// Make an admin a member; its sessions end
    Demote {
        /// E-mail address
        #[arg(long)]
        email: String,
    },
    /// End every session of an account
    SignOut {
        /// E-mail address
        #[arg(long)]
        email: String,
    },
    /// Remove the second factor of somebody who lost it and the recovery codes
    RemoveSecondFactor {
        /// E-mail address
        #[arg(long)]
        email: String,
    },
    /// Close an account for good; there is no way back
    Close {
        /// E-mail address
        #[arg(long)]
        email: String,
    },
    /// Print a one-time link with which somebody makes an account
    Invite {
        /// The account will be an admin's
        #[arg(long)]
        admin: bool,
        /// For how many days the link works, 1 to 30
        #[arg(long, default_value_t = 7)]
        days: u32,
        /// For whom, in your own words
        #[arg(long, default_value = "")]
        note: String,
    },
}

/// Reads the command line and does what it says.
pub fn run() -> ExitCode {
    if let Err(error) = core_dump::forbid() {
        pipe::warn(&format!(
            "warning: a crash may leave keys in a core dump: {error}"
        ));
    }
    let cli = Cli::parse();
    let args = cli.global.load_args();
    let json = cli.global.json;
    // `cargo leptos` starts the program without a word; anybody else is shown what there is.
    let command = match cli.command {
        Some(command) => command,
        None if leptos().site_root.is_some() => Command::Serve {
            strict_store: false,
        },
        None => {
            eprintln!("{}", Cli::command().render_help());
            return ExitCode::from(2);
        }
    };
    if !matches!(command, Command::Serve { .. }) {
        pipe::end_with_the_reader();
    }
    match command {
        Command::Config(command) => config::run(&command, &args, json),
        Command::Key(command) => key::run(&command, &args, json),
        Command::Audit(command) => audit::run(&command, &args, json),
        Command::Serve { strict_store } => {
            let args = LoadArgs {
                strict_store,
                ..args
            };
            accepted(read(&args), json, boot::serve)
        }
        Command::Migrate { check } => {
            with_loaded(&args, json, |loaded| boot::migrate(loaded, check))
        }
        Command::Account(command) => with_loaded(&args, json, |loaded| {
            account::cli::run(loaded, &command, json)
        }),
        Command::Doctor(command) => doctor::run(&command, &args, json),
        // It asks the server that runs, which has the keys: no store is asked every few seconds for them.
        Command::Healthcheck => match Config::load(&args) {
            Ok(loaded) => boot::healthcheck(loaded),
            Err(findings) => report(findings, json),
        },
    }
}

impl Global {
    fn load_args(&self) -> LoadArgs {
        LoadArgs {
            config: self.config.clone(),
            env_file: self.env_file.clone(),
            data: self.data.clone(),
            listen: self.listen.clone(),
            public_url: self.public_url.clone(),
            strict_store: false,
        }
    }
}

/// Everything that was given, and the keyring of the store when it lives in one.
fn read(args: &LoadArgs) -> Reading {
    asked(args, async |reading| {
        stores::attach(reading, SystemClock.now()).await;
    })
}

/// The same for who revokes a key, which must be possible whatever became of the store.
fn read_to_revoke(args: &LoadArgs, kid: &str) -> Reading {
    asked(args, async |reading| {
        stores::attach_to_revoke(reading, kid, SystemClock.now()).await;
    })
}

fn asked(args: &LoadArgs, ask: impl AsyncFnOnce(&mut Reading)) -> Reading {
    let mut reading = Config::read(args);
    if reading.keys().store.kind.is_remote() {
        let asked = boot::run(async {
            ask(&mut reading).await;
            Ok(())
        });
        // Then the store counts as not asked, which is a finding of its own.
        if let Err(error) = asked {
            pipe::warn(&format!("error: {error}"));
        }
        // Every command says so; the server's log does it once more.
        if let StoreAnswer::Copy(copy, fault) = &*reading.keys().store.answer {
            pipe::warn(&format!("warning: {}: {fault}", copy.source));
        }
    }
    reading
}

fn with_loaded(args: &LoadArgs, json: bool, next: impl FnOnce(Loaded) -> ExitCode) -> ExitCode {
    accepted(read(args), json, next)
}

/// Goes on with a sound configuration; otherwise shows all that is wrong, keys included, and ends.
fn accepted(reading: Reading, json: bool, next: impl FnOnce(Loaded) -> ExitCode) -> ExitCode {
    let keys = keys::check(
        reading.keys(),
        reading.environment,
        &reading.data,
        SystemClock.now(),
    );
    if keys.iter().chain(&reading.findings).any(Finding::is_error) {
        let findings: Vec<Finding> = reading.findings.into_iter().chain(keys).collect();
        return report(findings, json);
    }
    match reading.accept() {
        Ok(loaded) => next(loaded),
        Err(findings) => report(findings, json),
    }
}

/// Shows findings, errors first; exit 1 when one of them is an error.
fn report(mut findings: Vec<Finding>, json: bool) -> ExitCode {
    findings.sort_by_key(|finding| finding.level);
    if json {
        print_json(&findings);
    } else {
        for finding in &findings {
            eprintln!("{finding}");
        }
    }
    ExitCode::from(u8::from(findings.iter().any(Finding::is_error)))
}

fn print_json(value: &impl serde::Serialize) {
    match serde_json::to_string_pretty(value) {
        Ok(text) => println!("{text}"),
        Err(error) => eprintln!("error: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn what_is_unknown_exits_with_2() {
        for words in [
            &["concierge", "dance"][..],
            &["concierge", "serve", "--fast"],
            &["concierge", "key", "generate", "--format", "rot13"],
            &["concierge", "key", "generate", "--env", "prod"],
            &["concierge", "account", "create", "--email", "a@b.c"],
        ] {
            let error = Cli::try_parse_from(words).unwrap_err();
            assert_eq!(error.exit_code(), 2, "{words:?}");
        }
    }

    #[test]
    fn global_flags_stand_before_or_behind_the_command() {
        let cli = Cli::try_parse_from(["concierge", "serve", "--data", "d", "--json"]).unwrap();
        assert_eq!(cli.global.load_args().data, Some("d".into()));
        assert!(cli.global.json);
    }
}
