//! What the program counts, for whoever watches it from outside.
//!
//! Guarantees: a label's value is one of a fixed set (an enum, or a route template the router knows), so nobody
//! outside decides how many series there are; counting takes no lock that is ever held for long, and no memory once
//! a series is there. One [`Family`] list is both what `/metrics` shows and what OTLP sends.

mod label;
mod routes;
mod text;

use std::sync::atomic::{AtomicU64, Ordering};

pub use label::{Label, LoginMethod, LoginResult, RefreshResult};
pub use routes::{BOUNDS, Histogram, Routes, Spread};
pub use text::{CONTENT_TYPE, write};

/// What is counted as it happens. What only is, such as open sessions, is asked for when somebody looks.
#[derive(Debug)]
pub struct Metrics {
    /// Requests by route.
    pub routes: Routes,
    logins: Vec<AtomicU64>,
    refreshes: Vec<AtomicU64>,
}

impl Default for Metrics {
    fn default() -> Self {
        let cells = |count: usize| (0..count).map(|_| AtomicU64::new(0)).collect();
        Self {
            routes: Routes::default(),
            logins: cells(LoginMethod::ALL.len() * LoginResult::ALL.len()),
            refreshes: cells(RefreshResult::ALL.len()),
        }
    }
}

impl Metrics {
    /// Counts a step of a sign-in.
    pub fn login(&self, method: LoginMethod, result: LoginResult) {
        let at = method.index() * LoginResult::ALL.len() + result.index();
        add(&self.logins, at);
    }

    /// Counts a renewal of a session.
    pub fn refresh(&self, result: RefreshResult) {
        add(&self.refreshes, result.index());
    }

    /// What was counted. Every series of a fixed set is there from the start, so that a rate has a zero to begin at.
    pub fn families(&self) -> Vec<Family> {
        let mut logins = Family::counter(
            "concierge_logins_total",
            "Steps of sign-ins by method and what came of them.",
        );
        for (at, cell) in self.logins.iter().enumerate() {
            let method = LoginMethod::ALL[at / LoginResult::ALL.len()];
            let result = LoginResult::ALL[at % LoginResult::ALL.len()];
            let labels = [("method", method.as_str()), ("result", result.as_str())];
            logins.push(&labels, read(cell));
        }
        let mut refreshes = Family::counter(
            "concierge_refresh_total",
            "Renewals of sessions by what came of them.",
        );
        for (result, cell) in RefreshResult::ALL.iter().zip(&self.refreshes) {
            refreshes.push(&[("result", result.as_str())], read(cell));
        }
        let mut families = vec![logins, refreshes];
        families.extend(self.routes.families());
        families
    }
}

/// A method as a label: one that we serve, or `other`. What strangers make up is in no log and no metric.
pub fn verb(method: &str) -> &'static str {
    label::Verb::of(method).as_str()
}

fn add(cells: &[AtomicU64], at: usize) {
    if let Some(cell) = cells.get(at) {
        cell.fetch_add(1, Ordering::Relaxed);
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "both formats carry floating point numbers; counts are exact up to 2^53"
)]
fn read(cell: &AtomicU64) -> f64 {
    cell.load(Ordering::Relaxed) as f64
}

/// What a family's numbers mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Only grows, from zero at the start of the process.
    Counter,
    /// Is what it is right now.
    Gauge,
    /// How often a value fell below each bound.
    Histogram,
}

/// A metric with all its series.
#[derive(Debug, Clone)]
pub struct Family {
    /// Its name, with its unit.
    pub name: &'static str,
    /// One sentence.
    pub help: &'static str,
    /// What its numbers mean.
    pub shape: Shape,
    /// Its series.
    pub samples: Vec<Sample>,
}

/// One series.
#[derive(Debug, Clone)]
pub struct Sample {
    /// Names and values.
    pub labels: Vec<(&'static str, String)>,
    /// What it stands at.
    pub value: Value,
}

/// What a series stands at.
#[derive(Debug, Clone)]
pub enum Value {
    /// A counter or a gauge.
    Number(f64),
    /// A histogram.
    Spread(Spread),
}

impl Value {
    /// What was added since then.
    pub fn since(self, before: Option<&Self>) -> Self {
        match (self, before) {
            (Self::Number(now), Some(Self::Number(before))) => Self::Number(now - before),
            (Self::Spread(now), Some(Self::Spread(before))) => {
                let pairs = now.buckets.iter().zip(&before.buckets);
                Self::Spread(Spread {
                    buckets: pairs
                        .map(|(now, before)| now.saturating_sub(*before))
                        .collect(),
                    sum: now.sum - before.sum,
                })
            }
            (now, _) => now,
        }
    }
}

impl Family {
    /// A counter without series.
    pub fn counter(name: &'static str, help: &'static str) -> Self {
        Self::of(Shape::Counter, name, help)
    }

    /// A gauge without series.
    pub fn gauge(name: &'static str, help: &'static str) -> Self {
        Self::of(Shape::Gauge, name, help)
    }

    fn of(shape: Shape, name: &'static str, help: &'static str) -> Self {
        Self {
            name,
            help,
            shape,
            samples: Vec::new(),
        }
    }

    /// The same with a series that has no label.
    pub fn with(mut self, value: f64) -> Self {
        self.push(&[], value);
        self
    }

    /// Adds a series.
    pub fn push(&mut self, labels: &[(&'static str, &str)], value: f64) {
        self.add(labels, Value::Number(value));
    }

    fn add(&mut self, labels: &[(&'static str, &str)], value: Value) {
        let labels = labels
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()));
        self.samples.push(Sample {
            labels: labels.collect(),
            value,
        });
    }
}
