//! What an admin does to accounts: look for them, lock, unlock, give and take the admin's role, end sessions.
//!
//! Guarantees: nobody acts on themself, and one admin who can sign in always stays. Who changes rights waits for
//! whoever is at it, and is asked for their own right again inside the transaction: of two admins who demote each
//! other at the same moment one succeeds. From the command line there is no actor; the last admin stays all the same.

use concierge_core::{
    account::{AccountId, Role},
    audit::EventName,
    session::{EndReason, SessionId},
};

use super::{
    desk_store,
    error::AccountError,
    service::Accounts,
    store::{self, Account},
};
use crate::{
    audit::{self, Event, Origin},
    password,
    store::{StoreError, Tx, feed::Change},
};

/// What an admin does to an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// Lock it and end its sessions.
    Lock,
    /// Unlock it.
    Unlock,
    /// Give it a role; a change ends its sessions.
    SetRole(Role),
    /// End its sessions.
    SignOut,
}

/// Where a page of accounts begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// At this address, or the first behind it.
    Email(String),
    /// Behind this name, in lower case, and this id.
    Name(String, String),
}

impl Accounts {
    /// Accounts from a place on whose address, or name, is below a text; so many at most.
    pub async fn page(
        &self,
        from: &Place,
        below: &str,
        most: i64,
    ) -> Result<Vec<Account>, StoreError> {
        let db = &self.parts.db;
        match from {
            Place::Email(email) => desk_store::list_by_email(db, email, below, most).await,
            Place::Name(name, id) => desk_store::list_by_name(db, (name, id), below, most).await,
        }
    }

    /// One account, read from its row.
    pub async fn find(&self, id: AccountId) -> Result<Account, AccountError> {
        let found = store::find_by_id(&self.parts.db, id).await?;
        found.ok_or(AccountError::NotFound)
    }

    /// Begins what somebody does to an account: holds the desk, so that what is read now stays true.
    pub async fn take_turn(
        &self,
        id: AccountId,
        actor: Option<AccountId>,
    ) -> Result<(Tx, Account), AccountError> {
        let mut tx = self.parts.db.begin().await?;
        desk_store::mark_turn(&mut tx).await?;
        if let Some(actor) = actor {
            let admin = store::find_by_id(&mut tx, actor).await?;
            // Their right may have been taken while they waited for their turn.
            if !admin.is_some_and(|admin| is_able_admin(&admin)) {
                return Err(AccountError::Forbidden);
            }
        }
        let target = store::find_by_id(&mut tx, id).await?;
        Ok((tx, target.ok_or(AccountError::NotFound)?))
    }

    /// Does it, within the turn; answers whether anything changed, and the sessions that ended. Announces, so it is
    /// the last before [`Accounts::finish`].
    pub async fn act(
        &self,
        tx: &mut Tx,
        target: &Account,
        deed: Deed,
        actor: Option<AccountId>,
        origin: &Origin,
    ) -> Result<(bool, Vec<SessionId>), AccountError> {
        let (id, now) = (target.view.id, self.parts.clock.now());
        if matches!(deed, Deed::Lock | Deed::SetRole(Role::Member)) {
            may_lose_right(tx, target, actor).await?;
        }
        let changed = match deed {
            Deed::Lock => store::mark_locked(tx, id, Some(now)).await?,
            Deed::Unlock => store::mark_locked(tx, id, None).await?,
            Deed::SetRole(role) => desk_store::mark_role(tx, id, role).await?,
            Deed::SignOut => true,
        };
        // Unlocking also clears waits, so it is something even where nothing was locked.
        if !changed && deed != Deed::Unlock {
            return Ok((false, Vec::new()));
        }
        let (name, details) = match deed {
            Deed::Lock => (
                EventName::UserUpdated,
                serde_json::json!({ "locked": true, "role": target.view.role }),
            ),
            Deed::Unlock => (
                EventName::UserUpdated,
                serde_json::json!({ "locked": false }),
            ),
            Deed::SetRole(role) => (
                EventName::PrivilegeChanged,
                serde_json::json!({ "from": target.view.role, "to": role }),
            ),
            Deed::SignOut => (
                EventName::TokenRevoked,
                serde_json::json!({ "scope": "all" }),
            ),
        };
        let event = Event {
            actor,
            ..Event::of(name, id, origin).with(details)
        };
        audit::record(tx, &event, now, &*self.parts.rng).await?;
        if deed == Deed::Lock {
            // Links that were asked for before are void also when it is unlocked.
            password::mark_superseded(tx, id).await?;
        }
        let reason = match deed {
            Deed::Lock | Deed::SignOut => Some(EndReason::Admin),
            Deed::SetRole(_) => Some(EndReason::RightsChanged),
            Deed::Unlock => None,
        };
        let ended = match reason {
            Some(reason) => {
                self.parts
                    .sessions
                    .end_all(tx, id, actor, reason, origin)
                    .await?
            }
            None => Vec::new(),
        };
        tx.announce(&[Change::Account(id.to_string())], now).await?;
        Ok((changed, ended))
    }

    /// Commits a turn and drops the copies of what it changed.
    pub async fn finish(
        &self,
        tx: Tx,
        id: AccountId,
        ended: &[SessionId],
    ) -> Result<(), StoreError> {
        tx.commit().await?;
        self.parts.sessions.forget(ended);
        self.mirror.forget(&id);
        Ok(())
    }
}

/// Refuses to take the right, or the account, from oneself or from the last admin who can sign in.
pub(super) async fn may_lose_right(
    tx: &mut Tx,
    target: &Account,
    actor: Option<AccountId>,
) -> Result<(), AccountError> {
    let is_last = is_able_admin(target) && desk_store::count_admins(tx).await? < 2;
    if is_last || actor == Some(target.view.id) {
        return Err(AccountError::Conflict);
    }
    Ok(())
}

/// Whether it is an admin who can sign in.
pub(super) fn is_able_admin(account: &Account) -> bool {
    account.view.role == Role::Admin && account.locked_at.is_none()
}
