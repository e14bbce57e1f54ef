//! Reading the keys again: while serving, and for whoever mends what a start refuses.

use std::path::PathBuf;

use concierge_core::time::Timestamp;

use super::{
    FileForm, KeyringContents as Contents, KeyringFile, Purpose, check, keyring_path,
    load::{gather, into_rings, judged},
};
use crate::{
    config::{Finding, Reading},
    platform::keyring::Keyrings,
};

/// The rings while serving: makes no key, so that a file that vanished is not followed by keys nobody knows.
pub fn read(reading: &Reading, now: Timestamp) -> Result<(Keyrings, Vec<Finding>), Vec<Finding>> {
    let (settings, environment) = (reading.keys(), reading.environment);
    let path = keyring_path(settings, environment, &reading.data);
    let found = gather(settings, environment, &path, now);
    judged(found, settings, environment, &path)
}

/// The rings as they are, unless they can't be read: whoever mends keys must be able to open what a start refuses,
/// such as a weak key that is to be rotated.
pub fn open(reading: &Reading, now: Timestamp) -> Result<Keyrings, Vec<Finding>> {
    let (settings, environment) = (reading.keys(), reading.environment);
    let path = keyring_path(settings, environment, &reading.data);
    let found = gather(settings, environment, &path, now);
    let (broken, _): (Vec<_>, Vec<_>) = found.findings.iter().cloned().partition(Finding::is_error);
    into_rings(found).ok_or_else(|| {
        let lacking = Purpose::ALL.map(|purpose| check::missing(purpose, environment, &path));
        if broken.is_empty() {
            lacking.into()
        } else {
            broken
        }
    })
}

/// The files whose change changes the keys, there or not.
pub fn watched(reading: &Reading) -> Vec<PathBuf> {
    let settings = reading.keys();
    let keyring = keyring_path(settings, reading.environment, &reading.data);
    let keyring = KeyringFile::new(&keyring, None);
    let forms = [FileForm::Plain, FileForm::Age].map(|form| keyring.path_of(form));
    let files = settings.files.iter().map(|file| file.path.clone());
    files.chain(forms).collect()
}

/// What the keyring says, when it can be read.
pub fn contents(reading: &Reading) -> Option<Contents> {
    let settings = reading.keys();
    if settings.store.kind.is_remote() {
        return Contents::parse(settings.store.text()?.expose()).ok();
    }
    let path = keyring_path(settings, reading.environment, &reading.data);
    let text = KeyringFile::of(settings, &path).read().ok()??;
    Contents::parse(text.expose()).ok()
}
