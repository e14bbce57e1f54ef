//! Setting a factor up: a seed that waits, its first code, the recovery codes with it.

use std::time::Duration;

use concierge_core::{
    account::{AccountId, AccountView},
    audit::EventName,
    sensitive::Sensitive,
    totp::api::Enrolment,
};
use zeroize::Zeroizing;

use super::{
    code, drawing,
    error::TotpError,
    service::{Claim, Parts, Totp},
    store::{self, Seed},
};
use crate::{
    account::Accounts,
    audit::{self, Event, Origin},
    mail::Letter,
    recovery::Prepared,
    session::Actor,
    store::{StoreError, Tx},
};

/// How long a seed waits for its first code: as long as a proof of who one is counts.
const WAITS: Duration = Duration::from_secs(10 * 60);

/// A first code that is right, with what is made once it is claimed.
pub struct First {
    version: i64,
    step: i64,
    codes: Prepared,
}

impl First {
    /// The recovery codes as their owner reads them.
    pub fn recovery_codes(&self) -> Vec<Sensitive> {
        self.codes.shown()
    }
}

impl Totp {
    /// Makes a seed, in the place of another that waits. It is the maker's alone: another session of the account, or
    /// somebody who began a sign-in to it, neither sees it nor confirms it, and so plants none of theirs.
    pub async fn enrol(&self, account: &AccountView, maker: &str) -> Result<Enrolment, TotpError> {
        let Parts { db, clock, rng, .. } = &self.parts;
        let plain = Zeroizing::new(rng.bytes::<{ code::SEED }>());
        // Chance, so that a code of one seed never confirms another that took its place.
        let version = i64::from_be_bytes(rng.bytes()) & i64::MAX;
        let sealed = self.close(account.id, version, &*plain);
        let now = clock.now();
        if !store::insert(db, account.id, version, sealed, maker, now).await? {
            return Err(TotpError::Conflict);
        }
        shown(account, &*plain)
    }

    /// The seed of this maker that waits for its first code.
    pub async fn enrolment(
        &self,
        account: &AccountView,
        maker: &str,
    ) -> Result<Enrolment, TotpError> {
        let seed = self.waiting(account.id, maker).await?;
        let seed = seed.ok_or(TotpError::NotFound)?;
        shown(account, &self.open(account.id, &seed)?)
    }

    async fn waiting(&self, account: AccountId, maker: &str) -> Result<Option<Seed>, StoreError> {
        let Parts { db, clock, .. } = &self.parts;
        store::find_waiting(db, account, maker, clock.now().minus(WAITS)).await
    }

    /// Looks at a first code, and makes the recovery codes when it is right: all that is slow comes before the
    /// transaction of [`Totp::confirm`].
    pub async fn first(
        &self,
        account: &AccountView,
        maker: &str,
        typed: &Sensitive,
        origin: &Origin,
    ) -> Result<First, TotpError> {
        // Where nothing waits nothing is tried, so nothing is counted: the budget is the one of the codes in use.
        let seed = self.waiting(account.id, maker).await?;
        let seed = seed.ok_or(TotpError::Conflict)?;
        let number = self.count(account.id).await?;
        let Some(step) = self.step_of(account.id, &seed, typed)? else {
            self.fail(account.id, Claim::Wrong, number, origin).await?;
            return Err(TotpError::BadCode);
        };
        Ok(First {
            version: seed.version,
            step,
            codes: self.parts.recovery.prepare().await?,
        })
    }

    /// Confirms a seed inside a transaction; `false` when another took its place or confirmed it. Announce the account's
    /// change last, and hear it after the commit.
    pub async fn confirm(
        &self,
        tx: &mut Tx,
        account: &AccountView,
        first: &First,
        origin: &Origin,
    ) -> Result<bool, StoreError> {
        let Parts {
            clock,
            rng,
            accounts,
            recovery,
            ..
        } = &self.parts;
        let (id, now) = (account.id, clock.now());
        if !store::mark_confirmed(tx, id, first.version, first.step, now).await? {
            return Ok(false);
        }
        self.reopen(tx, id).await?;
        recovery.replace(tx, id, &first.codes, origin).await?;
        accounts.mark_second_factor(tx, id, Some(now)).await?;
        self.write(tx, account, Letter::SecondFactorAdded).await?;
        let event = Event::of(EventName::MfaEnabled, id, origin);
        audit::record(tx, &event, now, &**rng).await?;
        Ok(true)
    }

    /// Confirms the seed of somebody signed in. This session has passed the factor; the others, which never did, end.
    pub async fn confirm_signed_in(
        &self,
        actor: &Actor,
        account: &AccountView,
        typed: &Sensitive,
        origin: &Origin,
    ) -> Result<Vec<Sensitive>, TotpError> {
        let Parts {
            db,
            clock,
            accounts,
            sessions,
            ..
        } = &self.parts;
        let maker = actor.session.to_string();
        let first = self.first(account, &maker, typed, origin).await?;
        let mut tx = db.begin().await?;
        let held = accounts.held(&mut tx, account.id).await?;
        let held = held.ok_or(TotpError::Over)?;
        if !self.confirm(&mut tx, &held, &first, origin).await? {
            return Err(TotpError::Conflict);
        }
        let proved = sessions.prove_alone(&mut tx, actor, origin).await?;
        let touched = proved.ok_or(TotpError::Over)?;
        let change = Accounts::change_of(account.id);
        tx.announce(std::slice::from_ref(&change), clock.now())
            .await?;
        tx.commit().await?;
        sessions.forget(&touched);
        accounts.hear(&change);
        Ok(first.recovery_codes())
    }
}

fn shown(account: &AccountView, plain: &[u8]) -> Result<Enrolment, TotpError> {
    let corrupt = || StoreError::corrupt("totp", "sealed", account.id);
    let uri = code::uri_of(plain, &account.email).ok_or_else(corrupt)?;
    let qr_svg = drawing::draw(uri.expose()).ok_or_else(corrupt)?;
    Ok(Enrolment {
        secret: code::text_of(plain),
        uri,
        qr_svg,
    })
}
