//! `concierge key import`: a key that was made elsewhere becomes the active one of a ring, if it is any good.
//!
//! The key comes in on standard input only: an argument would stand in the list of processes and in the shell's
//! history. A key that is refused changes nothing.

use std::{
    io::{self, Read as _},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Args;
use concierge_core::sensitive::Sensitive;
use serde::Serialize;
use zeroize::Zeroizing;

use super::{
    key::{Refusal, environment},
    key_file::{add_keys, add_keys_to_store},
    print_json,
};
use crate::{
    config::{Environment, Finding, LoadArgs, Reading, Source},
    keys::{self, Draft, Purpose},
    platform::{
        clock::{Clock as _, SystemClock},
        keyring::Algorithm,
    },
};

/// Nothing longer is a key; what is cut off is refused for its length all the same.
const LIMIT: u64 = 64 * 1024;

/// Which key, and where it goes.
#[derive(Debug, Args)]
pub(super) struct Import {
    /// What it is for
    #[arg(long, value_parser = ring, value_name = "signing|sealing")]
    ring: Purpose,
    /// Read it from standard input; one line end behind it is not part of it
    #[arg(long, required = true)]
    stdin: bool,
    /// Its id [default: one that follows from environment and key, so it is the same on every machine]
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    /// Environment it is for [default: CONCIERGE_ENV]
    #[arg(long, value_parser = environment, value_name = "ENVIRONMENT")]
    env: Option<Environment>,
    /// A .env file or a keyring file (.toml) [default: the keyring file or the store of the configuration]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Replace a ring that is there already; what it signed or sealed is lost
    #[arg(long)]
    force: bool,
}

fn ring(text: &str) -> Result<Purpose, String> {
    let found = Purpose::ALL.into_iter().find(|one| one.as_str() == text);
    found.ok_or_else(|| "signing or sealing".to_owned())
}

/// What was done; never a value.
#[derive(Debug, Serialize)]
struct Imported {
    ring: &'static str,
    id: String,
    /// The file, or the store.
    file: String,
}

/// Why nothing was done.
enum Failure {
    /// The key is no good.
    Bad(Vec<Finding>),
    /// It is not the key's fault.
    Other(Refusal),
}

pub(super) fn run(what: &Import, args: &LoadArgs, json: bool) -> ExitCode {
    match import(what, args) {
        Ok(done) if json => print_json(&done),
        Ok(done) => println!("{} key {} written to {}", done.ring, done.id, done.file),
        Err(Failure::Bad(findings)) => {
            if json {
                print_json(&findings);
            } else {
                findings.iter().for_each(|finding| eprintln!("{finding}"));
                eprintln!("The key is refused; nothing was changed.");
            }
            return ExitCode::from(1);
        }
        Err(Failure::Other(message)) => {
            eprintln!("error: {message}");
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}

/// Every finding refuses the key, also where a key in use would only get a warning: nobody depends on this one yet.
fn import(what: &Import, args: &LoadArgs) -> Result<Imported, Failure> {
    let reading = super::read(args);
    let environment = what.env.unwrap_or(reading.environment);
    let is_for_store = what.out.is_none() && reading.keys().store.kind.is_remote();
    if is_for_store && environment != reading.environment {
        return Err(Failure::Other(format!(
            "the keys of {} live in a store; name a file with --out, or set CONCIERGE_ENV={environment}",
            reading.environment
        )));
    }
    let usual = || keys::keyring_path(reading.keys(), environment, &reading.data);
    let path = what.out.clone().unwrap_or_else(usual);
    let value = read_key(what.ring)?;
    if what.out.is_none() {
        refuse_two_places(&reading, what.ring, &value, &path).map_err(Failure::Other)?;
    }
    let implied = || keys::implicit_id(environment, value.expose());
    let draft = Draft {
        id: what.id.clone().unwrap_or_else(implied),
        algorithm: Algorithm::Hs256,
        value,
    };
    let now = SystemClock.now();
    let findings = keys::check_new(
        what.ring,
        &draft,
        reading.keys(),
        environment,
        &reading.data,
        now,
    );
    if !findings.is_empty() {
        return Err(Failure::Bad(findings));
    }
    let id = draft.id.clone();
    let (drafts, settings) = ([(what.ring, draft)], reading.keys());
    let file = if is_for_store {
        add_keys_to_store(&reading, &drafts, what.force, now)
    } else {
        add_keys(&path, settings, &drafts, environment, what.force, now)
            .map(|()| path.display().to_string())
    };
    Ok(Imported {
        ring: what.ring.as_str(),
        id,
        file: file.map_err(Failure::Other)?,
    })
}

/// Another key in another place would keep the server from starting.
fn refuse_two_places(
    reading: &Reading,
    purpose: Purpose,
    value: &Sensitive,
    path: &Path,
) -> Result<(), Refusal> {
    let settings = reading.keys();
    let ring = match purpose {
        Purpose::Signing => &settings.signing,
        Purpose::Sealing => &settings.sealing,
    };
    let mut others = ring.keys.iter();
    let other = others.find(|given| given.text.expose() != value.expose());
    other.map_or(Ok(()), |other| {
        Err(format!(
            "another key stands in {}; remove {} there first, or name the file to write with --out, so that {} does not disagree",
            other.source,
            purpose.variable(),
            path.display()
        ))
    })
}

/// The text of standard input as one key.
fn read_key(purpose: Purpose) -> Result<Sensitive, Failure> {
    let bad = |message: &str, remedy: &str| {
        let source = Source::Flag("--stdin");
        Failure::Bad(vec![Finding::error(
            purpose.variable(),
            source,
            message,
            remedy,
        )])
    };
    let mut text = Zeroizing::new(String::new());
    let read = io::stdin().lock().take(LIMIT).read_to_string(&mut text);
    read.map_err(|error| match error.kind() {
        io::ErrorKind::InvalidData => bad("the key is not text", "give it in hex or base64"),
        _ => Failure::Other(format!("standard input cannot be read: {error}")),
    })?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.contains('\n') {
        let remedy = "join the lines, for example with `tr -d '\\n'`";
        return Err(bad("the key runs over several lines", remedy));
    }
    Ok(Sensitive::new(line))
}
