//! Ed25519 keys in files and settings: where they may stand, and which are refused.

use std::{fs, os::unix::fs::PermissionsExt as _};

use super::{tests::*, *};
use crate::{
    config::Environment,
    platform::keyring::{Algorithm, KeyState, Keyrings, Scheme},
};

/// RFC 8037, appendix A.1.
const PRINTED: &str = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";

/// What a keyring file with this active signing key gives in an environment, beside a sealing key.
fn load_file(
    settings: &KeySettings,
    environment: Environment,
    alg: &str,
    value: &str,
) -> Result<Keyrings, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(format!("secrets.{environment}.toml"));
    let text = format!(
        "[signing]\nactive = 'k'\n[[signing.keys]]\nid = 'k'\nalg = '{alg}'\nvalue = '{value}'\nstate = 'active'\n"
    );
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    load_in(folder.path(), settings, environment).map(|(rings, _)| rings)
}

#[test]
fn an_ed25519_key_of_the_keyring_file_is_active() {
    let sealing = settings(&[], &[OTHER]);
    let rings = load_file(&sealing, Environment::Production, "Ed25519", GOOD).unwrap();
    let active = rings.signing.active();
    let Scheme::Ed25519(pair) = &active.scheme else {
        panic!("another algorithm");
    };
    assert_eq!(pair.public_key().len(), 32);
    assert_eq!(active.state, KeyState::Active);
    assert!(matches!(rings.sealing.active().scheme, Scheme::Hs256));
}

#[test]
fn a_seed_that_is_none_stops_every_environment_and_one_in_print_a_deployment() {
    let sealing = settings(&[], &[OTHER]);
    for environment in [Environment::Development, Environment::Production] {
        for value in [&GOOD[2..], &GOOD.to_uppercase(), "hunter2", ""] {
            let refused = load_file(&sealing, environment, "Ed25519", value).unwrap_err();
            assert!(refused.contains("64 small hex characters"), "{refused}");
            assert!(value.is_empty() || !refused.contains(value), "{refused}");
        }
        for alg in ["EdDSA", "ed25519", "none", "RS256", ""] {
            let refused = load_file(&sealing, environment, alg, GOOD).unwrap_err();
            assert!(refused.contains("HS256 and Ed25519"), "{refused}");
        }
    }
    let printed = |environment| load_file(&sealing, environment, "Ed25519", PRINTED);
    let refused = printed(Environment::Production).unwrap_err();
    assert!(refused.contains("public documentation"), "{refused}");
    assert!(refused.contains("--alg Ed25519"), "{refused}");
    assert!(printed(Environment::Development).is_ok());
    let even = "0123456789abcdef".repeat(4);
    let refused = load_file(&sealing, Environment::Production, "Ed25519", &even).unwrap_err();
    assert!(refused.contains("weak"), "{refused}");
}

#[test]
fn ed25519_seals_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secrets.development.toml");
    let text = format!(
        "[sealing]\nactive = 'k'\n[[sealing.keys]]\nid = 'k'\nalg = 'Ed25519'\nvalue = '{GOOD}'\nstate = 'active'\n"
    );
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let settings = settings(&[OTHER], &[]);
    let refused = load_in(folder.path(), &settings, Environment::Development).unwrap_err();
    assert!(
        refused.contains("[sealing]: key k: Ed25519 signs"),
        "{refused}"
    );
    let previous = format!("dev-1:Ed25519:{GOOD}:1795219201");
    let settings = KeySettings {
        sealing: ring(&[OTHER], Some("dev-2"), Some(&previous)),
        ..KeySettings::default()
    };
    let refused = load_alone(&settings, Environment::Development).unwrap_err();
    assert!(
        refused.contains("Ed25519 signs and seals nothing"),
        "{refused}"
    );
}

#[test]
fn a_previous_ed25519_key_verifies_on() {
    let with = |key: &str| KeySettings {
        signing: ring(
            &[GOOD],
            Some("prod-2"),
            Some(&format!("prod-1:Ed25519:{key}:1795219201")),
        ),
        ..settings(&[], &[OTHER])
    };
    let third: String = GOOD.chars().rev().collect();
    let (rings, _) = load_alone(&with(&third), Environment::Production).unwrap();
    let previous = rings.signing.find("prod-1").unwrap();
    assert!(matches!(previous.scheme, Scheme::Ed25519(_)));
    assert!(matches!(previous.state, KeyState::Grace { .. }));
    let refused = load_alone(&with("hunter2"), Environment::Development).unwrap_err();
    assert!(refused.contains("key prod-1: an Ed25519 key"), "{refused}");
    assert!(!refused.contains("hunter2"), "{refused}");
}

/// How a house changes to Ed25519: the new key in the keyring file, the old one beside it until its tokens are over.
#[test]
fn a_key_of_the_keyring_file_stands_beside_a_previous_one_of_the_settings() {
    let previous = format!("prod-1:HS256:{OTHER}:1795219201");
    let third: String = OTHER.chars().rev().collect();
    let change = KeySettings {
        signing: ring(&[], None, Some(&previous)),
        ..settings(&[], &[&third])
    };
    let rings = load_file(&change, Environment::Production, "Ed25519", GOOD).unwrap();
    let old = rings.signing.find("prod-1").unwrap();
    assert!(matches!(old.scheme, Scheme::Hs256) && matches!(old.state, KeyState::Grace { .. }));
    assert!(matches!(rings.signing.active().scheme, Scheme::Ed25519(_)));
}

/// As `JWT_SECRET` the seed would be taken for a key of HS256: then one key had two algorithms.
#[test]
fn a_seed_is_no_secret_of_hs256_under_another_id() {
    let environment = Environment::Production;
    let mut both = settings(&[GOOD], &[OTHER]);
    let rings = load_file(&both, environment, "Ed25519", GOOD).unwrap();
    assert!(matches!(rings.signing.active().scheme, Scheme::Ed25519(_)));
    both.signing.id = Some(given("prod-1"));
    let refused = load_file(&both, environment, "Ed25519", GOOD).unwrap_err();
    assert!(refused.contains("a key has one algorithm"), "{refused}");
    assert!(load_file(&both, environment, Algorithm::Hs256.as_str(), GOOD).is_ok());
    let previous = format!("prod-1:HS256:{GOOD}:1795219201");
    let settings = KeySettings {
        signing: ring(&[], None, Some(&previous)),
        ..settings(&[], &[OTHER])
    };
    let refused = load_file(&settings, environment, "Ed25519", GOOD).unwrap_err();
    assert!(
        refused.contains("prod-1 stands under another algorithm"),
        "{refused}"
    );
}
