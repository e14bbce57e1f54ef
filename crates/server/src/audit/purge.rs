//! What is older than the retention goes, from the beginning of the chain, with a sealed row that says so.
//!
//! The times that the key vouches for decide, and only as far as they go without a gap: one old time among young ones,
//! which anybody who can write into the database can have linked, takes nothing with it.

use concierge_core::{audit::EventName, time::Timestamp};
use serde_json::json;

use super::{
    Event, Origin,
    chain::{Chain, no_key},
    chain_store::{self as store, Standing},
    link::{End, Link},
    record,
};
use crate::store::StoreError;

/// Events that one transaction deletes.
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
}

impl Chain {
    /// Deletes a batch of what is older than that, records it, and seals where the chain begins now.
    pub async fn purge(&self, before: Timestamp, now: Timestamp) -> Result<Purged, StoreError> {
        let mut purged = Purged::default();
        let Some(mut tx) = self.begin_turn(now).await? else {
            return Ok(purged);
        };
        let rows = store::list_chained(&mut tx, None, AT_ONCE).await?;
        let Some(last) = self.last_old(&rows, before, now) else {
            return Ok(purged);
        };
        purged.through = last.position;
        let going = rows.iter().filter(|(at, _)| *at <= last.position);
        let broken = going.filter(|(_, row)| self.genuine(row).is_none());
        purged.broken = u64::try_from(broken.count()).unwrap_or(u64::MAX);
        let begin = (last.position, &*last.mac);
        let begin = End::make(End::BEGIN, begin, now, &self.keys).ok_or_else(no_key)?;
        store::insert_end(&mut tx, End::BEGIN, &begin).await?;
        purged.rows = store::delete_through(&mut tx, last.position).await?;
        let origin = Origin::default();
        let Purged {
            rows,
            through,
            broken,
        } = purged;
        let details = json!({ "rows": rows, "through": through, "broken": broken });
        let event = Event::anonymous(EventName::AuditPurged, &origin).with(details);
        record(&mut tx, &event, now, &*self.rng).await?;
        tx.commit().await?;
        Ok(purged)
    }

    /// The last of the rows up to the first that is too young. What the key does not vouch for decides nothing, nor
    /// does a time that is yet to come.
    fn last_old<'a>(
        &self,
        rows: &'a [Standing],
        before: Timestamp,
        now: Timestamp,
    ) -> Option<&'a Link> {
        let genuine = rows.iter().filter_map(|(_, row)| self.genuine(row));
        let old = genuine
            .filter(|(row, _)| row.at <= now.as_millis())
            .take_while(|(row, _)| row.at < before.as_millis());
        old.last().map(|(_, link)| link)
    }
}
