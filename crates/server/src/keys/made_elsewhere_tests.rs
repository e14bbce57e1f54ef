//! Keys as people make them reach the ring byte for byte, wherever they stand.

use std::{collections::BTreeMap, fs, os::unix::fs::PermissionsExt as _, path::Path};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{
    load,
    tests::{Counter, NOW, OTHER, shown},
    weaknesses,
};
use crate::{
    config::{Config, LoadArgs},
    platform::rng::{OsRng, Rng},
};

/// Letters, digits and the symbols that recipes for Python's `secrets.choice` name.
const PYTHON: &[u8] =
    b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!@#$%^&*()_+-=[]{}|;:,.<>?";

/// One key of each recipe.
fn drawn(rng: &dyn Rng) -> [String; 6] {
    let choice = || -> String {
        let fair = rng.bytes::<256>().into_iter().filter(|byte| *byte < 176);
        fair.map(|byte| char::from(PYTHON[usize::from(byte) % PYTHON.len()]))
            .take(64)
            .collect()
    };
    assert_eq!(PYTHON.len(), 88);
    [
        hex::encode(rng.bytes::<32>()),
        STANDARD.encode(rng.bytes::<32>()),
        STANDARD.encode(rng.bytes::<64>()),
        hex::encode(rng.bytes::<64>()),
        choice(),
        choice(),
    ]
}

#[test]
fn thousands_of_keys_from_the_operating_system_pass() {
    let all = (0..1_000).flat_map(|_| drawn(&OsRng));
    let refused = all.filter(|key| !weaknesses(key).is_empty()).count();
    // At most one of 150,000 is refused: of 6,000 three at once mean that the rules are wrong.
    assert!(refused < 3, "{refused}");
}

fn write(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

/// The signing key of a start in production, with these variables and files.
fn arrived(files: &[(&str, String)], variables: &[(&str, &str)]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        write(&folder.path().join(name), text);
    }
    let path = |name: &str| folder.path().join(name).display().to_string();
    let mut environment = BTreeMap::from([("CONCIERGE_ENV".to_owned(), "production".to_owned())]);
    environment.insert("CONCIERGE_KEYRING".to_owned(), path("keyring.toml"));
    environment.insert("SECRET_KEY".to_owned(), OTHER.to_owned());
    for (name, value) in variables {
        let value = if *name == "CREDENTIALS_DIRECTORY" {
            path(value)
        } else {
            (*value).to_owned()
        };
        environment.insert((*name).to_owned(), value);
    }
    let reading = Config::read_from(&LoadArgs::default(), environment, folder.path().to_owned());
    let loaded = load(
        reading.keys(),
        reading.environment,
        folder.path(),
        NOW,
        &Counter::default(),
    );
    let (rings, findings) = loaded.map_err(|all| shown(&all)).unwrap();
    assert_eq!(shown(&findings), "");
    rings.signing.active().secret.to_vec()
}

#[test]
fn a_key_arrives_byte_for_byte_from_every_place() {
    let rng = Counter::default();
    for key in (0..25).flat_map(|_| drawn(&rng)) {
        let bytes = key.as_bytes();
        assert_eq!(arrived(&[], &[("JWT_SECRET", &key)]), bytes, "environment");
        for quote in ["", "'", "\""] {
            let text = format!("JWT_SECRET={quote}{key}{quote}\n");
            let files = [("prod.env", text)];
            assert_eq!(
                arrived(&files, &[("CONCIERGE_ENV_FILE", "prod.env")]),
                bytes,
                ".env"
            );
        }
        for end in ["", "\n", "\r\n"] {
            let files = [("JWT_SECRET", format!("{key}{end}"))];
            assert_eq!(
                arrived(&files, &[("JWT_SECRET_FILE", "JWT_SECRET")]),
                bytes,
                "_FILE"
            );
            assert_eq!(
                arrived(&files, &[("CREDENTIALS_DIRECTORY", "")]),
                bytes,
                "credential"
            );
        }
        for quote in ["'", "\""] {
            let text = format!(
                "[signing]\nactive = 'a'\n[[signing.keys]]\nid = 'a'\nalg = 'HS256'\nvalue = {quote}{key}{quote}\nstate = 'active'\n"
            );
            assert_eq!(arrived(&[("keyring.toml", text)], &[]), bytes, "TOML");
        }
    }
}
