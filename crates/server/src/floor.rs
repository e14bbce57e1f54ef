//! The capabilities, each made of what they stand on and of the ones below it.

use std::sync::Arc;

use crate::{
    account::{self, Accounts},
    alert::{self, Alerts},
    audit::Chain,
    config::Config,
    keys::{Keeper, Supply, data_keys::DataKeys},
    mail::{Courier, Outbox},
    monitor::{Caps, Monitor},
    platform::{clock::Clock, hash::Hasher, jwt::TokenSigner, keyring::Ring, rng::Rng},
    recovery::{LinkParts, Links, RecoveryCodes},
    session::Sessions,
    sign_in::{self, SignIn},
    store::{Db, feed::Freshness},
    totp::{self, Totp},
};

/// What the capabilities stand on.
pub(crate) struct Floor {
    pub(crate) db: Db,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) rng: Arc<dyn Rng>,
    pub(crate) hasher: Hasher,
    pub(crate) keys: Arc<DataKeys>,
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) outbox: Arc<Outbox>,
    pub(crate) freshness: Arc<Freshness>,
}

impl Floor {
    /// Lays it: sessions and mails stand on the rest.
    pub(crate) fn new(
        config: &Config,
        (db, clock, rng): (Db, Arc<dyn Clock>, Arc<dyn Rng>),
        hasher: Hasher,
        keys: DataKeys,
        signing: Ring,
    ) -> Self {
        let freshness = Arc::new(Freshness::default());
        let outbox = Outbox::new(
            keys.mail.clone(),
            db.clone(),
            Arc::clone(&clock),
            Arc::clone(&rng),
        );
        let sessions = Sessions::new(
            db.clone(),
            Arc::clone(&clock),
            Arc::clone(&rng),
            config.session,
            TokenSigner::new(signing, config.public_url.origin()),
            keys.session.clone(),
            Arc::clone(&freshness),
        );
        Self {
            db,
            clock,
            rng,
            hasher,
            keys: Arc::new(keys),
            sessions: Arc::new(sessions),
            outbox: Arc::new(outbox),
            freshness,
        }
    }

    /// The audit chain.
    pub(crate) fn chain(&self) -> Chain {
        let rng = Arc::clone(&self.rng);
        Chain::new(
            self.db.clone(),
            self.keys.audit.clone(),
            rng,
            self.clock.now(),
        )
    }

    /// The host live.
    pub(crate) fn monitor(&self, caps: Caps) -> Arc<Monitor> {
        Arc::new(Monitor::new(self.db.clone(), Arc::clone(&self.clock), caps))
    }

    pub(crate) fn keeper(&self, config: &Config, supply: Supply) -> Keeper {
        Keeper::new(
            self.db.clone(),
            Arc::clone(&self.clock),
            Arc::clone(&self.rng),
            supply,
            config.session.access_ttl,
            config.key_grace,
        )
    }

    pub(crate) fn accounts(&self, config: &Config) -> Arc<Accounts> {
        Arc::new(Accounts::new(account::Parts {
            db: self.db.clone(),
            clock: Arc::clone(&self.clock),
            rng: Arc::clone(&self.rng),
            hasher: self.hasher.clone(),
            sessions: Arc::clone(&self.sessions),
            outbox: Arc::clone(&self.outbox),
            keys: Arc::clone(&self.keys),
            registration: config.registration,
            confirms_addresses: config.confirms_addresses,
            second_factor: config.second_factor,
            house: house_words(config.public_url.host()),
            address_limit_factor: config.address_limit_factor,
            freshness: Arc::clone(&self.freshness),
        }))
    }

    pub(crate) fn alerts(&self, config: &Config, courier: &Arc<Courier>) -> Alerts {
        let parts = alert::Parts {
            db: self.db.clone(),
            clock: Arc::clone(&self.clock),
            rng: Arc::clone(&self.rng),
            seal: self.keys.alert.clone(),
            outbox: Arc::clone(&self.outbox),
            courier: Arc::clone(courier),
        };
        Alerts::new(parts, config)
    }

    pub(crate) fn recovery(&self, accounts: &Arc<Accounts>) -> Arc<RecoveryCodes> {
        Arc::new(RecoveryCodes::new(
            self.db.clone(),
            Arc::clone(&self.clock),
            Arc::clone(&self.rng),
            self.hasher.clone(),
            Arc::clone(accounts),
            &self.keys,
        ))
    }

    pub(crate) fn links(&self, config: &Config, accounts: &Arc<Accounts>) -> Arc<Links> {
        Arc::new(Links::new(LinkParts {
            db: self.db.clone(),
            clock: Arc::clone(&self.clock),
            rng: Arc::clone(&self.rng),
            hasher: self.hasher.clone(),
            accounts: Arc::clone(accounts),
            sessions: Arc::clone(&self.sessions),
            keys: Arc::clone(&self.keys),
            outbox: Arc::clone(&self.outbox),
            address_limit_factor: config.address_limit_factor,
        }))
    }

    pub(crate) fn totp(
        &self,
        config: &Config,
        accounts: &Arc<Accounts>,
        recovery: &Arc<RecoveryCodes>,
    ) -> Arc<Totp> {
        Arc::new(Totp::new(totp::Parts {
            db: self.db.clone(),
            clock: Arc::clone(&self.clock),
            rng: Arc::clone(&self.rng),
            keys: Arc::clone(&self.keys),
            accounts: Arc::clone(accounts),
            sessions: Arc::clone(&self.sessions),
            recovery: Arc::clone(recovery),
            outbox: Arc::clone(&self.outbox),
            policy: config.second_factor,
            skew: config.totp_skew,
        }))
    }

    pub(crate) fn sign_in(
        self,
        config: &Config,
        accounts: &Arc<Accounts>,
        (recovery, links): (&Arc<RecoveryCodes>, &Arc<Links>),
        totp: &Arc<Totp>,
    ) -> SignIn {
        SignIn::new(sign_in::Parts {
            db: self.db,
            clock: self.clock,
            rng: self.rng,
            hasher: self.hasher,
            accounts: Arc::clone(accounts),
            sessions: self.sessions,
            totp: Arc::clone(totp),
            recovery: Arc::clone(recovery),
            links: Arc::clone(links),
            outbox: self.outbox,
            policy: config.second_factor,
            keys: self.keys,
            deadline: config.hash.sign_in_deadline,
            address_limit_factor: config.address_limit_factor,
        })
    }
}

/// The names of the house that no password may contain: the product's, and the words of the host.
fn house_words(host: &str) -> Vec<String> {
    let name = host.split(':').next().unwrap_or(host);
    let words = name
        .split('.')
        .filter(|word| !word.is_empty() && word.parse::<u8>().is_err());
    std::iter::once("concierge")
        .chain(words)
        .map(str::to_lowercase)
        .collect()
}
