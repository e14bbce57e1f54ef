//! A sign-in that was not one's own: the mail about a new device, and what its link ends.

use concierge_core::{
    account::AccountView,
    audit::EventName,
    sensitive::Sensitive,
    session::{EndReason, device::Device},
};

use super::{
    link_store as store,
    links::{LIFE, LinkError, LinkParts, Links},
    not_me_store,
};
use crate::{
    account::letter_to,
    audit::{self, Event, Origin},
    mail::Letter,
    password,
    platform::limit::AddressKey,
    session::delete_devices,
    store::{StoreError, Tx},
};

impl Links {
    /// Tells the owner of a sign-in from a device never seen before, inside its transaction.
    pub async fn tell_new_device(
        &self,
        tx: &mut Tx,
        account: &AccountView,
        origin: &Origin,
    ) -> Result<(), StoreError> {
        let LinkParts { clock, rng, .. } = self.parts();
        let (now, token) = (clock.now(), rng.token());
        let digest = self.digest(&token);
        let device = Device::of(&origin.user_agent);
        let letter = Letter::NewDevice {
            browser: device.browser.to_owned(),
            system: device.system.to_owned(),
            address: origin.address.clone(),
            at: now,
            token,
        };
        let until = now.plus(letter.life().unwrap_or(LIFE));
        not_me_store::insert(tx, &digest, account.id, until).await?;
        let event = Event::of(EventName::NewDevice, account.id, origin);
        audit::record(tx, &event, now, &**rng).await?;
        self.parts()
            .outbox
            .queue(tx, &letter_to(account, letter))
            .await
    }

    /// Ends every session of an account, forgets its devices, and closes its password until another was set; the link
    /// for that goes to the owner's mailbox. Whoever holds the mail can do this and no more: nobody gets in by it.
    pub async fn not_me(
        &self,
        token: &Sensitive,
        key: &AddressKey,
        origin: &Origin,
    ) -> Result<(), LinkError> {
        self.count_reset(key)?;
        let parts = self.parts();
        let (now, digest) = (parts.clock.now(), self.digest(token));
        let owner = not_me_store::find_by_digest(&parts.db, &digest, now).await?;
        let owner = owner.ok_or(LinkError::TicketExpired)?;
        let account = parts.accounts.find(owner).await?.view;
        let mut tx = parts.db.begin().await?;
        // Held like by a sign-in: one under way with the old password does not slip in between. And first, as everybody
        // who holds an account does: two who held each other's second row would both be stopped.
        parts.accounts.hold(&mut tx, owner).await?;
        if !not_me_store::mark_used(&mut tx, &digest, now).await? {
            return Err(LinkError::TicketExpired);
        }
        delete_devices(&mut tx, owner).await?;
        password::mark_closed(&mut tx, owner, now).await?;
        let reset = self.parts().rng.token();
        store::insert(&mut tx, &self.digest(&reset), owner, now, now.plus(LIFE)).await?;
        let letter = Letter::ResetPassword { token: reset };
        parts
            .outbox
            .queue(&mut tx, &letter_to(&account, letter))
            .await?;
        let event = Event::of(EventName::NotMe, owner, origin);
        audit::record(&mut tx, &event, now, &*parts.rng).await?;
        let reason = EndReason::NotMe;
        let ended = parts
            .sessions
            .end_all(&mut tx, owner, None, reason, origin)
            .await?;
        tx.commit().await?;
        parts.sessions.forget(&ended);
        Ok(())
    }
}
