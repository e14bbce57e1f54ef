//! The sessions of an account as its owner sees them: which live, how one or all others end, and why one is over.

use concierge_core::{
    account::AccountId,
    audit::EventName,
    session::{EndReason, SessionId, api::SessionView},
    time::Timestamp,
};

use super::{
    refresh_token::Presented,
    service::{Actor, Sessions},
    store,
};
use crate::{audit::Origin, store::StoreError};

impl Sessions {
    /// The live sessions of an account, the newest first; `current` is the one that asks.
    pub async fn list(
        &self,
        account: AccountId,
        current: Option<SessionId>,
    ) -> Result<Vec<SessionView>, StoreError> {
        store::list_views(&self.db, account, current, self.clock.now()).await
    }

    /// Ends one of the caller's own sessions; `false` when it is not theirs or not live, which look the same: ids
    /// of other people's sessions can't be probed.
    pub async fn end_own(
        &self,
        actor: &Actor,
        session: SessionId,
        origin: &Origin,
    ) -> Result<bool, StoreError> {
        let reason = if session == actor.session {
            EndReason::SignedOut
        } else {
            EndReason::EndedElsewhere
        };
        let mut tx = self.db.begin().await?;
        let live = store::list_live(&mut tx, actor.account, self.clock.now()).await?;
        if !live.contains(&session) {
            return Ok(false);
        }
        let name = EventName::TokenRevoked;
        let ended = self
            .end(&mut tx, actor.account, &[session], reason, name, origin)
            .await?;
        tx.commit().await?;
        self.forget(&[session]);
        // Somebody else may have ended it since it was listed.
        Ok(ended == 1)
    }

    /// Ends all of the caller's own sessions but the one that asks; answers how many.
    pub async fn end_others(&self, actor: &Actor, origin: &Origin) -> Result<u32, StoreError> {
        let mut tx = self.db.begin().await?;
        let reason = EndReason::EndedElsewhere;
        let (sessions, ended) = self
            .end_all_but(&mut tx, actor.account, actor.session, reason, origin)
            .await?;
        tx.commit().await?;
        self.forget(&sessions);
        Ok(ended)
    }

    /// Why the session that one of these tokens is of ended; `None` when it lives, ran out or never was. Only a
    /// token of ours is answered: who merely knows or guesses an id learns nothing.
    pub async fn why_ended(
        &self,
        access_token: Option<&str>,
        refresh_token: Option<&str>,
    ) -> Result<Option<EndReason>, StoreError> {
        let now = self.clock.now();
        if let Some(presented) = refresh_token.and_then(Presented::parse)
            && let Some(row) = store::find_by_id(&self.db, presented.session).await?
            && let Ok(key) = self.seal.open(&store::associated(row.id), &row.sealed_key)
            && presented.is_genuine(&zeroize::Zeroizing::new(key))
        {
            return Ok(row.end_reason);
        }
        self.why_ended_by_access(access_token, now).await
    }

    async fn why_ended_by_access(
        &self,
        token: Option<&str>,
        now: Timestamp,
    ) -> Result<Option<EndReason>, StoreError> {
        let Some(verified) = token.and_then(|token| self.signer.load().verify(token, now).ok())
        else {
            return Ok(None);
        };
        let row = store::find_by_id(&self.db, verified.session).await?;
        let row = row.filter(|row| row.account == verified.account);
        Ok(row.and_then(|row| row.end_reason))
    }
}
