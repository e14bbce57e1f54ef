//! The audit chain: committed events get a position and a MAC that covers the event and the MAC before.
//!
//! Recording stays a plain insert; whoever holds the lease `audit` links what has been committed since, a batch in each
//! transaction. What waits is told by its missing position, never by its time or id: a transaction that commits late
//! only gets a later position. The newest link is sealed in the row `head`, in the same transaction. A table that does
//! not end there was changed from outside: the chain then begins anew, which stays visible, and it never joins a
//! mended end as if nothing had been. Nobody links with anything but the newest version of the key that there is.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use concierge_core::{audit::EventName, id::Id, time::Timestamp};
use serde_json::json;

use super::{
    Event, EventKind, Origin,
    chain_end::{Found, Place},
    chain_store as store,
    link::{End, Link, NOTHING, Row},
    record,
};
use crate::{
    platform::{rng::Rng, seal::MacKeys},
    store::{Db, StoreError, Tx},
};

const LEASE: &str = "audit";
/// Whoever holds it longer is dead. Much longer than a batch takes.
const SPAN: Duration = Duration::from_secs(10);
/// Links of one transaction: on SQLite every writer waits for it.
const LINKED_AT_ONCE: i64 = 500;
/// An event that waits longer, or whose time is further ahead, is linked by nobody.
const LATE: Duration = Duration::from_secs(60);

/// Links events, and purges them.
#[derive(Clone)]
pub struct Chain {
    pub(super) db: Db,
    pub(super) keys: MacKeys,
    pub(super) rng: Arc<dyn Rng>,
    holder: String,
    /// The version that the keys were read anew for.
    sought: Arc<AtomicI64>,
    /// The last row behind the head that was told of.
    told: Arc<AtomicI64>,
}

/// What came of a look at what waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extended {
    /// Nothing waits.
    Idle,
    /// Another process does it.
    Elsewhere,
    /// There is this version of the key, and it is not at hand: the keys have to be read first.
    Behind(i64),
    /// So many were linked.
    Linked {
        /// How many.
        rows: usize,
        /// Whether more may wait.
        more: bool,
    },
}

/// The newest link: what anybody can keep elsewhere, to find out later whether the chain was cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Its position.
    pub position: i64,
    /// Its MAC.
    pub mac: Vec<u8>,
}

impl std::fmt::Display for Head {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.position, hex::encode(&self.mac))
    }
}

impl std::str::FromStr for Head {
    type Err = ();

    /// `position:mac`; what follows behind a blank is for people.
    fn from_str(text: &str) -> Result<Self, ()> {
        let word = text.split_whitespace().next().ok_or(())?;
        let (position, mac) = word.split_once(':').ok_or(())?;
        let mac = hex::decode(mac).map_err(|_| ())?;
        let position = position.parse().map_err(|_| ())?;
        match mac.len() {
            32 => Ok(Self { position, mac }),
            _ => Err(()),
        }
    }
}

impl Chain {
    /// The chain of a database. Each process is a holder of its own.
    pub fn new(db: Db, keys: MacKeys, rng: Arc<dyn Rng>, now: Timestamp) -> Self {
        let holder: Id<EventKind> = rng.id(now);
        Self {
            db,
            keys,
            rng,
            holder: holder.to_string(),
            sought: Arc::default(),
            told: Arc::default(),
        }
    }

    /// Links a batch of what waits.
    pub async fn extend(&self, now: Timestamp) -> Result<Extended, StoreError> {
        if store::find_waiting(&self.db).await?.is_none() {
            return Ok(Extended::Idle);
        }
        let Some(mut tx) = self.begin_turn(now).await? else {
            return Ok(Extended::Elsewhere);
        };
        let mut place = match self.find_end(&mut tx).await? {
            Found::Behind(version) => return Ok(Extended::Behind(version)),
            Found::Whole(place) => {
                self.tell_of_strangers(&mut tx, &place, now).await?;
                place
            }
            Found::Broken(place, why) => {
                let next = place.position.saturating_add(1);
                self.tell_broken(&mut tx, next, why, now).await?;
                place
            }
        };
        let (rows, more) = list_readable(&mut tx).await?;
        if rows.is_empty() {
            return Ok(Extended::Idle);
        }
        for row in &rows {
            place.position = next_free(&mut tx, &place).await?;
            let link =
                Link::make(row, place.position, &place.mac, &self.keys).ok_or_else(no_key)?;
            store::mark_chained(&mut tx, &row.id, &link).await?;
            place.mac = link.mac;
        }
        let head = (place.position, &*place.mac);
        let head = End::make(End::HEAD, head, now, &self.keys).ok_or_else(no_key)?;
        store::insert_end(&mut tx, End::HEAD, &head).await?;
        tx.commit().await?;
        Ok(Extended::Linked {
            rows: rows.len(),
            more,
        })
    }

    /// Since when the oldest event waits that is not linked yet, if one does.
    pub async fn waiting_since(&self) -> Result<Option<Timestamp>, StoreError> {
        store::find_waiting(&self.db).await
    }

    /// Since when an event waits that should have been linked long ago.
    pub async fn late(&self, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let waiting = self.waiting_since().await?;
        Ok(waiting.filter(|since| is_late(*since, now)))
    }

    /// Whether the keys have to be read anew for this version; `true` once. What they could not be opened with then is
    /// read by itself when it comes.
    pub fn seeks(&self, version: i64) -> bool {
        self.sought.swap(version, Ordering::Relaxed) != version
    }

    /// Notes that the chain can't be told to go on from the head that was written down: `why`.
    pub async fn record_lost_head(
        &self,
        head: &Head,
        why: &'static str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        self.record_broken(&mut tx, head.position, why, now).await?;
        tx.commit().await
    }

    /// The newest link, as it is sealed.
    pub async fn head(&self) -> Result<Option<Head>, StoreError> {
        let end = store::find_end(&self.db, End::HEAD).await?;
        let end = end.filter(|end| end.holds(End::HEAD, &self.keys));
        Ok(end.map(|End { position, mac, .. }| Head { position, mac }))
    }

    /// Whether the chain holds this link still; also when it was purged, after which nobody can say.
    pub async fn has(&self, head: &Head) -> Result<bool, StoreError> {
        if let Some(mac) = store::find_mac_at(&self.db, head.position).await? {
            return Ok(mac == head.mac);
        }
        let begin = store::find_end(&self.db, End::BEGIN).await?;
        let begin = begin.filter(|begin| begin.holds(End::BEGIN, &self.keys));
        Ok(begin.is_some_and(|begin| {
            begin.position > head.position
                || (begin.position == head.position && begin.mac == head.mac)
        }))
    }

    /// Gives the turn back: another process need not wait for its end.
    pub async fn give_turn_back(&self) {
        if let Err(error) = self.db.give_lease_back(LEASE, &self.holder).await {
            tracing::debug!(%error, "the turn at the audit chain ends by itself");
        }
    }

    /// A transaction that nobody else links or purges beside; none while another process has the turn.
    pub(super) async fn begin_turn(&self, now: Timestamp) -> Result<Option<Tx>, StoreError> {
        let (db, holder) = (&self.db, &self.holder);
        if !db.take_lease(LEASE, holder, SPAN, now).await?
            && !db.take_stuck_lease(LEASE, holder, SPAN, now).await?
        {
            return Ok(None);
        }
        let mut tx = self.db.begin().await?;
        let holds = tx.holds_lease(LEASE, &self.holder).await?;
        Ok(holds.then_some(tx))
    }

    /// Tells once of rows that somebody put behind the head. The chain goes on between them.
    async fn tell_of_strangers(
        &self,
        tx: &mut Tx,
        place: &Place,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let highest = place.highest;
        if highest <= place.position || self.told.load(Ordering::Relaxed) == highest {
            return Ok(());
        }
        let told = Arc::clone(&self.told);
        tx.after_commit(move || told.store(highest, Ordering::Relaxed));
        self.tell_broken(tx, highest, "put_in", now).await
    }

    async fn tell_broken(
        &self,
        tx: &mut Tx,
        position: i64,
        why: &'static str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        tracing::error!(
            position,
            why,
            "the audit chain does not end where it was sealed: somebody changed the events in the database; \
             `concierge audit verify` says what is wrong"
        );
        self.record_broken(tx, position, why, now).await
    }

    async fn record_broken(
        &self,
        tx: &mut Tx,
        position: i64,
        why: &'static str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let origin = Origin::default();
        let details = json!({ "position": position, "why": why });
        let event = Event::anonymous(EventName::AuditChainBroken, &origin).with(details);
        record(tx, &event, now, &*self.rng).await
    }

    /// What the key vouches for of what stands somewhere.
    pub(super) fn genuine<'a>(&self, row: &'a Option<(Row, Link)>) -> Option<&'a (Row, Link)> {
        row.as_ref()
            .filter(|(row, link)| link.holds(row, &self.keys))
    }
}

/// Whether an event that waits since then is linked by nobody.
pub(super) fn is_late(since: Timestamp, now: Timestamp) -> bool {
    now.since(since).max(since.since(now)) > LATE
}

/// A batch of what waits, and whether there may be more. What can't be read was put there by somebody; it keeps nothing
/// else waiting.
async fn list_readable(tx: &mut Tx) -> Result<(Vec<Row>, bool), StoreError> {
    let mut spoilt = 0;
    loop {
        let found = store::list_waiting(tx, LINKED_AT_ONCE, spoilt).await?;
        let count = i64::try_from(found.len()).unwrap_or(i64::MAX);
        let rows: Vec<Row> = found.into_iter().flatten().collect();
        if !rows.is_empty() || count < LINKED_AT_ONCE {
            return Ok((rows, count == LINKED_AT_ONCE));
        }
        spoilt += count;
    }
}

/// The next position that no row has: somebody may have put one in.
async fn next_free(tx: &mut Tx, place: &Place) -> Result<i64, StoreError> {
    let mut next = place.position;
    loop {
        next = next
            .checked_add(1)
            .ok_or_else(|| StoreError::corrupt("event", "position", next))?;
        if next > place.highest || !store::find_position(tx, next).await? {
            return Ok(next);
        }
    }
}

/// Whether links or ends need an older version of the key than this still.
pub async fn chain_needs_older(db: &Db, newest: i64) -> Result<bool, StoreError> {
    let mut needed = vec![store::find_first_key(db).await?];
    for name in [End::HEAD, End::BEGIN] {
        let end = store::find_end(db, name).await?;
        needed.push(end.map(|end| end.key));
    }
    Ok(needed.into_iter().flatten().any(|version| version < newest))
}

/// Takes the chain apart where its key is lost: nobody can check the links any more. The events stay, and are linked
/// anew behind the last position, with a key that is there.
pub async fn chain_anew(tx: &mut Tx, keys: &MacKeys, now: Timestamp) -> Result<(), StoreError> {
    let head = store::find_end(&mut *tx, End::HEAD).await?;
    let sealed = head.map_or(0, |head| head.position);
    // One behind the last: a head that somebody kept is from before the beginning, and nothing to compare with.
    let highest = store::find_highest(tx).await?;
    // Nobody links half of all numbers: one up there was put in, and nothing could follow it.
    let position = highest.unwrap_or(0).max(sealed).min(i64::MAX / 2) + 1;
    store::mark_all_waiting(tx).await?;
    for name in [End::BEGIN, End::HEAD] {
        let end = End::make(name, (position, &NOTHING), now, keys).ok_or_else(no_key)?;
        store::insert_end(tx, name, &end).await?;
    }
    Ok(())
}

pub(super) fn no_key() -> StoreError {
    StoreError::corrupt("data_key", "purpose", "audit")
}
