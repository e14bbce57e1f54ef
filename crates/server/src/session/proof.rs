//! What a session's owner has proved, and the end of sessions whose owner has proved too little.

use std::collections::BTreeMap;

use concierge_core::{
    account::AccountId,
    audit::EventName,
    session::{EndReason, SessionId},
};

use super::{
    service::{Actor, Sessions, changes},
    store,
};
use crate::{
    audit::{Event, Origin},
    store::{StoreError, Tx},
};

impl Sessions {
    /// Notes inside a transaction that the actor proved again who they are; `false` when the session is over. Pass the
    /// session to [`Sessions::forget`] after the commit.
    pub async fn prove(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        second_factor: bool,
    ) -> Result<bool, StoreError> {
        let now = self.clock.now();
        if !store::mark_fresh(tx, actor.session, second_factor, now).await? {
            return Ok(false);
        }
        tx.announce(&changes(&[actor.session]), now).await?;
        Ok(true)
    }

    /// The same for whoever has just set a second factor up: the account's other sessions, which never passed it, end,
    /// and its tickets die. Answers the sessions to forget, or nothing when the actor's is over.
    pub async fn prove_alone(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        origin: &Origin,
    ) -> Result<Option<Vec<SessionId>>, StoreError> {
        let now = self.clock.now();
        if !store::mark_fresh(tx, actor.session, true, now).await? {
            return Ok(None);
        }
        self.kill_tickets(tx, actor.account).await?;
        let mut others = store::list_live(tx, actor.account, now).await?;
        others.retain(|session| *session != actor.session);
        self.end(
            tx,
            actor.account,
            &others,
            EndReason::RightsChanged,
            EventName::TokenRevoked,
            origin,
        )
        .await?;
        tx.announce(&changes(&[actor.session]), now).await?;
        others.push(actor.session);
        Ok(Some(others))
    }

    /// The accounts with live sessions that passed no second factor.
    pub async fn unproven(&self) -> Result<Vec<AccountId>, StoreError> {
        let mut tx = self.db.begin().await?;
        let unproven = store::list_unproven(&mut tx, self.clock.now()).await?;
        Ok(unproven.into_iter().map(|(_, account)| account).collect())
    }

    /// Ends every session that passed no second factor though its account must: what the policy demands today holds
    /// for the sessions of yesterday, too. Answers how many.
    pub async fn end_unproven(
        &self,
        demanded: impl Fn(AccountId) -> bool,
    ) -> Result<usize, StoreError> {
        let mut tx = self.db.begin().await?;
        let mut by_account: BTreeMap<String, (AccountId, Vec<SessionId>)> = BTreeMap::new();
        for (session, account) in store::list_unproven(&mut tx, self.clock.now()).await? {
            if demanded(account) {
                let of_account = by_account.entry(account.to_string());
                let (_, sessions) = of_account.or_insert_with(|| (account, Vec::new()));
                sessions.push(session);
            }
        }
        let mut all = Vec::new();
        for (account, sessions) in by_account.into_values() {
            let origin = Origin::default();
            let event = Event::of(EventName::TokenRevoked, account, &origin);
            self.mark_all_ended(&mut tx, &sessions, EndReason::RightsChanged, event)
                .await?;
            all.extend(sessions);
        }
        tx.announce(&changes(&all), self.clock.now()).await?;
        tx.commit().await?;
        self.forget(&all);
        Ok(all.len())
    }
}
