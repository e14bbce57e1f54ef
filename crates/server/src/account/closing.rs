//! Closing an account for good: everything kept of it goes, its events excepted, which name only its id.

use concierge_core::{account::AccountId, audit::EventName, session::SessionId};
use serde_json::json;

use super::{
    closing_store as store, desk::may_lose_right, error::AccountError, passwords::letter_to,
    service::Accounts, store::Account,
};
use crate::{
    audit::{self, Event, Origin},
    mail::Letter,
    store::{Tx, feed::Change},
};

impl Accounts {
    /// Closes an account: by an admin, or without an actor by its owner or the command line. Nobody closes the last
    /// admin's, and as an admin nobody their own; answers how many sessions ended with it.
    pub async fn close(
        &self,
        id: AccountId,
        actor: Option<AccountId>,
        origin: &Origin,
    ) -> Result<usize, AccountError> {
        let (mut tx, target) = self.take_turn(id, actor).await?;
        may_lose_right(&mut tx, &target, actor).await?;
        let ended = self.delete(&mut tx, &target, actor, origin).await?;
        self.finish(tx, id, &ended).await?;
        Ok(ended.len())
    }

    /// Announces, so it is the last before [`Accounts::finish`].
    async fn delete(
        &self,
        tx: &mut Tx,
        target: &Account,
        actor: Option<AccountId>,
        origin: &Origin,
    ) -> Result<Vec<SessionId>, AccountError> {
        let (id, now) = (target.view.id, self.parts.clock.now());
        // The row that a sign-in holds: it ends before this, or finds no account.
        self.hold(tx, id).await?;
        let sessions = self.parts.sessions.delete_all(tx, id).await?;
        let event = Event {
            actor,
            ..Event::of(EventName::UserDeleted, id, origin)
                .with(json!({ "role": target.view.role, "sessions": sessions.len() }))
        };
        audit::record(tx, &event, now, &*self.parts.rng).await?;
        let mail = letter_to(&target.view, Letter::AccountClosed);
        self.parts.outbox.queue(tx, &mail).await?;
        store::delete(tx, id).await?;
        let mut changes: Vec<Change> = sessions
            .iter()
            .map(|session| Change::Session(session.to_string()))
            .collect();
        changes.push(Change::Account(id.to_string()));
        tx.announce(&changes, now).await?;
        Ok(sessions)
    }
}
