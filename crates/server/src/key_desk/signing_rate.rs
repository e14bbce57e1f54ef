//! How many access tokens were signed, hour by hour on all instances, and an hour with far more than usual.
//!
//! An hour is compared with the same hour of the seven days before: a house has mornings and nights, so the median of
//! all hours would alarm each morning and be blind at night. The hour that is under way is looked at, too, so nobody
//! waits for its end. What somebody signs elsewhere with a stolen key is not counted here: their tokens show as refusals,
//! or not at all.

use std::{collections::BTreeMap, sync::atomic::Ordering, time::Duration};

use concierge_core::time::Timestamp;

use super::{abuse::Pattern, error::KeyDeskError, revoke::Desk};
use crate::{
    keys::fact_store::{
        delete_counted_before, find_fact, list_counted, mark_counted, mark_fact_unless_since,
    },
    store::StoreError,
};

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);
/// With so many days an hour is compared.
const DAYS: u32 = 7;
/// With fewer there is no usual yet.
const LEAST_DAYS: usize = 3;
/// So many times the usual is too much.
const TIMES: u64 = 5;
/// Never too much: sixteen people who work for an hour, where there is usually nobody.
const FLOOR: u64 = 100;

/// Under these names the table keeps the hours, and since when they are counted.
const SIGNED: &str = "signed";
const COUNTED_SINCE: &str = "signing counted";

impl Desk<'_> {
    /// Adds what this process signed to what all have; answers the hour that is under way and the pattern, when
    /// it is one.
    pub(super) async fn look_at_signing_rate(
        &self,
        now: Timestamp,
    ) -> Result<Option<(Timestamp, Pattern)>, KeyDeskError> {
        let signed = self.sessions.signed().swap(0, Ordering::Relaxed);
        if signed == 0 {
            // Whoever signed looks.
            return Ok(None);
        }
        let hour = begin_of_hour(now);
        if let Err(error) = self.note_signed(hour, signed, now).await {
            self.sessions.signed().fetch_add(signed, Ordering::Relaxed);
            return Err(error.into());
        }
        let counted = list_counted(self.db, SIGNED).await?.into_iter().collect();
        let since = find_fact(self.db, COUNTED_SINCE).await?.unwrap_or(now);
        Ok(judge(&counted, since, hour).map(|pattern| (hour, pattern)))
    }

    async fn note_signed(
        &self,
        hour: Timestamp,
        signed: u64,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        mark_fact_unless_since(&mut tx, COUNTED_SINCE, Timestamp::from_millis(0), now).await?;
        mark_counted(&mut tx, SIGNED, hour, signed).await?;
        delete_counted_before(&mut tx, SIGNED, hour.minus(DAY * DAYS)).await?;
        tx.commit().await
    }
}

fn begin_of_hour(time: Timestamp) -> Timestamp {
    let hour = HOUR.as_secs().cast_signed() * 1000;
    Timestamp::from_millis(time.as_millis().div_euclid(hour) * hour)
}

/// Whether an hour is too much, by the same hour of the days before.
fn judge(counted: &BTreeMap<Timestamp, u64>, since: Timestamp, hour: Timestamp) -> Option<Pattern> {
    let of = |hour: Timestamp| counted.get(&hour).copied().unwrap_or_default();
    let days = (1..=DAYS).map(|day| hour.minus(DAY * day));
    // A day on which nobody signed at all is one on which no server ran: its nothing is not usual.
    let is_counted = |hour: &Timestamp| counted.range(*hour..hour.plus(DAY)).next().is_some();
    // An hour that was not counted to its end says nothing.
    let days = days.filter(|hour| *hour >= since && is_counted(hour));
    let mut same: Vec<u64> = days.map(of).collect();
    if same.len() < LEAST_DAYS {
        return None;
    }
    same.sort_unstable();
    let usual = *same.get(same.len() / 2)?;
    let count = of(hour);
    (count > FLOOR.max(usual.saturating_mul(TIMES))).then(|| Pattern {
        name: "signing_rate",
        address: String::new(),
        count,
        usual: Some(usual),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Timestamp = Timestamp::from_millis(1_795_219_200_000);

    /// The counts of this hour and of the same hour of the days before it, yesterday's first.
    fn judged(now: u64, before: &[u64]) -> Option<(u64, Option<u64>)> {
        let mut counted = BTreeMap::from([(NOON, now)]);
        for (days, count) in (1..).zip(before) {
            counted.insert(NOON.minus(DAY * days), *count);
        }
        // Busy hours of other times of the day change nothing.
        counted.insert(NOON.minus(HOUR), 1_000_000);
        let days = u32::try_from(before.len()).expect("few");
        let found = judge(&counted, NOON.minus(DAY * days), NOON);
        found.map(|pattern| (pattern.count, pattern.usual))
    }

    #[test]
    fn more_than_five_times_the_usual_of_this_hour_is_too_much() {
        let week = [90, 100, 110, 100, 0, 0, 100];
        assert_eq!(judged(500, &week), None);
        assert_eq!(judged(501, &week), Some((501, Some(100))));
    }

    #[test]
    fn a_quiet_house_wakes_nobody() {
        assert_eq!(judged(FLOOR, &[0; 7]), None);
        assert_eq!(judged(FLOOR + 1, &[0; 7]), Some((FLOOR + 1, Some(0))));
        assert_eq!(judged(FLOOR, &[2; 7]), None);
    }

    #[test]
    fn days_on_which_no_server_ran_are_not_usual() {
        let mut counted = BTreeMap::from([(NOON, 1000)]);
        // Three days of work, four on which nothing was counted at all.
        for days in [1, 2, 7] {
            counted.insert(NOON.minus(DAY * days), 300);
        }
        let week_ago = NOON.minus(DAY * DAYS);
        assert!(judge(&counted, week_ago, NOON).is_none());
        // Two are too few to know what is usual, and a day with another hour counts.
        counted.remove(&NOON.minus(DAY));
        counted.insert(NOON, 1_000_000);
        assert!(judge(&counted, week_ago, NOON).is_none());
        counted.insert(NOON.minus(HOUR * 5), 1);
        let found = judge(&counted, week_ago, NOON).expect("too much");
        assert_eq!(found.usual, Some(300));
    }

    #[test]
    fn a_new_house_has_no_usual_yet() {
        assert_eq!(judged(1_000_000, &[]), None);
        assert_eq!(judged(1_000_000, &[1, 1]), None);
        assert_eq!(judged(1_000_000, &[1, 1, 1]), Some((1_000_000, Some(1))));
    }

    #[test]
    fn an_hour_begins_with_its_first_millisecond() {
        for millis in [0, 1, 3_599_999] {
            let time = Timestamp::from_millis(NOON.as_millis() + millis);
            assert_eq!(begin_of_hour(time), NOON, "{millis}");
        }
    }
}
