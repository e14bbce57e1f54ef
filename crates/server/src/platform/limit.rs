//! Limits per address, in memory: the generic cell rate algorithm over a bounded table.
//!
//! The table forgets the coldest keys when it is full, so a million addresses cost no more memory than
//! the capacity; limits that must survive that, and restarts, live in the database.

use std::{
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use concierge_core::time::Timestamp;
use quick_cache::unsync::Cache;

/// Keys remembered per limit: about 4 MB.
const CAPACITY: usize = 65_536;

/// So many at once, and the same number again over the period.
#[derive(Debug, Clone, Copy)]
pub struct Quota {
    /// How many at once.
    pub burst: u32,
    /// In how long the whole burst comes back.
    pub period: Duration,
}

/// One limit, keyed by whatever text tells callers apart.
#[derive(Debug)]
pub struct Limiter {
    quota: Quota,
    /// When each key's bucket will be whole again, in milliseconds.
    whole_at: Mutex<Cache<String, i64>>,
}

impl Limiter {
    /// A limit of this quota, times `factor`.
    pub fn new(quota: Quota, factor: u32) -> Self {
        let quota = Quota {
            burst: quota.burst.saturating_mul(factor.max(1)),
            ..quota
        };
        Self {
            quota,
            whole_at: Mutex::new(Cache::new(CAPACITY)),
        }
    }

    /// Counts one; refuses, and counts nothing, when the quota is used up. The refusal says how long to wait.
    pub fn count(&self, key: &str, now: Timestamp) -> Result<(), Duration> {
        let mut table = self.whole_at.lock().unwrap_or_else(PoisonError::into_inner);
        let now = now.as_millis();
        let whole_at = table.get(key).copied().unwrap_or(now).max(now) + self.interval();
        let wait = whole_at - now - self.period();
        if wait > 0 {
            return Err(Duration::from_millis(wait.unsigned_abs()));
        }
        table.insert(key.to_owned(), whole_at);
        Ok(())
    }

    /// Takes one count back, after a success.
    pub fn refund(&self, key: &str) {
        let mut table = self.whole_at.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(whole_at) = table.get(key).copied() {
            table.insert(key.to_owned(), whole_at - self.interval());
        }
    }

    fn period(&self) -> i64 {
        i64::try_from(self.quota.period.as_millis()).unwrap_or(i64::MAX)
    }

    fn interval(&self) -> i64 {
        (self.period() / i64::from(self.quota.burst)).max(1)
    }
}

/// The key of an address: one IPv4 host, or one IPv6 /64, which is what one customer gets.
pub fn address_key(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => format!("{:x}/64", u128::from(v6) >> 64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Quota = Quota {
        burst: 10,
        period: Duration::from_secs(60),
    };
    const NOW: Timestamp = Timestamp::from_millis(1_000_000);

    #[test]
    fn the_burst_passes_and_the_next_waits_its_share() {
        let limit = Limiter::new(MINUTE, 1);
        for _ in 0..10 {
            assert_eq!(limit.count("a", NOW), Ok(()));
        }
        assert_eq!(limit.count("a", NOW), Err(Duration::from_secs(6)));
        assert_eq!(limit.count("b", NOW), Ok(()));
        assert_eq!(limit.count("a", NOW.plus(Duration::from_secs(6))), Ok(()));
        assert!(limit.count("a", NOW.plus(Duration::from_secs(6))).is_err());
    }

    #[test]
    fn a_refund_makes_room_again() {
        let limit = Limiter::new(MINUTE, 1);
        for _ in 0..10 {
            assert_eq!(limit.count("a", NOW), Ok(()));
        }
        limit.refund("a");
        assert_eq!(limit.count("a", NOW), Ok(()));
    }

    #[test]
    fn a_million_addresses_stay_within_the_capacity() {
        let limit = Limiter::new(MINUTE, 1);
        for number in 0..1_000_000_u32 {
            assert_eq!(limit.count(&number.to_string(), NOW), Ok(()));
        }
        let held = limit.whole_at.lock().expect("not poisoned").len();
        assert!(held <= CAPACITY, "{held}");
    }

    #[test]
    fn neighbours_in_one_ipv6_network_share_a_key() {
        let key = |text: &str| address_key(text.parse().expect("an address"));
        assert_eq!(key("2001:db8::1"), key("2001:db8::ffff:1"));
        assert_ne!(key("2001:db8::1"), key("2001:db8:0:1::1"));
        assert_eq!(key("::ffff:192.0.2.1"), key("192.0.2.1"));
    }
}
