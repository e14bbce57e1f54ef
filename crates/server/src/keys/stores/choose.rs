//! Which keyring counts: the file's, or the store's where one is named.

use std::sync::Arc;

use concierge_core::time::Timestamp;

use super::{
    super::{KeyringContents as Contents, StoredState},
    start::Named,
    title,
};
use crate::{
    config::{Finding, Given, Reading, Source, StoreAnswer, StoreKind, StoreSettings},
    keys::{self, Purpose},
};

/// What a start would have against a keyring that comes from a store.
pub fn against(
    reading: &mut Reading,
    kind: StoreKind,
    text: &str,
    now: Timestamp,
) -> Result<(), Vec<Finding>> {
    let given = Named::of(reading).gave(text, None);
    let store = &mut reading.keys_mut().store;
    store.kind = kind;
    store.answer = Arc::new(StoreAnswer::Keyring(given));
    keys::read(reading, now).map(|_| ())
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
            // A revoke waits for nobody to move files: what is over then takes part in nothing, and stops no start.
            let is_over = there
                .keys
                .iter()
                .any(|key| key.id == here.active && key.state == StoredState::Revoked);
            let (message, remedy) = match is_over {
                true => (
                    format!("its key {} was revoked in {}", here.active, given.source),
                    "move the file away: nothing is read from it",
                ),
                false => (
                    format!("another key stands in {}", given.source),
                    "move the file away, or bring the two together with `concierge key diff`, `push` or `pull`",
                ),
            };
            let finding = Finding::error(purpose.variable(), &file, message, remedy);
            findings.push(finding.strict(!is_over));
        }
    }
    (contents, given.source.clone())
}

/// What the store gave, and what is to be said about it.
fn given_by<'a>(settings: &'a StoreSettings, findings: &mut Vec<Finding>) -> Option<&'a Given> {
    match &*settings.answer {
        StoreAnswer::Keyring(given) => return Some(given),
        StoreAnswer::Copy(given, fault) => {
            let remedy = "look after the store: after 24 h no start takes this copy";
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

    use super::{super::Fault, *};
    use crate::{
        config::{Environment, KeySettings},
        keys::{
            Existing, check, origins,
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
    fn a_file_whose_key_the_store_calls_revoked_is_only_warned_of() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secrets.staging.toml");
        let before = keyring(GOOD, OTHER);
        keys::write_secret_file(&path, &before, Existing::Kept, &OsRng).unwrap();
        let mut contents = Contents::parse(&before).unwrap();
        let mut ring = contents.ring(Purpose::Signing).cloned().unwrap();
        let next = keys::draft(keys::Format::Hex, Environment::Staging, NOW, &OsRng).unwrap();
        ring.revoke("staging-20261121-0001", &next, NOW).unwrap();
        contents.set(Purpose::Signing, ring);
        let answer = StoreAnswer::Keyring(given(&contents.to_string(), None));
        let keys = living_in(StoreKind::Vault, answer);
        let (rings, findings) = load_in(folder.path(), &keys, Environment::Staging).unwrap();
        assert_eq!(rings.signing.active().id, next.id);
        let shown = shown(&findings);
        assert!(shown.contains("move the file away"), "{shown}");
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
}
