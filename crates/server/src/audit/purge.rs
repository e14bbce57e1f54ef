//! What is older than the retention goes, from the beginning of the chain, with a sealed row that says so.
//!
//! The times that the key vouches for decide, and only as far as they go without a gap: one old time among young ones,
//! which anybody who can write into the database can have linked, takes nothing with it.

use concierge_core::{audit::EventName, time::Timestamp};
use serde_json::json;

use super::{
    Event, Origin,
    chain::{Chain, no_key},
    chain_store as store,
    link::{End, Link, Row},
    record,
};
use crate::store::{StoreError, Tx};

/// Events that one transaction deletes, unless more stand between them that the key does not vouch for.
const AT_ONCE: i64 = 2000;

/// What a purge deleted.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Purged {
    /// How many events.
    pub rows: u64,
    /// Where the chain begins now.
    pub through: i64,
    /// How many of them were no longer what had been linked.
    pub broken: u64,
    /// Whether everything that was looked at was old: there may be more.
    pub more: bool,
}

/// What is old: everything up to this link, and how much of it is genuine.
struct Old {
    last: Link,
    genuine: usize,
    more: bool,
}

impl Chain {
    /// Deletes a batch of what is older than that, records it, and seals where the chain begins now.
    pub async fn purge(&self, before: Timestamp, now: Timestamp) -> Result<Purged, StoreError> {
        // Before the transaction: a search may be long, and writers would wait for it.
        let begin = store::find_end(&self.db, End::BEGIN).await?;
        let Some(old) = self.find_old(begin.as_ref(), before, now).await? else {
            return Ok(Purged::default());
        };
        let Some(mut tx) = self.begin_turn(now).await? else {
            return Ok(Purged::default());
        };
        // A seal of an older version may be made by others, too; and somebody else may have purged meanwhile.
        if self.lacks_newest(&mut tx).await?.is_some()
            || store::find_end(&mut tx, End::BEGIN).await? != begin
        {
            return Ok(Purged::default());
        }
        let begin = (old.last.position, &*old.last.mac);
        let begin = End::make(End::BEGIN, begin, now, &self.keys).ok_or_else(no_key)?;
        store::insert_end(&mut tx, End::BEGIN, &begin).await?;
        let rows = store::delete_through(&mut tx, old.last.position).await?;
        let purged = Purged {
            rows,
            through: old.last.position,
            broken: rows.saturating_sub(u64::try_from(old.genuine).unwrap_or(u64::MAX)),
            more: old.more,
        };
        self.record_purge(&mut tx, &purged, now).await?;
        tx.commit().await?;
        Ok(purged)
    }

    /// Finds the last of the rows up to the first that is too young. What the key does not vouch for decides nothing,
    /// nor does a time that is yet to come; where nothing else stands in a batch, the next one decides.
    async fn find_old(
        &self,
        begin: Option<&End>,
        before: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Old>, StoreError> {
        // What stands where everything was purged was put in: the chain never begins further back than it did.
        let begin = begin.filter(|begin| begin.holds(End::BEGIN, &self.keys));
        let (mut after, mut genuine) = (begin.map(|begin| begin.position), 0);
        loop {
            let rows = store::list_chained(&self.db, after, AT_ONCE).await?;
            let Some((position, _)) = rows.last() else {
                return Ok(None);
            };
            after = Some(*position);
            let whole = rows.iter().filter_map(|(_, row)| self.genuine(row));
            let whole: Vec<&(Row, Link)> = whole.collect();
            let past = whole.iter().filter(|(row, _)| row.at <= now.as_millis());
            let past: Vec<_> = past.collect();
            let is_old = |(row, _): &(Row, Link)| row.at < before.as_millis();
            let old = past.iter().take_while(|one| is_old(one)).count();
            let Some((_, last)) = past[..old].last() else {
                if past.is_empty() {
                    genuine += whole.len();
                    continue;
                }
                return Ok(None);
            };
            let going = whole
                .iter()
                .filter(|(_, link)| link.position <= last.position);
            return Ok(Some(Old {
                last: last.clone(),
                genuine: genuine + going.count(),
                more: old == past.len() && i64::try_from(rows.len()) == Ok(AT_ONCE),
            }));
        }
    }

    async fn record_purge(
        &self,
        tx: &mut Tx,
        purged: &Purged,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let Purged {
            rows,
            through,
            broken,
            ..
        } = purged;
        let origin = Origin::default();
        let details = json!({ "rows": rows, "through": through, "broken": broken });
        let event = Event::anonymous(EventName::AuditPurged, &origin).with(details);
        record(tx, &event, now, &*self.rng).await
    }
}
