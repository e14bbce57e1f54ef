//! From a right password to a session, or to the ticket of the step that comes first.
//!
//! Nobody gets a token of any kind while a step is due: which one is decided in the transaction that would begin the
//! session, with the account's row held.

use concierge_core::{
    account::AccountView, audit::EventName, sensitive::Sensitive, session::Transport,
    sign_in::api::Step,
};

use super::{
    error::SignInError,
    service::{Attempt, Bucket, SignIn},
    store,
};
use crate::{
    account::Account,
    audit::{self, Event, Origin},
    password,
    session::{Grant, NewSession, NewTicket, mark_device_known},
    store::{Tx, feed::Change},
};

/// What a right password came to.
#[derive(Debug)]
pub enum Outcome {
    /// A session.
    SignedIn(Box<SignedIn>),
    /// A step that comes first.
    Next {
        /// Which.
        step: Step,
        /// Opens it.
        ticket: Sensitive,
    },
}

/// A sign-in that succeeded.
#[derive(Debug)]
pub struct SignedIn {
    /// The tokens.
    pub grant: Grant,
    /// Who it is.
    pub account: AccountView,
    /// The value of the device cookie to set.
    pub device: String,
    /// How many recovery codes are left, when one was used.
    pub recovery_codes_left: Option<u32>,
}

/// Who has done every step.
pub(super) struct Complete<'a> {
    pub(super) account: AccountView,
    pub(super) transport: Transport,
    pub(super) remember: bool,
    pub(super) has_second_factor: bool,
    /// The device cookie that came along, if it is one of the account's.
    pub(super) device: Option<&'a str>,
    pub(super) recovery_codes_left: Option<u32>,
    pub(super) origin: &'a Origin,
}

impl SignIn {
    pub(super) async fn complete(
        &self,
        attempt: &Attempt<'_>,
        account: Account,
        bucket: &Bucket,
        version: i64,
        rehash: Option<(String, String)>,
    ) -> Result<Outcome, SignInError> {
        let (now, id) = (self.clock.now(), account.view.id);
        let mut tx = self.db.begin().await?;
        // Locked while the password was hashed: the session would outlive the lock. Holding the row also lines up
        // parallel sign-ins, so that each sees the sessions of the one before.
        let Some(view) = self.accounts.held(&mut tx, id).await? else {
            drop(tx);
            let account = Account {
                locked_at: Some(now),
                ..account
            };
            self.fail(attempt, Some(account), bucket).await?;
            return Err(SignInError::BadCredentials);
        };
        // Changed while it was verified: whoever knows only the old password stays outside. A change holds the same
        // row, so it ends the session of a sign-in that came first.
        let current = password::find_current(&mut tx, id).await?;
        if current.is_none_or(|kept| kept.version != version) {
            drop(tx);
            self.fail(attempt, Some(account), bucket).await?;
            return Err(SignInError::BadCredentials);
        }
        let device = match bucket {
            Bucket::Name(digest, counted) => {
                store::mark_refunded(&mut tx, digest, *counted, now).await?;
                None
            }
            Bucket::Device => attempt.device,
        };
        if let Some(device) = device {
            // The password was right: the device's count starts anew, whatever comes of the second step.
            mark_device_known(&mut tx, id, &self.device_digest(device), now).await?;
        }
        if let Some((old, new)) = &rehash
            && password::mark_rehashed(&mut tx, id, old, new).await?
        {
            let event = Event::of(EventName::PasswordRehash, id, attempt.origin);
            audit::record(&mut tx, &event, now, &*self.rng).await?;
        }
        if let Some(step) = self.step_of(&view) {
            let ticket = NewTicket {
                account: id,
                step,
                transport: attempt.transport,
                remember: attempt.remember,
                device: attempt.device,
            };
            let ticket = self.sessions.issue_ticket(&mut tx, &ticket).await?;
            tx.commit().await?;
            return Ok(Outcome::Next { step, ticket });
        }
        let complete = Complete {
            account: view,
            transport: attempt.transport,
            remember: attempt.remember,
            has_second_factor: false,
            device,
            recovery_codes_left: None,
            origin: attempt.origin,
        };
        let signed_in = self.begin(tx, complete, None).await?;
        Ok(Outcome::SignedIn(Box::new(signed_in)))
    }

    /// The step that comes before a session: whoever has a factor passes it, also where nobody needs one.
    fn step_of(&self, account: &AccountView) -> Option<Step> {
        if account.second_factor {
            Some(Step::SecondFactor)
        } else {
            let is_due = self.policy.demands(account.role);
            is_due.then_some(Step::EnrolSecondFactor)
        }
    }

    /// Begins the session of a sign-in whose every step is done, commits, and tells of `change` with it.
    pub(super) async fn begin(
        &self,
        mut tx: Tx,
        complete: Complete<'_>,
        change: Option<&Change>,
    ) -> Result<SignedIn, SignInError> {
        let (now, id) = (self.clock.now(), complete.account.id);
        let device = match complete.device {
            Some(device) => device.to_owned(),
            None => self.rng.token().expose().to_owned(),
        };
        if complete.device.is_none() && store::has_had_devices(&mut tx, id).await? {
            let told = self
                .links
                .tell_new_device(&mut tx, &complete.account, complete.origin);
            told.await?;
        }
        if complete.transport == Transport::Cookie {
            mark_device_known(&mut tx, id, &self.device_digest(&device), now).await?;
        }
        let new = NewSession {
            account: id,
            transport: complete.transport,
            remember: complete.remember,
            has_second_factor: complete.has_second_factor,
            origin: complete.origin,
        };
        let event = Event::of(EventName::LoginSuccess, id, complete.origin);
        audit::record(&mut tx, &event, now, &*self.rng).await?;
        let (grant, ended) = self.sessions.begin(&mut tx, &new).await?;
        if let Some(change) = change {
            tx.announce(std::slice::from_ref(change), now).await?;
        }
        tx.commit().await?;
        self.sessions.forget(&ended);
        if let Some(change) = change {
            self.accounts.hear(change);
        }
        Ok(SignedIn {
            grant,
            account: complete.account,
            device,
            recovery_codes_left: complete.recovery_codes_left,
        })
    }
}
