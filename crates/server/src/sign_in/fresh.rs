//! Proving again who one is, for what needs a fresh sign-in.
//!
//! Whoever holds a stolen session must not guess the password with it: ten wrong ones an hour, in a budget of its own.
//! Codes count in the budgets of the second step.

use concierge_core::{
    account::AccountView, audit::EventName, sensitive::Sensitive, time::Timestamp,
};

use super::{error::SignInError, service::SignIn};
use crate::{
    audit::{self, Event, Origin},
    password,
    platform::hash::Verdict,
    recovery::RecoveryError,
    session::{Actor, FRESH, SessionError},
    store::{StoreError, Tx, budget::Budget},
    totp::Claim,
};

/// Ten wrong passwords an hour; no end to a row of them, since the front door has its own.
const BUDGET: Budget = Budget {
    purpose: "step_up",
    an_hour: 10,
    in_a_row: i64::MAX,
};

/// A code that waits for its transaction.
enum Counted<'a> {
    Totp(&'a Sensitive, i64),
    Recovery(String),
}

/// A code that did not pass.
enum Wrong {
    Totp(Claim, i64),
    Recovery,
}

impl SignIn {
    /// Checks the password, and a code where a factor is set up; answers until when the proof counts.
    pub async fn prove_fresh(
        &self,
        actor: &Actor,
        password: &Sensitive,
        code: Option<&Sensitive>,
        origin: &Origin,
    ) -> Result<Timestamp, SignInError> {
        self.check_password(actor, password, origin).await?;
        let account = self.accounts.view(actor.account).await;
        let account = account.map_err(|_| no_session())?;
        let counted = match (account.second_factor, code) {
            (false, _) => None,
            (true, None) => return self.refuse(actor, origin, SignInError::BadCode).await,
            (true, Some(code)) => Some(self.count_code(actor, code, origin).await?),
        };
        let mut tx = self.db.begin().await?;
        let held = self.accounts.held(&mut tx, actor.account).await?;
        let held = held.ok_or_else(no_session)?;
        // Set up while the password was hashed: then it is asked for.
        if held.second_factor && counted.is_none() {
            drop(tx);
            return self.refuse(actor, origin, SignInError::BadCode).await;
        }
        if let Some(code) = &counted
            && let Some(wrong) = self.wrong(&mut tx, &held, code, origin).await?
        {
            drop(tx);
            match wrong {
                Wrong::Totp(claim, number) => {
                    self.totp.fail(held.id, claim, number, origin).await?;
                }
                Wrong::Recovery => self.recovery.fail(held.id, origin).await?,
            }
            return self.refuse(actor, origin, SignInError::BadCode).await;
        }
        self.finish(tx, actor, counted.is_some(), origin).await
    }

    /// Uses a code up; answers what was wrong with it.
    async fn wrong(
        &self,
        tx: &mut Tx,
        account: &AccountView,
        code: &Counted<'_>,
        origin: &Origin,
    ) -> Result<Option<Wrong>, StoreError> {
        Ok(match code {
            Counted::Totp(code, number) => {
                let claim = self.totp.claim(tx, account.id, code).await?;
                (claim != Claim::Passed).then_some(Wrong::Totp(claim, *number))
            }
            Counted::Recovery(hash) => {
                let left = self.use_up(tx, account, hash, origin).await?;
                left.is_none().then_some(Wrong::Recovery)
            }
        })
    }

    async fn finish(
        &self,
        mut tx: Tx,
        actor: &Actor,
        second_factor: bool,
        origin: &Origin,
    ) -> Result<Timestamp, SignInError> {
        let now = self.clock.now();
        BUDGET
            .mark_success(&mut tx, &actor.account.to_string())
            .await?;
        let event = Event::of(EventName::StepUp, actor.account, origin);
        audit::record(&mut tx, &event, now, &*self.rng).await?;
        if !self.sessions.prove(&mut tx, actor, second_factor).await? {
            return Err(no_session());
        }
        tx.commit().await?;
        self.sessions.forget(&[actor.session]);
        Ok(now.plus(FRESH))
    }

    async fn check_password(
        &self,
        actor: &Actor,
        typed: &Sensitive,
        origin: &Origin,
    ) -> Result<(), SignInError> {
        let slot = self.hasher.slot().await;
        let slot = slot.map_err(|_| SignInError::Overloaded)?;
        let id = actor.account;
        let counted = BUDGET
            .count_attempt(&self.db, &id.to_string(), self.clock.now())
            .await?;
        counted.map_err(SignInError::Throttled)?;
        let held = password::find_by_account(&self.db, id).await?;
        let held = held.ok_or_else(|| StoreError::corrupt("password", "account_id", id))?;
        let verdict = slot.verify(typed, &held).await;
        if verdict.map_err(|_| SignInError::Overloaded)? == Verdict::Mismatch {
            drop(slot);
            return self
                .refuse(actor, origin, SignInError::BadCredentials)
                .await;
        }
        Ok(())
    }

    /// Counts a code: six are the app's, anything else is a recovery code.
    async fn count_code<'a>(
        &self,
        actor: &Actor,
        code: &'a Sensitive,
        origin: &Origin,
    ) -> Result<Counted<'a>, SignInError> {
        let letters = code.expose().chars().filter(|c| c.is_alphanumeric());
        if letters.count() == 6 {
            let number = self.totp.count(actor.account).await?;
            return Ok(Counted::Totp(code, number));
        }
        match self.recovery.hash(actor.account, code).await {
            Ok(hash) => Ok(Counted::Recovery(hash)),
            Err(RecoveryError::BadCode) => {
                self.recovery.fail(actor.account, origin).await?;
                self.refuse(actor, origin, SignInError::BadCode).await
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn refuse<T>(
        &self,
        actor: &Actor,
        origin: &Origin,
        error: SignInError,
    ) -> Result<T, SignInError> {
        let mut tx = self.db.begin().await?;
        let event = Event::of(EventName::StepUpFail, actor.account, origin);
        audit::record(&mut tx, &event, self.clock.now(), &*self.rng).await?;
        tx.commit().await?;
        Err(error)
    }
}

fn no_session() -> SignInError {
    SessionError::Unauthenticated("no_live_session").into()
}
