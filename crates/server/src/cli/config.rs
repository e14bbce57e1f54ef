//! `concierge config check|explain`: what is wrong, and which value came from where.

use std::process::ExitCode;

use clap::Subcommand;

use super::{print_json, report};
use crate::{
    config::{Config, Explained, Finding, LoadArgs, docs},
    keys,
    platform::clock::{Clock as _, SystemClock},
};

/// What can be asked of the configuration.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Show everything that is wrong, each with its remedy; exit 1 when the server would not start
    #[command(
        after_help = "Examples:\n  concierge config check\n  CONCIERGE_ENV=production concierge config check --env-file /etc/concierge.env"
    )]
    Check,
    /// Show each value and where it came from; secrets are masked
    #[command(
        after_help = "Examples:\n  concierge config explain\n  concierge config explain --json"
    )]
    Explain,
    /// Print docs/configuration.md
    #[command(hide = true)]
    Docs,
}

pub(super) fn run(command: &Command, args: &LoadArgs, json: bool) -> ExitCode {
    match command {
        Command::Check => check(args, json),
        Command::Explain => explain(args, json),
        Command::Docs => {
            print!("{}", docs::markdown());
            ExitCode::SUCCESS
        }
    }
}

fn check(args: &LoadArgs, json: bool) -> ExitCode {
    let reading = Config::read(args);
    let keys = keys::check(
        reading.keys(),
        reading.environment,
        &reading.data,
        SystemClock.now(),
    );
    let findings: Vec<Finding> = reading.findings.into_iter().chain(keys).collect();
    if !json {
        let errors = findings.iter().filter(|one| one.is_error()).count();
        let environment = reading.environment;
        match (errors, findings.len() - errors) {
            (0, 0) => println!("The configuration for {environment} is sound."),
            (0, warnings) => {
                println!("The configuration for {environment} works; warnings: {warnings}.")
            }
            (errors, warnings) => println!(
                "The server would not start in {environment}; errors: {errors}, warnings: {warnings}."
            ),
        }
    }
    report(findings, json)
}

fn explain(args: &LoadArgs, json: bool) -> ExitCode {
    let reading = Config::read(args);
    if json {
        print_json(&reading.explained);
        return ExitCode::SUCCESS;
    }
    let width = |part: fn(&Explained) -> usize| {
        reading.explained.iter().map(part).max().unwrap_or_default()
    };
    let names = width(|one| one.variable.len());
    let values = width(|one| one.value.chars().count()).min(48);
    for one in &reading.explained {
        println!(
            "{:names$}  {:values$}  {}",
            one.variable, one.value, one.source
        );
    }
    ExitCode::SUCCESS
}
