//! A bounded copy of rows in memory that never outlives what the feed says of them.

use std::{
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
};

use concierge_core::time::Timestamp;
use quick_cache::sync::Cache;

use super::feed::Freshness;

/// Rows kept at most.
const CAPACITY: usize = 100_000;

/// A read-through copy. Reads take no lock of ours; whoever loads a row must show, when putting it in, that
/// nothing was forgotten since the load began: a row read before a sign-out can't come back after it.
#[derive(Debug)]
pub struct Mirror<K, V> {
    rows: Cache<K, Arc<V>>,
    /// Counts what was forgotten.
    epoch: Mutex<u64>,
    freshness: Arc<Freshness>,
}

/// The moment a load began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Epoch(u64);

impl<K: Hash + Eq + Clone, V> Mirror<K, V> {
    /// An empty copy that is believed as long as the feed is heard.
    pub fn new(freshness: Arc<Freshness>) -> Self {
        Self {
            rows: Cache::new(CAPACITY),
            epoch: Mutex::new(0),
            freshness,
        }
    }

    /// The copy of a row, if there is one and the feed was heard lately.
    pub fn get(&self, key: &K, now: Timestamp) -> Option<Arc<V>> {
        self.freshness
            .is_good(now)
            .then(|| self.rows.get(key))
            .flatten()
    }

    /// Call before reading the database.
    pub fn epoch(&self) -> Epoch {
        Epoch(*self.epoch.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts in a row read (or written) since `began`, unless something was forgotten meanwhile.
    pub fn put(&self, key: K, row: Arc<V>, began: Epoch) {
        let epoch = self.epoch.lock().unwrap_or_else(PoisonError::into_inner);
        if *epoch == began.0 {
            self.rows.insert(key, row);
        } else {
            self.rows.remove(&key);
        }
    }

    /// Drops a row, and every load of any row that is under way.
    pub fn forget(&self, key: &K) {
        let mut epoch = self.epoch.lock().unwrap_or_else(PoisonError::into_inner);
        *epoch += 1;
        self.rows.remove(key);
    }

    /// Drops every row, and every load that is under way.
    pub fn forget_all(&self) {
        let mut epoch = self.epoch.lock().unwrap_or_else(PoisonError::into_inner);
        *epoch += 1;
        self.rows.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(10_000);

    fn mirror() -> Mirror<u8, u8> {
        let freshness = Arc::new(Freshness::default());
        freshness.heard(NOW);
        Mirror::new(freshness)
    }

    #[test]
    fn a_row_read_before_it_was_forgotten_does_not_come_back() {
        let mirror = mirror();
        let began = mirror.epoch();
        mirror.forget(&1);
        mirror.put(1, Arc::new(7), began);
        assert_eq!(mirror.get(&1, NOW), None);
    }

    #[test]
    fn nothing_is_left_when_all_is_forgotten() {
        let mirror = mirror();
        let began = mirror.epoch();
        mirror.put(1, Arc::new(7), began);
        mirror.forget_all();
        mirror.put(2, Arc::new(7), began);
        assert_eq!((mirror.get(&1, NOW), mirror.get(&2, NOW)), (None, None));
    }

    #[test]
    fn without_news_nothing_is_believed() {
        let mirror = mirror();
        mirror.put(1, Arc::new(7), mirror.epoch());
        assert_eq!(mirror.get(&1, NOW).as_deref(), Some(&7));
        let before = NOW.minus(std::time::Duration::from_millis(1));
        assert_eq!(mirror.get(&1, before), None, "a clock that stepped back");
        let later = NOW.plus(std::time::Duration::from_millis(1001));
        assert_eq!(mirror.get(&1, later), None);
    }
}
