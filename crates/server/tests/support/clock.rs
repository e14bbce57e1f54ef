//! A clock that moves when told.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use concierge_core::time::Timestamp;
use concierge_server::platform::clock::Clock;

/// Tells the time it was set to.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl Default for ManualClock {
    fn default() -> Self {
        // 2027-01-15T08:00:00Z
        Self::at(Timestamp::from_millis(1_800_000_000_000))
    }
}

impl ManualClock {
    /// A clock that begins at a time.
    pub fn at(time: Timestamp) -> Self {
        Self(AtomicI64::new(time.as_millis()))
    }

    /// Moves on; what was heard of the feed ages.
    pub fn advance(&self, span: Duration) {
        let millis = i64::try_from(span.as_millis()).expect("a span of a test");
        self.0.fetch_add(millis, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}
