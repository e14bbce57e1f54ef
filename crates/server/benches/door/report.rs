//! The table: a figure, its goal, and whether it is reached.

use std::io::Write as _;

use crate::Outcome;

/// What a figure should be.
#[derive(Clone, Copy)]
pub enum Goal {
    /// This or more.
    AtLeast(f64),
    /// This or less.
    AtMost(f64),
    /// Shown beside the others.
    Shown,
}

impl Goal {
    /// Whether a value is what it should be.
    pub fn is_reached(self, value: f64) -> bool {
        match self {
            Self::AtLeast(least) => value >= least,
            Self::AtMost(most) => value <= most,
            Self::Shown => true,
        }
    }
}

/// The rows so far.
#[derive(Default)]
pub struct Report {
    rows: Vec<[String; 4]>,
}

impl Report {
    /// Begins a part.
    pub fn begin(&mut self, part: &str) {
        self.rows
            .push([part.to_owned(), String::new(), String::new(), String::new()]);
    }

    /// Adds a figure.
    pub fn add(&mut self, name: &str, value: f64, unit: &str, goal: Goal) {
        let verdict = match (goal, goal.is_reached(value)) {
            (Goal::Shown, _) => "",
            (_, true) => "ok",
            (_, false) => "short",
        };
        let goal = match goal {
            Goal::AtLeast(least) => format!(">= {}", number(least)),
            Goal::AtMost(most) => format!("<= {}", number(most)),
            Goal::Shown => String::new(),
        };
        let value = format!("{} {unit}", number(value)).trim_end().to_owned();
        self.rows
            .push([format!("  {name}"), value, goal, verdict.to_owned()]);
    }

    /// Says why a figure is missing.
    pub fn missing(&mut self, why: &str) {
        self.rows.push([
            format!("  not measured: {why}"),
            String::new(),
            String::new(),
            String::new(),
        ]);
    }

    /// Prints the table on standard output.
    pub fn print(&self, machine: &str) -> Outcome<()> {
        let mut out = std::io::stdout().lock();
        writeln!(out, "\n{:<52} {:>16}  goal", "figure", "value")?;
        for [name, value, goal, verdict] in &self.rows {
            let line = format!("{name:<52} {value:>16}  {goal:<10} {verdict}");
            writeln!(out, "{}", line.trim_end())?;
        }
        writeln!(out, "\n{machine}")?;
        Ok(())
    }
}

/// Three significant digits are all a figure of a bench has.
fn number(value: f64) -> String {
    match value.abs() {
        size if size == 0.0 || size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

/// A line for whoever waits, beside the table.
pub fn note(text: &str) {
    // Nobody reads: nothing is lost.
    let _ = writeln!(std::io::stderr(), "{text}");
}
