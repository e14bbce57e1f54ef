//! The use cases of a factor that is set up: pass it, see how it stands, remove it. Setting up is in `setting_up`.

use std::sync::Arc;

use concierge_core::{
    account::{AccountId, AccountView},
    audit::EventName,
    sensitive::Sensitive,
    totp::{Policy, api::TotpState},
};
use zeroize::Zeroizing;

use super::{
    code,
    error::TotpError,
    store::{self, Seed},
};
use crate::{
    account::{Accounts, letter_to},
    audit::{self, Event, Origin},
    keys::data_keys::DataKeys,
    mail::{Letter, Outbox},
    platform::{clock::Clock, rng::Rng, seal::SealKeys},
    recovery::RecoveryCodes,
    session::Sessions,
    store::{
        Db, StoreError, Tx,
        budget::Budget,
        reseal::{self, Resealed},
    },
};

/// Ten wrong codes an hour, a hundred in a row: 0.03 % to guess one, in all. A limit by the minute alone would give
/// 2.2 % a day.
const BUDGET: Budget = Budget {
    purpose: "totp",
    an_hour: 10,
    in_a_row: 100,
};

/// What came of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// It is right, and used up now.
    Passed,
    /// It is right, but was used before.
    Reused,
    /// It is wrong.
    Wrong,
}

/// The second factors of the house.
pub struct Totp {
    pub(super) parts: Parts,
    seal: SealKeys,
}

/// The parts [`Totp`] is made of.
pub struct Parts {
    /// The database.
    pub db: Db,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub rng: Arc<dyn Rng>,
    /// The data keys.
    pub keys: Arc<DataKeys>,
    /// The accounts.
    pub accounts: Arc<Accounts>,
    /// The sessions.
    pub sessions: Arc<Sessions>,
    /// The recovery codes.
    pub recovery: Arc<RecoveryCodes>,
    /// Takes mails in.
    pub outbox: Arc<Outbox>,
    /// Who needs a factor.
    pub policy: Policy,
    /// How many steps a code may be early or late.
    pub skew: u32,
}

impl Totp {
    /// The service.
    pub fn new(parts: Parts) -> Self {
        Self {
            seal: parts.keys.totp.clone(),
            parts,
        }
    }

    /// Counts a try before the code is looked at; answers its number in the row of failures.
    pub async fn count(&self, account: AccountId) -> Result<i64, TotpError> {
        let Parts { db, clock, .. } = &self.parts;
        let counted = BUDGET
            .count_attempt(db, &account.to_string(), clock.now())
            .await?;
        counted.map_err(TotpError::Throttled)
    }

    /// Claims the step of a code inside the transaction of what it opens, and takes the counted try back.
    pub async fn claim(
        &self,
        tx: &mut Tx,
        account: AccountId,
        typed: &Sensitive,
    ) -> Result<Claim, StoreError> {
        let seed = store::find_by_account(&mut *tx, account).await?;
        let Some(seed) = seed.filter(|seed| seed.confirmed_at.is_some()) else {
            return Ok(Claim::Wrong);
        };
        let Some(step) = self.step_of(account, &seed, typed)? else {
            return Ok(Claim::Wrong);
        };
        if !store::mark_step(tx, account, seed.version, step).await? {
            return Ok(Claim::Reused);
        }
        BUDGET.mark_success(tx, &account.to_string()).await?;
        Ok(Claim::Passed)
    }

    /// Records a code that did not pass, whose try had this number.
    pub async fn fail(
        &self,
        account: AccountId,
        claim: Claim,
        number: i64,
        origin: &Origin,
    ) -> Result<(), StoreError> {
        let Parts { db, clock, rng, .. } = &self.parts;
        let name = match claim {
            Claim::Reused => EventName::MfaReuse,
            Claim::Passed | Claim::Wrong => EventName::MfaFail,
        };
        let mut tx = db.begin().await?;
        audit::record(
            &mut tx,
            &Event::of(name, account, origin),
            clock.now(),
            &**rng,
        )
        .await?;
        if number >= BUDGET.in_a_row {
            let closed = Event::of(EventName::MfaFailMax, account, origin);
            audit::record(&mut tx, &closed, clock.now(), &**rng).await?;
        }
        tx.commit().await
    }

    /// Opens the path again, after a recovery: whoever holds a recovery code is no guesser.
    pub async fn reopen(&self, tx: &mut Tx, account: AccountId) -> Result<(), StoreError> {
        BUDGET.clear(tx, &account.to_string()).await
    }

    /// How one's own factor stands.
    pub async fn state(&self, account: &AccountView) -> Result<TotpState, StoreError> {
        let Parts { db, recovery, .. } = &self.parts;
        let seed = store::find_by_account(db, account.id).await?;
        Ok(TotpState {
            confirmed_at: seed.and_then(|seed| seed.confirmed_at),
            required: self.parts.policy.demands(account.role),
            recovery_codes_left: recovery.left(db, account.id).await?,
        })
    }

    /// Removes one's own factor, unless the policy demands it.
    pub async fn remove_own(
        &self,
        account: &AccountView,
        origin: &Origin,
    ) -> Result<(), TotpError> {
        if self.parts.policy.demands(account.role) {
            return Err(TotpError::Conflict);
        }
        self.remove(account, None, origin).await
    }

    /// Removes an account's factor with its recovery codes, as an admin does for a lost telephone; `actor` is who does
    /// it, when not the owner. Its sessions stay: what they proved is proved.
    pub async fn remove(
        &self,
        account: &AccountView,
        actor: Option<AccountId>,
        origin: &Origin,
    ) -> Result<(), TotpError> {
        let Parts {
            db,
            clock,
            rng,
            accounts,
            sessions,
            recovery,
            ..
        } = &self.parts;
        let (id, now) = (account.id, clock.now());
        let mut tx = db.begin().await?;
        // First, as whoever uses a code does; a locked account has a factor to remove, too.
        accounts.hold(&mut tx, id).await?;
        // The account knows whether it has one, also when the seed is lost.
        if !accounts.hold_second_factor(&mut tx, id).await? {
            return Err(TotpError::NotFound);
        }
        store::delete_by_account(&mut tx, id).await?;
        BUDGET.clear(&mut tx, &id.to_string()).await?;
        recovery.remove(&mut tx, id).await?;
        accounts.mark_second_factor(&mut tx, id, None).await?;
        // A second step that waits has nothing to ask for any more.
        sessions.kill_tickets(&mut tx, id).await?;
        self.write(&mut tx, account, Letter::SecondFactorRemoved)
            .await?;
        let event = Event {
            actor,
            ..Event::of(EventName::MfaDisabled, id, origin)
        };
        audit::record(&mut tx, &event, now, &**rng).await?;
        tx.announce(&[Accounts::change_of(id)], now).await?;
        tx.commit().await?;
        accounts.hear(&Accounts::change_of(id));
        Ok(())
    }

    /// Moves the seeds of the accounts after this one to the newest version of the key.
    pub async fn reseal(&self, after: &str) -> Result<Resealed, StoreError> {
        let Parts { db, rng, .. } = &self.parts;
        reseal::reseal(db, &store::SEALED, after, &self.seal, &**rng).await
    }

    /// Tells the owner by mail.
    pub(super) async fn write(
        &self,
        tx: &mut Tx,
        account: &AccountView,
        letter: Letter,
    ) -> Result<(), StoreError> {
        let mail = letter_to(account, letter);
        self.parts.outbox.queue(tx, &mail).await
    }

    /// The step whose code was typed.
    pub(super) fn step_of(
        &self,
        account: AccountId,
        seed: &Seed,
        typed: &Sensitive,
    ) -> Result<Option<i64>, StoreError> {
        let plain = self.open(account, seed)?;
        let Parts { clock, skew, .. } = &self.parts;
        Ok(code::step_of(&plain, typed.expose(), *skew, clock.now()))
    }

    pub(super) fn open(
        &self,
        account: AccountId,
        seed: &Seed,
    ) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        let plain = self.seal.open(
            &store::associated(&account.to_string(), seed.version),
            &seed.sealed,
        );
        let plain = plain.map_err(|_| StoreError::corrupt("totp", "sealed", account))?;
        Ok(Zeroizing::new(plain))
    }

    pub(super) fn close(&self, account: AccountId, version: i64, plain: &[u8]) -> Vec<u8> {
        let associated = store::associated(&account.to_string(), version);
        self.seal.seal(&*self.parts.rng, &associated, plain)
    }
}
