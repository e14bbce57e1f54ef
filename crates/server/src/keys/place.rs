//! Where a ring lives, and how it is changed there: read whole, replaced whole, and only if nobody else wrote.

use std::path::{Path, PathBuf};

use concierge_core::sensitive::Sensitive;

use super::{
    Document, Existing, Form, KeySettings, KeyringContents as Contents, KeyringFile, Purpose,
    atomic, keyring_path, keyring_write::Unwritten,
};
use crate::{
    config::{
        Environment, Reading, Source,
        secret_file::{self, Links},
    },
    platform::rng::Rng,
};

/// Where a ring lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A file that this program may write.
    File {
        /// The file.
        path: PathBuf,
        /// How it is written.
        form: Form,
    },
    /// The process environment, a secret file or a credential: somebody else's to change.
    Elsewhere {
        /// Where, in words.
        source: String,
        /// Whether it is a `.env`, which is changed when asked to by name.
        is_dotenv: bool,
    },
}

impl Place {
    /// Where the ring lives; `out` is the `.env` file that may be changed, when one was named.
    pub fn of(reading: &Reading, purpose: Purpose, out: Option<&Path>) -> Self {
        let (settings, environment) = (reading.keys(), reading.environment);
        let file = keyring_path(settings, environment, &reading.data);
        let Some(given) = settings.ring(purpose).keys.first() else {
            // The documented pair of tests stands in no file.
            return if environment == Environment::Test
                && KeyringFile::new(&file, None).form() == Ok(None)
            {
                Self::elsewhere(&Source::TestPair)
            } else {
                Self::File {
                    path: file,
                    form: Form::Keyring,
                }
            };
        };
        match (&given.source, out) {
            (Source::Dotenv { path, .. }, Some(out)) if is_same(path, out) => Self::File {
                path: out.to_owned(),
                form: Form::Dotenv,
            },
            (source, _) => Self::elsewhere(source),
        }
    }

    /// Whether it is the keyring file, which has a word for every state.
    pub fn is_keyring(&self) -> bool {
        matches!(
            self,
            Self::File {
                form: Form::Keyring,
                ..
            }
        )
    }

    fn elsewhere(source: &Source) -> Self {
        Self::Elsewhere {
            source: source.to_string(),
            is_dotenv: matches!(source, Source::Dotenv { .. }),
        }
    }

    /// What has to be done by hand; `None` where the program may write.
    pub fn remedy(&self, purpose: Purpose) -> Option<String> {
        let Self::Elsewhere { source, is_dotenv } = self else {
            return None;
        };
        let variable = purpose.variable();
        Some(if *is_dotenv {
            format!(
                "the key stands in {source}: `concierge key rotate --ring {} --out .env` changes it there",
                purpose.as_str()
            )
        } else {
            format!(
                "{variable} comes from {source}, which this program cannot change: `concierge key rotate --ring {}` shows the lines to set there, or keep the keys in a keyring file",
                purpose.as_str()
            )
        })
    }
}

fn is_same(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}

/// Whether this program can change a ring where it lives.
pub fn is_writable(reading: &Reading, purpose: Purpose, out: Option<&Path>) -> bool {
    Place::of(reading, purpose, out).remedy(purpose).is_none()
}

/// A keyring document as it was read, to be written back.
pub(super) struct Opened {
    file: File,
    text: Sensitive,
    document: Document,
}

/// What holds a document: the keyring in either of its forms, or a `.env`.
enum File {
    Keyring(KeyringFile),
    Dotenv(PathBuf),
}

impl File {
    fn read(&self) -> Result<Sensitive, String> {
        match self {
            Self::Keyring(file) => file
                .read()?
                .ok_or_else(|| format!("{} is not there", file.path.display())),
            Self::Dotenv(path) => secret_file::read(path, Links::Refused)
                .map(|(text, _)| Sensitive::new(text))
                .map_err(|error| format!("{} cannot be read: {error}", path.display())),
        }
    }

    /// Replaces the text, unless it is no longer that of before.
    fn replace(&self, before: &str, text: &str, rng: &dyn Rng) -> Result<(), Unwritten> {
        match self {
            Self::Keyring(file) => file.replace(Some(before), text, rng),
            Self::Dotenv(path) if self.read()?.expose() != before => {
                Err(Unwritten::Changed(path.clone()))
            }
            Self::Dotenv(path) => atomic::write(path, text, Existing::Replaced, rng)
                .map_err(|error| format!("{} cannot be written: {error}", path.display()).into()),
        }
    }

    fn path(&self) -> &Path {
        match self {
            Self::Keyring(file) => &file.path,
            Self::Dotenv(path) => path,
        }
    }
}

impl Opened {
    /// Reads the whole document.
    pub(super) fn read(path: &Path, form: Form, reading: &Reading) -> Result<Self, String> {
        let file = match form {
            Form::Keyring => File::Keyring(KeyringFile::of(reading.keys(), path)),
            Form::Dotenv => File::Dotenv(path.to_owned()),
        };
        let text = file.read()?;
        let document = Document::parse(form, text.expose(), reading.environment)
            .map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Self {
            file,
            text,
            document,
        })
    }

    pub(super) fn contents(&self) -> &Contents {
        self.document.contents()
    }

    /// Replaces the document, unless somebody else wrote it since it was read.
    pub(super) fn write(&self, contents: &Contents, rng: &dyn Rng) -> Result<(), Unwritten> {
        let shown = self.file.path().display();
        let text = self
            .document
            .rewritten(contents)
            .map_err(|error| format!("{shown}: {error}"))?;
        self.file.replace(self.text.expose(), text.expose(), rng)
    }
}

impl KeySettings {
    /// What was given for a ring.
    pub fn ring(&self, purpose: Purpose) -> &crate::config::RingSettings {
        match purpose {
            Purpose::Signing => &self.signing,
            Purpose::Sealing => &self.sealing,
        }
    }
}
