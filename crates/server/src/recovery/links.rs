//! The use cases of links: ask for one, and set a new password with it.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use concierge_core::{
    account::{AccountId, Email},
    audit::EventName,
    problem::FieldError,
    recovery::api::ResetRequest,
    sensitive::Sensitive,
    session::EndReason,
    time::Timestamp,
};
use tokio::task::JoinSet;

use super::{link_store as store, not_me_store};
use crate::{
    account::{Account, AccountError, Accounts, letter_to},
    audit::{self, Event, Origin},
    keys::data_keys::DataKeys,
    mail::{Letter, Outbox},
    password,
    platform::{
        clock::Clock,
        hash::Hasher,
        limit::{AddressKey, AddressLimiter, Beyond, Limiter, Quota},
        rng::Rng,
    },
    session::{Sessions, mark_device_known},
    store::{Db, StoreError},
};

/// How long a link works.
pub(super) const LIFE: Duration = Duration::from_secs(30 * 60);
/// So many requests wait for their mail at most; more come only from a flood, and the answer is the same.
const WAITING: usize = 256;
/// Ten an hour per address.
const PER_ADDRESS: Quota = Quota {
    burst: 10,
    period: Duration::from_secs(3600),
    beyond: Beyond::Wait,
};
/// Three an hour per account.
const PER_ACCOUNT: Quota = Quota {
    burst: 3,
    period: Duration::from_secs(3600),
    beyond: Beyond::Wait,
};

/// Why no password was set.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The link is used, expired or unknown.
    #[error("the link is used, expired or unknown")]
    TicketExpired,
    /// Too many tries; wait this long.
    #[error("too many tries")]
    Throttled(Duration),
    /// Too many passwords wait to be hashed.
    #[error("too many passwords wait to be hashed")]
    Overloaded,
    /// The password was refused, or the account failed.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// A fault of ours.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The parts [`Links`] are made of.
pub struct LinkParts {
    /// The database.
    pub db: Db,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub rng: Arc<dyn Rng>,
    /// The hashing pool.
    pub hasher: Hasher,
    /// The accounts.
    pub accounts: Arc<Accounts>,
    /// The sessions.
    pub sessions: Arc<Sessions>,
    /// The data keys.
    pub keys: Arc<DataKeys>,
    /// Takes mails in.
    pub outbox: Arc<Outbox>,
    /// Multiplies the limits per address.
    pub address_limit_factor: u32,
}

/// Links that set a new password.
pub struct Links {
    parts: LinkParts,
    requests: AddressLimiter,
    resets: AddressLimiter,
    per_account: Limiter,
    work: Mutex<JoinSet<()>>,
}

impl Links {
    /// The service.
    pub fn new(parts: LinkParts) -> Self {
        Self {
            requests: AddressLimiter::new(PER_ADDRESS, parts.address_limit_factor),
            resets: AddressLimiter::new(PER_ADDRESS, parts.address_limit_factor),
            per_account: Limiter::new(PER_ACCOUNT, 1),
            work: Mutex::default(),
            parts,
        }
    }

    /// Takes in that somebody forgot the password of an address. The look-up and the mail come after the answer, so
    /// its time tells nobody whether there is an account; the same writes for names without one would be a table
    /// that strangers fill.
    pub fn request(
        self: &Arc<Self>,
        email: &str,
        key: &AddressKey,
        origin: &Origin,
    ) -> Result<(), LinkError> {
        let counted = self.requests.count(key, self.parts.clock.now());
        counted.map_err(LinkError::Throttled)?;
        let Ok(email) = email.parse::<Email>() else {
            return Ok(());
        };
        let (links, origin) = (Arc::clone(self), origin.clone());
        let mut work = self.work.lock().unwrap_or_else(PoisonError::into_inner);
        while work.try_join_next().is_some() {}
        if work.len() < WAITING {
            work.spawn(async move {
                if let Err(error) = links.send(&email, &origin).await {
                    tracing::error!(%error, "a link to set a new password was not made");
                }
            });
        }
        Ok(())
    }

    /// Waits for the mails that were asked for so far: the end of the program loses none.
    pub async fn settle(&self) {
        let mut work =
            std::mem::take(&mut *self.work.lock().unwrap_or_else(PoisonError::into_inner));
        while work.join_next().await.is_some() {}
    }

    async fn send(&self, email: &Email, origin: &Origin) -> Result<(), StoreError> {
        let LinkParts { db, clock, rng, .. } = &self.parts;
        let name = email.normalised();
        let found = self.parts.accounts.find_by_email(&name).await?;
        let Some(account) = found.filter(|account| account.locked_at.is_none()) else {
            return Ok(());
        };
        let (id, now) = (account.view.id, clock.now());
        if self.per_account.count(&id.to_string(), now).is_err() {
            return Ok(());
        }
        let token = rng.token();
        let mut tx = db.begin().await?;
        store::insert(&mut tx, &self.digest(&token), id, now, now.plus(LIFE)).await?;
        let event = Event::of(EventName::PasswordResetRequested, id, origin);
        audit::record(&mut tx, &event, now, &**rng).await?;
        let mail = letter_to(&account.view, Letter::ResetPassword { token });
        self.parts.outbox.queue(&mut tx, &mail).await?;
        tx.commit().await
    }

    /// A link for an admin or the command line to hand over, and when it stops working; `actor` is who asked.
    pub async fn hand_out(
        &self,
        account: &Account,
        actor: Option<AccountId>,
        origin: &Origin,
    ) -> Result<(Sensitive, Timestamp), StoreError> {
        let LinkParts { db, clock, rng, .. } = &self.parts;
        let (id, now) = (account.view.id, clock.now());
        let token = rng.token();
        let mut tx = db.begin().await?;
        store::insert(&mut tx, &self.digest(&token), id, now, now.plus(LIFE)).await?;
        let event = Event {
            actor,
            ..Event::of(EventName::PasswordResetRequested, id, origin)
        };
        audit::record(&mut tx, &event, now, &**rng).await?;
        tx.commit().await?;
        Ok((token, now.plus(LIFE)))
    }

    /// Sets a new password with a link; every session ends and nobody is signed in. Answers the value of the device
    /// cookie: whoever owns the mailbox gets in from here, however many failures strangers pile up.
    pub async fn reset(
        &self,
        request: &ResetRequest,
        key: &AddressKey,
        origin: &Origin,
    ) -> Result<String, LinkError> {
        let parts = &self.parts;
        self.count_reset(key)?;
        let digest = self.digest(&request.token);
        // Nobody without a link makes us judge or hash; the claim below decides.
        let open = store::find_by_digest(&parts.db, &digest, parts.clock.now()).await?;
        let open = open.ok_or(LinkError::TicketExpired)?;
        let account = parts.accounts.find(open.account).await?;
        let own = parts.accounts.own_words(&account)?;
        password::check(&request.new, &own)
            .map_err(|code| AccountError::Invalid(vec![FieldError::new("new", code)]))?;
        let slot = parts.hasher.slot().await;
        let slot = slot.map_err(|_| LinkError::Overloaded)?;
        let judged = parts.accounts.estimate(&slot, &request.new, own, "new");
        judged.await?;
        let phc = slot.hash(&request.new, &*parts.rng).await;
        let phc = phc.map_err(|_| LinkError::Overloaded)?;
        drop(slot);
        self.replace_password(&account, open, &digest, &phc, origin)
            .await
    }

    async fn replace_password(
        &self,
        account: &Account,
        open: store::Open,
        digest: &str,
        phc: &str,
        origin: &Origin,
    ) -> Result<String, LinkError> {
        let parts = &self.parts;
        let now = parts.clock.now();
        let device = parts.rng.token().expose().to_owned();
        let mut tx = parts.db.begin().await?;
        // Held like by a sign-in and a change: with the old password nobody slips in between.
        if !parts.accounts.hold(&mut tx, open.account).await?
            || !store::mark_used(&mut tx, digest, now).await?
            || !password::mark_changed(&mut tx, open.account, open.version, phc, now).await?
        {
            return Err(LinkError::TicketExpired);
        }
        if let Ok(email) = account.view.email.parse::<Email>() {
            let digest = parts.keys.name_digest(&email.normalised());
            store::delete_failures(&mut tx, &digest).await?;
        }
        let device_digest = parts.keys.device_digest(&device);
        mark_device_known(&mut tx, open.account, &device_digest, now).await?;
        let event = Event::of(EventName::PasswordReset, open.account, origin);
        audit::record(&mut tx, &event, now, &*parts.rng).await?;
        let mail = letter_to(&account.view, Letter::PasswordChanged);
        parts.outbox.queue(&mut tx, &mail).await?;
        let reason = EndReason::PasswordChanged;
        let ended = parts
            .sessions
            .end_all(&mut tx, open.account, None, reason, origin)
            .await?;
        tx.commit().await?;
        parts.sessions.forget(&ended);
        Ok(device)
    }

    /// Deletes links that have run out.
    pub async fn purge(&self) -> Result<u64, StoreError> {
        let LinkParts { db, clock, .. } = &self.parts;
        let now = clock.now();
        Ok(store::delete_expired(db, now).await? + not_me_store::delete_expired(db, now).await?)
    }

    pub(super) fn parts(&self) -> &LinkParts {
        &self.parts
    }

    pub(super) fn count_reset(&self, key: &AddressKey) -> Result<(), LinkError> {
        let counted = self.resets.count(key, self.parts.clock.now());
        counted.map_err(LinkError::Throttled)
    }

    pub(super) fn digest(&self, token: &Sensitive) -> String {
        self.parts.keys.token_digest("recovery link", token)
    }
}
