//! The steps after the password, each opened by a ticket: a code of the app, a recovery code, or a factor set up.
//!
//! A try is counted on the ticket and in the account's budget before the code is looked at. What a code opens and the
//! code's own end are one transaction, with the account's row held: of any number of parallel tries one begins a session.

use concierge_core::{
    account::AccountView,
    sensitive::Sensitive,
    sign_in::api::{Factor, Step, StepAnswer},
};

use super::{
    completion::{Complete, SignedIn},
    error::SignInError,
    service::SignIn,
    store,
};
use crate::{
    account::{Accounts, letter_to},
    audit::Origin,
    mail::Letter,
    platform::limit::AddressKey,
    recovery::RecoveryError,
    session::{Presented, Ticket},
    store::{StoreError, Tx},
    totp::Claim,
};

/// What a second step may be done with.
pub(super) const METHODS: [Factor; 2] = [Factor::Totp, Factor::Recovery];

/// A code typed at a second step.
#[derive(Debug)]
pub struct Second<'a> {
    /// The code.
    pub code: &'a Sensitive,
    /// The ticket that came along.
    pub presented: Option<Presented<'a>>,
    /// The key of the client's address.
    pub address_key: &'a AddressKey,
    /// From where.
    pub origin: &'a Origin,
}

impl SignIn {
    /// Which step a ticket opens; none for a visitor without one.
    pub async fn step(&self, presented: Option<Presented<'_>>) -> Result<StepAnswer, StoreError> {
        let step = match presented {
            Some(presented) => self.sessions.ticket(&presented).await?,
            None => None,
        };
        let step = step.map(|ticket| ticket.step);
        let methods = match step {
            Some(Step::SecondFactor) => METHODS.to_vec(),
            Some(Step::EnrolSecondFactor) | None => Vec::new(),
        };
        Ok(StepAnswer { step, methods })
    }

    /// The second step with a code of the app.
    pub async fn pass_totp(&self, second: &Second<'_>) -> Result<SignedIn, SignInError> {
        let ticket = self.try_ticket(second, Step::SecondFactor).await?;
        let number = self.totp.count(ticket.account).await?;
        let (mut tx, account) = self.open(&ticket).await?;
        let claim = self.totp.claim(&mut tx, account.id, second.code).await?;
        if claim != Claim::Passed {
            drop(tx);
            let failed = self.totp.fail(account.id, claim, number, second.origin);
            failed.await?;
            return Err(SignInError::BadCode);
        }
        let complete = self.complete_of(&mut tx, second, &ticket, account).await?;
        self.begin(tx, complete, None).await
    }

    /// The second step with a recovery code, which is used up. It opens the app's path again.
    pub async fn pass_recovery(&self, second: &Second<'_>) -> Result<SignedIn, SignInError> {
        let ticket = self.try_ticket(second, Step::SecondFactor).await?;
        let hash = match self.recovery.hash(ticket.account, second.code).await {
            Ok(hash) => hash,
            Err(RecoveryError::BadCode) => {
                self.recovery.fail(ticket.account, second.origin).await?;
                return Err(SignInError::BadCode);
            }
            Err(error) => return Err(error.into()),
        };
        let (mut tx, account) = self.open(&ticket).await?;
        let left = self.use_up(&mut tx, &account, &hash, second.origin).await?;
        let Some(left) = left else {
            drop(tx);
            self.recovery.fail(account.id, second.origin).await?;
            return Err(SignInError::BadCode);
        };
        let complete = Complete {
            recovery_codes_left: Some(left),
            ..self.complete_of(&mut tx, second, &ticket, account).await?
        };
        self.begin(tx, complete, None).await
    }

    /// The step of who must set a factor up first: its first code, after which there is a session. Answers the recovery
    /// codes, too.
    pub async fn pass_enrolment(
        &self,
        second: &Second<'_>,
    ) -> Result<(SignedIn, Vec<Sensitive>), SignInError> {
        let ticket = self.try_ticket(second, Step::EnrolSecondFactor).await?;
        let account = self.accounts.view(ticket.account).await;
        let account = account.map_err(|_| SignInError::TicketExpired)?;
        let first = self
            .totp
            .first(&account, &ticket.digest, second.code, second.origin)
            .await?;
        let (mut tx, account) = self.open(&ticket).await?;
        let confirmed = self.totp.confirm(&mut tx, &account, &first, second.origin);
        if !confirmed.await? {
            return Err(SignInError::Totp(crate::totp::TotpError::Conflict));
        }
        let complete = self.complete_of(&mut tx, second, &ticket, account).await?;
        let account = AccountView {
            second_factor: true,
            ..complete.account
        };
        let change = Accounts::change_of(account.id);
        let complete = Complete {
            account,
            ..complete
        };
        let signed_in = self.begin(tx, complete, Some(&change)).await?;
        Ok((signed_in, first.recovery_codes()))
    }

    /// Uses a recovery code up, tells the owner, and opens the app's path again; answers how many are left.
    pub(super) async fn use_up(
        &self,
        tx: &mut Tx,
        account: &AccountView,
        hash: &str,
        origin: &Origin,
    ) -> Result<Option<u32>, StoreError> {
        let left = self.recovery.use_up(tx, account.id, hash, origin).await?;
        if let Some(left) = left {
            self.totp.reopen(tx, account.id).await?;
            let mail = letter_to(account, Letter::RecoveryCodeUsed { left });
            self.outbox.queue(tx, &mail).await?;
        }
        Ok(left)
    }

    /// The ticket of a step, with a try counted on it. Made-up tickets count against the address, so that nobody keeps
    /// the database busy with them.
    async fn try_ticket(&self, second: &Second<'_>, step: Step) -> Result<Ticket, SignInError> {
        self.count_address(second.address_key)?;
        let found = match &second.presented {
            Some(presented) => self.sessions.ticket(presented).await,
            None => Ok(None),
        };
        let found = found.inspect_err(|_| self.refund_address(second.address_key))?;
        let Some(ticket) = found.filter(|ticket| ticket.step == step) else {
            return Err(SignInError::TicketExpired);
        };
        self.refund_address(second.address_key);
        if self.sessions.try_ticket(&ticket).await? {
            Ok(ticket)
        } else {
            Err(SignInError::TicketExpired)
        }
    }

    /// The transaction of a step, with the account held. An account that is locked by now has no step to do.
    async fn open(&self, ticket: &Ticket) -> Result<(Tx, AccountView), SignInError> {
        let mut tx = self.db.begin().await?;
        match self.accounts.held(&mut tx, ticket.account).await? {
            Some(account) => Ok((tx, account)),
            None => Err(SignInError::TicketExpired),
        }
    }

    /// Uses the ticket up: what is left is to begin the session.
    async fn complete_of<'a>(
        &self,
        tx: &mut Tx,
        second: &Second<'a>,
        ticket: &Ticket,
        account: AccountView,
    ) -> Result<Complete<'a>, SignInError> {
        if !self.sessions.use_ticket(tx, ticket).await? {
            return Err(SignInError::TicketExpired);
        }
        let device = second.presented.and_then(|presented| presented.device);
        let device = match device {
            Some(device) => {
                let digest = self.device_digest(device);
                let is_known = store::has_device(tx, account.id, &digest).await?;
                // Somebody else's choice of a name is none of ours.
                is_known.then_some(device)
            }
            None => None,
        };
        Ok(Complete {
            account,
            transport: ticket.transport,
            remember: ticket.remember,
            has_second_factor: true,
            device,
            recovery_codes_left: None,
            origin: second.origin,
        })
    }
}
