//! What points at somebody with a key, or in search of one: patterns of refused tokens and of signed ones, and who
//! else than a server worked with the keys.

use std::{collections::BTreeMap, time::Duration};

use concierge_core::{audit::EventName, time::Timestamp};
use serde_json::json;

use super::{error::KeyDeskError, revoke::Desk};
use crate::{
    audit::{self, Event, Origin, Refused},
    keys::{self, fact_store::mark_fact_unless_since},
    store::StoreError,
};

/// What is looked at together; also how long the same pattern is not told of again.
const WINDOW: Duration = Duration::from_secs(5 * 60);
/// Reasons that mean a token was made by somebody else. A broken program or an old copy shows a few.
const FORGED: [&str; 4] = [
    "bad_signature",
    "unknown_kid",
    "alg_mismatch",
    "refresh_bad_mac",
];
/// More of one reason than this from one address: somebody tries keys.
const FORGED_OF_ONE: u64 = 20;
/// More than this from everywhere: several do.
const FORGED_OF_ALL: u64 = 100;

/// Something to look at.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    pub(super) name: &'static str,
    /// The address that did most of it; empty when nobody stands out.
    pub(super) address: String,
    pub(super) count: u64,
    /// How many there usually are, where that was counted.
    pub(super) usual: Option<u64>,
}

impl Desk<'_> {
    /// Looks at what was refused and signed lately, on all instances; answers how many patterns were recorded.
    pub async fn look_for_abuse(&self) -> Result<usize, KeyDeskError> {
        let now = self.clock.now();
        let refused = audit::list_refused(self.db, EventName::AuthzFail, now.minus(WINDOW)).await?;
        let mut recorded = 0;
        for pattern in patterns(&refused) {
            let since = now.minus(WINDOW);
            recorded += usize::from(self.record_pattern(&pattern, since, now).await?);
        }
        if let Some((hour, pattern)) = self.look_at_signing_rate(now).await? {
            recorded += usize::from(self.record_pattern(&pattern, hour, now).await?);
        }
        Ok(recorded)
    }

    /// Records that a command read the keys in use: neither a start nor a reload of a server.
    pub async fn note_read(&self, command: &str) -> Result<(), StoreError> {
        let origin = Origin::default();
        let details = json!({ "command": command, "host": keys::host() });
        let event = Event::anonymous(EventName::KeyRead, &origin).with(details);
        let mut tx = self.db.begin().await?;
        audit::record(&mut tx, &event, self.clock.now(), &**self.rng).await?;
        tx.commit().await
    }

    /// Records a pattern, unless it was recorded at or after `since`.
    async fn record_pattern(
        &self,
        pattern: &Pattern,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<bool, KeyDeskError> {
        let fact = format!("abuse {}", pattern.name);
        let mut tx = self.db.begin().await?;
        if !mark_fact_unless_since(&mut tx, &fact, since, now).await? {
            return Ok(false);
        }
        let origin = Origin {
            address: pattern.address.clone(),
            ..Origin::default()
        };
        let mut details = json!({ "pattern": pattern.name, "count": pattern.count });
        if let Some(usual) = pattern.usual {
            details["usual"] = usual.into();
        }
        let event = Event::anonymous(EventName::KeyAbuse, &origin).with(details);
        audit::record(&mut tx, &event, now, &**self.rng).await?;
        tx.commit().await?;
        Ok(true)
    }
}

fn patterns(refused: &[Refused]) -> Vec<Pattern> {
    let mut found = Vec::new();
    for name in FORGED {
        let (all, most) = counted(refused, name);
        if most.1 > FORGED_OF_ONE || all > FORGED_OF_ALL {
            let address = Some(most).filter(|most| most.1 > FORGED_OF_ONE);
            found.push(Pattern {
                name,
                address: address.map_or_else(String::new, |most| most.0),
                count: all,
                usual: None,
            });
        }
    }
    // One is enough: nobody has such a token by accident for long.
    for name in ["revoked_kid", "wrong_env"] {
        let (count, (address, _)) = counted(refused, name);
        if count > 0 {
            found.push(Pattern {
                name,
                address,
                count,
                usual: None,
            });
        }
    }
    found
}

/// How many refusals have this reason, and who did most of them.
fn counted(refused: &[Refused], reason: &str) -> (u64, (String, u64)) {
    let mut by_address = BTreeMap::<&str, u64>::new();
    for one in refused.iter().filter(|one| one.reason == reason) {
        *by_address.entry(&one.address).or_default() += one.count;
    }
    let all = by_address.values().sum();
    let most = by_address.into_iter().max_by_key(|(_, count)| *count);
    (
        all,
        most.map_or_else(Default::default, |(address, count)| {
            (address.to_owned(), count)
        }),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(reason: &str, address: &str, count: u64) -> Refused {
        Refused {
            reason: reason.to_owned(),
            address: address.to_owned(),
            count,
        }
    }

    fn found(refused: &[Refused]) -> Vec<(&'static str, String, u64)> {
        let found = patterns(refused).into_iter();
        found
            .map(|one| (one.name, one.address, one.count))
            .collect()
    }

    #[test]
    fn forged_tokens_count_from_one_address_and_from_everywhere() {
        for reason in FORGED {
            let rows = |address: &str, count| refused(reason, address, count);
            assert_eq!(found(&[rows("a", 10), rows("a", 10), rows("b", 20)]), []);
            let one = found(&[rows("a", 11), rows("a", 10), rows("b", 1)]);
            assert_eq!(one, [(reason, "a".to_owned(), 22)]);
            let many: Vec<_> = (0..6).map(|n| rows(&format!("{n}"), 17)).collect();
            assert_eq!(found(&many), [(reason, String::new(), 102)]);
        }
        let other = [
            refused("malformed", "a", 900),
            refused("not_yet", "a", 900),
            refused("no_such_reason", "a", 900),
        ];
        assert_eq!(found(&other), [], "noise is no forgery");
    }

    #[test]
    fn what_means_forging_is_a_reason_that_is_given() {
        for reason in FORGED {
            assert!(crate::session::REASONS.contains(&reason), "{reason}");
        }
    }

    #[test]
    fn one_token_of_a_revoked_key_or_of_another_house_is_enough() {
        let rows = [
            refused("revoked_kid", "a", 1),
            refused("wrong_env", "b", 3),
            refused("expired", "c", 900),
        ];
        let expected = [
            ("revoked_kid", "a".to_owned(), 1),
            ("wrong_env", "b".to_owned(), 3),
        ];
        assert_eq!(found(&rows), expected);
    }
}
