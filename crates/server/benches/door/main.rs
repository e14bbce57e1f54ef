//! The figures of the front door, as one table: `make bench`, or `cargo bench --bench door -- refresh` for a part.
//!
//! Every goal is a ratio of two figures of the same run, taken in turns, or a plain limit; so the table means the
//! same on a fast machine and on a slow one. The server runs on one core and the load on another. What can't be
//! measured here (no `wrk`, no PostgreSQL, no release binary) says so and stops nothing else.

mod argon2_rate;
mod client;
mod crowd;
mod enumeration;
mod events;
mod house;
mod keys;
mod machine;
mod profile;
mod refresh;
mod release;
mod report;
mod ring;
mod search;
mod second_factor;
mod server;
mod sessions;
mod sign_in;
mod statistics;
mod viewers;
mod visit;

use std::process::ExitCode;

use machine::Machine;
use report::Report;

/// A figure, or why there is none.
type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// A part of the table and what measures it.
type Part = (&'static str, fn(&mut Report) -> Outcome<()>);

const PARTS: [Part; 12] = [
    ("profile", profile::measure),
    ("sign-in", sign_in::measure),
    ("second-factor", second_factor::measure),
    ("enumeration", enumeration::measure),
    ("refresh", refresh::measure),
    ("sessions", sessions::measure),
    ("search", search::measure),
    ("ring", ring::measure),
    ("visit", visit::measure),
    ("keys", keys::measure),
    ("events", events::measure),
    ("viewers", viewers::measure),
];

fn main() -> ExitCode {
    // cargo adds `--bench`, which says nothing here.
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        [server::ARGUMENT, rest @ ..] => server::run(rest),
        [argon2_rate::ARGUMENT, seconds] => argon2_rate::run(seconds),
        parts => measure(parts),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report::note(&format!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// Measures the named parts, or all, and prints the table.
fn measure(wanted: &[&str]) -> Outcome<()> {
    if let Some(unknown) = wanted
        .iter()
        .find(|name| !PARTS.iter().any(|(part, _)| part == *name))
    {
        let known: Vec<&str> = PARTS.iter().map(|(part, _)| *part).collect();
        return Err(format!(
            "no part is called {unknown}; there are {}",
            known.join(", ")
        )
        .into());
    }
    let machine = Machine::watch();
    let mut report = Report::default();
    for (name, part) in PARTS {
        if wanted.is_empty() || wanted.contains(&name) {
            report::note(&format!("measuring {name} ..."));
            report.begin(name);
            if let Err(error) = part(&mut report) {
                report.missing(&error.to_string());
            }
        }
    }
    report.print(&machine.describe())
}
