//! The store at the start: asked once for the keyring, which then counts as the file would.

use std::{path::PathBuf, sync::Arc};

use concierge_core::time::Timestamp;

use super::{
    super::KeyringContents as Contents, Fault, KeyStore, identity::identity, last_good::LastGood,
    title,
};
use crate::{
    config::{Finding, Given, Reading, Source, StoreAnswer, StoreKind, StoreSettings},
    keys::Purpose,
    platform::rng::Rng,
};

/// Asks the store the settings name, and puts its answer into them.
pub async fn attach(reading: &mut Reading, now: Timestamp, rng: &dyn Rng) {
    let settings = &reading.keys().store;
    if !settings.kind.is_remote() {
        return;
    }
    let fetched = match KeyStore::of(settings.kind, settings, reading.environment) {
        Ok(store) => store.fetch().await,
        Err(fault) => Err(fault),
    };
    let named = Named::of(reading);
    let answer = match fetched {
        Ok(Some(found)) => {
            named.keep(found.text.expose(), now, rng);
            StoreAnswer::Keyring(named.gave(found.text.expose(), None))
        }
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

    /// Keeps the copy for the day the store is down. One that can't be kept is for a worse day; today the keys are here.
    pub(in crate::keys) fn keep(&self, text: &str, now: Timestamp, rng: &dyn Rng) {
        if self.keeps_copy
            && Contents::parse(text).is_ok()
            && let Err(error) = self.last_good().keep(text, now, rng)
        {
            tracing::warn!(%error, "the copy of the store's keyring can't be kept");
        }
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

/// The keyring that counts, and where it is: the file's, or the store's where one is named. A file beside a store
/// must not say something else.
pub(in crate::keys) fn choose(
    settings: &StoreSettings,
    (local, file): (Contents, Source),
    findings: &mut Vec<Finding>,
) -> (Contents, Source) {
    match settings.kind {
        StoreKind::File => return (local, file),
        // Of a keyring file only the time before which nothing counts.
        StoreKind::Env => {
            let bare = Contents {
                epoch: local.epoch,
                ..Contents::default()
            };
            return (bare, file);
        }
        StoreKind::Vault | StoreKind::Aws | StoreKind::Azure => {}
    }
    let Some(given) = given_by(settings, findings) else {
        return (Contents::default(), file);
    };
    let contents = match Contents::parse(given.text.expose()) {
        Ok(contents) => contents,
        Err(error) => {
            let remedy = "mend it there, or put an older version back";
            let finding = Finding::error("CONCIERGE_KEY_STORE", &given.source, error, remedy);
            findings.push(finding);
            return (Contents::default(), given.source.clone());
        }
    };
    for purpose in Purpose::ALL {
        if let (Some(here), Some(there)) = (local.ring(purpose), contents.ring(purpose))
            && here.active_value() != there.active_value()
        {
            findings.push(Finding::error(
                purpose.variable(),
                &file,
                format!("another key stands in {}", given.source),
                "move the file away, or bring the two together with `concierge key diff`, `push` or `pull`",
            ));
        }
    }
    (contents, given.source.clone())
}

/// What the store gave, and what is to be said about it.
fn given_by<'a>(settings: &'a StoreSettings, findings: &mut Vec<Finding>) -> Option<&'a Given> {
    match &*settings.answer {
        StoreAnswer::Keyring(given) => return Some(given),
        StoreAnswer::Copy(given, fault) => {
            let remedy = "look after the store: the copy counts for 24 h from then";
            let finding = Finding::error("CONCIERGE_KEY_STORE", &given.source, fault, remedy);
            findings.push(finding.warning());
            return Some(given);
        }
        StoreAnswer::Failed(finding) => findings.push(finding.clone()),
        StoreAnswer::NotAsked => {
            let message = format!("{} was not asked for the keys", title(settings.kind));
            let remedy = "start the program again";
            let finding = Finding::error("CONCIERGE_KEY_STORE", "store", message, remedy);
            findings.push(finding);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::{
        config::{Environment, KeySettings},
        keys::{
            self, Existing, check, origins,
            tests::{GOOD, NOW, OTHER, load_in, settings, shown},
        },
        platform::rng::OsRng,
    };

    fn keyring(signing: &str, sealing: &str) -> String {
        let ring = |name: &str, value: &str| {
            format!(
                "[{name}]\nactive = \"staging-20261121-0001\"\n[[{name}.keys]]\nid = \"staging-20261121-0001\"\nalg = \"HS256\"\nvalue = \"{value}\"\nstate = \"active\"\n"
            )
        };
        ring("signing", signing) + &ring("sealing", sealing)
    }

    fn living_in(kind: StoreKind, answer: StoreAnswer) -> KeySettings {
        let mut keys = settings(&[], &[]);
        keys.store.kind = kind;
        keys.store.answer = Arc::new(answer);
        keys
    }

    fn given(text: &str, copy_of: Option<Timestamp>) -> Given {
        let source = Source::Store {
            store: "Vault",
            name: "secret/concierge/staging".to_owned(),
            copy_of,
        };
        Given::new(text, source)
    }

    #[test]
    fn the_stores_keyring_counts_as_the_file_would() {
        let folder = tempfile::tempdir().unwrap();
        let answer = StoreAnswer::Keyring(given(&keyring(GOOD, OTHER), None));
        let keys = living_in(StoreKind::Vault, answer);
        let (rings, findings) = load_in(folder.path(), &keys, Environment::Staging).unwrap();
        assert_eq!(shown(&findings), "");
        assert_eq!(*rings.signing.active().secret, GOOD.as_bytes());
        let origins = origins(&keys, Environment::Staging, folder.path(), NOW);
        assert_eq!(origins[0].source, "Vault, secret secret/concierge/staging");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_file_or_a_variable_that_says_otherwise_is_refused_with_both_names() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secrets.staging.toml");
        let answer = || StoreAnswer::Keyring(given(&keyring(GOOD, OTHER), None));
        let keys = living_in(StoreKind::Vault, answer());
        keys::write_secret_file(&path, &keyring(OTHER, GOOD), Existing::Kept, &OsRng).unwrap();
        let refused = load_in(folder.path(), &keys, Environment::Staging).unwrap_err();
        assert!(refused.contains("Vault, secret") && refused.contains("secrets.staging.toml"));
        fs::remove_file(&path).unwrap();
        keys::write_secret_file(&path, &keyring(GOOD, OTHER), Existing::Kept, &OsRng).unwrap();
        assert!(load_in(folder.path(), &keys, Environment::Staging).is_ok());
        let mut keys = settings(&[OTHER], &[]);
        keys.store.kind = StoreKind::Vault;
        keys.store.answer = Arc::new(answer());
        let refused = load_in(folder.path(), &keys, Environment::Staging).unwrap_err();
        assert!(refused.contains("another key stands in Vault"), "{refused}");
    }

    #[test]
    fn without_an_answer_nothing_starts_and_nothing_is_made() {
        let broken = || StoreAnswer::Keyring(given("[signing]", None));
        let place = || Finding::error("CONCIERGE_KEY_STORE", "Vault", "it is sealed", "unseal it");
        for environment in [
            Environment::Development,
            Environment::Staging,
            Environment::Production,
        ] {
            let failed = StoreAnswer::Failed(place());
            for answer in [StoreAnswer::NotAsked, failed, broken()] {
                let folder = tempfile::tempdir().unwrap();
                let keys = living_in(StoreKind::Aws, answer);
                let findings = check(&keys, environment, folder.path(), NOW);
                assert!(findings.iter().any(Finding::is_error), "{environment}");
                assert!(load_in(folder.path(), &keys, environment).is_err());
                assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
            }
        }
    }

    #[test]
    fn a_copy_is_used_and_said() {
        let folder = tempfile::tempdir().unwrap();
        let copy = given(&keyring(GOOD, OTHER), Some(NOW));
        let answer = StoreAnswer::Copy(copy, Fault::Sealed.to_string());
        let keys = living_in(StoreKind::Vault, answer);
        let (_, findings) = load_in(folder.path(), &keys, Environment::Staging).unwrap();
        let shown = shown(&findings);
        assert!(shown.contains("sealed") && shown.contains("last good copy of 2026-11-21"));
    }

    #[test]
    fn env_reads_and_makes_no_keyring_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secrets.development.toml");
        let keys = living_in(StoreKind::Env, StoreAnswer::NotAsked);
        assert!(load_in(folder.path(), &keys, Environment::Development).is_err());
        assert!(!path.exists());
        keys::write_secret_file(&path, &keyring(GOOD, OTHER), Existing::Kept, &OsRng).unwrap();
        assert!(load_in(folder.path(), &keys, Environment::Development).is_err());
        let mut given = settings(&[OTHER], &[GOOD]);
        given.store.kind = StoreKind::Env;
        let (rings, _) = load_in(folder.path(), &given, Environment::Development).unwrap();
        assert_eq!(*rings.signing.active().secret, OTHER.as_bytes());
    }

    #[cfg(not(feature = "aws"))]
    #[tokio::test]
    async fn a_store_this_build_has_not_is_named_with_the_build_that_has_it() {
        let folder = tempfile::tempdir().unwrap();
        let mut reading = crate::config::Config::reading_for_test(folder.path());
        reading.keys_mut().store.kind = StoreKind::Aws;
        attach(&mut reading, NOW, &OsRng).await;
        let StoreAnswer::Failed(finding) = &*reading.keys().store.answer else {
            panic!("an answer from nowhere");
        };
        let feature = "`make build FEATURES=aws`";
        assert!(finding.message.contains(feature), "{}", finding.message);
    }
}
