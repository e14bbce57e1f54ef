//! `concierge key rotate|revoke|status`: the keys in use, with the server up or down.

use std::{
    io::{self, BufRead as _, IsTerminal as _},
    path::PathBuf,
    process::ExitCode,
    time::Duration,
};

use clap::Args;
use concierge_core::keys::{
    RingName,
    api::{RingView, Rotated},
};

use super::{
    key_open::{READ_ONLY, Refused, at_once_with_services, note_read, with_services},
    print_json,
};
use crate::{
    audit::Origin,
    config::LoadArgs,
    keys::{By, KeeperError, Purpose, Rotation, Step, due},
    platform::keyring::Algorithm,
    services::Services,
};

/// A key is overdue.
const OVERDUE: u8 = 3;

/// Rotates.
#[derive(Debug, Args)]
pub(super) struct Rotate {
    /// Which ring [default: both]
    #[arg(long, value_name = "signing|sealing")]
    ring: Option<RingName>,
    /// For how long the old key still verifies, such as 7d or 12h [default: CONCIERGE_KEY_GRACE]
    #[arg(long, value_parser = crate::config::duration, value_name = "SPAN")]
    grace: Option<Duration>,
    /// The algorithm of the new signing key [default: the old one's]
    #[arg(long, value_parser = super::key::algorithm, value_name = "HS256|Ed25519", requires = "ring")]
    alg: Option<Algorithm>,
    /// Only if the key is due: for a timer
    #[arg(long)]
    if_due: bool,
    /// The .env file the keys stand in, to be changed there
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Make the key in grace active again
    #[arg(long, requires = "ring", conflicts_with_all = ["grace", "if_due"])]
    undo: bool,
}

/// The emergency.
#[derive(Debug, Args)]
pub(super) struct Revoke {
    /// The key's id; `concierge key status` lists them
    #[arg(long)]
    kid: String,
    /// Why, for the record
    #[arg(long)]
    reason: String,
    /// The .env file the key stands in, to be changed there
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Ask nothing
    #[arg(long)]
    yes: bool,
}

pub(super) fn rotate(command: &Rotate, args: &LoadArgs, json: bool) -> ExitCode {
    with_services(args, "key rotate", json, async |services| {
        rotate_rings(services, command, json).await
    })
}

async fn rotate_rings(
    services: &Services,
    command: &Rotate,
    json: bool,
) -> Result<ExitCode, Refused> {
    let origin = Origin::default();
    let by = By::nobody(&origin);
    let rings = command
        .ring
        .map_or(RingName::ALL.to_vec(), |ring| vec![ring]);
    let mut done = Vec::new();
    for ring in rings {
        let purpose = Purpose::from(ring);
        if command.if_due && !is_due(services, purpose) {
            continue;
        }
        let out = command.out.as_deref();
        let rotated = if command.undo {
            services.keeper.undo(purpose, out, by).await
        } else {
            let progress = |step| show(ring, step);
            let rotation = Rotation {
                purpose,
                grace: command.grace,
                algorithm: command.alg,
                out,
            };
            services.keeper.rotate(rotation, by, &progress).await
        };
        match rotated {
            Err(KeeperError::ReadOnly(remedy)) => {
                done.iter().for_each(tell);
                eprintln!("error: {remedy}");
                super::key_lines::show(services, purpose, command.grace);
                return Ok(ExitCode::from(READ_ONLY));
            }
            Err(error) => {
                done.iter().for_each(tell);
                return Err(error.into());
            }
            Ok(rotated) => done.push(rotated),
        }
    }
    if json {
        print_json(&done);
    } else if done.is_empty() {
        println!("Nothing is due.");
    }
    if !json {
        done.iter().for_each(tell);
    }
    Ok(ExitCode::SUCCESS)
}

fn is_due(services: &Services, purpose: Purpose) -> bool {
    let reading = services.keeper.supply().read();
    due::due_of(&reading, purpose, services.clock.now())
        .is_some_and(|due| due.at <= services.clock.now())
}

fn tell(rotated: &Rotated) {
    println!(
        "{}: {} is active; {} still verifies until {}",
        rotated.ring,
        rotated.active,
        rotated.previous,
        rotated.verify_until.to_rfc3339()
    );
}

/// Long work shows progress, on a terminal only: a log has no use for it.
fn show(ring: RingName, step: Step) {
    if !io::stderr().is_terminal() {
        return;
    }
    match step {
        Step::Written => eprintln!("{ring}: the new key is written and was tried"),
        Step::Known(_, 0) => eprintln!("{ring}: nobody serves right now"),
        Step::Known(known, all) => eprint!("\r{ring}: {known} of {all} serving processes know it"),
        Step::Published(wait) => eprintln!(
            "\n{ring}: other services keep the published keys; waiting {} s",
            wait.as_secs() + 1
        ),
    }
}

pub(super) fn revoke(command: &Revoke, args: &LoadArgs, json: bool) -> ExitCode {
    let reading = super::read_to_revoke(args, &command.kid);
    at_once_with_services(reading, args, json, async |services| {
        let done = revoke_key(services, command, json).await;
        note_read(services, "key revoke").await;
        done
    })
}

async fn revoke_key(
    services: &Services,
    command: &Revoke,
    json: bool,
) -> Result<ExitCode, Refused> {
    let origin = Origin::default();
    let by = By::nobody(&origin);
    let live = services.sessions.count_live().await?;
    if !command.yes && io::stdin().is_terminal() {
        eprint!(
            "{} will be refused everywhere, and {live} sessions end. Go on? [y/N] ",
            command.kid
        );
        let mut answer = String::new();
        let read = io::stdin().lock().read_line(&mut answer);
        if read.is_err() || !matches!(answer.trim(), "y" | "Y" | "yes" | "o" | "oui") {
            return Err(Refused::new(1, "nothing was changed"));
        }
    }
    let desk = services.key_desk();
    let revoked = desk
        .revoke(&command.kid, &command.reason, command.out.as_deref(), by)
        .await?;
    // Refused everywhere, and yet not done.
    let code = match revoked.failure {
        Some(_) => ExitCode::FAILURE,
        None => ExitCode::SUCCESS,
    };
    if json {
        print_json(&revoked);
        return Ok(code);
    }
    let incident = &revoked.incident;
    println!(
        "{} is revoked: {} sessions ended. The record is incident {}.",
        incident.kid,
        incident.sessions_before - incident.sessions_after.min(incident.sessions_before),
        incident.id
    );
    match (&revoked.active, &revoked.failure) {
        (Some(active), _) => println!("{active} is active now."),
        (None, Some(failure)) => println!(
            "It is refused everywhere, and what holds the keys could not be changed:\n  {failure}\nGive the same command again when that is mended. Until then nobody can sign in if it was the active key."
        ),
        (None, None) => println!(
            "Set a new key where this one came from, then start again: until then nobody can sign in."
        ),
    }
    println!("\n{AFTERWARDS}");
    if services.keeper.supply().is_remote() {
        println!("{IN_A_STORE}");
    }
    println!("See docs/operations/compromised-key.md.");
    Ok(code)
}

/// What remains to be done by people.
const AFTERWARDS: &str = "\
What remains:
  [ ] find out how the key got out, and close that way
  [ ] take it out of where it was found: `concierge key scan-git` looks through a repository
  [ ] look at the events since then: `concierge key incident show` has the time
  [ ] look at the accounts for changed addresses, second factors and roles
  [ ] tell the people whose data may have been seen, and the authority where the law asks for it
  [ ] make a new backup of the keys: `concierge key backup`
  [ ] write down what was done: `concierge key incident note`";
/// The same where the keys live in a store.
const IN_A_STORE: &str = "  [ ] destroy the older versions of the keyring in the store, which hold the revoked key; docs/operations/key-stores.md has the commands";

pub(super) fn status(args: &LoadArgs, json: bool) -> ExitCode {
    with_services(args, "key status", json, async |services| {
        show_status(services, json).await
    })
}

async fn show_status(services: &Services, json: bool) -> Result<ExitCode, Refused> {
    let desk = services.key_desk().view().await?;
    if json {
        print_json(&desk.rings);
    } else {
        desk.rings.iter().for_each(show_ring);
        println!(
            "Serving processes: {}; live sessions: {}",
            desk.instances, desk.live_sessions
        );
    }
    let now = services.clock.now();
    let is_overdue = |ring: &RingView| ring.due_at.is_some_and(|due| due <= now);
    Ok(if desk.rings.iter().any(is_overdue) {
        ExitCode::from(OVERDUE)
    } else {
        ExitCode::SUCCESS
    })
}

fn show_ring(ring: &RingView) {
    let due = ring
        .due_at
        .map_or_else(|| "never due".to_owned(), |due| format!("due {}", day(due)));
    println!("{} ({due})", ring.ring);
    for key in &ring.keys {
        let created = key.created_at.map_or_else(|| "-".to_owned(), day);
        let until = key.verify_until.map_or_else(String::new, |until| {
            format!(", verifies until {}", until.to_rfc3339())
        });
        let needed = match key.needed_by.as_slice() {
            [] => "needed by nothing".to_owned(),
            some => format!("needed by {}", some.join(", ")),
        };
        println!(
            "  {:<28} {:<8} {:<8} made {created}{until}, {needed}; {}",
            key.id,
            key.alg,
            key.standing.as_str(),
            key.source
        );
    }
    if let Some(remedy) = &ring.remedy {
        println!("  {remedy}");
    }
}

fn day(time: concierge_core::time::Timestamp) -> String {
    time.to_rfc3339().chars().take(10).collect()
}
