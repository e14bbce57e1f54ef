//! `concierge key incident`: the records of revoked keys.

use std::process::ExitCode;

use clap::Subcommand;
use concierge_core::keys::{IncidentId, api::Incident};

use super::{
    key_open::{Refused, with_services},
    print_json,
};
use crate::{
    audit::Origin,
    config::LoadArgs,
    key_desk::{self, KeyDeskError},
    keys::By,
    services::Services,
};

/// The records of revoked keys.
#[derive(Debug, Subcommand)]
pub(super) enum IncidentCommand {
    /// List them, the newest first
    List,
    /// Print one as Markdown
    Show {
        /// Its id
        id: IncidentId,
    },
    /// Add a note
    Note {
        /// Its id
        id: IncidentId,
        /// What happened or was done
        text: String,
    },
}

pub(super) fn incident(command: &IncidentCommand, args: &LoadArgs, json: bool) -> ExitCode {
    with_services(args, "key incident", json, async |services| {
        incidents(services, command, json).await
    })
}

async fn incidents(
    services: &Services,
    command: &IncidentCommand,
    json: bool,
) -> Result<ExitCode, Refused> {
    match command {
        IncidentCommand::List => {
            let all = key_desk::list_incidents(&services.db, i64::MAX).await?;
            if json {
                print_json(&all);
            } else if all.is_empty() {
                println!("No key was ever revoked here.");
            }
            if !json {
                all.iter().for_each(line);
            }
        }
        IncidentCommand::Show { id } => {
            let found = key_desk::find_incident(&services.db, *id).await?;
            let incident = found.ok_or(KeyDeskError::NoSuchIncident)?;
            if json {
                print_json(&incident);
            } else {
                println!("{}", markdown(&incident));
            }
        }
        IncidentCommand::Note { id, text } => {
            let origin = Origin::default();
            let by = By::nobody(&origin);
            services.key_desk().note(*id, text, by).await?;
            println!("Noted.");
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn line(incident: &Incident) {
    println!(
        "{}  {}  {} key {}: {}",
        incident.id,
        incident.at.to_rfc3339(),
        incident.ring,
        incident.kid,
        incident.reason
    );
}

/// The record as a page for people who were not there.
fn markdown(incident: &Incident) -> String {
    let mut page = format!(
        "# Incident {}\n\n| | |\n|---|---|\n| Revoked | {} |\n| Key | `{}`, {} ring |\n| Reason | {} |\n| By | {}, on {} |\n| Sessions before | {} |\n| Sessions after | {} |\n",
        incident.id,
        incident.at.to_rfc3339(),
        incident.kid,
        incident.ring,
        incident.reason.replace('|', "\\|"),
        incident.actor,
        incident.host,
        incident.sessions_before,
        incident.sessions_after,
    );
    page += "\n## Notes\n";
    for note in &incident.notes {
        page += &format!(
            "\n- {} ({}): {}",
            note.at.to_rfc3339(),
            note.author,
            note.text
        );
    }
    if incident.notes.is_empty() {
        page += "\nNone yet.";
    }
    page
}
