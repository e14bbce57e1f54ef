//! Where keys come from, which are refused where, and what development writes.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
};

use aws_lc_rs::digest;
use concierge_core::time::Timestamp;

use super::*;
use crate::{
    config::{
        Environment, Finding, Given, RingSettings, SecretFile, Source,
        secret_file::{self, Links},
    },
    platform::{
        keyring::{KeyState, Keyrings},
        rng::Rng,
    },
};

pub(super) const NOW: Timestamp = Timestamp::from_millis(1_795_219_200_000);
pub(super) const GOOD: &str = "3f9a61c07be82d54a1f0c6937d5b28e4069cfe1783b2a4d5e6710f9c8b3d2a64";
pub(super) const OTHER: &str = "d07c4e9b12a85f36cb90e7f1438d6a2597bf03ce8164da52f7903b6c1e8d4af5";

/// Randomness that is the same in every run: digests of a counter.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Rng for Counter {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            let count = self.0.fetch_add(1, Ordering::Relaxed);
            let block = digest::digest(&digest::SHA256, &count.to_be_bytes());
            chunk.copy_from_slice(&block.as_ref()[..chunk.len()]);
        }
    }
}

pub(super) fn given(text: &str) -> Given {
    Given::new(text, Source::Environment)
}

pub(super) fn ring(keys: &[&str], id: Option<&str>, previous: Option<&str>) -> RingSettings {
    RingSettings {
        keys: keys.iter().map(|key| given(key)).collect(),
        id: id.map(given),
        previous: previous.map(given),
    }
}

pub(super) fn settings(signing: &[&str], sealing: &[&str]) -> KeySettings {
    KeySettings {
        signing: ring(signing, None, None),
        sealing: ring(sealing, None, None),
        ..KeySettings::default()
    }
}

pub(super) fn shown(findings: &[Finding]) -> String {
    findings.iter().map(|one| format!("{one}\n")).collect()
}

pub(super) fn load_in(
    folder: &Path,
    settings: &KeySettings,
    environment: Environment,
) -> Result<(Keyrings, Vec<Finding>), String> {
    load(settings, environment, folder, NOW, &Counter::default()).map_err(|all| shown(&all))
}

pub(super) fn load_alone(
    settings: &KeySettings,
    environment: Environment,
) -> Result<(Keyrings, Vec<Finding>), String> {
    let folder = tempfile::tempdir().unwrap();
    load_in(folder.path(), settings, environment)
}

#[test]
fn development_makes_its_keys_once_and_keeps_them() {
    let folder = tempfile::tempdir().unwrap();
    let nothing = KeySettings::default();
    let load = || load_in(folder.path(), &nothing, Environment::Development).unwrap();
    let (first, findings) = load();
    assert_eq!(shown(&findings), "");
    assert!(first.signing.active().id.starts_with("dev-20261121-"));
    assert_ne!(first.signing.active().secret, first.sealing.active().secret);
    let (second, _) = load();
    assert_eq!(
        first.signing.active().secret,
        second.signing.active().secret
    );
    let path = folder.path().join("secrets.development.toml");
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_missing_ring_is_added_and_comments_stay() {
    let folder = tempfile::tempdir().unwrap();
    let given = settings(&[GOOD], &[]);
    load_in(folder.path(), &given, Environment::Development).unwrap();
    let path = folder.path().join("secrets.development.toml");
    let text = format!("# ours\n{}", fs::read_to_string(&path).unwrap());
    assert!(!text.contains("[signing]"));
    fs::write(&path, &text).unwrap();
    load_in(
        folder.path(),
        &KeySettings::default(),
        Environment::Development,
    )
    .unwrap();
    let after = fs::read_to_string(&path).unwrap();
    assert!(after.starts_with(&text) && after.contains("[signing]"));
}

#[test]
fn only_development_writes() {
    for environment in [
        Environment::Test,
        Environment::Staging,
        Environment::Production,
    ] {
        let folder = tempfile::tempdir().unwrap();
        let loaded = load_in(folder.path(), &KeySettings::default(), environment);
        assert_eq!(loaded.is_ok(), environment == Environment::Test);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        if let Err(text) = loaded {
            assert!(
                text.contains("JWT_SECRET") && text.contains("SECRET_KEY_FILE"),
                "{text}"
            );
            assert!(text.contains("concierge key generate --env"), "{text}");
        }
    }
}

#[test]
fn tests_share_a_pair_that_every_other_environment_knows() {
    let (rings, findings) = load_alone(&KeySettings::default(), Environment::Test).unwrap();
    assert_eq!(shown(&findings), "");
    assert_eq!(
        rings.signing.active().secret.as_slice(),
        TEST_SIGNING_KEY.as_bytes()
    );
    assert!(rings.signing.active().id.starts_with("test-"));
    let pair = settings(&[TEST_SIGNING_KEY], &[TEST_SEALING_KEY]);
    let refused = load_alone(&pair, Environment::Production).unwrap_err();
    assert_eq!(
        refused.matches("public documentation").count(),
        2,
        "{refused}"
    );
}

#[test]
fn given_keys_reach_the_ring_byte_for_byte() {
    let odd = "aZ$home#0'!\"x{}Qm;:,.<>?Kp9_-+=[]|&*(^%@tRvWnBcD";
    let (rings, _) = load_alone(&settings(&[odd], &[GOOD]), Environment::Production).unwrap();
    assert_eq!(rings.signing.active().secret.as_slice(), odd.as_bytes());
    let id = format!("prod-00000000-{}", &fingerprint(odd)[..4]);
    assert_eq!(rings.signing.active().id, id);
}

#[test]
fn previous_keys_verify_until_their_time() {
    let mut settings = settings(&[GOOD], &[OTHER]);
    let third = GOOD.chars().rev().collect::<String>();
    let previous = format!("prod-1:HS256:{third}:1795219201,prod-0:HS256:{third}:1795219200");
    settings.signing = ring(&[GOOD], Some("prod-2"), Some(&previous));
    let (rings, _) = load_alone(&settings, Environment::Production).unwrap();
    let state = |id| rings.signing.find(id).unwrap().state;
    let until = Timestamp::from_millis(1_795_219_201_000);
    assert_eq!(state("prod-2"), KeyState::Active);
    assert_eq!(state("prod-1"), KeyState::Grace { until });
    assert_eq!(state("prod-0"), KeyState::Retired);
}

#[test]
fn two_sources_with_different_keys_are_refused_by_name() {
    let mut settings = settings(&[GOOD], &[OTHER]);
    settings.signing.keys.push(Given::new(
        OTHER,
        Source::Dotenv {
            path: ".env".into(),
            line: 3,
        },
    ));
    let refused = load_alone(&settings, Environment::Development).unwrap_err();
    assert!(
        refused.contains("(environment): another key stands in .env, line 3"),
        "{refused}"
    );
    settings.signing.keys.truncate(1);
    settings.signing.keys.push(given(GOOD));
    assert!(load_alone(&settings, Environment::Production).is_ok());
}

#[test]
fn the_keyring_file_may_hold_the_same_key_but_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let (made, _) = load_in(
        folder.path(),
        &KeySettings::default(),
        Environment::Development,
    )
    .unwrap();
    let text = std::str::from_utf8(&made.signing.active().secret).unwrap();
    let (same, _) = load_in(
        folder.path(),
        &settings(&[text], &[]),
        Environment::Development,
    )
    .unwrap();
    assert_eq!(same.signing.active().id, made.signing.active().id);
    let refused = load_in(
        folder.path(),
        &settings(&[GOOD], &[]),
        Environment::Development,
    )
    .unwrap_err();
    assert!(refused.contains("secrets.development.toml"), "{refused}");
}

#[test]
fn weak_known_shared_and_foreign_keys_stop_a_deployment_and_warn_a_developer() {
    let short = settings(&["0123456789abcdef0123456789abcdef"], &[GOOD]);
    let known = settings(&["your-256-bit-secret"], &[GOOD]);
    let shared = settings(&[GOOD], &[GOOD]);
    let mut foreign = settings(&[GOOD], &[OTHER]);
    foreign.signing.id = Some(given("staging-20261120-9f3a"));
    for (settings, part) in [
        (short, "32 hex characters are 128 bits; 64 are needed"),
        (known, "public documentation"),
        (shared, "the same key signs and seals"),
        (foreign, "belongs to staging"),
    ] {
        let refused = load_alone(&settings, Environment::Production).unwrap_err();
        assert!(
            refused.contains(part) && refused.contains("concierge key generate"),
            "{refused}"
        );
        let (_, warnings) = load_alone(&settings, Environment::Development).unwrap();
        assert!(shown(&warnings).contains(part));
    }
    for id in ["dev-20261120-9f3a", "test-1"] {
        let mut settings = settings(&[GOOD], &[OTHER]);
        settings.sealing.id = Some(given(id));
        assert!(load_alone(&settings, Environment::Staging).is_err());
    }
}

#[test]
fn broken_ids_and_previous_keys_are_refused() {
    for signing in [
        ring(&[GOOD], Some("a b"), None),
        ring(&[], Some("dev-1"), None),
        ring(&[GOOD], None, Some("nonsense")),
        ring(&[GOOD], Some("dev-1"), Some("dev-1:HS256:x:1")),
    ] {
        let settings = KeySettings {
            signing,
            ..settings(&[], &[OTHER])
        };
        assert!(load_alone(&settings, Environment::Development).is_err());
    }
}

#[test]
fn a_keyring_that_is_open_linked_or_broken_is_refused_and_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secrets.production.toml");
    let nothing = KeySettings::default();
    let mut contents = KeyringContents::default();
    for (purpose, rng) in Purpose::ALL.into_iter().zip([1, 2]) {
        let rng = Counter(AtomicU64::new(rng));
        let draft = draft(Format::Hex, Environment::Production, NOW, &rng).unwrap();
        contents.set(purpose, StoredRing::of(&draft, NOW));
    }
    write_secret_file(
        &path,
        &contents.to_string(),
        Existing::Kept,
        &Counter::default(),
    )
    .unwrap();
    assert!(load_in(folder.path(), &nothing, Environment::Production).is_ok());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let refused = load_in(folder.path(), &nothing, Environment::Production).unwrap_err();
    assert!(refused.contains("chmod 600"), "{refused}");
    let (text, facts) = secret_file::read(&path, Links::Refused).unwrap();
    facts.close().unwrap();
    fs::write(&path, &text[..text.len() - 40]).unwrap();
    let refused = load_in(folder.path(), &nothing, Environment::Production).unwrap_err();
    assert!(refused.contains("line "), "{refused}");
    let development = folder.path().join("secrets.development.toml");
    fs::write(&development, "[signing\n").unwrap();
    assert!(load_in(folder.path(), &nothing, Environment::Development).is_err());
    assert_eq!(fs::read_to_string(&development).unwrap(), "[signing\n");
    fs::remove_file(&development).unwrap();
    std::os::unix::fs::symlink(&path, &development).unwrap();
    let refused = load_in(folder.path(), &nothing, Environment::Development).unwrap_err();
    assert!(refused.contains("symbolic link"), "{refused}");
}

#[test]
fn a_key_of_another_environment_beside_it_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let neighbour = folder.path().join(".env.staging");
    fs::write(&neighbour, format!("SECRET_KEY={GOOD}\n")).unwrap();
    let mut settings = settings(&[GOOD], &[OTHER]);
    settings.beside = vec![folder.path().to_owned()];
    let refused = load_alone(&settings, Environment::Production).unwrap_err();
    assert!(refused.contains(".env.staging"), "{refused}");
    let (_, facts) = secret_file::read(&neighbour, Links::Refused).unwrap();
    facts.close().unwrap();
    settings.files = vec![SecretFile {
        mode: 0o600,
        ..facts
    }];
    assert!(load_alone(&settings, Environment::Production).is_ok());
}

#[test]
fn checking_makes_nothing_and_finds_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let nothing = KeySettings::default();
    assert_eq!(
        check(&nothing, Environment::Development, folder.path(), NOW),
        []
    );
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    let found = check(&nothing, Environment::Production, folder.path(), NOW);
    assert_eq!(found.len(), 2);
    let refused = load_in(folder.path(), &nothing, Environment::Production).unwrap_err();
    assert_eq!(shown(&found), refused);
}
