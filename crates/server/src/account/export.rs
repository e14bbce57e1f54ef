//! One's own data, as a copy to take along.

use concierge_core::{
    account::api::{AccountExport, ExportedEvent},
    audit::EventName,
};

use super::{error::AccountError, service::Accounts};
use crate::{
    audit::{self, Event, Kept, Origin},
    session::Actor,
};

/// How many events a copy holds: years of an ordinary account, and no more than one answer should.
const EVENTS: i64 = 10_000;

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
        let kept = audit::list_of(&parts.db, id, EVENTS).await?;
        let events = kept.into_iter().map(exported);
        Ok(AccountExport {
            exported_at: now,
            account,
            sessions: parts.sessions.list(id, Some(actor.session)).await?,
            events: events.collect(),
        })
    }
}

/// Where an admin sat who acted on the account is the admin's own.
fn exported(kept: Kept) -> ExportedEvent {
    let by_owner = kept.actor.is_none();
    let own = |text: String| if by_owner { text } else { String::new() };
    ExportedEvent {
        at: kept.at,
        name: kept.name,
        address: own(kept.address),
        user_agent: own(kept.user_agent),
        details: kept.details,
    }
}
