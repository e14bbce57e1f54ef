//! The use cases of recovery codes: make, show until kept, use once.

use std::{sync::Arc, time::Duration};

use concierge_core::{account::AccountId, audit::EventName, sensitive::Sensitive, time::Timestamp};
use zeroize::Zeroizing;

use super::{codes, error::RecoveryError, store};
use crate::{
    account::Accounts,
    audit::{self, Event, Origin},
    keys::data_keys::DataKeys,
    platform::{clock::Clock, hash::Hasher, rng::Rng, seal::SealKeys},
    store::{
        Db, On, StoreError, Tx,
        budget::Budget,
        reseal::{self, Resealed},
    },
};

/// How long new codes are shown to whoever comes back for them.
const SHOWN_FOR: Duration = Duration::from_secs(15 * 60);
/// Ten wrong codes an hour. No end to a row of them: at 65 bits nobody gets anywhere, and the owner with the paper in
/// hand must get in.
const BUDGET: Budget = Budget {
    purpose: "recovery",
    an_hour: 10,
    in_a_row: i64::MAX,
};

/// New codes with their hashes, not kept anywhere yet: hashing is slow, and a transaction must not wait for it.
pub struct Prepared {
    plain: Vec<Zeroizing<String>>,
    hashes: Vec<String>,
}

impl Prepared {
    /// The codes as their owner reads them.
    pub fn shown(&self) -> Vec<Sensitive> {
        self.plain.iter().map(|code| codes::shown(code)).collect()
    }
}

/// The recovery codes of the house.
pub struct RecoveryCodes {
    db: Db,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    hasher: Hasher,
    accounts: Arc<Accounts>,
    seal: SealKeys,
}

impl RecoveryCodes {
    /// The service.
    pub fn new(
        db: Db,
        clock: Arc<dyn Clock>,
        rng: Arc<dyn Rng>,
        hasher: Hasher,
        accounts: Arc<Accounts>,
        keys: &DataKeys,
    ) -> Self {
        Self {
            db,
            clock,
            rng,
            hasher,
            accounts,
            seal: keys.totp.clone(),
        }
    }

    /// Makes codes and hashes them.
    pub async fn prepare(&self) -> Result<Prepared, RecoveryError> {
        let slot = self.hasher.slot().await;
        let slot = slot.map_err(|_| RecoveryError::Overloaded)?;
        let plain: Vec<_> = (0..codes::COUNT).map(|_| codes::make(&*self.rng)).collect();
        let params = codes::cost().ok_or(RecoveryError::Overloaded)?;
        let salt = self.rng.bytes::<16>().to_vec();
        let hashes = slot.hash_random(plain.clone(), params, salt).await;
        let hashes = hashes.map_err(|_| RecoveryError::Overloaded)?;
        Ok(Prepared { plain, hashes })
    }

    /// Puts new codes in the place of the old ones, inside the transaction that sets a factor up or renews them.
    pub async fn replace(
        &self,
        tx: &mut Tx,
        account: AccountId,
        new: &Prepared,
        origin: &Origin,
    ) -> Result<(), StoreError> {
        let now = self.clock.now();
        store::delete_by_account(tx, account).await?;
        for phc in &new.hashes {
            store::insert(tx, account, phc).await?;
        }
        let plain: Zeroizing<String> = Zeroizing::new(
            new.plain
                .iter()
                .flat_map(|code| [code.as_str(), " "])
                .collect(),
        );
        let sealed = self.seal.seal(
            &*self.rng,
            &store::associated(&account.to_string()),
            plain.as_bytes(),
        );
        store::insert_unkept(tx, account, sealed, now).await?;
        let event = Event::of(EventName::RecoveryCodesMade, account, origin);
        audit::record(tx, &event, now, &*self.rng).await
    }

    /// Makes new codes for an account that has a second factor; the old ones die.
    pub async fn make(
        &self,
        account: AccountId,
        origin: &Origin,
    ) -> Result<Vec<Sensitive>, RecoveryError> {
        let new = self.prepare().await?;
        let mut tx = self.db.begin().await?;
        // Held: of two who make codes at once the second replaces those of the first, and none are made for a factor
        // that is being removed.
        if !self.accounts.hold_second_factor(&mut tx, account).await? {
            return Err(RecoveryError::NotFound);
        }
        self.replace(&mut tx, account, &new, origin).await?;
        tx.commit().await?;
        Ok(new.shown())
    }

    /// The codes that were just made and not kept yet.
    pub async fn show(&self, account: AccountId) -> Result<Vec<Sensitive>, RecoveryError> {
        let after = self.oldest_shown();
        let sealed = store::find_unkept_by_account(&self.db, account, after).await?;
        let sealed = sealed.ok_or(RecoveryError::NotFound)?;
        let corrupt = || StoreError::corrupt("recovery_unkept", "sealed", account);
        let plain = self
            .seal
            .open(&store::associated(&account.to_string()), &sealed);
        let plain = Zeroizing::new(plain.map_err(|_| corrupt())?);
        let plain = std::str::from_utf8(&plain).map_err(|_| corrupt())?;
        Ok(plain.split_whitespace().map(codes::shown).collect())
    }

    /// Their owner has kept them: they are never shown again.
    pub async fn kept(&self, account: AccountId) -> Result<(), StoreError> {
        store::delete_unkept_by_account(On::Write(&self.db), account).await
    }

    /// How many are left.
    pub async fn left<'a>(
        &self,
        on: impl Into<On<'a>>,
        account: AccountId,
    ) -> Result<u32, StoreError> {
        store::count_unused(on, account).await
    }

    /// The hash of what was typed, after counting the attempt: the slow half of using a code.
    pub async fn hash(
        &self,
        account: AccountId,
        typed: &Sensitive,
    ) -> Result<String, RecoveryError> {
        let now = self.clock.now();
        let counted = BUDGET
            .count_attempt(&self.db, &account.to_string(), now)
            .await?;
        counted.map_err(RecoveryError::Throttled)?;
        let code = codes::parse(typed.expose()).ok_or(RecoveryError::BadCode)?;
        let kept = store::find_by_account(&self.db, account).await?;
        let kept = kept.ok_or(RecoveryError::BadCode)?;
        let slot = self.hasher.slot().await;
        let slot = slot.map_err(|_| RecoveryError::Overloaded)?;
        let hash = slot.hash_like(code, &kept).await;
        let hash = hash.map_err(|_| RecoveryError::Overloaded)?;
        Ok(hash.ok_or_else(|| StoreError::corrupt("recovery_code", "phc", account))?)
    }

    /// Uses the code of this hash up inside a transaction; answers how many are left, or nothing when there is none of
    /// it, or it was used before.
    pub async fn use_up(
        &self,
        tx: &mut Tx,
        account: AccountId,
        hash: &str,
        origin: &Origin,
    ) -> Result<Option<u32>, StoreError> {
        let now = self.clock.now();
        if !store::mark_used(tx, account, hash, now).await? {
            return Ok(None);
        }
        BUDGET.mark_success(tx, &account.to_string()).await?;
        let left = store::count_unused(&mut *tx, account).await?;
        let event = Event::of(EventName::RecoveryCodeUsed, account, origin)
            .with(serde_json::json!({ "left": left }));
        audit::record(tx, &event, now, &*self.rng).await?;
        Ok(Some(left))
    }

    /// Records a wrong code.
    pub async fn fail(&self, account: AccountId, origin: &Origin) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        let event = Event::of(EventName::RecoveryCodeFail, account, origin);
        audit::record(&mut tx, &event, self.clock.now(), &*self.rng).await?;
        tx.commit().await
    }

    /// Deletes the codes of an account with its factor.
    pub async fn remove(&self, tx: &mut Tx, account: AccountId) -> Result<(), StoreError> {
        BUDGET.clear(tx, &account.to_string()).await?;
        store::delete_by_account(tx, account).await
    }

    /// Moves the sealed codes of the accounts after this one to the newest version of the key.
    pub async fn reseal(&self, after: &str) -> Result<Resealed, StoreError> {
        reseal::reseal(&self.db, &store::SEALED, after, &self.seal, &*self.rng).await
    }

    /// Wipes codes that were shown for long enough.
    pub async fn purge(&self) -> Result<u64, StoreError> {
        store::delete_unkept_before(&self.db, self.oldest_shown()).await
    }

    fn oldest_shown(&self) -> Timestamp {
        self.clock.now().minus(SHOWN_FOR)
    }
}
