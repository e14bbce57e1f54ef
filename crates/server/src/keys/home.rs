//! What holds a keyring document: a file in either of its forms, a store, or a `.env`.
//!
//! Guarantee: a document is replaced whole, and only while it still is what was read. Whoever comes second is told.

use std::path::{Path, PathBuf};

use concierge_core::{sensitive::Sensitive, time::Timestamp};

use super::{
    Document, Existing, Form, Keeper, KeeperError, KeySettings, KeyringContents as Contents,
    KeyringFile, Place, Purpose, StoredRing, Supply, Unwritten, atomic, keyring_path,
    stores::{Fault, Version},
};
use crate::{
    config::{
        Environment, Reading,
        secret_file::{self, Links},
    },
    platform::rng::Rng,
    store::{StoreError, feed::Change},
};

/// What holds a document.
pub enum Home {
    /// The keyring file.
    Keyring(KeyringFile),
    /// A `.env`.
    Dotenv(PathBuf),
    /// The store that the settings name.
    Store(Supply),
}

/// A document's text as it was found.
pub struct Found {
    /// The text.
    pub text: Sensitive,
    /// The store's word for this state of it.
    version: Option<Version>,
}

impl Home {
    /// What holds the rings of a place; none where this program writes nothing.
    pub fn of(place: Place, reading: &Reading, supply: &Supply) -> Option<Self> {
        Some(match place {
            Place::File { path, form } => match form {
                Form::Keyring => Self::Keyring(KeyringFile::of(reading.keys(), &path)),
                Form::Dotenv => Self::Dotenv(path),
            },
            Place::Store => Self::Store(supply.clone()),
            Place::Elsewhere { .. } => return None,
        })
    }

    /// What holds the keyring, wherever the keys in use come from.
    pub fn of_keyring(
        settings: &KeySettings,
        environment: Environment,
        data: &Path,
        supply: &Supply,
    ) -> Self {
        if settings.store.kind.is_remote() {
            return Self::Store(supply.clone());
        }
        let path = keyring_path(settings, environment, data);
        Self::Keyring(KeyringFile::of(settings, &path))
    }

    /// The document, when there is one.
    pub async fn read(&self, now: Timestamp, rng: &dyn Rng) -> Result<Option<Found>, String> {
        let found = |text| Found {
            text,
            version: None,
        };
        match self {
            Self::Keyring(file) => Ok(file.read()?.map(found)),
            Self::Dotenv(path) => secret_file::read(path, Links::Refused)
                .map(|(text, _)| Some(found(Sensitive::new(text))))
                .map_err(|error| format!("{} cannot be read: {error}", path.display())),
            Self::Store(supply) => {
                let fetched = supply.fetch(now, rng).await;
                let fetched = fetched.map_err(|fault| format!("{}: {fault}", self.name()))?;
                Ok(fetched.map(|fetched| Found {
                    text: fetched.text,
                    version: Some(fetched.version),
                }))
            }
        }
    }

    /// Replaces the document, unless somebody else wrote it since it was found so.
    pub async fn write(
        &self,
        text: &str,
        before: Option<&Found>,
        now: Timestamp,
        rng: &dyn Rng,
    ) -> Result<(), Unwritten> {
        let known = before.map(|found| found.text.expose());
        match self {
            Self::Keyring(file) => file.replace(known, text, rng),
            Self::Dotenv(path) => {
                if self
                    .read(now, rng)
                    .await?
                    .as_ref()
                    .map(|it| it.text.expose())
                    != known
                {
                    return Err(Unwritten::Changed(self.name()));
                }
                let written = atomic::write(path, text, Existing::Replaced, rng);
                written
                    .map_err(|error| format!("{} cannot be written: {error}", path.display()))?;
                Ok(())
            }
            Self::Store(supply) => {
                let version = before.and_then(|found| found.version.as_ref());
                let written = supply.replace(text, version, now, rng).await;
                written.map_err(|fault| match fault {
                    Fault::Conflict => Unwritten::Changed(self.name()),
                    fault => format!("{}: {fault}", self.name()).into(),
                })
            }
        }
    }

    /// Where it is, for people.
    pub fn name(&self) -> String {
        let shown = |path: &Path| path.display().to_string();
        match self {
            Self::Keyring(file) => shown(&file.path),
            Self::Dotenv(path) => shown(path),
            Self::Store(supply) => supply.name(),
        }
    }
}

/// A document as it was read, to be written back.
pub(super) struct Opened {
    home: Home,
    found: Option<Found>,
    document: Document,
}

impl Opened {
    /// Reads the whole document, which has to be there.
    pub(super) async fn read(
        home: Home,
        environment: Environment,
        now: Timestamp,
        rng: &dyn Rng,
    ) -> Result<Self, String> {
        let opened = Self::read_or_begin(home, environment, now, rng).await?;
        match opened.found {
            Some(_) => Ok(opened),
            None => Err(format!("{} is not there", opened.home.name())),
        }
    }

    /// The same, or an empty one to begin with.
    pub(super) async fn read_or_begin(
        home: Home,
        environment: Environment,
        now: Timestamp,
        rng: &dyn Rng,
    ) -> Result<Self, String> {
        let form = match home {
            Home::Keyring(_) | Home::Store(_) => Form::Keyring,
            Home::Dotenv(_) => Form::Dotenv,
        };
        let found = home.read(now, rng).await?;
        let text = found.as_ref().map_or("", |found| found.text.expose());
        let document = Document::parse(form, text, environment)
            .map_err(|error| format!("{}: {error}", home.name()))?;
        Ok(Self {
            home,
            found,
            document,
        })
    }

    pub(super) fn contents(&self) -> &Contents {
        self.document.contents()
    }

    /// Where it is, for people.
    pub(super) fn name(&self) -> String {
        self.home.name()
    }

    /// Whether a change of it shows in no file.
    pub(super) fn is_remote(&self) -> bool {
        matches!(self.home, Home::Store(_))
    }

    /// Replaces the document, unless somebody else wrote it since it was read.
    pub(super) async fn write(
        &self,
        contents: &Contents,
        now: Timestamp,
        rng: &dyn Rng,
    ) -> Result<(), Unwritten> {
        let text = self
            .document
            .rewritten(contents)
            .map_err(|error| format!("{}: {error}", self.home.name()))?;
        self.home
            .write(text.expose(), self.found.as_ref(), now, rng)
            .await
    }
}

impl Keeper {
    /// The document a ring lives in, and a copy of the ring to change.
    pub(super) async fn open(
        &self,
        reading: &Reading,
        purpose: Purpose,
        out: Option<&Path>,
    ) -> Result<(Opened, StoredRing), KeeperError> {
        let place = Place::of(reading, purpose, out);
        if let Some(remedy) = place.remedy(purpose) {
            return Err(KeeperError::ReadOnly(remedy));
        }
        let home = Home::of(place, reading, &self.supply).ok_or(KeeperError::NoKey(purpose))?;
        let now = self.clock.now();
        let opened = Opened::read(home, reading.environment, now, &*self.rng).await;
        let opened = opened.map_err(KeeperError::File)?;
        let ring = opened.contents().ring(purpose).cloned();
        let ring = ring.ok_or(KeeperError::NoKey(purpose))?;
        Ok((opened, ring))
    }

    pub(super) async fn write(
        &self,
        opened: &Opened,
        purpose: Purpose,
        ring: StoredRing,
    ) -> Result<(), KeeperError> {
        let mut contents: Contents = opened.contents().clone();
        contents.set(purpose, ring);
        self.replace(opened, &contents).await
    }

    /// Replaces a document. A file that changed is seen by everybody; of a store they are told.
    pub(super) async fn replace(
        &self,
        opened: &Opened,
        contents: &Contents,
    ) -> Result<(), KeeperError> {
        let now = self.clock.now();
        let written = opened.write(contents, now, &*self.rng).await;
        // Also after a failure: it may have been done all the same, or somebody else was quicker.
        if opened.is_remote()
            && let Err(error) = self.announce(now).await
        {
            // What is written is written, and everybody asks the store once a minute.
            tracing::warn!(%error, "it could not be announced that the keys have changed");
        }
        Ok(written?)
    }

    async fn announce(&self, now: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        tx.announce(&[Change::Everything], now).await?;
        tx.commit().await
    }
}

/// A keyring file beside the store would say something else after the change, and then nothing starts.
pub(super) fn refuse_a_second_home(reading: &Reading, purpose: Purpose) -> Result<(), KeeperError> {
    let settings = reading.keys();
    let path = keyring_path(settings, reading.environment, &reading.data);
    let is_in_store = Place::of(reading, purpose, None) == Place::Store;
    let beside = || KeyringFile::of(settings, &path).read();
    let holds = |text: &Sensitive| {
        Contents::parse(text.expose()).is_ok_and(|contents| contents.ring(purpose).is_some())
    };
    if is_in_store && beside().ok().flatten().as_ref().is_some_and(holds) {
        return Err(KeeperError::File(format!(
            "{} holds these keys, too: move it away first, or it says something else than the store afterwards",
            path.display()
        )));
    }
    Ok(())
}
