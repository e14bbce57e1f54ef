//! Three rings of samples: as measured, by the minute, by ten minutes.
//!
//! Guarantees: no ring holds more than [`CAPACITY`] points, ever; times only grow within a ring; a span without a
//! sample has no point, so that a gap is seen as one. A clock that was set back takes with it what then lies in the
//! future. Averages are over time, however often was measured.

use std::{collections::VecDeque, time::Duration};

use super::{METRICS, Metric, Sample, Value, Values, api::Range};
use crate::time::Timestamp;

/// Points of a ring.
pub const CAPACITY: usize = 1000;
/// A sample stands for the time since the one before it, but for no longer than this: the slower rate.
const LONGEST: Duration = Duration::from_secs(10);
/// What the first sample stands for, and one after a clock was set back.
const FIRST: Duration = Duration::from_secs(1);

/// A span of time in three numbers for each metric.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bucket {
    /// When it began.
    pub at: Timestamp,
    /// The least.
    pub min: Values,
    /// The average over time.
    pub avg: Values,
    /// The most.
    pub max: Values,
}

/// The rings.
#[derive(Debug)]
pub struct Rings {
    raw: VecDeque<Sample>,
    minutes: Folded,
    tens: Folded,
}

impl Default for Rings {
    fn default() -> Self {
        Self {
            raw: VecDeque::with_capacity(CAPACITY),
            minutes: Folded::new(60),
            tens: Folded::new(600),
        }
    }
}

impl Rings {
    /// Takes a sample in.
    pub fn push(&mut self, sample: Sample) {
        while self.raw.back().is_some_and(|last| last.at >= sample.at) {
            self.raw.pop_back();
        }
        let span = self.raw.back().map(|last| sample.at.since(last.at));
        let span = span.unwrap_or(FIRST).min(LONGEST);
        push(&mut self.raw, sample);
        self.minutes.push(&sample, span);
        self.tens.push(&sample, span);
    }

    /// The samples after a time, the oldest first.
    pub fn after(&self, at: Timestamp) -> impl ExactSizeIterator<Item = &Sample> {
        let from = self.raw.partition_point(|sample| sample.at <= at);
        self.raw.range(from..)
    }

    /// Whether the sample of exactly this time is still there: then nothing is missing after it.
    pub fn holds(&self, at: Timestamp) -> bool {
        self.raw
            .binary_search_by_key(&at, |sample| sample.at)
            .is_ok()
    }

    /// The newest sample.
    pub fn newest(&self) -> Option<&Sample> {
        self.raw.back()
    }

    /// The points of a range as buckets, the oldest first, the one that still grows among them. A sample is a bucket
    /// of its own.
    pub fn buckets(&self, range: Range) -> Vec<Bucket> {
        match range {
            Range::Quarter => self.raw.iter().map(alone).collect(),
            Range::Hours => self.minutes.buckets(),
            Range::Days => self.tens.buckets(),
        }
    }
}

fn alone(sample: &Sample) -> Bucket {
    let (at, values) = (sample.at, sample.values);
    Bucket {
        at,
        min: values,
        avg: values,
        max: values,
    }
}

/// Makes room first, so that there is never one too many.
fn push<T>(ring: &mut VecDeque<T>, item: T) {
    if ring.len() == CAPACITY {
        ring.pop_front();
    }
    ring.push_back(item);
}

/// A ring of buckets and the one that still grows.
#[derive(Debug)]
struct Folded {
    /// In milliseconds.
    step: i64,
    closed: VecDeque<Bucket>,
    open: Option<Open>,
}

/// A bucket that still grows.
#[derive(Debug)]
struct Open {
    at: Timestamp,
    weights: [f32; METRICS],
    sums: [f64; METRICS],
    min: Values,
    max: Values,
}

impl Folded {
    fn new(seconds: i64) -> Self {
        Self {
            step: seconds * 1000,
            closed: VecDeque::with_capacity(CAPACITY),
            open: None,
        }
    }

    fn push(&mut self, sample: &Sample, span: Duration) {
        let millis = sample.at.as_millis();
        let at = Timestamp::from_millis(millis - millis.rem_euclid(self.step));
        while self.closed.back().is_some_and(|bucket| bucket.at >= at) {
            self.closed.pop_back();
        }
        let open = match self.open.take() {
            Some(open) if open.at == at => open,
            other => {
                if let Some(before) = other.filter(|open| open.at < at) {
                    push(&mut self.closed, before.bucket());
                }
                Open::new(at)
            }
        };
        self.open = Some(open.with(&sample.values, span));
    }

    fn buckets(&self) -> Vec<Bucket> {
        let open = self.open.as_ref().map(Open::bucket);
        let skipped = (self.closed.len() + usize::from(open.is_some())).saturating_sub(CAPACITY);
        self.closed
            .iter()
            .skip(skipped)
            .copied()
            .chain(open)
            .collect()
    }
}

impl Open {
    fn new(at: Timestamp) -> Self {
        Self {
            at,
            weights: [0.0; METRICS],
            sums: [0.0; METRICS],
            min: Values::default(),
            max: Values::default(),
        }
    }

    fn with(mut self, values: &Values, span: Duration) -> Self {
        let weight = span.as_secs_f32();
        for (index, value) in values.0.iter().enumerate() {
            let Some(value) = value.get() else {
                continue;
            };
            self.weights[index] += weight;
            self.sums[index] += f64::from(value) * f64::from(weight);
            let known = |values: &Values| values.0[index].get();
            let min = known(&self.min).map_or(value, |min| min.min(value));
            let max = known(&self.max).map_or(value, |max| max.max(value));
            self.min.0[index] = Value::new(min);
            self.max.0[index] = Value::new(max);
        }
        self
    }

    fn bucket(&self) -> Bucket {
        let mut avg = Values::default();
        for metric in Metric::ALL {
            let index = metric as usize;
            if let (Some(min), Some(max)) = (self.min.get(metric), self.max.get(metric)) {
                let mean = self.sums[index] / f64::from(self.weights[index]);
                // What is rounded can't leave what it is the average of.
                let mean = metric.unit().round(mean as f32).clamp(min, max);
                avg.0[index] = Value::new(mean);
            }
        }
        Bucket {
            at: self.at,
            min: self.min,
            avg,
            max: self.max,
        }
    }
}

#[cfg(test)]
mod tests;
