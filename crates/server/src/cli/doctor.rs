//! `concierge doctor`: everything a running house needs in one list, each with what to do.

use std::{fmt::Write as _, process::ExitCode};

use clap::Args;

use super::{checklist, print_json};
use crate::{
    boot,
    config::LoadArgs,
    doctor::{self, Level, Outcome},
    keys,
    platform::clock::{Clock as _, SystemClock},
};

/// How strictly to judge.
#[derive(Debug, Args)]
pub(super) struct Doctor {
    /// Exit 1 when there are warnings
    #[arg(long)]
    strict: bool,
}

pub(super) fn run(command: &Doctor, args: &LoadArgs, json: bool) -> ExitCode {
    let reading = super::read(args);
    let now = SystemClock.now();
    let looked = boot::run(async {
        let outcomes = doctor::examine(&reading, &SystemClock).await;
        let findings = keys::check(reading.keys(), reading.environment, &reading.data, now);
        Ok((outcomes, checklist::of(&reading, &findings, now).await))
    });
    let (outcomes, lines) = match looked {
        Ok(looked) => looked,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::from(2);
        }
    };
    if json {
        print_json(&outcomes);
    } else {
        print!(
            "{}{}",
            page(&outcomes),
            checklist::page(&lines, reading.environment)
        );
    }
    ExitCode::from(verdict(&outcomes, command.strict))
}

/// The exit code: 2 for errors, 1 for warnings where they count.
fn verdict(outcomes: &[Outcome], strict: bool) -> u8 {
    match outcomes.iter().map(|outcome| outcome.level).max() {
        Some(Level::Error) => 2,
        Some(Level::Warning) if strict => 1,
        _ => 0,
    }
}

/// The list for people. Words and signs, not colours: it is read in logs and by screen readers too.
fn page(outcomes: &[Outcome]) -> String {
    let mut page = String::new();
    for one in outcomes {
        let mark = match one.level {
            Level::Ok => "✓ ok",
            Level::Warning => "! warning",
            Level::Error => "✗ error",
        };
        let area = one.area.as_str();
        // Writing to a text can't fail.
        let _ = writeln!(
            page,
            "{mark:<9}  {area:<8}  {}: {}",
            one.subject, one.message
        );
        if let Some(remedy) = &one.remedy {
            let _ = writeln!(page, "{:21}→ {remedy}", "");
        }
    }
    let count = |level| outcomes.iter().filter(|one| one.level == level).count();
    let _ = writeln!(
        page,
        "\nlooked at: {}; ok: {}, warnings: {}, errors: {}",
        outcomes.len(),
        count(Level::Ok),
        count(Level::Warning),
        count(Level::Error)
    );
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Area;

    #[test]
    fn the_exit_code_is_the_worst_outcome() {
        let ok = Outcome::ok(Area::Boot, "a", "well");
        let warning = Outcome::warning(Area::Boot, "b", "so so", "do");
        let error = Outcome::error(Area::Boot, "c", "bad", "do");
        for (outcomes, lax, strict) in [
            (vec![], 0, 0),
            (vec![ok.clone()], 0, 0),
            (vec![ok.clone(), warning.clone()], 0, 1),
            (vec![error, warning, ok], 2, 2),
        ] {
            assert_eq!(verdict(&outcomes, false), lax);
            assert_eq!(verdict(&outcomes, true), strict);
        }
    }

    #[test]
    fn each_line_says_how_it_is_and_the_next_what_to_do() {
        let page = page(&[
            Outcome::ok(Area::Disk, "data", "writable"),
            Outcome::error(Area::Keys, "JWT_SECRET", "weak", "make a new one"),
        ]);
        let lines: Vec<&str> = page.lines().collect();
        assert_eq!(lines[0], "✓ ok       disk      data: writable");
        assert_eq!(lines[1], "✗ error    keys      JWT_SECRET: weak");
        assert_eq!(lines[2].trim(), "→ make a new one");
        assert_eq!(lines[4], "looked at: 2; ok: 1, warnings: 0, errors: 1");
    }
}
