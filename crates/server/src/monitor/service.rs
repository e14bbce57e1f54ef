//! The monitor: takes samples in, keeps them, tells them, and hands the past out.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use concierge_core::{
    account::AccountId,
    monitor::{
        Metric, Sample, Values,
        api::{Allowance, Beside, History, HistoryQuery},
        live::{Occurrence, Told},
        ring::Rings,
    },
    time::Timestamp,
};
use tokio::sync::{broadcast, watch};

use super::{
    hub::{Hub, Text},
    seats::{Caps, Full, Seat, Seats},
};
use crate::{
    alert, audit,
    platform::{clock::Clock, limit::AddressKey},
    store::{Db, StoreError},
};

/// Events that one look tells at most, and of a history.
const EVENTS: usize = 20;
/// Events that one look reads: among them are those that were told, and may be some that come late.
const READ: usize = 200;
/// An event is committed after its time was taken: looked for so much further back, and told once.
const LATE: Duration = Duration::from_secs(5);
/// Samples that somebody who comes back is handed at a time: a thousand at once would be a thousand texts in memory.
const MISSED: usize = 32;

/// The host live.
pub struct Monitor {
    db: Db,
    clock: Arc<dyn Clock>,
    kept: Mutex<Kept>,
    hub: Hub,
    seats: Arc<Seats>,
}

#[derive(Debug, Default)]
struct Kept {
    rings: Rings,
    allowance: Allowance,
    told: ToldEvents,
    /// The alerts as they were told last; none where somebody came since.
    alerts: Option<Text>,
}

/// The events that were told of late.
#[derive(Debug)]
struct ToldEvents {
    newest: Timestamp,
    ids: HashSet<String>,
}

impl Default for ToldEvents {
    fn default() -> Self {
        Self {
            newest: Timestamp::from_millis(0),
            ids: HashSet::new(),
        }
    }
}

impl ToldEvents {
    /// Takes in what a look found, the newest first. Answers those to tell, in their order, and whether they are all
    /// there are.
    fn take(&mut self, found: Vec<Occurrence>, now: Timestamp) -> (Vec<Occurrence>, bool) {
        // Another machine's clock may be ahead; what happens here meanwhile is told all the same.
        let times = found.iter().map(|event| event.at.min(now));
        self.newest = times.fold(self.newest, Timestamp::max);
        let ids = found.iter().map(|event| event.id.clone()).collect();
        let before = std::mem::replace(&mut self.ids, ids);
        let is_fresh = |event: &Occurrence| !before.contains(&event.id);
        // Behind an oldest that nobody was told of there may be more.
        let is_cut = found.len() == READ && found.last().is_some_and(is_fresh);
        let mut fresh: Vec<Occurrence> = found.into_iter().filter(is_fresh).collect();
        let is_whole = !is_cut && fresh.len() <= EVENTS;
        fresh.truncate(EVENTS);
        fresh.reverse();
        (fresh, is_whole)
    }
}

/// What a viewer listens to, from one moment on.
pub(super) struct Joined {
    /// The newest sample of before; `frames` go on after it.
    pub(super) newest: Option<Timestamp>,
    /// The last events of before.
    pub(super) events: Vec<Text>,
    /// Everything told since.
    pub(super) frames: broadcast::Receiver<Text>,
}

impl Monitor {
    /// With nothing measured yet.
    pub fn new(db: Db, clock: Arc<dyn Clock>, caps: Caps) -> Self {
        Self {
            db,
            clock,
            kept: Mutex::default(),
            hub: Hub::default(),
            seats: Seats::new(caps),
        }
    }

    /// Takes in what this process may use.
    pub fn allow(&self, allowance: Allowance) {
        self.kept().allowance = allowance;
    }

    /// Takes the numbers of this moment in, with those that the program itself knows, and tells whoever watches.
    pub fn record(&self, mut values: Values, lag: Option<Duration>) {
        let used: u32 = self.db.connections().iter().map(|pool| pool.used).sum();
        values.set(Metric::Pool, used as f32);
        if let Some(lag) = lag {
            values.set(Metric::Lag, lag.as_secs_f32() * 1000.0);
        }
        let at = self.clock.now();
        let sample = Sample { at, values };
        // Told under the same lock as kept: who joins gets each sample once, from the ring or told.
        let mut kept = self.kept();
        kept.rings.push(sample);
        if self.is_watched() {
            self.hub.tell(Told::Sample { v: sample }.to_text().into());
        }
        drop(kept);
        self.hub.beat();
    }

    /// Tells whoever watches what the database knows anew: events, and the alerts where they changed.
    pub async fn look_for_news(&self) -> Result<(), StoreError> {
        self.look_for_events().await?;
        let alerts = alert::list_live(&self.db).await?;
        let text: Text = Told::Alerts { a: alerts }.to_text().into();
        let mut kept = self.kept();
        if kept.alerts.as_ref() != Some(&text) {
            self.hub.tell(Arc::clone(&text));
            kept.alerts = Some(text);
        }
        Ok(())
    }

    async fn look_for_events(&self) -> Result<(), StoreError> {
        let since = {
            let mut kept = self.kept();
            // After a time without anybody who watches, what is long past is no news.
            let early = self.clock.now().minus(Duration::from_secs(60));
            kept.told.newest = kept.told.newest.max(early);
            kept.told.newest.minus(LATE)
        };
        let found = audit::list_newest(&self.db, since, READ).await?;
        let now = self.clock.now();
        let mut kept = self.kept();
        let (fresh, is_whole) = kept.told.take(found, now);
        if !is_whole {
            self.hub.tell(Told::Gap.to_text().into());
        }
        for event in fresh {
            let at = event.at;
            let text = Told::Event { e: event }.to_text().into();
            self.hub.tell_event(at, text);
        }
        Ok(())
    }

    /// The past, by column, the last events and the alerts that last.
    pub async fn history(&self, query: &HistoryQuery) -> Result<History, StoreError> {
        let long_ago = Timestamp::from_millis(0);
        let events = audit::list_newest(&self.db, long_ago, EVENTS).await?;
        let alerts = alert::list_live(&self.db).await?;
        let kept = self.kept();
        let beside = Beside {
            allowance: kept.allowance.clone(),
            events,
            alerts,
        };
        Ok(History::of(&kept.rings, query, beside))
    }

    /// A reason to look whether everybody may still watch: somebody's session ended, or an account changed.
    pub fn beat(&self) {
        self.hub.beat();
    }

    /// Resolves at each beat.
    pub(super) fn beats(&self) -> watch::Receiver<()> {
        self.hub.beats()
    }

    /// A seat for a viewer, or what is used up.
    pub(super) fn seat(&self, account: AccountId, address: &AddressKey) -> Result<Seat, Full> {
        self.seats.take(account, address)
    }

    /// How many watch, and news of it.
    pub fn viewers(&self) -> watch::Receiver<usize> {
        self.seats.taken()
    }

    /// Whether anybody watches.
    pub fn is_watched(&self) -> bool {
        self.seats.is_watched()
    }

    /// Listens from now on.
    pub(super) fn join(&self) -> Joined {
        let mut kept = self.kept();
        // What changed after this viewer read the history was told to the others: the next look tells all of it.
        kept.alerts = None;
        let (events, frames) = self.hub.listen(self.clock.now());
        Joined {
            newest: kept.rings.newest().map(|newest| newest.at),
            events,
            frames,
        }
    }

    /// Whether nothing is missing after this time.
    pub(super) fn holds(&self, at: Timestamp) -> bool {
        self.kept().rings.holds(at)
    }

    /// Some samples after a time and up to another, the oldest first; none when there are no more.
    pub(super) fn missed(&self, after: Timestamp, until: Timestamp) -> Vec<Sample> {
        let kept = self.kept();
        let samples = kept.rings.after(after).copied();
        samples
            .take_while(|sample| sample.at <= until)
            .take(MISSED)
            .collect()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
