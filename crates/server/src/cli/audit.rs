//! `concierge audit`: whether the security events are what was recorded, and a copy of them.

use std::{path::Path, process::ExitCode};

use clap::{Args, Subcommand};
use serde::Serialize;

use super::{
    audit_export::{self, Export},
    pipe, print_json,
};
use crate::{
    audit::{self, Head, Report, VerifyError},
    boot,
    config::{Config, Finding, LoadArgs},
    event_chain::{head_file, read_head},
    keys::{self, data_keys},
    platform::{
        clock::{Clock as _, SystemClock},
        rng::OsRng,
    },
};

/// Findings that are shown to people.
const SHOWN: usize = 20;
/// How often it begins again because the key was renewed meanwhile.
const TRIES: u32 = 3;

/// What can be done with the events.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Check the chain of the events: edited, deleted, moved, put in, cut off?
    #[command(
        after_help = "Examples:\n  concierge audit verify\n  concierge audit verify --head /mnt/elsewhere/audit-head --json\n\nExit 0: whole; 1: broken; 2: it could not be checked, or not all of it."
    )]
    Verify(Verify),
    /// Write a copy of the events, the newest first
    #[command(
        after_help = "Examples:\n  concierge audit export --out events.jsonl\n  concierge audit export --format csv --since 2026-01-01T00:00:00Z --severity critical\n\nExit 0: done; 1: something is wrong; 2: the file is there already."
    )]
    Export(Export),
}

/// How to check.
#[derive(Debug, Args)]
pub(super) struct Verify {
    /// A head of before, as the log shows it, or a file with one [default: <data>/audit-head, if there is one]
    #[arg(long, value_name = "HEAD")]
    head: Option<String>,
}

/// A report with the head that it was compared with.
#[derive(Serialize)]
struct Answer {
    whole: bool,
    head: Option<String>,
    #[serde(flatten)]
    report: Report,
    messages: Vec<String>,
}

pub(super) fn run(command: &Command, args: &LoadArgs, json: bool) -> ExitCode {
    let verify = match command {
        Command::Verify(verify) => verify,
        Command::Export(export) => return audit_export::run(export, args, json),
    };
    match check(verify, args) {
        Ok(answer) => {
            show(&answer, json);
            ExitCode::from(verdict(&answer.report))
        }
        Err(error) => {
            if json {
                print_json(&serde_json::json!({ "error": error }));
            }
            pipe::warn(&format!("error: {error}"));
            ExitCode::from(2)
        }
    }
}

/// Broken is worse than unchecked: something was found.
fn verdict(report: &Report) -> u8 {
    match (report.is_whole(), report.is_complete()) {
        (false, _) => 1,
        (true, true) => 0,
        (true, false) => 2,
    }
}

/// The configuration, if it is sound.
pub(super) fn config(args: &LoadArgs) -> Result<Config, String> {
    let reading = super::read(args);
    let problems = reading.findings.iter().filter(|one| one.is_error());
    let problems: Vec<String> = problems.map(Finding::to_string).collect();
    if !problems.is_empty() {
        return Err(problems.join("\n"));
    }
    let loaded = reading.accept().map_err(|findings| lines(&findings))?;
    Ok(loaded.config)
}

fn check(verify: &Verify, args: &LoadArgs) -> Result<Answer, String> {
    let config = config(args)?;
    let kept = kept_head(verify.head.as_deref(), &config.data)?;
    let now = SystemClock.now();
    let rings = keys::load(&config.keys, config.environment, &config.data, now, &OsRng);
    let (rings, _) = rings.map_err(|findings| lines(&findings))?;
    let report = boot::run(async {
        let db = boot::open_database(&config, false).await?;
        let mut tries = 1;
        let report = loop {
            let (keys, lost) = data_keys::find_audit_keys(&db, &rings.sealing).await?;
            match audit::verify(&db, (&keys, &lost), kept.as_ref(), &SystemClock).await {
                Err(VerifyError::Renewed) if tries < TRIES => tries += 1,
                report => break report,
            }
        };
        db.close().await;
        Ok(report)
    });
    let report = report.map_err(|error| error.to_string())?;
    let report = report.map_err(|error| error.to_string())?;
    Ok(Answer {
        whole: report.is_whole() && report.is_complete(),
        head: kept.map(|head| head.to_string()),
        messages: report.findings.iter().map(ToString::to_string).collect(),
        report,
    })
}

/// A head that was asked for must be one; that in the data folder may be missing.
fn kept_head(given: Option<&str>, data: &Path) -> Result<Option<Head>, String> {
    let Some(given) = given else {
        let path = head_file(data);
        return read_head(&path).map_err(|error| {
            format!(
                "{}: {error}; give one with --head, or move the file away",
                path.display()
            )
        });
    };
    let in_file = || read_head(Path::new(given)).ok().flatten();
    let head = given.parse().ok().or_else(in_file);
    head.map(Some).ok_or_else(|| {
        format!("--head {given}: neither a head (`position:mac`) nor a file with one")
    })
}

fn show(answer: &Answer, json: bool) {
    if json {
        return print_json(answer);
    }
    for line in page(answer) {
        println!("{line}");
    }
}

/// The words for people: findings first, then what was looked at.
fn page(answer: &Answer) -> Vec<String> {
    let report = &answer.report;
    let mut lines: Vec<String> = answer.messages.iter().take(SHOWN).cloned().collect();
    let hidden = answer.messages.len().saturating_sub(SHOWN);
    let hidden = u64::try_from(hidden).unwrap_or(u64::MAX) + report.more;
    if hidden > 0 {
        lines.push(format!(
            "and {hidden} more; --json lists the first thousand"
        ));
    }
    if report.unchecked > 0 {
        lines.push(format!(
            "{} links were made with a key that no sealing key at hand opens; give it back to check them",
            report.unchecked
        ));
    }
    if let Some(since) = report.late_since {
        lines.push(format!(
            "{} events wait for their link, the oldest since {}: nobody links them; start the server, or see in its log \
             what keeps it from it",
            report.waiting,
            since.to_rfc3339()
        ));
    }
    if report.purged_through > 0 {
        lines.push(format!(
            "purged up to position {}, as its sealed row says",
            report.purged_through
        ));
    }
    match &answer.head {
        None => lines.push(
            "compared with no head: a whole database that was put back is not noticed; see --head"
                .to_owned(),
        ),
        Some(head) if !report.compared_head => {
            lines.push(format!(
                "the head {head} is from before the purge and says nothing any more"
            ));
        }
        Some(head) => lines.push(format!("compared with the head {head}")),
    }
    let verdict = match verdict(report) {
        0 => "whole",
        1 => "broken",
        _ => "not checked",
    };
    lines.push(format!(
        "{verdict}: {} links up to position {}, {} events wait for theirs",
        report.checked, report.last, report.waiting
    ));
    lines
}

fn lines(findings: &[Finding]) -> String {
    let lines: Vec<String> = findings.iter().map(Finding::to_string).collect();
    lines.join("\n")
}
