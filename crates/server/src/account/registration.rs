//! Registering: by anybody or by who was invited, with the address confirmed first where the house asks for it.
//!
//! An account is made when its address is confirmed, not before, so nobody can prepare an account on somebody else's
//! address and wait for them. The link alone is not enough for that either: a stranger may have registered the address
//! with a password of their own and hope that its owner presses the button. So the browser that registered is known
//! again, and any other has to give the password that was chosen (ADR 11).

use std::time::Duration;

use concierge_core::{
    account::AccountView, admin::InvitationId, audit::EventName, sensitive::Sensitive,
    session::Transport, sign_in::api::Step,
};

use super::{
    error::AccountError,
    passwords::letter_to,
    registration_store::{self as store, Pending},
    service::{Accounts, NewAccount, Newcomer},
    store as accounts,
    vetting::Parsed,
};
use crate::{
    audit::{self, Event, Origin},
    config::Registration,
    mail::{Letter, Mail},
    platform::{
        hash::Verdict,
        limit::{AddressKey, Beyond, Quota},
    },
    session::{Grant, NewSession, NewTicket},
    store::Tx,
};

/// Three letters an hour about registering one address: whoever types it may be a stranger to its owner.
pub(super) const LETTERS: Quota = Quota {
    burst: 3,
    period: Duration::from_secs(3600),
    beyond: Beyond::Wait,
};

/// Somebody who wants an account.
#[derive(Debug)]
pub struct Request<'a> {
    /// What they typed; the role is the invitation's.
    pub new: NewAccount<'a>,
    /// The token of an invitation.
    pub invite: Option<&'a Sensitive>,
    /// The device cookie.
    pub device: Option<&'a str>,
    /// Whom to count it against.
    pub key: &'a AddressKey,
    /// From where.
    pub origin: &'a Origin,
}

/// What a new account begins with.
#[derive(Debug)]
pub enum Started {
    /// A session.
    Session(Box<Grant>),
    /// The ticket to set a second factor up, which the policy demands first.
    Ticket(Sensitive),
}

/// What came of a registration.
#[derive(Debug)]
pub enum Begun {
    /// An account.
    Account(Box<AccountView>, Started),
    /// A letter to the address, whether it has an account or not; and the value of the device cookie by which this
    /// browser is known again.
    Letter(String),
}

/// Somebody who says that an address is theirs.
#[derive(Debug)]
pub struct Confirmation<'a> {
    /// The token of the letter.
    pub token: &'a Sensitive,
    /// The password chosen at the registration.
    pub password: Option<&'a Sensitive>,
    /// The device cookie.
    pub device: Option<&'a str>,
}

impl Accounts {
    /// Whether somebody may make an account, with an invitation or without.
    fn admits(&self, is_invited: bool) -> bool {
        match self.parts.registration {
            Registration::Open => true,
            Registration::Invite => is_invited,
            Registration::Closed => false,
        }
    }

    /// Makes an account for a visitor and signs it in, or writes to the address first.
    pub async fn register(&self, request: &Request<'_>) -> Result<Begun, AccountError> {
        if !self.admits(request.invite.is_some()) {
            return Err(AccountError::RegistrationClosed);
        }
        let parsed = self.parse(&request.new)?;
        self.count(&self.judgements, request.key)?;
        // Nobody with a wrong token makes us judge or hash.
        let invitation = match request.invite {
            Some(token) => {
                let found = self.find_invitation(token).await?;
                Some(found.ok_or(AccountError::TicketExpired)?)
            }
            None => None,
        };
        let slot = self.judge(request.new.password, &parsed).await?;
        self.count(&self.registrations, request.key)?;
        let phc = self.hash(&slot, request.new.password).await?;
        drop(slot);
        if self.parts.confirms_addresses {
            return self.write_first(request, parsed, phc, invitation).await;
        }
        let mut tx = self.parts.db.begin().await?;
        let newcomer = Newcomer {
            role: self.use_invitation(&mut tx, invitation).await?,
            ..Newcomer::of(&request.new, &parsed)
        };
        let view = self
            .insert(&mut tx, &newcomer, &phc, request.origin)
            .await?;
        let (view, started) = self.start(tx, view, request.origin).await?;
        Ok(Begun::Account(Box::new(view), started))
    }

    /// Writes to an address: how to confirm it, or that it has an account. To whoever asks both look the same.
    async fn write_first(
        &self,
        request: &Request<'_>,
        parsed: Parsed,
        phc: String,
        invitation: Option<InvitationId>,
    ) -> Result<Begun, AccountError> {
        let parts = &self.parts;
        let now = parts.clock.now();
        let device = match request.device {
            Some(device) => device.to_owned(),
            None => parts.rng.token().expose().to_owned(),
        };
        let normalised = parsed.email.normalised();
        if self.letters.count(&normalised, now).is_err() {
            return Ok(Begun::Letter(device));
        }
        let owner = accounts::find_by_email(&parts.db, &normalised).await?;
        let mut tx = parts.db.begin().await?;
        let name = EventName::RegistrationRequested;
        let (event, mail) = if let Some(owner) = owner {
            let event = Event::of(name, owner.view.id, request.origin);
            (event, letter_to(&owner.view, Letter::AddressTaken))
        } else {
            let token = parts.rng.token();
            let digest = self.address_digest(&token);
            let letter = Letter::ConfirmAddress { token };
            let until = now.plus(letter.life().unwrap_or_default());
            let mail = Mail {
                to: parsed.email.as_str().to_owned(),
                name: parsed.name.as_str().to_owned(),
                locale: request.new.locale,
                letter,
            };
            let pending = Pending {
                email: parsed.email,
                name: parsed.name,
                locale: request.new.locale,
                phc,
                device_digest: parts.keys.device_digest(&device),
                invitation,
            };
            store::insert(&mut tx, &digest, &pending, until).await?;
            (Event::anonymous(name, request.origin), mail)
        };
        audit::record(&mut tx, &event, now, &*parts.rng).await?;
        parts.outbox.queue(&mut tx, &mail).await?;
        tx.commit().await?;
        Ok(Begun::Letter(device))
    }

    /// Confirms an address with the token of its letter: of a new account, which is made now, or a new one of an account.
    pub async fn confirm(
        &self,
        given: &Confirmation<'_>,
        key: &AddressKey,
        origin: &Origin,
    ) -> Result<(), AccountError> {
        self.count(&self.judgements, key)?;
        let (parts, digest) = (&self.parts, self.address_digest(given.token));
        match store::find_by_digest(&parts.db, &digest, parts.clock.now()).await? {
            Some(pending) => {
                self.confirm_registration(&digest, pending, given, origin)
                    .await
            }
            None => self.confirm_change(&digest, origin).await,
        }
    }

    async fn confirm_registration(
        &self,
        digest: &str,
        pending: Pending,
        given: &Confirmation<'_>,
        origin: &Origin,
    ) -> Result<(), AccountError> {
        // The house may have been closed since.
        if !self.admits(pending.invitation.is_some()) {
            return Err(AccountError::RegistrationClosed);
        }
        self.prove_registrant(&pending, given).await?;
        let mut tx = self.parts.db.begin().await?;
        if !store::delete_claimed(&mut tx, digest).await? {
            return Err(AccountError::TicketExpired);
        }
        let newcomer = Newcomer {
            email: &pending.email,
            name: &pending.name,
            locale: pending.locale,
            role: self.use_invitation(&mut tx, pending.invitation).await?,
        };
        self.insert(&mut tx, &newcomer, &pending.phc, origin)
            .await?;
        Ok(tx.commit().await?)
    }

    /// Whether it is who registered: by their browser, or by the password they chose.
    async fn prove_registrant(
        &self,
        pending: &Pending,
        given: &Confirmation<'_>,
    ) -> Result<(), AccountError> {
        let parts = &self.parts;
        let digest = given.device.map(|device| parts.keys.device_digest(device));
        if digest.is_some_and(|digest| digest == pending.device_digest) {
            return Ok(());
        }
        let password = given.password.ok_or(AccountError::BadCredentials)?;
        let slot = parts.hasher.slot().await;
        let slot = slot.map_err(|_| AccountError::Overloaded)?;
        let verdict = slot.verify(password, &pending.phc).await;
        match verdict.map_err(|_| AccountError::Overloaded)? {
            Verdict::Mismatch => Err(AccountError::BadCredentials),
            _ => Ok(()),
        }
    }

    /// Signs a new account in, or gives it the ticket to set up the factor that the policy demands.
    pub(super) async fn start(
        &self,
        mut tx: Tx,
        view: AccountView,
        origin: &Origin,
    ) -> Result<(AccountView, Started), AccountError> {
        let sessions = &self.parts.sessions;
        if self.parts.second_factor.demands(view.role) {
            let ticket = NewTicket {
                account: view.id,
                step: Step::EnrolSecondFactor,
                transport: Transport::Cookie,
                remember: false,
                device: None,
            };
            let ticket = sessions.issue_ticket(&mut tx, &ticket).await?;
            tx.commit().await?;
            return Ok((view, Started::Ticket(ticket)));
        }
        let new = NewSession {
            account: view.id,
            transport: Transport::Cookie,
            remember: false,
            has_second_factor: false,
            origin,
        };
        let (grant, _) = sessions.begin(&mut tx, &new).await?;
        tx.commit().await?;
        Ok((view, Started::Session(Box::new(grant))))
    }
}
