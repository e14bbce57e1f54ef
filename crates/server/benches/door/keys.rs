//! `key check` on a keyring of a thousand keys: strength, deny list, doubles and neighbouring files.

use std::{fs, os::unix::fs::PermissionsExt as _, time::Instant};

use concierge_core::time::Timestamp;
use concierge_server::{
    config::Environment,
    keys::{
        self, Existing, Format, KeySettings, KeyringContents, Purpose, Stored, StoredRing,
        StoredState,
    },
    platform::{
        clock::{Clock as _, SystemClock},
        rng::OsRng,
    },
};

use crate::{
    Outcome,
    report::{Goal, Report},
    statistics::median,
};

/// Keys in both rings.
const KEYS: usize = 1_000;
const ROUNDS: usize = 5;

/// Measures the part.
pub fn measure(report: &mut Report) -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700))?;
    let (environment, now) = (Environment::Production, SystemClock.now());
    let mut contents = KeyringContents::default();
    for purpose in Purpose::ALL {
        contents.set(purpose, ring(environment, now)?);
    }
    let settings = KeySettings::default();
    let path = keys::keyring_path(&settings, environment, folder.path());
    keys::write_secret_file(&path, &contents.to_string(), Existing::Kept, &OsRng)?;
    let mut took = Vec::new();
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        let findings = keys::check(&settings, environment, folder.path(), now);
        took.push(begun.elapsed().as_secs_f64());
        if let Some(finding) = findings.first() {
            return Err(finding.to_string().into());
        }
    }
    report.add(
        "key check of 1,000 keys",
        median(&took),
        "s",
        Goal::AtMost(1.0),
    );
    Ok(())
}

/// Half of the keys: one is active, the others wait.
fn ring(environment: Environment, now: Timestamp) -> Outcome<StoredRing> {
    let one = || keys::draft(Format::Symbols, environment, now, &OsRng);
    let broken = "the source of randomness is broken";
    let mut ring = StoredRing::of(&one().ok_or(broken)?, now);
    for number in 1..KEYS / 2 {
        let draft = one().ok_or(broken)?;
        ring.keys.push(Stored {
            // Four hex digits tell too few keys apart.
            id: format!("{}-{number}", draft.id),
            alg: draft.algorithm,
            value: draft.value,
            state: StoredState::Pending,
            created_at: Some(now),
            not_before: None,
            verify_until: None,
        });
    }
    Ok(ring)
}
