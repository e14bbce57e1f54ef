//! One's own data, as a copy to take along.

use concierge_core::{
    account::api::{AccountExport, ExportedEvent},
    audit::{EventName, api::EventView},
};

use super::{error::AccountError, service::Accounts};
use crate::{
    audit::{self, Event, Origin},
    session::Actor,
};

/// How many events a copy holds: years of an ordinary account, and no more than one answer should.
const EVENTS: usize = 10_000;

impl Accounts {
    /// Everything kept about an account that is its owner's to have: no hash, no key, no code.
    pub async fn export(
        &self,
        actor: &Actor,
        origin: &Origin,
    ) -> Result<AccountExport, AccountError> {
        let parts = &self.parts;
        let (id, now) = (actor.account, parts.clock.now());
        let account = self.find(id).await?.view;
        let mut tx = parts.db.begin().await?;
        let event = Event::of(EventName::UserExported, id, origin);
        audit::record(&mut tx, &event, now, &*parts.rng).await?;
        tx.commit().await?;
        // After the commit: whoever else writes does not wait for thousands of rows to be read.
        let events = audit::list_own(&parts.db, id, EVENTS).await?;
        Ok(AccountExport {
            exported_at: now,
            account,
            sessions: parts.sessions.list(id, Some(actor.session)).await?,
            events: events.into_iter().map(exported).collect(),
        })
    }
}

fn exported(event: EventView) -> ExportedEvent {
    ExportedEvent {
        at: event.at,
        name: event.event,
        address: event.address,
        user_agent: event.user_agent,
        details: event.details,
    }
}
