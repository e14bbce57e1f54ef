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

/// Keys remembered per limit: about 5 MB.
const CAPACITY: usize = 65_536;
/// The longest pause, and how long a key has to stay within its limit until its pauses are short again. Longer
/// would hit a household for one bad guest's evening; shorter would let a patient machine go on all night.
const LONGEST_PAUSE: i64 = 3_600_000;
/// An IPv6 /48 is one site with up to 65,536 networks: together they get four times what one network gets.
const SITE_FACTOR: u32 = 4;

/// So many at once, and the same number again over the period.
#[derive(Debug, Clone, Copy)]
pub struct Quota {
    /// How many at once.
    pub burst: u32,
    /// In how long the whole burst comes back.
    pub period: Duration,
    /// What happens to those who want more.
    pub beyond: Beyond,
}

/// What happens to those who use a limit up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beyond {
    /// They wait until there is room for one more.
    Wait,
    /// Each time they pause, twice as long as the last time, up to an hour. Trying during a pause changes nothing:
    /// an honest neighbour behind the same address makes it no longer.
    Pause,
}

/// One limit, keyed by whatever text tells callers apart.
#[derive(Debug)]
pub struct Limiter {
    quota: Quota,
    table: Mutex<Cache<String, Bucket>>,
}

/// What is known of a key; times in milliseconds.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    /// When it will be whole again.
    whole_at: i64,
    /// When the last pause ends.
    open_at: i64,
    /// How many pauses there were, one soon after the other.
    pauses: u32,
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
            table: Mutex::new(Cache::new(CAPACITY)),
        }
    }

    /// Counts one; refuses, and counts nothing, when the quota is used up. The refusal says how long to wait.
    pub fn count(&self, key: &str, now: Timestamp) -> Result<(), Duration> {
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let now = now.as_millis();
        let mut bucket = table.get(key).copied().unwrap_or(Bucket {
            whole_at: now,
            open_at: now,
            pauses: 0,
        });
        if now < bucket.open_at {
            return Err(millis(bucket.open_at - now));
        }
        let whole_at = bucket.whole_at.max(now) + self.interval();
        let wait = whole_at - now - self.period();
        let counted = if wait <= 0 {
            bucket.whole_at = whole_at;
            Ok(())
        } else if self.quota.beyond == Beyond::Pause {
            Err(bucket.pause(self.interval(), now))
        } else {
            return Err(millis(wait));
        };
        table.insert(key.to_owned(), bucket);
        counted
    }

    /// Takes one count back, after a success.
    pub fn refund(&self, key: &str) {
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(mut bucket) = table.get(key).copied() {
            bucket.whole_at -= self.interval();
            table.insert(key.to_owned(), bucket);
        }
    }

    fn period(&self) -> i64 {
        i64::try_from(self.quota.period.as_millis()).unwrap_or(i64::MAX)
    }

    fn interval(&self) -> i64 {
        (self.period() / i64::from(self.quota.burst)).max(1)
    }
}

impl Bucket {
    /// Begins a pause: `least`, doubled for each pause before it that ended less than an hour ago.
    fn pause(&mut self, least: i64, now: i64) -> Duration {
        if now - self.open_at > LONGEST_PAUSE {
            self.pauses = 0;
        }
        let pause = least
            .saturating_mul(1 << self.pauses.min(30))
            .min(LONGEST_PAUSE);
        self.open_at = now + pause;
        self.pauses = self.pauses.saturating_add(1);
        millis(pause)
    }
}

fn millis(span: i64) -> Duration {
    Duration::from_millis(span.unsigned_abs())
}

/// An address as limits tell them apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AddressKey {
    host: String,
    site: Option<String>,
}

impl AddressKey {
    /// The key of an address: one IPv4 host, or one IPv6 /64, which is what one customer gets, within its /48.
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => Self {
                host: v4.to_string(),
                site: None,
            },
            IpAddr::V6(v6) => Self {
                host: format!("{:x}/64", u128::from(v6) >> 64),
                site: Some(format!("{:x}/48", u128::from(v6) >> 80)),
            },
        }
    }

    /// The host or network.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The site that the network is in, of whom one may have all; the host where there is none.
    pub fn site(&self) -> &str {
        self.site.as_deref().unwrap_or(&self.host)
    }
}

/// A limit per address, and for IPv6 per site, too: else one customer with a /48 would have 65,536 limits.
#[derive(Debug)]
pub struct AddressLimiter {
    hosts: Limiter,
    sites: Limiter,
}

impl AddressLimiter {
    /// A limit of this quota, times `factor`.
    pub fn new(quota: Quota, factor: u32) -> Self {
        Self {
            hosts: Limiter::new(quota, factor),
            sites: Limiter::new(quota, factor.max(1).saturating_mul(SITE_FACTOR)),
        }
    }

    /// Counts one, or says how long to wait.
    pub fn count(&self, key: &AddressKey, now: Timestamp) -> Result<(), Duration> {
        self.hosts.count(&key.host, now)?;
        let Some(site) = &key.site else {
            return Ok(());
        };
        self.sites
            .count(site, now)
            .inspect_err(|_| self.hosts.refund(&key.host))
    }

    /// Takes one count back, after a success.
    pub fn refund(&self, key: &AddressKey) {
        self.hosts.refund(&key.host);
        if let Some(site) = &key.site {
            self.sites.refund(site);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Quota = Quota {
        burst: 10,
        period: Duration::from_secs(60),
        beyond: Beyond::Wait,
    };
    const NOW: Timestamp = Timestamp::from_millis(1_000_000);

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn key(text: &str) -> AddressKey {
        AddressKey::of(text.parse().expect("an address"))
    }

    #[test]
    fn the_burst_passes_and_the_next_waits_its_share() {
        let limit = Limiter::new(MINUTE, 1);
        for _ in 0..10 {
            assert_eq!(limit.count("a", NOW), Ok(()));
        }
        assert_eq!(limit.count("a", NOW), Err(seconds(6)));
        assert_eq!(limit.count("b", NOW), Ok(()));
        assert_eq!(limit.count("a", NOW.plus(seconds(6))), Ok(()));
        assert!(limit.count("a", NOW.plus(seconds(6))).is_err());
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

    /// Tries once a second for that long; how long each pause was.
    fn pauses(limit: &Limiter, from: Timestamp, span: u64) -> Vec<Duration> {
        let mut open_at = from;
        let mut pauses = Vec::new();
        for second in 0..span {
            let now = from.plus(seconds(second));
            match limit.count("a", now) {
                Err(wait) if now >= open_at => {
                    open_at = now.plus(wait);
                    pauses.push(wait);
                }
                // Trying meanwhile makes the pause no longer.
                Err(wait) => assert_eq!(now.plus(wait), open_at),
                Ok(()) => assert!(now >= open_at),
            }
        }
        pauses
    }

    #[test]
    fn whoever_comes_back_for_more_pauses_twice_as_long_up_to_an_hour() {
        let growing = Quota {
            beyond: Beyond::Pause,
            ..MINUTE
        };
        let limit = Limiter::new(growing, 1);
        let seen = pauses(&limit, NOW, 6 * 3600);
        let (growing, longest) = seen.split_at(10);

        assert_eq!(
            growing,
            [6, 12, 24, 48, 96, 192, 384, 768, 1536, 3072].map(seconds)
        );
        assert!(longest.len() > 3, "{longest:?}");
        assert!(longest.iter().all(|pause| *pause == seconds(3600)));
        let later = NOW.plus(seconds(9 * 3600));
        assert_eq!(pauses(&limit, later, 15), [seconds(6)]);
    }

    #[test]
    fn a_million_addresses_stay_within_the_capacity() {
        let limit = Limiter::new(MINUTE, 1);
        for number in 0..1_000_000_u32 {
            assert_eq!(limit.count(&number.to_string(), NOW), Ok(()));
        }
        let held = limit.table.lock().expect("not poisoned").len();
        assert!(held <= CAPACITY, "{held}");
    }

    #[test]
    fn neighbours_in_one_ipv6_network_share_a_key() {
        assert_eq!(key("2001:db8::1"), key("2001:db8::ffff"));
        assert_ne!(key("2001:db8::1"), key("2001:db8:0:1::1"));
        assert_eq!(key("::ffff:192.0.2.1"), key("192.0.2.1"));
    }

    #[test]
    fn a_site_of_many_networks_gets_four_times_the_limit() {
        let limit = AddressLimiter::new(MINUTE, 1);
        let network = |number: u32| key(&format!("2001:db8:0:{number:x}::1"));
        let passed = (0..100).filter(|number| limit.count(&network(*number), NOW).is_ok());
        assert_eq!(passed.count(), 40);
        assert_eq!(limit.count(&key("2001:db8:1::1"), NOW), Ok(()));
        limit.refund(&network(0));
        assert_eq!(limit.count(&network(99), NOW), Ok(()));
    }

    #[test]
    fn what_the_site_refuses_costs_the_network_nothing() {
        let limit = AddressLimiter::new(MINUTE, 1);
        for number in 0..40_u32 {
            let network = key(&format!("2001:db8:0:{number:x}::1"));
            assert_eq!(limit.count(&network, NOW), Ok(()));
        }
        let last = key("2001:db8:0:ffff::1");
        for _ in 0..20 {
            assert!(limit.count(&last, NOW).is_err());
        }
        let later = NOW.plus(seconds(60));
        for _ in 0..10 {
            assert_eq!(limit.count(&last, later), Ok(()));
        }
    }
}
