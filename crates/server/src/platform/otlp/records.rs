//! What waits to be sent, and the tap on the log that it comes from.

use std::{
    collections::VecDeque,
    fmt::Debug,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{Layer, filter::Targets, layer::Context};

use crate::platform::clock::{Clock as _, SystemClock};

/// How many of each kind wait at most: a megabyte at the very worst, and a second of the busiest house.
const CAPACITY: usize = 2048;

/// A request that was answered.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Answered {
    /// When the answer's head was ready, in nanoseconds since 1970.
    pub(super) at: u64,
    pub(super) method: String,
    pub(super) route: String,
    pub(super) status: u64,
    pub(super) took: Duration,
    pub(super) bytes: u64,
    pub(super) request_id: String,
}

/// A security event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Happened {
    /// When, in nanoseconds since 1970.
    pub(super) at: u64,
    pub(super) event: String,
    pub(super) severity: String,
    pub(super) reason: String,
    pub(super) account: String,
    /// Who did it, when not the account itself.
    pub(super) actor: String,
    pub(super) address: String,
    pub(super) request_id: String,
    /// More, as a JSON object; empty where there is none.
    pub(super) details: String,
}

/// A queue that never grows beyond its capacity.
#[derive(Debug)]
pub(super) struct Queue<T> {
    waiting: Mutex<VecDeque<T>>,
    lost: AtomicU64,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self {
            waiting: Mutex::default(),
            lost: AtomicU64::new(0),
        }
    }
}

impl<T> Queue<T> {
    fn push(&self, record: T) {
        let mut waiting = self.waiting();
        if waiting.len() < CAPACITY {
            waiting.push_back(record);
        } else {
            self.lose(1);
        }
    }

    /// The oldest, so many at most.
    pub(super) fn take(&self, most: usize) -> Vec<T> {
        let mut waiting = self.waiting();
        let count = waiting.len().min(most);
        waiting.drain(..count).collect()
    }

    /// Puts back what could not be sent, as far as there is room.
    pub(super) fn put_back(&self, records: Vec<T>) {
        let mut waiting = self.waiting();
        for record in records.into_iter().rev() {
            if waiting.len() < CAPACITY {
                waiting.push_front(record);
            } else {
                self.lose(1);
            }
        }
    }

    /// Counts records that the receiver did not want.
    pub(super) fn lose(&self, count: u64) {
        self.lost.fetch_add(count, Ordering::Relaxed);
    }

    /// How many were lost since this was asked last.
    pub(super) fn take_lost(&self) -> u64 {
        self.lost.swap(0, Ordering::Relaxed)
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<T>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What waits to be sent.
#[derive(Debug, Default)]
pub struct Records {
    pub(super) answered: Queue<Answered>,
    pub(super) happened: Queue<Happened>,
    /// Events that need no account. Anybody can cause as many as they like, so they have a queue of their own, and
    /// take no place from what was recorded.
    pub(super) refused: Queue<Happened>,
}

impl Records {
    /// How many were lost since this was asked last.
    pub(super) fn take_lost(&self) -> u64 {
        self.answered.take_lost() + self.happened.take_lost() + self.refused.take_lost()
    }
}

/// Takes copies of the lines that are meant for a receiver.
pub struct Tap(pub Arc<Records>);

impl Tap {
    /// The lines it is interested in, whatever else is logged.
    pub fn filter() -> Targets {
        let targets = ["access", "security"].map(|target| (target, Level::INFO));
        Targets::new().with_targets(targets)
    }
}

impl<S: Subscriber> Layer<S> for Tap {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() == "access" {
            let mut answered = Answered::default();
            event.record(&mut answered);
            self.0.answered.push(answered);
        } else {
            let now = SystemClock.now().as_millis();
            let mut happened = Happened {
                at: u64::try_from(now).unwrap_or_default() * 1_000_000,
                ..Happened::default()
            };
            event.record(&mut happened);
            // Refusals alone have a reason.
            let queue = match happened.reason.as_str() {
                "" => &self.0.happened,
                _ => &self.0.refused,
            };
            queue.push(happened);
        }
    }
}

// Both know their fields by name: one that somebody adds to a line stays in the log until it is named here.

impl Visit for Answered {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "method" => value.clone_into(&mut self.method),
            "route" => value.clone_into(&mut self.route),
            "request_id" => value.clone_into(&mut self.request_id),
            _ => {}
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        match field.name() {
            // The line itself may be written much later: when the last of a long body is sent.
            "at" => self.at = value.saturating_mul(1_000_000),
            "status" => self.status = value,
            "bytes" => self.bytes = value,
            _ => {}
        }
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        if field.name() == "ms" {
            self.took = Duration::try_from_secs_f64(value / 1000.0).unwrap_or_default();
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn Debug) {}
}

impl Visit for Happened {
    fn record_str(&mut self, field: &Field, value: &str) {
        let own = match field.name() {
            "event" => &mut self.event,
            "severity" => &mut self.severity,
            "reason" => &mut self.reason,
            "account" => &mut self.account,
            "actor" => &mut self.actor,
            "details" => &mut self.details,
            "address" => &mut self.address,
            "request_id" => &mut self.request_id,
            _ => return,
        };
        value.clone_into(own);
    }

    fn record_debug(&mut self, _: &Field, _: &dyn Debug) {}
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::prelude::*;

    use super::*;

    #[test]
    fn a_queue_keeps_the_oldest_and_counts_what_it_lost() {
        let queue = Queue::default();
        for number in 0..CAPACITY + 3 {
            queue.push(number);
        }
        assert_eq!(queue.take_lost(), 3);
        let taken = queue.take(2);
        assert_eq!(taken, [0, 1]);
        queue.push(CAPACITY);
        queue.put_back(taken);
        assert_eq!((queue.take_lost(), queue.take_lost()), (1, 0));
        assert_eq!(queue.take(2), [1, 2]);
    }

    #[test]
    fn only_the_named_fields_of_the_two_kinds_of_lines_are_taken() {
        let records = Arc::new(Records::default());
        let tap = Tap(Arc::clone(&records)).with_filter(Tap::filter());
        let subscriber = tracing_subscriber::registry().with(tap);
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(target: "access", at = 3_u64, method = "GET", route = "/x", status = 200_u16, ms = 1.5, bytes = 7_u64, password = "hunter2", request_id = "0011223344556677", "GET /x?token=hunter2 200");
            tracing::info!(target: "security", event = "authn_login_fail", severity = "notice", actor = "acc_1", address = "192.0.2.1", details = "{}", password = "hunter2", "hunter2");
            tracing::error!(password = "hunter2", "hunter2");
        });
        let (answered, happened) = (records.answered.take(9), records.happened.take(9));
        assert_eq!((answered.len(), happened.len()), (1, 1));
        let request = &answered[0];
        assert_eq!(
            (request.route.as_str(), request.status, request.bytes),
            ("/x", 200, 7)
        );
        assert_eq!(request.at, 3_000_000);
        assert_eq!(request.took, Duration::from_micros(1500));
        let event = &happened[0];
        assert_eq!(
            (&*event.event, &*event.actor, &*event.details),
            ("authn_login_fail", "acc_1", "{}")
        );
        assert!(!format!("{answered:?}{happened:?}").contains("hunter2"));
    }
}
