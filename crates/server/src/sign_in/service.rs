//! The use case of signing in.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use concierge_core::{
    account::Email, audit::EventName, sensitive::Sensitive, session::Transport, sign_in::ladder,
    time::Timestamp, totp::Policy,
};
use serde_json::json;

use super::{
    completion::Outcome,
    error::SignInError,
    store::{self, Counted},
};
use crate::{
    account::{Account, Accounts},
    audit::{self, Event, Origin},
    keys::data_keys::DataKeys,
    mail::Outbox,
    password,
    platform::{
        clock::Clock,
        hash::{Hasher, Slot, Verdict},
        limit::{AddressKey, AddressLimiter, Beyond, Quota},
        rng::Rng,
    },
    recovery::{Links, RecoveryCodes},
    session::Sessions,
    store::{Db, StoreError, Tx},
    totp::Totp,
};

/// Ten a minute per address, ten at once.
const PER_MINUTE: Quota = Quota {
    burst: 10,
    period: Duration::from_secs(60),
    beyond: Beyond::Pause,
};
/// A hundred an hour per address.
const PER_HOUR: Quota = Quota {
    burst: 100,
    period: Duration::from_secs(3600),
    beyond: Beyond::Pause,
};

/// Somebody tries to sign in.
#[derive(Debug)]
pub struct Attempt<'a> {
    /// The name as typed.
    pub email: &'a str,
    /// The password as typed.
    pub password: &'a Sensitive,
    /// Keep the session for days.
    pub remember: bool,
    /// How the tokens travel.
    pub transport: Transport,
    /// The device cookie, when one came along.
    pub device: Option<&'a str>,
    /// The key of the client's address.
    pub address_key: &'a AddressKey,
    /// From where.
    pub origin: &'a Origin,
}

/// The front door.
pub struct SignIn {
    pub(super) db: Db,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) rng: Arc<dyn Rng>,
    pub(super) hasher: Hasher,
    pub(super) accounts: Arc<Accounts>,
    pub(super) sessions: Arc<Sessions>,
    pub(super) totp: Arc<Totp>,
    pub(super) recovery: Arc<RecoveryCodes>,
    pub(super) links: Arc<Links>,
    pub(super) outbox: Arc<Outbox>,
    pub(super) policy: Policy,
    keys: Arc<DataKeys>,
    decoy: String,
    deadline: Duration,
    per_minute: AddressLimiter,
    per_hour: AddressLimiter,
}

/// The parts a [`SignIn`] is made of.
pub struct Parts {
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
    /// The second factors.
    pub totp: Arc<Totp>,
    /// The recovery codes.
    pub recovery: Arc<RecoveryCodes>,
    /// Links of mails.
    pub links: Arc<Links>,
    /// Takes mails in.
    pub outbox: Arc<Outbox>,
    /// Who needs a second factor.
    pub policy: Policy,
    /// The data keys.
    pub keys: Arc<DataKeys>,
    /// What a failure is held to.
    pub deadline: Duration,
    /// Multiplies the limits per address.
    pub address_limit_factor: u32,
}

/// Which count an attempt goes to.
pub(super) enum Bucket {
    /// The account's own device has its own count: nobody outside can use it up.
    Device,
    /// Everybody else shares one count per name, known or not.
    Name(String, Counted),
}

impl SignIn {
    /// The service.
    pub fn new(parts: Parts) -> Self {
        let factor = parts.address_limit_factor;
        Self {
            decoy: parts.hasher.decoy(&*parts.rng),
            db: parts.db,
            clock: parts.clock,
            rng: parts.rng,
            hasher: parts.hasher,
            accounts: parts.accounts,
            sessions: parts.sessions,
            totp: parts.totp,
            recovery: parts.recovery,
            links: parts.links,
            outbox: parts.outbox,
            policy: parts.policy,
            keys: parts.keys,
            deadline: parts.deadline,
            per_minute: AddressLimiter::new(PER_MINUTE, factor),
            per_hour: AddressLimiter::new(PER_HOUR, factor),
        }
    }

    /// Signs in, or answers the same for every way of failing, after the same time.
    pub async fn sign_in(&self, attempt: &Attempt<'_>) -> Result<Outcome, SignInError> {
        self.count_address(attempt.address_key)?;
        let Ok(slot) = self.hasher.slot().await else {
            self.refund_address(attempt.address_key);
            return Err(SignInError::Overloaded);
        };
        let began = slot.taken_at;
        let outcome = self.judge(attempt, slot).await;
        match &outcome {
            Ok(_) => self.refund_address(attempt.address_key),
            Err(SignInError::BadCredentials | SignInError::Throttled(_)) => self.hold(began).await,
            // Our fault: whoever comes back as told must not run into the limit.
            Err(_) => self.refund_address(attempt.address_key),
        }
        outcome
    }

    pub(super) fn count_address(&self, address_key: &AddressKey) -> Result<(), SignInError> {
        let now = self.clock.now();
        self.per_minute
            .count(address_key, now)
            .and_then(|()| {
                let counted = self.per_hour.count(address_key, now);
                // Tries during the long pause must not use the short limit up as well.
                counted.inspect_err(|_| self.per_minute.refund(address_key))
            })
            .map_err(SignInError::Throttled)
    }

    pub(super) fn refund_address(&self, address_key: &AddressKey) {
        self.per_minute.refund(address_key);
        self.per_hour.refund(address_key);
    }

    async fn judge(&self, attempt: &Attempt<'_>, slot: Slot) -> Result<Outcome, SignInError> {
        let now = self.clock.now();
        let name = normalise(attempt.email);
        let account = self.accounts.find_by_email(&name).await?;
        let held = match &account {
            Some(account) => password::find_current(&self.db, account.view.id).await?,
            None => None,
        };
        let bucket = self.count(attempt, &name, account.as_ref(), now).await?;
        let verdict = slot
            .verify(
                attempt.password,
                held.as_ref().map_or(&*self.decoy, |kept| &kept.phc),
            )
            .await;
        let verdict = verdict.map_err(|_| SignInError::Overloaded)?;
        match account {
            Some(account) if verdict != Verdict::Mismatch && account.locked_at.is_none() => {
                // What matched is the account's password: nothing else matches the decoy.
                let version = held.as_ref().map_or(0, |kept| kept.version);
                let rehash = match (verdict, held) {
                    (Verdict::MatchButWeak, Some(old)) => {
                        Some((old.phc, self.rehash(&slot, attempt.password).await?))
                    }
                    _ => None,
                };
                drop(slot);
                self.complete(attempt, account, &bucket, version, rehash)
                    .await
            }
            account => {
                drop(slot);
                self.fail(attempt, account, &bucket).await?;
                Err(SignInError::BadCredentials)
            }
        }
    }

    async fn rehash(&self, slot: &Slot, password: &Sensitive) -> Result<String, SignInError> {
        slot.hash(password, &*self.rng)
            .await
            .map_err(|_| SignInError::Overloaded)
    }

    /// Counts the attempt before the work. Unknown names are counted exactly like known ones.
    async fn count(
        &self,
        attempt: &Attempt<'_>,
        name: &str,
        account: Option<&Account>,
        now: Timestamp,
    ) -> Result<Bucket, SignInError> {
        if let (Some(account), Some(device)) = (account, attempt.device) {
            let digest = self.device_digest(device);
            if store::mark_device_attempt(&self.db, account.view.id, &digest, now)
                .await?
                .is_some()
            {
                return Ok(Bucket::Device);
            }
        }
        let digest = self.keys.name_digest(name);
        if let Some(counted) = store::mark_attempt(&self.db, &digest, now).await? {
            return Ok(Bucket::Name(digest, counted));
        }
        let open_at = store::find_open_at(&self.db, &digest).await?.unwrap_or(now);
        Err(SignInError::Throttled(
            open_at.since(now).max(Duration::from_secs(1)),
        ))
    }

    pub(super) async fn fail(
        &self,
        attempt: &Attempt<'_>,
        account: Option<Account>,
        bucket: &Bucket,
    ) -> Result<(), StoreError> {
        let now = self.clock.now();
        let name = match (&account, bucket) {
            (Some(account), _) if account.locked_at.is_some() => EventName::LoginLock,
            (_, Bucket::Name(_, counted)) if counted.failures >= ladder::LAST_STEP => {
                EventName::LoginFailMax
            }
            _ => EventName::LoginFail,
        };
        // A part of the digest, known name or not: enough to count how many names somebody tries, and names nobody.
        let digest = self.keys.name_digest(&normalise(attempt.email));
        let mut details = json!({ "name": digest.get(..16) });
        let event = match &account {
            Some(account) => {
                details["role"] = json!(account.view.role);
                Event::of(name, account.view.id, attempt.origin)
            }
            None => Event::anonymous(name, attempt.origin),
        };
        let event = event.with(details);
        let mut tx = self.db.begin().await?;
        audit::record(&mut tx, &event, now, &*self.rng).await?;
        tx.commit().await
    }

    /// Holds the answer, not the slot: every failure comes at the same moment after the slot was got.
    async fn hold(&self, began: Instant) {
        tokio::time::sleep_until((began + self.deadline).into()).await;
    }

    /// Forgets the waits of an address, inside a transaction: an admin vouches for its owner.
    pub async fn clear_waits(&self, tx: &mut Tx, email: &str) -> Result<(), StoreError> {
        let digest = self.keys.name_digest(&normalise(email));
        store::delete_count(tx, &digest).await
    }

    pub(super) fn device_digest(&self, device: &str) -> String {
        self.keys.device_digest(device)
    }

    /// Purges counts that mean nothing any more.
    pub async fn purge(&self) -> Result<u64, StoreError> {
        store::delete_stale(&self.db, self.clock.now()).await
    }
}

/// What does not parse as an address has no account, but is counted and answered like one that might. PostgreSQL
/// takes no NUL in a text.
fn normalise(typed: &str) -> String {
    typed.parse::<Email>().map_or_else(
        |_| typed.trim().to_lowercase().replace('\0', "\u{fffd}"),
        |email| email.normalised(),
    )
}
