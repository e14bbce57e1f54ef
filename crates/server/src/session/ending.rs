//! How sessions end: sign-out, an end from outside, reuse of an old token. Every end is announced in its transaction.

use std::{sync::Arc, time::Duration};

use concierge_core::{
    account::AccountId,
    audit::EventName,
    session::{EndReason, SessionId, api::Scope},
    time::Timestamp,
};

use super::{
    error::SessionError,
    live::Live,
    refresh_token::Presented,
    service::{Sessions, changes},
    store::{self, SessionRow},
};
use crate::{
    audit::{self, Event, Origin},
    store::{StoreError, TIDIED_AT_ONCE, Tx, feed::Change},
};

/// How long a session is kept when it is over: somebody who looks after a month's absence still sees where it ended.
/// What must be known for longer is an event.
const KEPT: Duration = Duration::from_secs(30 * 24 * 3600);

impl Sessions {
    /// Ends the session behind either token, or with scope `all` every session of its account. An expired access
    /// token will do: whoever holds it may always sign out. Answers the account, when there was a live session.
    pub async fn sign_out(
        &self,
        access_token: Option<&str>,
        refresh_token: Option<&str>,
        scope: Option<Scope>,
        origin: &Origin,
    ) -> Result<Option<AccountId>, SessionError> {
        let now = self.clock.now();
        let Some((session, account)) = self.owner_of(access_token, refresh_token, now).await?
        else {
            return Ok(None);
        };
        let mut tx = self.db.begin().await?;
        let sessions = match scope.unwrap_or(self.config.sign_out_scope) {
            Scope::All => {
                self.kill_tickets(&mut tx, account).await?;
                store::list_live(&mut tx, account, now).await?
            }
            Scope::Current => vec![session],
        };
        self.end(
            &mut tx,
            account,
            &sessions,
            EndReason::SignedOut,
            EventName::TokenRevoked,
            origin,
        )
        .await?;
        tx.commit().await?;
        self.forget(&sessions);
        Ok(Some(account))
    }

    /// Ends every session of an account inside a transaction; `actor` is who does it, when not the owner. Pass the answer
    /// to [`Sessions::forget`] after the commit.
    pub async fn end_all(
        &self,
        tx: &mut Tx,
        account: AccountId,
        actor: Option<AccountId>,
        reason: EndReason,
        origin: &Origin,
    ) -> Result<Vec<SessionId>, StoreError> {
        self.kill_tickets(tx, account).await?;
        let now = self.clock.now();
        let sessions = store::list_live(tx, account, now).await?;
        let event = Event {
            actor,
            ..Event::of(EventName::TokenRevoked, account, origin)
        };
        self.mark_all_ended(tx, &sessions, reason, event).await?;
        tx.announce(&changes(&sessions), now).await?;
        Ok(sessions)
    }

    /// Ends every session of an account but one inside a transaction; answers them, for [`Sessions::forget`] after
    /// the commit, and how many of them this ended.
    pub async fn end_all_but(
        &self,
        tx: &mut Tx,
        account: AccountId,
        kept: SessionId,
        reason: EndReason,
        origin: &Origin,
    ) -> Result<(Vec<SessionId>, u32), StoreError> {
        // A second step under way began with what is over now, such as the old password.
        self.kill_tickets(tx, account).await?;
        let mut sessions = store::list_live(tx, account, self.clock.now()).await?;
        sessions.retain(|session| *session != kept);
        let name = EventName::TokenRevoked;
        let ended = self
            .end(tx, account, &sessions, reason, name, origin)
            .await?;
        Ok((sessions, ended))
    }

    /// Deletes every session of an account that goes, inside a transaction; answers those that lived. Announce them
    /// before the commit, and pass them to [`Sessions::forget`] after it.
    pub async fn delete_all(
        &self,
        tx: &mut Tx,
        account: AccountId,
    ) -> Result<Vec<SessionId>, StoreError> {
        let live = store::list_live(tx, account, self.clock.now()).await?;
        store::delete_by_account(tx, account).await?;
        Ok(live)
    }

    /// Drops the copies of ended sessions. What another process ended arrives through [`Sessions::hear`].
    pub fn forget(&self, sessions: &[SessionId]) {
        for session in sessions {
            self.mirror.forget(session);
        }
    }

    /// Takes in a change that the feed announced.
    pub fn hear(&self, change: &Change) {
        if let Change::Session(id) = change
            && let Ok(id) = id.parse()
        {
            self.mirror.forget(&id);
        }
    }

    /// Deletes tickets that ran out and sessions that have long been over, with their keys; answers how many.
    pub async fn purge(&self) -> Result<u64, StoreError> {
        let now = self.clock.now();
        let tickets = self.purge_tickets().await?;
        let gone = store::delete_over_before(&self.db, now.minus(KEPT), now, TIDIED_AT_ONCE);
        Ok(tickets + gone.await?)
    }

    /// Drops every copy: news may have been missed.
    pub fn forget_all(&self) {
        self.mirror.forget_all();
    }

    /// Answers how many of them lived until now.
    pub(super) async fn end(
        &self,
        tx: &mut Tx,
        account: AccountId,
        sessions: &[SessionId],
        reason: EndReason,
        name: EventName,
        origin: &Origin,
    ) -> Result<u32, StoreError> {
        let event = Event::of(name, account, origin);
        let ended = self.mark_all_ended(tx, sessions, reason, event).await?;
        tx.announce(&changes(sessions), self.clock.now()).await?;
        Ok(ended)
    }

    /// Ends sessions without telling of it, with an event like this for each: announce them before the commit.
    pub(super) async fn mark_all_ended(
        &self,
        tx: &mut Tx,
        sessions: &[SessionId],
        reason: EndReason,
        mut event: Event<'_>,
    ) -> Result<u32, StoreError> {
        let now = self.clock.now();
        let mut ended = 0;
        for session in sessions {
            if store::mark_ended(tx, *session, reason, now).await? {
                ended += 1;
                event = event
                    .with(serde_json::json!({ "session": session, "reason": reason.as_str() }));
                audit::record(tx, &event, now, &*self.rng).await?;
            }
        }
        Ok(ended)
    }

    pub(super) async fn end_for_reuse(
        &self,
        row: &SessionRow,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        tracing::warn!(session = %row.id, began_at = %row.address, "an old refresh token came back: somebody has a copy");
        let mut tx = self.db.begin().await?;
        // The row is read again under the write lock: a rotation may have happened since it was judged.
        let current = store::find_by_id(&mut tx, row.id).await?;
        if current.is_some_and(|current| self.lives(&current, now)) {
            self.end(
                &mut tx,
                row.account,
                &[row.id],
                EndReason::Reuse,
                EventName::TokenReuse,
                origin,
            )
            .await?;
        }
        tx.commit().await?;
        self.forget(&[row.id]);
        Ok(())
    }

    /// The live session behind either token. A dead one proves nothing any more: a stolen token of an ended
    /// session must not end the sessions that came after it.
    async fn owner_of(
        &self,
        access_token: Option<&str>,
        refresh_token: Option<&str>,
        now: Timestamp,
    ) -> Result<Option<(SessionId, AccountId)>, SessionError> {
        let verified = access_token.and_then(|token| self.signer.load().verify(token, now).ok());
        if let Some(token) = verified {
            let live = self
                .live_at_least(token.session, token.generation, now)
                .await;
            if let Some(live) = alive(live)?.filter(|live| live.row.account == token.account) {
                return Ok(Some((live.row.id, live.row.account)));
            }
        }
        let Some(presented) = refresh_token.and_then(Presented::parse) else {
            return Ok(None);
        };
        let live = alive(self.genuine(&presented, now).await)?;
        Ok(live.map(|live| (live.row.id, live.row.account)))
    }
}

/// A session that is not there is none; any other failure is one.
fn alive(found: Result<Arc<Live>, SessionError>) -> Result<Option<Arc<Live>>, SessionError> {
    match found {
        Ok(live) => Ok(Some(live)),
        Err(SessionError::Unauthenticated(_)) => Ok(None),
        Err(error) => Err(error),
    }
}
