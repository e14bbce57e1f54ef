//! Judges keys: the same code at the start of the server and in `concierge key check`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use concierge_core::{keys::api::CheckLine, sensitive::Sensitive, time::Timestamp};

use super::{
    Draft, KeyringContents as Contents, Purpose, due, is_id, known,
    load::{self, Gathered, Held},
    strength,
};
use crate::{
    config::{
        Environment, Finding, KeySettings, Source,
        dotenv::Dotenv,
        secret_file::{self, Links},
    },
    platform::keyring::{Algorithm, KeyState},
};

/// Everything that is wrong with the keys, without making or changing any.
pub fn check(
    settings: &KeySettings,
    environment: Environment,
    data: &Path,
    now: Timestamp,
) -> Vec<Finding> {
    let path = load::keyring_path(settings, environment, data);
    let mut found = load::gather(settings, environment, &path, now);
    let mut findings = judge(&mut found, settings, environment, &path);
    let ages = due::judge(&found.keys, environment, now);
    findings.extend(ages.into_iter().map(|(_, finding)| finding));
    findings
}

/// Everything that is wrong with a key that is about to take the place of a ring's, beside the keys in use.
pub fn check_new(
    purpose: Purpose,
    new: &Draft,
    settings: &KeySettings,
    environment: Environment,
    data: &Path,
    now: Timestamp,
) -> Vec<Finding> {
    let path = load::keyring_path(settings, environment, data);
    let others = load::gather(settings, environment, &path, now).keys;
    let new = Held {
        purpose,
        id: new.id.clone(),
        algorithm: new.algorithm,
        text: Sensitive::new(new.value.expose()),
        state: KeyState::Active,
        source: Source::Flag("--stdin"),
        created_at: None,
    };
    let mut keys: Vec<&Held> = others.iter().filter(|key| key.purpose != purpose).collect();
    keys.push(&new);
    let mut findings = Vec::new();
    if !is_id(&new.id) {
        let message = "an id is 1 to 64 letters, digits, dashes, dots or underscores".to_owned();
        findings.push(about(
            &new,
            message,
            "use an id such as prod-20261120-9f3a".to_owned(),
        ));
    }
    findings.extend(weak(&new, environment));
    findings.extend(foreign(&new, environment));
    findings.extend(shared(&keys, environment));
    findings.extend(reused(&[&new], settings, environment, &path));
    findings
}

/// The findings of gathering and those about each key and file.
pub(super) fn judge(
    found: &mut Gathered,
    settings: &KeySettings,
    environment: Environment,
    keyring: &Path,
) -> Vec<Finding> {
    let mut findings = std::mem::take(&mut found.findings);
    for file in &settings.files {
        findings.extend(file.judge(environment));
    }
    // Why a file or a store gave none is said already.
    if environment.is_deployed() && !found.is_unread && !settings.store.is_silent() {
        let lacking = Purpose::ALL.into_iter().filter(|one| found.lacks(*one));
        findings.extend(lacking.map(|purpose| missing(purpose, environment, keyring)));
    }
    let judged: Vec<&Held> = found
        .keys
        .iter()
        .filter(|key| key.source != Source::TestPair)
        .filter(|key| !matches!(key.state, KeyState::Retired | KeyState::Revoked))
        .collect();
    for key in &judged {
        findings.extend(weak(key, environment));
        findings.extend(foreign(key, environment));
    }
    findings.extend(ambiguous(&judged));
    findings.extend(shared(&judged, environment));
    findings.extend(reused(&judged, settings, environment, keyring));
    findings
}

/// Where nobody may make a key but the operator.
pub(super) fn missing(purpose: Purpose, environment: Environment, keyring: &Path) -> Finding {
    Finding::error(
        purpose.variable(),
        "not set",
        format!("there is no {} key", purpose.as_str()),
        format!(
            "`concierge key generate --env {environment} --ring {} --out {}` makes one; or set {} or {}_FILE",
            purpose.as_str(),
            keyring.display(),
            purpose.variable(),
            purpose.variable(),
        ),
    )
    // Of no key nothing good can be said.
    .against([
        CheckLine::MadeSecurely,
        CheckLine::LongEnough,
        CheckLine::RandomEnough,
    ])
}

fn about(key: &Held, message: String, remedy: String) -> Finding {
    let name = match key.state {
        KeyState::Active => key.purpose.variable().to_owned(),
        _ => format!("{} {}", key.purpose.previous_variable(), key.id),
    };
    Finding::error(name, &key.source, message, remedy)
}

/// Whether anybody could know or guess a key.
pub(super) fn is_weak(text: &str) -> bool {
    known::is_known(text) || !strength::weaknesses(text).is_empty()
}

fn weak(key: &Held, environment: Environment) -> Option<Finding> {
    let text = key.text.expose();
    let reasons = strength::weaknesses(text);
    let is_short = strength::is_short(text);
    let (message, against) = if known::is_known(text) {
        let message = "the key is printed in public documentation: anybody can sign with it";
        (message.to_owned(), vec![CheckLine::MadeSecurely])
    } else if reasons.is_empty() {
        return None;
    } else {
        let mut against = Vec::new();
        against.extend(is_short.then_some(CheckLine::LongEnough));
        against.extend((reasons.len() > usize::from(is_short)).then_some(CheckLine::RandomEnough));
        (format!("the key is weak: {}", reasons.join("; ")), against)
    };
    let remedy = format!(
        "make a new one: `concierge key generate --env {environment} --ring {}{}`",
        key.purpose.as_str(),
        match key.algorithm {
            Algorithm::Hs256 => "",
            Algorithm::Ed25519 => " --alg Ed25519",
        }
    );
    let finding = about(key, message, remedy).against(against);
    Some(finding.strict(environment.is_deployed()))
}

/// A key whose id says that it belongs elsewhere.
fn foreign(key: &Held, environment: Environment) -> Option<Finding> {
    let home = Environment::of_id(&key.id).filter(|home| *home != environment)?;
    let message = format!(
        "the key {} belongs to {home}, this is {environment}",
        key.id
    );
    let remedy = format!(
        "use a key of its own for {environment}: `concierge key generate --env {environment} --ring {}`",
        key.purpose.as_str()
    );
    Some(about(key, message, remedy).strict(environment.is_deployed()))
}

/// One text as a key of two algorithms: each key has exactly one, or what is safe for either is not for both.
fn ambiguous(keys: &[&Held]) -> Option<Finding> {
    let is_twin = |one: &Held, other: &Held| {
        one.text.expose() == other.text.expose() && one.algorithm != other.algorithm
    };
    let (_, key) = keys
        .iter()
        .enumerate()
        .find(|(index, key)| keys[..*index].iter().any(|before| is_twin(before, key)))?;
    let message = format!("the key {} stands under another algorithm, too", key.id);
    let remedy = "remove it where its algorithm is wrong, or make a new key".to_owned();
    Some(about(key, message, remedy).against([CheckLine::MadeSecurely]))
}

/// One key for both purposes: who is shown a token's key can open what is sealed.
fn shared(keys: &[&Held], environment: Environment) -> Option<Finding> {
    let of = |purpose| keys.iter().filter(move |key| key.purpose == purpose);
    let twin = of(Purpose::Sealing).find(|sealing| {
        of(Purpose::Signing).any(|signing| signing.text.expose() == sealing.text.expose())
    })?;
    let message = "the same key signs and seals".to_owned();
    let remedy = "make one of its own: `concierge key generate --ring sealing`".to_owned();
    let finding = about(twin, message, remedy).against([CheckLine::MadeSecurely]);
    Some(finding.strict(environment.is_deployed()))
}

/// A key that also stands in another environment's file nearby.
fn reused(
    keys: &[&Held],
    settings: &KeySettings,
    environment: Environment,
    keyring: &Path,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, values) in neighbours(settings, keyring, None) {
        let twins = keys
            .iter()
            .filter(|key| values.iter().any(|value| value == key.text.expose()));
        findings.extend(twins.map(|key| {
            let message = format!("the same key stands in {}", path.display());
            let remedy = "give each environment a key of its own, or remove that file".to_owned();
            about(key, message, remedy).strict(environment.is_deployed())
        }));
    }
    findings
}

/// The files beside the ones in use, or in one more folder, that hold keys, with those keys.
pub(super) fn neighbours(
    settings: &KeySettings,
    keyring: &Path,
    more: Option<&Path>,
) -> Vec<(PathBuf, Vec<String>)> {
    let mut folders = settings.beside.clone();
    folders.extend(keyring.parent().map(Path::to_owned));
    folders.extend(more.map(Path::to_owned));
    folders.sort();
    folders.dedup();
    let is_in_use = |path: &Path| {
        let same = |one: &Path| match (one.canonicalize(), path.canonicalize()) {
            (Ok(one), Ok(other)) => one == other,
            _ => false,
        };
        same(keyring) || settings.files.iter().any(|file| same(&file.path))
    };
    let entries = folders
        .iter()
        .filter_map(|folder| fs::read_dir(folder).ok());
    let files = entries.flatten().flatten().map(|entry| entry.path());
    files
        .filter(|path| !is_in_use(path))
        .map(|path| (values_in(&path), path))
        .filter(|(values, _)| !values.is_empty())
        .map(|(values, path)| (path, values))
        .collect()
}

/// The keys in a file of that name. One that cannot be read or is broken is none of our business.
pub(super) fn values_in(path: &Path) -> Vec<String> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let is_dotenv = name.starts_with(".env");
    let is_keyring = name.starts_with("secrets.") && name.ends_with(".toml");
    if !is_dotenv && !is_keyring {
        return Vec::new();
    }
    let Ok((text, _)) = secret_file::read(path, Links::Followed) else {
        return Vec::new();
    };
    if is_dotenv {
        let Ok(file) = Dotenv::parse(&text) else {
            return Vec::new();
        };
        let values = Purpose::ALL.map(|purpose| file.get(purpose.variable()).map(str::to_owned));
        return values.into_iter().flatten().collect();
    }
    let Ok(contents) = Contents::parse(&text) else {
        return Vec::new();
    };
    Purpose::ALL
        .into_iter()
        .filter_map(|purpose| contents.ring(purpose))
        .flat_map(|ring| &ring.keys)
        .map(|key| key.value.expose().to_owned())
        .collect()
}
