//! What somebody gives for a new account, judged before anything is stored: cheap rules first, then the slow ones
//! under a limit and in a hashing slot.

use std::time::Duration;

use concierge_core::{
    account::{Email, Name},
    problem::{FieldCode, FieldError},
    sensitive::Sensitive,
};
use zeroize::Zeroizing;

use super::{
    error::AccountError,
    service::{Accounts, NewAccount},
};
use crate::{
    password,
    platform::{
        hash::Slot,
        limit::{AddressKey, AddressLimiter, Beyond, Quota},
    },
};

/// Passwords judged per address: enough to find a good one, and it takes none of the registrations.
pub(super) const JUDGEMENTS: Quota = Quota {
    burst: 30,
    period: Duration::from_secs(60),
    beyond: Beyond::Wait,
};

/// What reads well.
pub(super) struct Parsed {
    pub(super) email: Email,
    pub(super) name: Name,
    /// The words that the password must not contain.
    own: Vec<String>,
}

impl Accounts {
    pub(super) fn parse(&self, new: &NewAccount<'_>) -> Result<Parsed, AccountError> {
        let mut errors = Vec::new();
        let mut note = |field: &str, code: FieldCode| errors.push(FieldError::new(field, code));
        let email = new
            .email
            .parse::<Email>()
            .map_err(|code| note("email", code))
            .ok();
        let name = new
            .name
            .parse::<Name>()
            .map_err(|code| note("name", code))
            .ok();
        let own = match (&email, &name) {
            (Some(email), Some(name)) => password::own_words(email, name, &self.parts.house),
            _ => Vec::new(),
        };
        if let Err(code) = password::check(new.password, &own) {
            note("password", code);
        }
        match (email, name) {
            (Some(email), Some(name)) if errors.is_empty() => Ok(Parsed { email, name, own }),
            _ => Err(AccountError::Invalid(errors)),
        }
    }

    pub(super) fn count(
        &self,
        limit: &AddressLimiter,
        key: &AddressKey,
    ) -> Result<(), AccountError> {
        let counted = limit.count(key, self.parts.clock.now());
        counted.map_err(AccountError::Throttled)
    }

    /// Estimates how easily the password is guessed, in a hashing slot: it takes as long as hashing does, and a
    /// crowd of registrations must slow registration alone.
    pub(super) async fn judge(
        &self,
        password: &Sensitive,
        parsed: &Parsed,
    ) -> Result<Slot, AccountError> {
        let slot = self.parts.hasher.slot().await;
        let slot = slot.map_err(|_| AccountError::Overloaded)?;
        self.estimate(&slot, password, parsed.own.clone(), "password")
            .await?;
        Ok(slot)
    }

    /// The same in a slot that somebody has already; `field` is what the password was typed into.
    pub async fn estimate(
        &self,
        slot: &Slot,
        password: &Sensitive,
        own: Vec<String>,
        field: &str,
    ) -> Result<(), AccountError> {
        let password = Zeroizing::new(password.expose().to_owned());
        let guessable = slot.work(move || password::is_guessable(&password, &own));
        if guessable.await.map_err(|_| AccountError::Overloaded)? {
            let error = FieldError::new(field, FieldCode::PasswordGuessable);
            return Err(AccountError::Invalid(vec![error]));
        }
        Ok(())
    }

    pub(super) async fn hash(
        &self,
        slot: &Slot,
        password: &Sensitive,
    ) -> Result<String, AccountError> {
        let hash = slot.hash(password, &*self.parts.rng).await;
        hash.map_err(|_| AccountError::Overloaded)
    }
}
