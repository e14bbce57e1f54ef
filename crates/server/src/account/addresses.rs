//! Changing one's address: it counts once the link in a mail to the new one was confirmed, and the old one is told.

use concierge_core::{
    account::{AccountId, Email},
    audit::EventName,
    problem::FieldError,
    sensitive::Sensitive,
};

use super::{
    addresses_store as store, error::AccountError, invitations_store, passwords::letter_to,
    registration::Confirmation, registration_store, service::Accounts,
};
use crate::{
    audit::{self, Event, Origin},
    mail::Letter,
    password,
    platform::limit::AddressKey,
    session::Actor,
    store::{StoreError, feed::Change},
};

impl Accounts {
    /// Sends a link to a new address. Whether that address has an account is not said here: who holds its mailbox
    /// learns it when the link is confirmed.
    pub async fn change_email(
        &self,
        actor: &Actor,
        typed: &str,
        key: &AddressKey,
        origin: &Origin,
    ) -> Result<(), AccountError> {
        let email = typed.parse::<Email>();
        let email =
            email.map_err(|code| AccountError::Invalid(vec![FieldError::new("email", code)]))?;
        self.count(&self.judgements, key)?;
        self.count_change(actor.account, &email)?;
        let parts = &self.parts;
        let (account, now) = (self.find(actor.account).await?, parts.clock.now());
        let token = parts.rng.token();
        let digest = self.address_digest(&token);
        let letter = Letter::ConfirmNewAddress { token };
        let until = now.plus(letter.life().unwrap_or_default());
        let mut tx = parts.db.begin().await?;
        store::insert(&mut tx, actor.account, &digest, &email, until).await?;
        let event = Event::of(EventName::EmailChangeRequested, actor.account, origin);
        audit::record(&mut tx, &event, now, &*parts.rng).await?;
        let mut mail = letter_to(&account.view, letter);
        email.as_str().clone_into(&mut mail.to);
        parts.outbox.queue(&mut tx, &mail).await?;
        Ok(tx.commit().await?)
    }

    /// Three letters an hour of an account, and no more to an address than strangers may cause: it may be somebody else's.
    fn count_change(&self, account: AccountId, email: &Email) -> Result<(), AccountError> {
        let now = self.parts.clock.now();
        let counted = self.changes.count(&account.to_string(), now);
        let counted = counted.and_then(|()| self.letters_in_all.count(&email.normalised(), now));
        counted.map_err(AccountError::Throttled)
    }

    /// Confirms the new address of an account. The link alone is not enough: whoever holds that mailbox may never have
    /// heard of the account, and would give it an address of their own by a press (ADR 11).
    pub(super) async fn confirm_change(
        &self,
        digest: &str,
        given: &Confirmation<'_>,
        origin: &Origin,
    ) -> Result<(), AccountError> {
        let parts = &self.parts;
        let now = parts.clock.now();
        let id = store::find_by_digest(&parts.db, digest, now).await?;
        let id = id.ok_or(AccountError::TicketExpired)?;
        self.prove_owner(id, given).await?;
        let mut tx = parts.db.begin().await?;
        // Held first, as everybody does; a locked account changes nothing.
        let before = self.held(&mut tx, id).await?;
        let before = before.ok_or(AccountError::TicketExpired)?;
        let email = store::delete_claimed(&mut tx, digest, now).await?;
        let email = email.ok_or(AccountError::TicketExpired)?;
        let taken = store::mark_email(&mut tx, id, &email).await;
        taken.map_err(|error| match error {
            StoreError::Conflict => AccountError::EmailTaken,
            other => AccountError::Store(other),
        })?;
        // A link that sets a new password may still lie in the mailbox of before.
        password::mark_superseded(&mut tx, id).await?;
        let event = Event::of(EventName::EmailChanged, id, origin);
        audit::record(&mut tx, &event, now, &*parts.rng).await?;
        let mail = letter_to(&before, Letter::AddressChanged);
        parts.outbox.queue(&mut tx, &mail).await?;
        tx.announce(&[Change::Account(id.to_string())], now).await?;
        tx.commit().await?;
        self.mirror.forget(&id);
        Ok(())
    }

    /// Whether it is the account's owner: signed in here, or by the password.
    async fn prove_owner(
        &self,
        id: AccountId,
        given: &Confirmation<'_>,
    ) -> Result<(), AccountError> {
        if given.account == Some(id) {
            return Ok(());
        }
        let password = given.password.ok_or(AccountError::BadCredentials)?;
        let counted = self.proofs.count(&id.to_string(), self.parts.clock.now());
        counted.map_err(AccountError::Throttled)?;
        let kept = password::find_current(&self.parts.db, id).await?;
        let kept = kept.ok_or(AccountError::BadCredentials)?;
        self.verify(password, &kept.phc).await
    }

    /// Deletes what has run out: links, registrations, invitations.
    pub async fn purge(&self) -> Result<u64, StoreError> {
        let (db, now) = (&self.parts.db, self.parts.clock.now());
        Ok(store::delete_expired(db, now).await?
            + registration_store::delete_expired(db, now).await?
            + invitations_store::delete_expired(db, now).await?)
    }

    /// What is kept of the token of a letter that asks whose an address is.
    pub(super) fn address_digest(&self, token: &Sensitive) -> String {
        self.parts.keys.token_digest("address", token)
    }
}
