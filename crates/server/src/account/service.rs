//! The use cases of accounts: first admin, read, change.

use std::{sync::Arc, time::Duration};

use concierge_core::{
    account::{AccountId, AccountView, Email, Name, Role, api::ProfileChange},
    audit::EventName,
    locale::Locale,
    problem::FieldError,
    sensitive::Sensitive,
    totp::Policy,
};

use super::{
    error::AccountError,
    registration::{self, Started},
    store::{self, Account},
    vetting::{self, Parsed},
};
use crate::{
    audit::{self, Event, Origin},
    config::Registration,
    keys::data_keys::DataKeys,
    mail::Outbox,
    password,
    platform::{
        clock::Clock,
        hash::Hasher,
        limit::{AddressKey, AddressLimiter, Beyond, Limiter, Quota},
        rng::Rng,
    },
    session::Sessions,
    store::{
        Db, StoreError, Tx,
        feed::{Change, Freshness},
        mirror::Mirror,
    },
};

/// Five registrations an hour per address.
const REGISTRATIONS: Quota = Quota {
    burst: 5,
    period: Duration::from_secs(3600),
    beyond: Beyond::Wait,
};
/// Ten proofs of the current password an hour per account.
const PROOFS: Quota = Quota {
    burst: 10,
    period: Duration::from_secs(3600),
    beyond: Beyond::Wait,
};
/// How long a setup link works.
const SETUP_LIFE: Duration = Duration::from_secs(15 * 60);

/// What somebody typed to get an account.
#[derive(Debug, Clone, Copy)]
pub struct NewAccount<'a> {
    /// The address.
    pub email: &'a str,
    /// The password.
    pub password: &'a Sensitive,
    /// The name; may be empty.
    pub name: &'a str,
    /// The language.
    pub locale: Locale,
    /// What it may do.
    pub role: Role,
}

/// Who an account is made for, once everything was judged.
pub(super) struct Newcomer<'a> {
    pub(super) email: &'a Email,
    pub(super) name: &'a Name,
    pub(super) locale: Locale,
    pub(super) role: Role,
}

impl<'a> Newcomer<'a> {
    pub(super) fn of(new: &NewAccount<'_>, parsed: &'a Parsed) -> Self {
        Self {
            email: &parsed.email,
            name: &parsed.name,
            locale: new.locale,
            role: new.role,
        }
    }
}

/// A one-time token that makes the first admin.
#[derive(Debug)]
pub struct SetupLink {
    /// The token; shown once, kept only as a digest.
    pub token: Sensitive,
    /// For how long it works.
    pub life: Duration,
}

/// The accounts of the house.
pub struct Accounts {
    pub(super) parts: Parts,
    pub(super) mirror: Mirror<AccountId, AccountView>,
    pub(super) registrations: AddressLimiter,
    pub(super) letters: Limiter,
    pub(super) letters_in_all: Limiter,
    pub(super) changes: Limiter,
    pub(super) judgements: AddressLimiter,
    pub(super) proofs: Limiter,
}

/// The parts [`Accounts`] are made of.
pub struct Parts {
    /// The database.
    pub db: Db,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub rng: Arc<dyn Rng>,
    /// The hashing pool.
    pub hasher: Hasher,
    /// The sessions.
    pub sessions: Arc<Sessions>,
    /// Takes mails in.
    pub outbox: Arc<Outbox>,
    /// The data keys.
    pub keys: Arc<DataKeys>,
    /// Who may register.
    pub registration: Registration,
    /// Whether the address of a new account is confirmed before there is one.
    pub confirms_addresses: bool,
    /// Who needs a second factor.
    pub second_factor: Policy,
    /// Names that no password may contain: the product's and the host's.
    pub house: Vec<String>,
    /// Multiplies the limits per address.
    pub address_limit_factor: u32,
    /// Whether the feed is heard.
    pub freshness: Arc<Freshness>,
}

impl Accounts {
    /// The service.
    pub fn new(parts: Parts) -> Self {
        Self {
            mirror: Mirror::new(Arc::clone(&parts.freshness)),
            registrations: AddressLimiter::new(REGISTRATIONS, parts.address_limit_factor),
            judgements: AddressLimiter::new(vetting::JUDGEMENTS, parts.address_limit_factor),
            letters: Limiter::new(registration::LETTERS, 1),
            letters_in_all: Limiter::new(registration::LETTERS_IN_ALL, 1),
            changes: Limiter::new(registration::LETTERS, 1),
            proofs: Limiter::new(PROOFS, 1),
            parts,
        }
    }

    /// Makes the first admin with the one-time token and signs in.
    ///
    /// Guessing a token of 256 bits is hopeless; the limit keeps strangers from making us hash.
    pub async fn set_up(
        &self,
        token: &Sensitive,
        new: &NewAccount<'_>,
        device: Option<&str>,
        address_key: &AddressKey,
        origin: &Origin,
    ) -> Result<(AccountView, Started), AccountError> {
        let parsed = self.parse(new)?;
        self.count(&self.judgements, address_key)?;
        let digest = self.digest(token);
        // Nobody without the token makes us judge or hash; the claim below decides.
        if !store::has_setup_token(&self.parts.db, &digest, self.parts.clock.now()).await? {
            return Err(AccountError::TicketExpired);
        }
        let slot = self.judge(new.password, &parsed).await?;
        self.count(&self.registrations, address_key)?;
        let phc = self.hash(&slot, new.password).await?;
        drop(slot);
        let mut tx = self.parts.db.begin().await?;
        if !store::mark_setup_token_used(&mut tx, &digest, self.parts.clock.now()).await? {
            return Err(AccountError::TicketExpired);
        }
        let view = self
            .insert(&mut tx, &Newcomer::of(new, &parsed), &phc, origin)
            .await?;
        self.start(tx, view, device, origin).await
    }

    /// Makes an account without signing in, for the command line.
    pub async fn create(&self, new: &NewAccount<'_>) -> Result<AccountView, AccountError> {
        let parsed = self.parse(new)?;
        let slot = self.judge(new.password, &parsed).await?;
        let phc = self.hash(&slot, new.password).await?;
        let mut tx = self.parts.db.begin().await?;
        let view = self
            .insert(
                &mut tx,
                &Newcomer::of(new, &parsed),
                &phc,
                &Origin::default(),
            )
            .await?;
        tx.commit().await?;
        Ok(view)
    }

    /// A fresh setup link, unless there is an admin already. An older link stops working.
    pub async fn setup_link(&self) -> Result<Option<SetupLink>, StoreError> {
        let Parts { db, clock, rng, .. } = &self.parts;
        if store::has_admin(db).await? {
            return Ok(None);
        }
        let token = rng.token();
        store::insert_setup_token(db, &self.digest(&token), clock.now().plus(SETUP_LIFE)).await?;
        Ok(Some(SetupLink {
            token,
            life: SETUP_LIFE,
        }))
    }

    /// Whether an account may be signed in to, from here to the end of the transaction: what was read before the
    /// password was hashed may be over.
    pub async fn hold(&self, tx: &mut Tx, id: AccountId) -> Result<bool, StoreError> {
        store::mark_held(tx, id).await
    }

    /// What an account's owner sees of it.
    pub async fn view(&self, id: AccountId) -> Result<Arc<AccountView>, AccountError> {
        if let Some(view) = self.mirror.get(&id, self.parts.clock.now()) {
            return Ok(view);
        }
        let began = self.mirror.epoch();
        let view = Arc::new(self.find(id).await?.view);
        self.mirror.put(id, Arc::clone(&view), began);
        Ok(view)
    }

    /// Changes one's own name or language.
    pub async fn change(
        &self,
        id: AccountId,
        change: &ProfileChange,
        origin: &Origin,
    ) -> Result<AccountView, AccountError> {
        let name = change.name.as_deref().map(str::parse::<Name>).transpose();
        let name =
            name.map_err(|code| AccountError::Invalid(vec![FieldError::new("name", code)]))?;
        let Parts { db, clock, rng, .. } = &self.parts;
        let now = clock.now();
        let mut tx = db.begin().await?;
        if !store::mark_changed(&mut tx, id, name.as_ref(), change.locale).await? {
            return Err(AccountError::NotFound);
        }
        let account = store::find_by_id(&mut tx, id)
            .await?
            .ok_or(AccountError::NotFound)?;
        audit::record(
            &mut tx,
            &Event::of(EventName::UserUpdated, id, origin),
            now,
            &**rng,
        )
        .await?;
        tx.announce(&[Change::Account(id.to_string())], now).await?;
        tx.commit().await?;
        self.mirror.forget(&id);
        Ok(account.view)
    }

    /// The account of a normalised address.
    pub async fn find_by_email(&self, normalised: &str) -> Result<Option<Account>, StoreError> {
        store::find_by_email(&self.parts.db, normalised).await
    }

    /// Every account, oldest first.
    pub async fn list(&self) -> Result<Vec<Account>, StoreError> {
        store::list(&self.parts.db).await
    }

    /// Keeps a new account with the hash of its password.
    pub(super) async fn insert(
        &self,
        tx: &mut Tx,
        newcomer: &Newcomer<'_>,
        phc: &str,
        origin: &Origin,
    ) -> Result<AccountView, AccountError> {
        let now = self.parts.clock.now();
        let view = AccountView {
            id: self.parts.rng.id(now),
            email: newcomer.email.as_str().to_owned(),
            name: newcomer.name.as_str().to_owned(),
            locale: newcomer.locale,
            role: newcomer.role,
            second_factor: false,
            created_at: now,
        };
        store::insert(tx, &view, newcomer.email)
            .await
            .map_err(|error| match error {
                StoreError::Conflict => AccountError::EmailTaken,
                other => AccountError::Store(other),
            })?;
        password::insert(tx, view.id, phc, now).await?;
        let event = Event::of(EventName::UserCreated, view.id, origin)
            .with(serde_json::json!({ "role": view.role }));
        audit::record(tx, &event, now, &*self.parts.rng).await?;
        Ok(view)
    }

    fn digest(&self, token: &Sensitive) -> String {
        self.parts.keys.token_digest("setup token", token)
    }
}
