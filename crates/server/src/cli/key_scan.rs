//! `concierge key scan-git`: whether a key lies in a git repository or its history.

use std::{
    fmt::Write as _,
    io::{self, IsTerminal as _, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};

use clap::Args;

use super::print_json;
use crate::{
    config::{Config, LoadArgs},
    keys::scan::{self, Found, Hook, Leak, Report, ScanError, Scope, Wanted},
    platform::clock::{Clock as _, SystemClock},
};

/// How many places of one finding are shown; `--json` has all.
const SHOWN: usize = 5;

/// Which repository, and how much of it.
#[derive(Debug, Args)]
pub(super) struct ScanGit {
    /// A folder in the repository [default: the working directory]
    path: Option<PathBuf>,
    /// Look at what is staged only; for a pre-commit hook
    #[arg(long)]
    staged: bool,
    /// Write a pre-commit hook that runs `key scan-git --staged`; never over another one
    #[arg(long, conflicts_with = "staged")]
    install_hook: bool,
}

pub(super) fn run(command: &ScanGit, args: &LoadArgs, json: bool) -> ExitCode {
    let path = command.path.as_deref().unwrap_or(Path::new("."));
    let outcome = if command.install_hook {
        install(path)
    } else {
        search(path, command.staged, args, json)
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("error: {error}");
        ExitCode::from(2)
    })
}

fn search(path: &Path, staged: bool, args: &LoadArgs, json: bool) -> Result<ExitCode, ScanError> {
    let reading = Config::read(args);
    let now = SystemClock.now();
    let wanted = Wanted::gather(
        reading.keys(),
        reading.environment,
        &reading.data,
        now,
        path,
    );
    let scope = match staged {
        true => Scope::Staged,
        false => Scope::Everything,
    };
    let is_watched = !json && io::stderr().is_terminal();
    let mut shown = Instant::now();
    let mut progress = |objects, bytes| {
        if is_watched && shown.elapsed() > Duration::from_millis(200) {
            shown = Instant::now();
            eprint!("\r{objects} objects, {} read", size(bytes));
            // What is not shown is shown with the next line.
            let _ = io::stderr().flush();
        }
    };
    let report = scan::scan(path, &wanted, scope, &mut progress);
    if is_watched {
        eprint!("\r{:40}\r", "");
    }
    let report = report?;
    if json {
        print_json(&report);
    } else {
        print!("{}", page(&report));
    }
    Ok(ExitCode::from(verdict(&report)))
}

/// 1 when something was found; 2 when nothing was, and not everything was looked for.
fn verdict(report: &Report) -> u8 {
    match (report.findings.is_empty(), &report.unread) {
        (false, _) => 1,
        (true, Some(_)) => 2,
        (true, None) => 0,
    }
}

fn install(path: &Path) -> Result<ExitCode, ScanError> {
    let program = std::env::current_exe()?;
    match scan::install_hook(path, &program)? {
        Hook::Written(hook) => println!("{} runs before each commit now", hook.display()),
        Hook::There(hook) => println!("{} runs it already", hook.display()),
        Hook::Another { path, line } => {
            eprintln!(
                "error: there is another hook at {}, which stays as it is; add this line to it:\n  {line}",
                path.display()
            );
            return Ok(ExitCode::from(2));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The report for people; it names no value.
fn page(report: &Report) -> String {
    let mut page = String::new();
    for found in &report.findings {
        // Writing to a text can't fail.
        let _ = write!(page, "{}", paragraph(found));
    }
    if let Some(keyring) = &report.unread {
        let _ = writeln!(
            page,
            "✗ {} can't be read, so its keys were not looked for\n    → `concierge key check` says why",
            keyring.display()
        );
    }
    let _ = writeln!(
        page,
        "looked through {} objects ({}) for {} known keys and for lines that set one; found: {}",
        report.objects,
        size(report.bytes),
        report.keys,
        report.findings.len()
    );
    page
}

fn paragraph(found: &Found) -> String {
    let how = match found.leak {
        Leak::NotIgnored => "key file not ignored",
        Leak::Tracked => "key file in the index",
        Leak::KnownKey => "key in git",
        Leak::OtherKey => "perhaps a key in git",
    };
    let mut text = format!("✗ {how}: {}\n", found.what);
    if let Some(object) = &found.object {
        let _ = writeln!(text, "    object {object}");
        if found.places.is_empty() {
            text.push_str("    in no branch, stash or reflog; it stays in the repository until `git gc --prune=now`\n");
        }
    }
    for place in found.places.iter().take(SHOWN) {
        let _ = match (&place.path, &place.commit) {
            (Some(path), Some(commit)) => writeln!(text, "    {path}, since commit {commit}"),
            (Some(path), None) => writeln!(text, "    {path}, staged"),
            (None, _) => writeln!(text, "    the message of a commit or tag"),
        };
    }
    if found.places.len() > SHOWN {
        let _ = writeln!(text, "    and {} more", found.places.len() - SHOWN);
    }
    let _ = writeln!(text, "    → {}", found.remedy);
    text
}

fn size(bytes: u64) -> String {
    format!("{}.{} MB", bytes / 1_000_000, bytes / 100_000 % 10)
}
