//! Where sessions were seen lately: a session that comes from many places at once, or from another browser than
//! before, is in more hands than one.
//!
//! Each process remembers for itself, and a bounded number of sessions: it is a hint and no refusal.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use concierge_core::{
    account::AccountId,
    audit::EventName,
    session::{SessionId, device::Device},
    time::Timestamp,
};
use quick_cache::sync::Cache;
use serde_json::json;

use super::Alerts;
use crate::{
    audit::{self, Event, Origin},
    platform::limit::AddressKey,
    store::StoreError,
};

/// Sessions that are remembered.
const CAPACITY: usize = 10_000;
/// Addresses are counted over this.
const WINDOW: Duration = Duration::from_secs(10 * 60);
/// A phone changes between a few networks; more than these are many.
const USUAL: usize = 3;

/// The sessions that were seen.
#[derive(Debug)]
pub struct Sightings(Cache<SessionId, Arc<Mutex<Seen>>>);

#[derive(Debug, Default)]
struct Seen {
    /// As it came, so that nothing is parsed where nothing changed.
    user_agent: String,
    browser: Option<(&'static str, &'static str)>,
    /// When each address was seen last.
    addresses: Vec<(String, Timestamp)>,
    /// When many addresses were told, and when another browser was.
    told_at: [Option<Timestamp>; 2],
}

impl Default for Sightings {
    fn default() -> Self {
        Self(Cache::new(CAPACITY))
    }
}

impl Sightings {
    /// Notes a request of a session; answers what is odd about it, once.
    pub fn note(
        &self,
        session: SessionId,
        key: &AddressKey,
        user_agent: &str,
        now: Timestamp,
    ) -> Option<EventName> {
        let made = self
            .0
            .get_or_insert_with(&session, || Ok::<_, ()>(Arc::default()));
        let seen = made.ok()?;
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        let is_other = seen.is_other_browser(user_agent);
        let count = seen.count_address(key.host(), now);
        let [many, other] = &mut seen.told_at;
        if is_other && is_new(other, now) {
            Some(EventName::SessionBrowserChanged)
        } else if count > USUAL && is_new(many, now) {
            Some(EventName::SessionManyAddresses)
        } else {
            None
        }
    }
}

/// Whether it was not told lately; from now on it was.
fn is_new(told_at: &mut Option<Timestamp>, now: Timestamp) -> bool {
    let was_told = told_at.is_some_and(|at| now.since(at) < WINDOW);
    if !was_told {
        *told_at = Some(now);
    }
    !was_told
}

impl Seen {
    /// Whether the browser or the system is another than before. A newer version is the same browser.
    fn is_other_browser(&mut self, user_agent: &str) -> bool {
        if self.browser.is_some() && self.user_agent == user_agent {
            return false;
        }
        user_agent.clone_into(&mut self.user_agent);
        let device = Device::of(user_agent);
        let browser = (device.browser, device.system);
        let before = self.browser.replace(browser);
        before.is_some_and(|before| before != browser)
    }

    /// How many addresses there were lately.
    fn count_address(&mut self, host: &str, now: Timestamp) -> usize {
        match self.addresses.iter_mut().find(|(known, _)| known == host) {
            Some((_, at)) => *at = now,
            None => {
                self.addresses.retain(|(_, at)| now.since(*at) < WINDOW);
                // Enough to know that they are too many.
                self.addresses.truncate(USUAL);
                self.addresses.push((host.to_owned(), now));
            }
        }
        let lately = self.addresses.iter();
        lately.filter(|(_, at)| now.since(*at) < WINDOW).count()
    }
}

impl Alerts {
    /// Notes where a session was seen, and records what is odd about it.
    pub async fn saw(
        &self,
        session: SessionId,
        account: AccountId,
        key: &AddressKey,
        origin: &Origin,
    ) {
        let now = self.clock.now();
        let Some(name) = self.sightings.note(session, key, &origin.user_agent, now) else {
            return;
        };
        let event = Event::of(name, account, origin).with(json!({ "session": session }));
        // The request is not at fault.
        if let Err(error) = self.record_one(&event, now).await {
            tracing::warn!(%error, "an odd session could not be written down");
        }
    }

    async fn record_one(&self, event: &Event<'_>, now: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        audit::record(&mut tx, event, now, &*self.rng).await?;
        tx.commit().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0";
    const NEWER: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:154.0) Gecko/20100101 Firefox/154.0";

    fn session() -> SessionId {
        SessionId::from_parts(1, &[1; 10])
    }

    fn see(
        sightings: &Sightings,
        address: &str,
        user_agent: &str,
        seconds: i64,
    ) -> Option<EventName> {
        let key = AddressKey::of(address.parse().expect("an address"));
        sightings.note(
            session(),
            &key,
            user_agent,
            Timestamp::from_millis(seconds * 1000),
        )
    }

    #[test]
    fn the_fourth_address_within_ten_minutes_is_told_once() {
        let sightings = Sightings::default();
        for (n, address) in ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.1"]
            .iter()
            .enumerate()
        {
            assert_eq!(see(&sightings, address, FIREFOX, n as i64), None);
        }
        assert_eq!(
            see(&sightings, "192.0.2.4", FIREFOX, 10),
            Some(EventName::SessionManyAddresses)
        );
        assert_eq!(see(&sightings, "192.0.2.5", FIREFOX, 11), None);
        assert_eq!(
            see(&sightings, "192.0.2.6", FIREFOX, 700),
            None,
            "those of before are forgotten"
        );
    }

    #[test]
    fn another_browser_is_told_and_a_newer_one_is_not() {
        let sightings = Sightings::default();
        assert_eq!(see(&sightings, "192.0.2.1", FIREFOX, 0), None);
        assert_eq!(see(&sightings, "192.0.2.1", NEWER, 1), None);
        assert_eq!(
            see(&sightings, "192.0.2.1", "curl/8.0", 2),
            Some(EventName::SessionBrowserChanged)
        );
        assert_eq!(see(&sightings, "192.0.2.1", "curl/8.0", 3), None);
        assert_eq!(
            see(&sightings, "192.0.2.1", NEWER, 4),
            None,
            "once, however often it goes back and forth"
        );
    }
}
