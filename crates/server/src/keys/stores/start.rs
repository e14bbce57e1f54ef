//! The store at the start: asked once for the keyring, which then counts as the file would.

use std::{path::PathBuf, sync::Arc};

use concierge_core::{sensitive::Sensitive, time::Timestamp};

use super::{Fault, Fetched, ask, identity::identity, last_good::LastGood, title};
use crate::{
    config::{Finding, Given, Reading, Source, StoreAnswer},
    keys,
    platform::rng::Rng,
};

/// Asks the store the settings name, and puts its answer into them.
pub async fn attach(reading: &mut Reading, now: Timestamp) {
    if reading.keys().store.kind.is_remote() {
        let fetched = ask(reading).await;
        take(reading, fetched, now);
    }
}

/// Puts what the store said into the settings.
pub(super) fn take(reading: &mut Reading, fetched: Result<Option<Fetched>, Fault>, now: Timestamp) {
    let named = Named::of(reading);
    let answer = match fetched {
        Ok(Some(found)) => StoreAnswer::Keyring(named.gave(found.text.expose(), None)),
        Ok(None) => StoreAnswer::Failed(named.finding(
            "it has no keyring",
            format!(
                "`concierge key push --to {}` sends the one of this machine",
                named.word
            ),
        )),
        Err(fault) => named.without(&fault, now),
    };
    reading.keys_mut().store.answer = Arc::new(answer);
}

/// The one secret of a configuration, as findings name it, and its copy on this machine.
pub(in crate::keys) struct Named {
    store: &'static str,
    name: String,
    word: &'static str,
    folder: PathBuf,
    keeps_copy: bool,
    /// The secret in full, which its copy belongs to.
    identity: String,
}

impl Named {
    /// The secret that the settings name.
    pub(in crate::keys) fn of(reading: &Reading) -> Self {
        let settings = &reading.keys().store;
        Self {
            store: title(settings.kind),
            name: settings.name_in(settings.kind, reading.environment),
            word: settings.kind.as_str(),
            folder: reading.data.clone(),
            keeps_copy: !settings.is_strict,
            identity: identity(settings, reading.environment),
        }
    }

    pub(in crate::keys) fn source(&self, copy_of: Option<Timestamp>) -> Source {
        Source::Store {
            store: self.store,
            name: self.name.clone(),
            copy_of,
        }
    }

    pub(in crate::keys) fn gave(&self, text: &str, copy_of: Option<Timestamp>) -> Given {
        Given::new(text, self.source(copy_of))
    }

    fn finding(&self, message: impl Into<String>, remedy: impl Into<String>) -> Finding {
        Finding::error("CONCIERGE_KEY_STORE", self.source(None), message, remedy)
    }

    fn last_good(&self) -> LastGood<'_> {
        LastGood {
            folder: &self.folder,
            of: self.identity.clone(),
        }
    }

    /// Keeps the copy for the day the store is down, if a start would take these keys: what nothing can start with must
    /// not take the place of what it could. A copy stays as old as it is. One that can't be kept is for a worse day; today the keys are here.
    pub(in crate::keys) fn keep(&self, reading: &Reading, now: Timestamp, rng: &dyn Rng) {
        if self.keeps_copy
            && let StoreAnswer::Keyring(given) = &*reading.keys().store.answer
            && keys::read(reading, now).is_ok()
            && let Err(error) = self.last_good().keep(given.text.expose(), now, rng)
        {
            tracing::warn!(%error, "the copy of the store's keyring can't be kept");
        }
    }

    /// The copy and its time, however old, where one is allowed.
    pub(super) fn copy_of_any_age(&self) -> Option<(Sensitive, Timestamp)> {
        let copy = self
            .keeps_copy
            .then(|| self.last_good().recall_of_any_age());
        copy?.ok()
    }

    /// The copy where the store is down and one is allowed; else why not.
    fn without(&self, fault: &Fault, now: Timestamp) -> StoreAnswer {
        let refuse = |why: &str| {
            let remedy = "mend that, then start again";
            StoreAnswer::Failed(self.finding(format!("{fault}{why}"), remedy))
        };
        if !fault.is_outage() {
            return refuse("");
        }
        if !self.keeps_copy {
            return refuse("; a copy of its keyring is not asked for here");
        }
        match self.last_good().recall(now) {
            Ok((text, at)) => {
                StoreAnswer::Copy(self.gave(text.expose(), Some(at)), fault.to_string())
            }
            Err(why) => refuse(&format!("; {why}")),
        }
    }
}

#[cfg(all(test, not(feature = "aws")))]
mod tests {
    use super::*;
    use crate::{config::StoreKind, keys::tests::NOW};

    #[tokio::test]
    async fn a_store_this_build_has_not_is_named_with_the_build_that_has_it() {
        let folder = tempfile::tempdir().unwrap();
        let mut reading = crate::config::Config::reading_for_test(folder.path());
        reading.keys_mut().store.kind = StoreKind::Aws;
        attach(&mut reading, NOW).await;
        let StoreAnswer::Failed(finding) = &*reading.keys().store.answer else {
            panic!("an answer from nowhere");
        };
        let feature = "`make build FEATURES=aws`";
        assert!(finding.message.contains(feature), "{}", finding.message);
    }
}
