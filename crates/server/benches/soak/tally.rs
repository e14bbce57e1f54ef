//! What was asked and answered, and every promise that broke.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::client::Answer;

/// So many broken promises are told in full; the rest are counted.
const TOLD: usize = 10;

/// What an answer has to be. Whatever is asked, 503 with `Retry-After` is an answer, too.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// Success, or a redirect to it.
    Done,
    /// A 4xx; a 429 says when to come back.
    Refused,
}

/// The counts so far, shared by all roles.
#[derive(Default)]
pub struct Tally(Mutex<Counts>);

/// The counts.
#[derive(Default)]
pub struct Counts {
    /// Answers by what was asked for.
    pub answers: BTreeMap<&'static str, u64>,
    /// 429 with `Retry-After`.
    pub throttled: u64,
    /// 503 with `Retry-After`.
    pub overloaded: u64,
    /// How long the profile took, in milliseconds.
    pub profile: Vec<f64>,
    /// The first promises that broke.
    pub broken: Vec<String>,
    /// How many broke.
    pub breaks: usize,
}

impl Counts {
    /// All answers.
    pub fn total(&self) -> u64 {
        self.answers.values().sum()
    }
}

impl Tally {
    /// Counts an answer; whether what was asked for is done.
    pub fn judge(&self, what: &'static str, expected: Expected, answer: &Answer) -> bool {
        let status = answer.status.as_u16();
        *self.counts().answers.entry(what).or_default() += 1;
        match (status, answer.says_when()) {
            (429, true) => self.counts().throttled += 1,
            (503, true) => self.counts().overloaded += 1,
            _ => {}
        }
        let fits = match (status, expected) {
            (503, _) => answer.says_when(),
            (429, Expected::Refused) => answer.says_when(),
            (400..=499, Expected::Refused) => true,
            (200..=399, Expected::Done) => true,
            _ => false,
        };
        if !fits {
            self.breaks(format!("{what} was answered {status}"));
        }
        status < 400
    }

    /// Notes a promise that broke.
    pub fn breaks(&self, what: String) {
        let mut counts = self.counts();
        counts.breaks += 1;
        if counts.broken.len() < TOLD {
            counts.broken.push(what);
        }
    }

    /// The counts, for as long as they are held.
    pub fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
