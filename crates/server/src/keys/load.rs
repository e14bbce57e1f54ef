//! From what was given to two rings in memory, in the order of sources the documentation promises.

use std::{
    io,
    path::{Path, PathBuf},
};

use concierge_core::{sensitive::Sensitive, time::Timestamp};
use zeroize::Zeroizing;

use super::{
    Document, Existing, FileForm, Form, Format, KeyringFile, OpenedKeyring, Purpose, StoredRing,
    atomic, check, draft,
    generate::implicit_id,
    is_id,
    keyring_file::unfit,
    keyring_store::{self, plain_path},
    known::{TEST_SEALING_KEY, TEST_SIGNING_KEY},
    previous, stores,
};
use crate::{
    config::{
        Environment, Finding, Given, KeySettings, RingSettings, SecretFile, Source, StoreKind,
        secret_file::{self, Links},
    },
    platform::{
        keyring::{Algorithm, Key, KeyState, Keyrings, Ring, Scheme},
        rng::Rng,
    },
};

/// A key on its way into a ring, with its source for the findings about it.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) purpose: Purpose,
    pub(super) id: String,
    pub(super) algorithm: Algorithm,
    pub(super) text: Sensitive,
    pub(super) state: KeyState,
    pub(super) source: Source,
    pub(super) created_at: Option<Timestamp>,
}

/// Everything that was found.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    pub(super) keys: Vec<Held>,
    pub(super) findings: Vec<Finding>,
    /// The keyring file, when there is one that can be read.
    pub(super) keyring: Option<OpenedKeyring>,
    /// Whether there is one that can't: nobody knows which keys it holds.
    pub(super) is_unread: bool,
    /// The epoch of the keyring file.
    epoch: Option<Timestamp>,
}

impl Gathered {
    pub(super) fn lacks(&self, purpose: Purpose) -> bool {
        !self.keys.iter().any(|key| key.purpose == purpose)
    }

    /// Whether there is a keyring file whose keys are not among these because it could not be read.
    pub(super) fn misses(&self, keyring: &Path) -> bool {
        self.keyring.is_none() && keyring.symlink_metadata().is_ok()
    }
}

/// The rings to work with and what the operator should know, or every reason not to start.
/// Development makes missing keys and keeps them in the keyring file; nothing else writes.
pub fn load(
    settings: &KeySettings,
    environment: Environment,
    data: &Path,
    now: Timestamp,
    rng: &dyn Rng,
) -> Result<(Keyrings, Vec<Finding>), Vec<Finding>> {
    let path = keyring_path(settings, environment, data);
    let mut found = gather(settings, environment, &path, now);
    let is_incomplete = Purpose::ALL.iter().any(|one| found.lacks(*one));
    let is_sound = !found.findings.iter().any(Finding::is_error);
    let is_ours = settings.store.kind == StoreKind::File;
    if environment == Environment::Development && is_incomplete && is_sound && is_ours {
        let file = KeyringFile::of(settings, &path);
        found = match make_missing(&found, &file, now, rng) {
            Ok(()) => gather(settings, environment, &path, now),
            Err(finding) => {
                found.findings.push(finding);
                found
            }
        };
    }
    judged(found, settings, environment, &path)
}

pub(super) fn judged(
    mut found: Gathered,
    settings: &KeySettings,
    environment: Environment,
    path: &Path,
) -> Result<(Keyrings, Vec<Finding>), Vec<Finding>> {
    let mut findings = check::judge(&mut found, settings, environment, path);
    if !findings.iter().any(Finding::is_error) {
        if let Some(rings) = into_rings(found) {
            return Ok((rings, findings));
        }
        // Where keys are made they vanished since, or nobody may make them now.
        findings.extend(Purpose::ALL.map(|purpose| check::missing(purpose, environment, path)));
    }
    Err(findings)
}

/// The keyring file of this configuration, in its plain form: [`KeyringFile`] knows both.
pub fn keyring_path(settings: &KeySettings, environment: Environment, data: &Path) -> PathBuf {
    let usual = || data.join(format!("secrets.{environment}.toml"));
    let named = settings.keyring.as_deref().map(plain_path);
    named.unwrap_or_else(usual)
}

/// The files that hold the keys in use, with their permissions.
pub fn files(settings: &KeySettings, environment: Environment, data: &Path) -> Vec<SecretFile> {
    let path = keyring_path(settings, environment, data);
    let file = KeyringFile::new(&path, None);
    let read = |form| secret_file::read_bytes(&file.path_of(form), Links::Refused).ok();
    let forms = [FileForm::Plain, FileForm::Age]
        .into_iter()
        .filter_map(read);
    let keyrings = forms.map(|(_, facts)| facts);
    settings.files.iter().cloned().chain(keyrings).collect()
}

/// Reads all sources of both rings; makes nothing.
pub(super) fn gather(
    settings: &KeySettings,
    environment: Environment,
    path: &Path,
    now: Timestamp,
) -> Gathered {
    let mut found = Gathered::default();
    let file = KeyringFile::of(settings, path);
    let read = keyring_store::examine(&file, settings, environment, &mut found.findings);
    let (opened, contents) = read.unzip();
    found.is_unread = opened.is_none() && file.form() != Ok(None);
    found.keyring = opened;
    let path = found.keyring.as_ref().map(|opened| &opened.facts.path);
    let local = Source::Keyring(path.cloned().unwrap_or(file.path));
    let local = (contents.unwrap_or_default(), local);
    let (contents, home) = stores::choose(&settings.store, local, &mut found.findings);
    found.epoch = contents.epoch;
    for (purpose, given) in [
        (Purpose::Signing, &settings.signing),
        (Purpose::Sealing, &settings.sealing),
    ] {
        let stored = contents.ring(purpose);
        match given.keys.first() {
            Some(key) => {
                refuse_disagreement(purpose, &given.keys, stored, &home, &mut found.findings);
                take_given(purpose, given, key, stored, environment, &mut found);
            }
            None => refuse_lonely_id(purpose, given, &mut found.findings),
        }
        if found.lacks(purpose)
            && let Some(ring) = stored
        {
            found.keys.extend(ring.keys.iter().map(|key| Held {
                purpose,
                id: key.id.clone(),
                algorithm: key.alg,
                text: Sensitive::new(key.value.expose()),
                state: key.state_at(now),
                source: home.clone(),
                created_at: key.created_at,
            }));
        }
        take_previous(purpose, given, now, &mut found);
    }
    if environment == Environment::Test {
        use_the_test_pair(&mut found);
    }
    found
}

/// Two sources with different keys: taking either would be a guess.
fn refuse_disagreement(
    purpose: Purpose,
    given: &[Given],
    stored: Option<&StoredRing>,
    home: &Source,
    findings: &mut Vec<Finding>,
) {
    let Some((first, others)) = given.split_first() else {
        return;
    };
    let differing = others
        .iter()
        .find(|other| other.text.expose() != first.text.expose())
        .map(|other| other.source.to_string());
    let in_keyring = stored
        .and_then(StoredRing::active_value)
        .filter(|value| *value != first.text.expose())
        .map(|_| home.to_string());
    if let Some(other) = differing.or(in_keyring) {
        findings.push(Finding::error(
            purpose.variable(),
            &first.source,
            format!("another key stands in {other}"),
            "keep the key in one of the two places and remove it from the other",
        ));
    }
}

fn refuse_lonely_id(purpose: Purpose, given: &RingSettings, findings: &mut Vec<Finding>) {
    if let Some(id) = &given.id {
        let variable = purpose.variable();
        findings.push(Finding::error(
            purpose.id_variable(),
            &id.source,
            format!("it names the key in {variable}, which is not set"),
            format!("set {variable} too, or remove it"),
        ));
    }
}

fn take_given(
    purpose: Purpose,
    given: &RingSettings,
    key: &Given,
    stored: Option<&StoredRing>,
    environment: Environment,
    found: &mut Gathered,
) {
    let text = key.text.expose();
    // The keyring holds the same key: then it also knows its id and the keys before it.
    if given.id.is_none() && stored.and_then(StoredRing::active_value) == Some(text) {
        return;
    }
    let same = stored.and_then(StoredRing::active_key);
    let same = same.filter(|same| same.value.expose() == text);
    if same.is_some_and(|same| same.alg != Algorithm::Hs256) {
        found.findings.push(Finding::error(
            purpose.variable(),
            &key.source,
            "the keyring file says that this is the seed of an Ed25519 key, and a key has one algorithm",
            format!("remove {} and {}: the keyring file is enough", purpose.variable(), purpose.id_variable()),
        ));
        return;
    }
    let id = match &given.id {
        Some(id) if !is_id(id.text.expose()) => {
            found.findings.push(Finding::error(
                purpose.id_variable(),
                &id.source,
                "an id is 1 to 64 letters, digits, dashes, dots or underscores",
                "use an id such as prod-20261120-9f3a",
            ));
            return;
        }
        Some(id) => id.text.expose().to_owned(),
        None => implicit_id(environment, text),
    };
    found.keys.push(Held {
        purpose,
        id,
        algorithm: Algorithm::Hs256,
        text: Sensitive::new(text),
        state: KeyState::Active,
        source: key.source.clone(),
        created_at: None,
    });
}

fn take_previous(purpose: Purpose, given: &RingSettings, now: Timestamp, found: &mut Gathered) {
    let Some(previous) = &given.previous else {
        return;
    };
    let mut refuse = |message: String| {
        found.findings.push(Finding::error(
            purpose.previous_variable(),
            &previous.source,
            message,
            "write kid:alg:key:verify_until_unix, entries separated by commas",
        ));
    };
    let entries = match previous::parse(previous.text.expose()) {
        Ok(entries) => entries,
        Err(error) => return refuse(error),
    };
    for entry in entries {
        let mut known = found.keys.iter().filter(|key| key.purpose == purpose);
        if known.any(|key| key.id == entry.id) {
            refuse(format!("the id {} is there twice", entry.id));
            return;
        }
        if let Some(fault) = unfit(purpose, entry.algorithm, entry.key.expose()) {
            refuse(format!("key {}: {fault}", entry.id));
            return;
        }
        let until = entry.until;
        found.keys.push(Held {
            purpose,
            id: entry.id,
            algorithm: entry.algorithm,
            text: entry.key,
            state: if now < until {
                KeyState::Grace { until }
            } else {
                KeyState::Retired
            },
            source: previous.source.clone(),
            created_at: None,
        });
    }
}

/// Tests are the same everywhere, so the keys nobody gave are the documented ones.
fn use_the_test_pair(found: &mut Gathered) {
    for (purpose, text, id) in [
        (Purpose::Signing, TEST_SIGNING_KEY, "test-00000000-0001"),
        (Purpose::Sealing, TEST_SEALING_KEY, "test-00000000-0002"),
    ] {
        if found.lacks(purpose) {
            found.keys.push(Held {
                purpose,
                id: id.to_owned(),
                algorithm: Algorithm::Hs256,
                text: Sensitive::new(text),
                state: KeyState::Active,
                source: Source::TestPair,
                created_at: None,
            });
        }
    }
}

/// Adds the missing rings to the keyring file, whose other lines stay as they are. When another
/// process was quicker its keys are the ones that count.
fn make_missing(
    found: &Gathered,
    file: &KeyringFile,
    now: Timestamp,
    rng: &dyn Rng,
) -> Result<(), Finding> {
    let environment = Environment::Development;
    let known = found.keyring.as_ref();
    let refuse = |message: String| {
        let remedy = "make the data folder writable, or set JWT_SECRET and SECRET_KEY";
        Finding::error(
            file.path.display().to_string(),
            "keyring file",
            message,
            remedy,
        )
    };
    let text = known.map_or("", |opened| opened.text.expose());
    let document = Document::parse(Form::Keyring, text, environment).map_err(refuse)?;
    let mut contents = document.contents().clone();
    for purpose in Purpose::ALL.into_iter().filter(|one| found.lacks(*one)) {
        let draft = draft(Format::Hex, environment, now, rng)
            .ok_or_else(|| refuse("the source of randomness is broken".to_owned()))?;
        contents.set(purpose, StoredRing::of(&draft, now));
    }
    let text = document.rewritten(&contents).map_err(refuse)?;
    if let Some(opened) = known {
        let replaced = file.replace(Some(opened.text.expose()), text.expose(), rng);
        return replaced.map_err(|error| refuse(error.to_string()));
    }
    match atomic::write(&file.path, text.expose(), Existing::Kept, rng) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(refuse(format!("the keys cannot be written: {error}")))
        }
        _ => Ok(()),
    }
}

pub(super) fn into_rings(found: Gathered) -> Option<Keyrings> {
    let (signing, sealing): (Vec<Held>, Vec<Held>) = found
        .keys
        .into_iter()
        .partition(|key| key.purpose == Purpose::Signing);
    Some(Keyrings {
        signing: ring(signing)?,
        sealing: ring(sealing)?,
        epoch: found.epoch.unwrap_or(Timestamp::from_millis(0)),
    })
}

fn ring(held: Vec<Held>) -> Option<Ring> {
    let keys = held.into_iter().map(|held| {
        Some(Key {
            scheme: Scheme::of_stored(held.algorithm, held.text.expose())?,
            secret: Zeroizing::new(held.text.expose().as_bytes().to_vec()),
            id: held.id,
            state: held.state,
        })
    });
    let keys: Vec<Key> = keys.collect::<Option<_>>()?;
    let (active, others): (Vec<Key>, Vec<Key>) = keys
        .into_iter()
        .partition(|key| key.state == KeyState::Active);
    Some(Ring::new(active.into_iter().next()?, others))
}
