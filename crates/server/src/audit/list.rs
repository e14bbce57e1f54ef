//! Reading events: a page at a time for a reader, or page after page for a copy.
//!
//! A page begins behind a (time, id), so it costs the same wherever it is; each filter has an index in that order. What
//! waits for its link has one for all: it is little, unless nothing links.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use concierge_core::{
    account::AccountId,
    audit::{
        EventName, Severity,
        api::{EventPage, EventView},
    },
    id::Id,
    time::Timestamp,
};
use futures_util::{Stream, stream::try_unfold};

use super::{EventKind, list_store as store};
use crate::store::{Db, StoreError};

/// Events of a page.
const PAGE: usize = 50;
/// Events read at once for a copy: all that it ever holds in memory.
const COPIED_AT_ONCE: usize = 500;

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// No page ended so.
    #[error("the cursor is none of ours")]
    Cursor,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Which events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Of one account.
    pub account: Option<AccountId>,
    /// Of one name.
    pub name: Option<EventName>,
    /// Of one severity.
    pub severity: Option<Severity>,
    /// None before that.
    pub since: Option<Timestamp>,
    /// Whether the reader is the account itself: where an admin sat who acted on it is the admin's own.
    pub own: bool,
}

/// Behind which event a page begins.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) at: i64,
    pub(super) id: String,
}

impl Place {
    /// Before the newest, whatever its clock said.
    fn first() -> Self {
        Self {
            at: i64::MAX,
            id: String::new(),
        }
    }

    fn behind(event: &EventView) -> Self {
        Self {
            at: event.at.as_millis(),
            id: event.id.clone(),
        }
    }

    fn cursor(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(format!("{}/{}", self.at, self.id))
    }

    /// Anybody could write one; it can only say where to begin, and everything it says is a bound value.
    fn read(cursor: &str) -> Option<Self> {
        let text = String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
        let (at, id) = text.split_once('/')?;
        id.parse::<Id<EventKind>>().ok()?;
        Some(Self {
            at: at.parse().ok()?,
            id: id.to_owned(),
        })
    }
}

/// A page, the newest first.
pub async fn page(db: &Db, wanted: &Wanted, cursor: Option<&str>) -> Result<EventPage, ListError> {
    let place = match cursor {
        Some(cursor) => Place::read(cursor).ok_or(ListError::Cursor)?,
        None => Place::first(),
    };
    let mut events = list(db, wanted, &place, PAGE + 1).await?;
    let goes_on = events.len() > PAGE;
    events.truncate(PAGE);
    let next = events.last().filter(|_| goes_on);
    Ok(EventPage {
        next: next.map(|last| Place::behind(last).cursor()),
        events,
    })
}

/// All of them, the newest first, some at a time.
pub fn pages(
    db: Db,
    wanted: Wanted,
) -> impl Stream<Item = Result<Vec<EventView>, StoreError>> + Send {
    try_unfold(Some(Place::first()), move |place| {
        let (db, wanted) = (db.clone(), wanted.clone());
        async move {
            let Some(place) = place else { return Ok(None) };
            let events = list(&db, &wanted, &place, COPIED_AT_ONCE).await?;
            let last = events.last().map(Place::behind);
            let next = last.filter(|_| events.len() == COPIED_AT_ONCE);
            Ok((!events.is_empty()).then_some((events, next)))
        }
    })
}

/// The newest of all, so many at most.
pub(super) async fn newest(
    db: &Db,
    wanted: &Wanted,
    most: usize,
) -> Result<Vec<EventView>, StoreError> {
    list(db, wanted, &Place::first(), most).await
}

async fn list(
    db: &Db,
    wanted: &Wanted,
    place: &Place,
    most: usize,
) -> Result<Vec<EventView>, StoreError> {
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let mut events = store::list_events(db, wanted, place, most).await?;
    if wanted.own {
        for event in &mut events {
            hide_admin(event);
        }
    }
    Ok(events)
}

fn hide_admin(event: &mut EventView) {
    if event.actor.is_some() && event.actor != event.account {
        event.address.clear();
        event.user_agent.clear();
        event.request_id.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written_and_nothing_else_is() {
        let id = "evt_01890a5dac96774bbcceb302099a8057";
        let place = Place {
            at: -5,
            id: id.to_owned(),
        };
        let Some(read) = Place::read(&place.cursor()) else {
            panic!("{} is not read", place.cursor())
        };
        assert_eq!((read.at, read.id), (place.at, place.id));
        for text in ["", "%", "NQ", "5/x"].map(str::to_owned).into_iter().chain(
            ["x/evt_1", "5", "5/acc_01890a5dac96774bbcceb302099a8057"]
                .map(|text| BASE64_URL_SAFE_NO_PAD.encode(text)),
        ) {
            assert!(Place::read(&text).is_none(), "{text}");
        }
    }
}
