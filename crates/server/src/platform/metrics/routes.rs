//! Requests by route template, method and status class: how many, and how long they took.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, OnceLock, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use super::{
    Family, Label as _, Shape, Value,
    label::{Class, Verb},
    read,
};

/// Upper bounds of the durations in seconds.
pub const BOUNDS: [f64; 12] = [
    0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];
/// More templates than the router will ever have. Should a path be passed as a template one day, its series stay
/// few all the same.
const MOST: usize = 300;
/// Stands for what is beyond that.
const OTHER: &str = "other";

const CELLS: usize = Verb::ALL.len() * Class::ALL.len();

/// What is counted of each route.
#[derive(Debug, Default)]
pub struct Routes {
    table: RwLock<BTreeMap<Box<str>, Arc<Route>>>,
}

#[derive(Debug)]
struct Route {
    /// By method and class. One that never happened costs no series.
    durations: [OnceLock<Box<Histogram>>; CELLS],
    throttled: AtomicU64,
}

/// How often a duration fell below each bound.
#[derive(Debug, Default)]
pub struct Histogram {
    /// By the first bound that it does not exceed; the last one has none.
    buckets: [AtomicU64; BOUNDS.len() + 1],
    micros: AtomicU64,
}

/// What a histogram stands at.
#[derive(Debug, Clone, PartialEq)]
pub struct Spread {
    /// How many fell into each bucket, not summed up; the last one has no bound.
    pub buckets: Vec<u64>,
    /// All durations together, in seconds.
    pub sum: f64,
}

impl Histogram {
    /// Counts a duration.
    pub fn observe(&self, took: Duration) {
        let seconds = took.as_secs_f64();
        let at = BOUNDS.partition_point(|bound| *bound < seconds);
        self.buckets[at].fetch_add(1, Ordering::Relaxed);
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.micros.fetch_add(micros, Ordering::Relaxed);
    }

    fn spread(&self) -> Spread {
        let buckets = self.buckets.iter();
        Spread {
            buckets: buckets.map(|cell| cell.load(Ordering::Relaxed)).collect(),
            sum: read(&self.micros) / 1e6,
        }
    }
}

impl Routes {
    /// Counts an answer. `route` is a template, never a path.
    pub fn answered(&self, method: &str, route: &str, status: u16, took: Duration) {
        let at = Verb::of(method).index() * Class::ALL.len() + Class::of(status).index();
        let route = self.route(route);
        route.durations[at].get_or_init(Box::default).observe(took);
    }

    /// Counts a request that was told to wait.
    pub fn throttled(&self, route: &str) {
        let route = self.route(route);
        route.throttled.fetch_add(1, Ordering::Relaxed);
    }

    fn route(&self, name: &str) -> Arc<Route> {
        let table = self.table.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(route) = table.get(name) {
            return Arc::clone(route);
        }
        drop(table);
        let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
        let name = if table.len() < MOST { name } else { OTHER };
        Arc::clone(table.entry(name.into()).or_default())
    }

    pub(super) fn families(&self) -> [Family; 2] {
        let mut durations = Family::of(
            Shape::Histogram,
            "concierge_http_request_duration_seconds",
            "Time from a request's head to its answer's head, by route template.",
        );
        let mut throttled = Family::counter(
            "concierge_rate_limited_total",
            "Requests that were told to wait, by route template.",
        );
        let table = self.table.read().unwrap_or_else(PoisonError::into_inner);
        for (name, route) in &*table {
            for (at, cell) in route.durations.iter().enumerate() {
                let Some(histogram) = cell.get() else {
                    continue;
                };
                let method = Verb::ALL[at / Class::ALL.len()].as_str();
                let status = Class::ALL[at % Class::ALL.len()].as_str();
                let labels = [("method", method), ("route", name), ("status", status)];
                durations.add(&labels, Value::Spread(histogram.spread()));
            }
            throttled.push(&[("route", name)], read(&route.throttled));
        }
        [durations, throttled]
    }
}

impl Default for Route {
    fn default() -> Self {
        Self {
            durations: [const { OnceLock::new() }; CELLS],
            throttled: AtomicU64::new(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_falls_into_the_first_bucket_that_holds_it() {
        let histogram = Histogram::default();
        for millis in [1, 2, 5, 30_000] {
            histogram.observe(Duration::from_millis(millis));
        }
        let spread = histogram.spread();
        assert_eq!(spread.buckets[..3], [1, 2, 0]);
        assert_eq!(spread.buckets.last(), Some(&1));
        assert!((spread.sum - 30.008).abs() < 1e-9);
    }

    #[test]
    fn paths_taken_for_templates_make_a_bounded_number_of_series() {
        let routes = Routes::default();
        for number in 0..10_000 {
            let route = format!("/{number}");
            routes.answered("BREW", &route, 404, Duration::ZERO);
            routes.throttled(&route);
        }
        let series = routes.families().map(|family| family.samples.len());
        assert_eq!(series, [MOST + 1, MOST + 1]);
    }
}
