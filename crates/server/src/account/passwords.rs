//! Changing one's password: the old one is proved, the new one judged, and every other session ends.

use concierge_core::{
    account::{AccountView, Email, Name, api::PasswordChange},
    audit::EventName,
    problem::FieldError,
    session::EndReason,
};

use super::{error::AccountError, service::Accounts, store::Account};
use crate::{
    audit::{self, Event, Origin},
    mail::{Letter, Mail},
    password,
    platform::hash::Verdict,
    session::Actor,
    store::StoreError,
};

impl Accounts {
    /// Changes the password of whoever is signed in; their other sessions end.
    ///
    /// The limit per account keeps whoever found an open browser from guessing the password through it.
    pub async fn change_password(
        &self,
        actor: &Actor,
        change: &PasswordChange,
        origin: &Origin,
    ) -> Result<(), AccountError> {
        let account = self.find(actor.account).await?;
        let own = self.own_words(&account)?;
        password::check(&change.new, &own).map_err(|code| refused("new", code))?;
        let now = self.parts.clock.now();
        let counted = self.proofs.count(&actor.account.to_string(), now);
        counted.map_err(AccountError::Throttled)?;
        let slot = self.parts.hasher.slot().await;
        let slot = slot.map_err(|_| AccountError::Overloaded)?;
        // Without a password that may be used nothing is proved, whatever was typed.
        let kept = password::find_current(&self.parts.db, actor.account).await?;
        let kept = kept.ok_or(AccountError::BadCredentials)?;
        let verdict = slot.verify(&change.current, &kept.phc).await;
        if verdict.map_err(|_| AccountError::Overloaded)? == Verdict::Mismatch {
            drop(slot);
            self.note_wrong_password(actor, origin).await?;
            return Err(AccountError::BadCredentials);
        }
        self.estimate(&slot, &change.new, own, "new").await?;
        let phc = self.hash(&slot, &change.new).await?;
        drop(slot);
        self.replace_password(actor, &account, &kept, &phc, origin)
            .await
    }

    async fn replace_password(
        &self,
        actor: &Actor,
        account: &Account,
        kept: &password::Kept,
        phc: &str,
        origin: &Origin,
    ) -> Result<(), AccountError> {
        let parts = &self.parts;
        let now = parts.clock.now();
        let mut tx = parts.db.begin().await?;
        // The row that a sign-in holds, too: it ends before this, and its session is among those that end here, or
        // it begins after this and finds another version of the password than the one it verified.
        if !self.hold(&mut tx, actor.account).await? {
            return Err(AccountError::NotFound);
        }
        // Two changes at once: both proved the old password, and only one replaces it.
        if !password::mark_changed(&mut tx, actor.account, kept.version, phc, now).await? {
            return Err(AccountError::BadCredentials);
        }
        let event = Event::of(EventName::PasswordChange, actor.account, origin);
        audit::record(&mut tx, &event, now, &*parts.rng).await?;
        let mail = letter_to(&account.view, Letter::PasswordChanged);
        parts.outbox.queue(&mut tx, &mail).await?;
        let reason = EndReason::PasswordChanged;
        let (ended, _) = parts
            .sessions
            .end_all_but(&mut tx, actor.account, actor.session, reason, origin)
            .await?;
        tx.commit().await?;
        parts.sessions.forget(&ended);
        Ok(())
    }

    async fn note_wrong_password(&self, actor: &Actor, origin: &Origin) -> Result<(), StoreError> {
        let mut tx = self.parts.db.begin().await?;
        let event = Event::of(EventName::PasswordChangeFail, actor.account, origin);
        audit::record(&mut tx, &event, self.parts.clock.now(), &*self.parts.rng).await?;
        tx.commit().await
    }

    /// The words that this account's password must not contain.
    pub fn own_words(&self, account: &Account) -> Result<Vec<String>, StoreError> {
        let view = &account.view;
        let corrupt = |column| StoreError::corrupt("account", column, view.id);
        let email: Email = view.email.parse().map_err(|_| corrupt("email"))?;
        let name: Name = view.name.parse().map_err(|_| corrupt("name"))?;
        Ok(password::own_words(&email, &name, &self.parts.house))
    }
}

/// A letter to the owner of an account, in their language.
pub fn letter_to(account: &AccountView, letter: Letter) -> Mail {
    Mail {
        to: account.email.clone(),
        name: account.name.clone(),
        locale: account.locale,
        letter,
    }
}

pub(super) fn refused(field: &str, code: concierge_core::problem::FieldCode) -> AccountError {
    AccountError::Invalid(vec![FieldError::new(field, code)])
}
