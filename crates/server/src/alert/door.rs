//! Patterns of sign-ins that no single one shows: one address that tries many names, one name that is tried from many
//! addresses, a success after many failures.
//!
//! Each is recorded once, and again after the window while it lasts: never once per attempt, so that nobody outside
//! decides how many events there are.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    net::IpAddr,
    time::Duration,
};

use concierge_core::{account::AccountId, audit::EventName, time::Timestamp};
use serde_json::json;

use super::{Alerts, evaluate::NAME};
use crate::{
    audit::{self, Event, Origin, Watched},
    platform::limit::AddressKey,
    store::StoreError,
};

/// Names and addresses are counted over this.
const WINDOW: Duration = Duration::from_secs(10 * 60);
/// Failures before a success are counted over this.
const HOUR: Duration = Duration::from_secs(3600);
/// So many names tried from one address: below the ten tries that an address has before it must wait.
const NAMES: usize = 8;
/// So many addresses that tried one name.
const ADDRESSES: usize = 5;
/// So many failures before a success.
const FAILURES: usize = 10;
/// No more sign-ins are looked at; in a flood the latest.
const MOST: i64 = 10_000;
/// What counts as a failure before a success. Only those that carry what stands for a name count for the others.
const FAILED: [EventName; 5] = [
    EventName::LoginFail,
    EventName::LoginFailMax,
    EventName::LoginLock,
    EventName::MfaFail,
    EventName::RecoveryCodeFail,
];
/// What is recorded here.
const PATTERNS: [EventName; 3] = [
    EventName::PasswordSpraying,
    EventName::CredentialStuffing,
    EventName::SuccessAfterFailures,
];

/// A sign-in that was judged.
#[derive(Debug, Clone)]
struct Attempt {
    at: Timestamp,
    /// Whether somebody got in.
    is_success: bool,
    /// What stands for the name that was typed.
    name: String,
    account: Option<AccountId>,
    address: String,
}

/// Something to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Pattern {
    event: EventName,
    account: Option<AccountId>,
    address: String,
    count: usize,
    /// It was recorded already if it was since then.
    since: Timestamp,
}

impl Alerts {
    /// Looks at the sign-ins of the last hour, on all instances.
    pub(super) async fn watch_door(&self, now: Timestamp) -> Result<(), StoreError> {
        let mut attempts = Vec::new();
        for name in FAILED {
            let events = self.lately(name, now).await?;
            attempts.extend(events.into_iter().map(|event| attempt(event, false)));
        }
        // Successes say something only where there were failures; in a quiet house nothing more is read.
        if attempts.len() >= FAILURES {
            let name = EventName::LoginSuccess;
            let events = self.lately(name, now).await?;
            attempts.extend(events.into_iter().map(|event| attempt(event, true)));
        }
        let found = patterns(attempts, now);
        if found.is_empty() {
            return Ok(());
        }
        let mut recorded = self.recorded(now).await?;
        let fresh: Vec<Pattern> = found
            .into_iter()
            .filter(|pattern| recorded.is_new(pattern, now))
            .collect();
        self.record_patterns(&fresh, now).await
    }

    async fn lately(&self, name: EventName, now: Timestamp) -> Result<Vec<Watched>, StoreError> {
        audit::list_watched(&self.db, name, "%", now.minus(HOUR), MOST).await
    }

    /// Each kind is read once, however many patterns there are: nobody outside decides how long a look takes.
    async fn recorded(&self, now: Timestamp) -> Result<Recorded, StoreError> {
        let mut recorded = Recorded::default();
        for name in PATTERNS {
            for event in self.lately(name, now).await? {
                let what = event.account.unwrap_or_else(|| key_of(&event.address));
                recorded.note(name, what, event.at);
            }
        }
        Ok(recorded)
    }

    /// Records patterns. Whoever lost the turn in the meantime records nothing; whoever has it is the only one who does,
    /// so what was read before the transaction still holds in it.
    async fn record_patterns(
        &self,
        patterns: &[Pattern],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if patterns.is_empty() {
            return Ok(());
        }
        let mut tx = self.db.begin().await?;
        if !tx.holds_lease(NAME, &self.holder).await? {
            return Ok(());
        }
        for pattern in patterns {
            let origin = Origin {
                address: pattern.address.clone(),
                ..Origin::default()
            };
            let event = Event {
                account: pattern.account,
                ..Event::anonymous(pattern.event, &origin)
            };
            let event = event.with(json!({ "tries": pattern.count }));
            audit::record(&mut tx, &event, now, &*self.rng).await?;
        }
        tx.commit().await
    }
}

/// When each pattern was last recorded. The events themselves are the memory, so it is the same for every process.
#[derive(Debug, Default)]
struct Recorded(HashMap<(EventName, String), Timestamp>);

impl Recorded {
    fn note(&mut self, name: EventName, what: String, at: Timestamp) {
        let latest = self.0.entry((name, what)).or_insert(at);
        *latest = at.max(*latest);
    }

    /// Whether a pattern was not recorded yet; from now on it was.
    fn is_new(&mut self, pattern: &Pattern, now: Timestamp) -> bool {
        let what = pattern.account.map(|id| id.to_string());
        let what = what.unwrap_or_else(|| key_of(&pattern.address));
        let latest = self.0.get(&(pattern.event, what.clone()));
        let is_new = latest.is_none_or(|at| *at <= pattern.since);
        if is_new {
            self.note(pattern.event, what, now);
        }
        is_new
    }
}

fn attempt(event: Watched, is_success: bool) -> Attempt {
    let name = event.details["name"].as_str().unwrap_or_default();
    Attempt {
        at: event.at,
        is_success,
        name: name.to_owned(),
        account: event.account.and_then(|id| id.parse().ok()),
        address: event.address,
    }
}

/// What stands for an address: an IPv6 network is one customer, who has as many addresses in it as they like.
fn key_of(address: &str) -> String {
    let parsed = address.parse::<IpAddr>();
    parsed.map_or_else(
        |_| address.to_owned(),
        |address| AddressKey::of(address).host().to_owned(),
    )
}

fn patterns(mut attempts: Vec<Attempt>, now: Timestamp) -> Vec<Pattern> {
    attempts.sort_by_key(|attempt| attempt.at);
    let mut found = spraying(&attempts, now);
    found.extend(stuffing(&attempts, now));
    found.extend(successes(&attempts));
    found
}

fn recent(attempts: &[Attempt], now: Timestamp) -> impl Iterator<Item = &Attempt> {
    let since = now.minus(WINDOW);
    attempts
        .iter()
        .filter(move |one| !one.is_success && one.at > since && !one.name.is_empty())
}

fn spraying(attempts: &[Attempt], now: Timestamp) -> Vec<Pattern> {
    let mut by_address = BTreeMap::<String, (BTreeSet<&str>, &str)>::new();
    for one in recent(attempts, now).filter(|one| !one.address.is_empty()) {
        let (names, address) = by_address.entry(key_of(&one.address)).or_default();
        names.insert(&one.name);
        *address = &one.address;
    }
    by_address.retain(|_, (names, _)| names.len() >= NAMES);
    let pattern = |(names, address): (BTreeSet<&str>, &str)| Pattern {
        event: EventName::PasswordSpraying,
        account: None,
        address: address.to_owned(),
        count: names.len(),
        since: now.minus(WINDOW),
    };
    by_address.into_values().map(pattern).collect()
}

/// Only names that have an account: others have nothing to lose.
fn stuffing(attempts: &[Attempt], now: Timestamp) -> Vec<Pattern> {
    let mut by_account = BTreeMap::<String, (BTreeSet<String>, AccountId)>::new();
    for one in recent(attempts, now) {
        if let Some(account) = one.account {
            let entry = by_account.entry(account.to_string());
            let (addresses, _) = entry.or_insert_with(|| (BTreeSet::new(), account));
            addresses.insert(key_of(&one.address));
        }
    }
    by_account.retain(|_, (addresses, _)| addresses.len() >= ADDRESSES);
    let pattern = |(addresses, account): (BTreeSet<String>, AccountId)| Pattern {
        event: EventName::CredentialStuffing,
        account: Some(account),
        address: String::new(),
        count: addresses.len(),
        since: now.minus(WINDOW),
    };
    by_account.into_values().map(pattern).collect()
}

/// One for each success that came after many failures.
fn successes(attempts: &[Attempt]) -> Vec<Pattern> {
    let mut failures = BTreeMap::<String, Vec<Timestamp>>::new();
    let mut found = Vec::new();
    for one in attempts {
        let Some(account) = one.account else {
            continue;
        };
        let times = failures.entry(account.to_string()).or_default();
        if !one.is_success {
            times.push(one.at);
            continue;
        }
        times.retain(|at| one.at.since(*at) < HOUR);
        if times.len() >= FAILURES {
            found.push(Pattern {
                event: EventName::SuccessAfterFailures,
                account: Some(account),
                address: one.address.clone(),
                count: times.len(),
                since: one.at.minus(Duration::from_millis(1)),
            });
        }
        // They are told of; the next success is the owner's own.
        times.clear();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    fn account(n: u8) -> AccountId {
        AccountId::from_parts(1, &[n; 10])
    }

    fn failure(seconds_ago: u64, n: u8, address: &str) -> Attempt {
        Attempt {
            at: NOW.minus(Duration::from_secs(seconds_ago)),
            is_success: false,
            name: format!("{n:016x}"),
            account: Some(account(n)),
            address: address.to_owned(),
        }
    }

    fn success(seconds_ago: u64, n: u8) -> Attempt {
        Attempt {
            is_success: true,
            name: String::new(),
            ..failure(seconds_ago, n, "192.0.2.1")
        }
    }

    fn found(attempts: Vec<Attempt>) -> Vec<(EventName, usize)> {
        patterns(attempts, NOW)
            .into_iter()
            .map(|one| (one.event, one.count))
            .collect()
    }

    #[test]
    fn eight_names_from_one_address_are_spraying_and_seven_are_not() {
        let tries = |names: u8| {
            (0..names)
                .map(|n| failure(60, n, "192.0.2.1"))
                .collect::<Vec<_>>()
        };
        assert_eq!(found(tries(7)), []);
        assert_eq!(found(tries(8)), [(EventName::PasswordSpraying, 8)]);
        let same = (0..50).map(|_| failure(60, 1, "192.0.2.1")).collect();
        assert_eq!(
            found(same),
            [],
            "one name again and again is a burst, no spraying"
        );
        let old = (0..8).map(|n| failure(601, n, "192.0.2.1")).collect();
        assert_eq!(found(old), []);
    }

    #[test]
    fn a_customer_with_many_ipv6_addresses_is_one() {
        let tries = (0..8)
            .map(|n| failure(60, n, &format!("2001:db8:1:2::{n}")))
            .collect();
        assert_eq!(found(tries), [(EventName::PasswordSpraying, 8)]);
        let tries = (0..5)
            .map(|n| failure(60, 1, &format!("2001:db8:1:2::{n}")))
            .collect();
        assert_eq!(found(tries), []);
    }

    #[test]
    fn one_account_from_five_addresses_is_stuffing_and_from_four_it_is_not() {
        let tries = |addresses: u8| {
            (0..addresses)
                .map(|n| failure(60, 1, &format!("192.0.2.{n}")))
                .collect::<Vec<_>>()
        };
        assert_eq!(found(tries(4)), []);
        assert_eq!(found(tries(5)), [(EventName::CredentialStuffing, 5)]);
        let unknown = tries(9)
            .into_iter()
            .map(|one| Attempt {
                account: None,
                ..one
            })
            .collect();
        assert_eq!(found(unknown), []);
    }

    #[test]
    fn a_success_counts_the_failures_since_the_one_before() {
        let mut tries: Vec<_> = (0..10).map(|n| failure(600 - n, 1, "192.0.2.9")).collect();
        tries.push(success(30, 1));
        assert_eq!(
            found(tries.clone()),
            [(EventName::SuccessAfterFailures, 10)]
        );
        tries.push(success(10, 1));
        assert_eq!(found(tries.clone()).len(), 1);
        tries.remove(0);
        assert_eq!(found(tries), []);
        let mut others: Vec<_> = (0..10).map(|n| failure(600 - n, 1, "192.0.2.9")).collect();
        others.push(success(30, 2));
        assert_eq!(found(others), []);
    }
}
