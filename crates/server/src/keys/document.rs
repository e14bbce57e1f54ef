//! A keyring document: the text of a `secrets.<env>.toml` or of a `.env` file, read and rewritten.
//!
//! This is the one place that writes keys into a file that exists already. Guarantees: comments, order, blank
//! lines and, in a `.env`, every other setting stay as they are; without a change the text is the same byte for
//! byte; what was written is read back before anybody gets it, so no key is lost or altered on the way.

use std::{fmt, path::Path};

use concierge_core::sensitive::Sensitive;

use super::{KeyringContents as Contents, Stored, StoredRing, dotenv_rings, keyring_edit};
use crate::config::Environment;

/// What a file is, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `secrets.<env>.toml`: everything about both rings.
    Keyring,
    /// `.env`: the active keys, and those before them that still verify.
    Dotenv,
}

impl Form {
    /// The form of a file.
    pub fn of(path: &Path) -> Result<Self, String> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.ends_with(".toml") || name.ends_with(".toml.age") {
            Ok(Self::Keyring)
        } else if name.starts_with(".env") || name.ends_with(".env") {
            Ok(Self::Dotenv)
        } else {
            Err(format!(
                "{} is neither a .env file nor a keyring file such as secrets.production.toml",
                path.display()
            ))
        }
    }
}

/// A file's text and what it says.
pub struct Document {
    form: Form,
    environment: Environment,
    text: Sensitive,
    contents: Contents,
}

impl Document {
    /// Reads a file's text. A key of a `.env` that has no id gets the one that its environment and its text imply.
    /// The error is one line that shows no value.
    pub fn parse(form: Form, text: &str, environment: Environment) -> Result<Self, String> {
        Ok(Self {
            form,
            environment,
            text: Sensitive::new(text),
            contents: read(form, text, environment)?,
        })
    }

    /// What it says.
    pub fn contents(&self) -> &Contents {
        &self.contents
    }

    /// The same text, changed only where it has to be to say this.
    ///
    /// A `.env` has no place for everything: times of creation, retired and revoked keys and the epoch are left
    /// out, and a pending key becomes one that verifies for 30 days.
    pub fn rewritten(&self, contents: &Contents) -> Result<Sensitive, String> {
        let narrowed;
        let wanted = match self.form {
            Form::Keyring => contents,
            Form::Dotenv => {
                narrowed = dotenv_rings::narrowed(contents)?;
                &narrowed
            }
        };
        let text = self.text.expose();
        if *wanted == self.contents {
            return Ok(Sensitive::new(text));
        }
        let edited = match self.form {
            Form::Keyring => keyring_edit::edit(text, &self.contents, wanted)?,
            Form::Dotenv => dotenv_rings::edit(text, wanted, self.environment)?,
        };
        // A key that would come back altered signs what nobody can verify and opens nothing that was sealed.
        match read(self.form, edited.expose(), self.environment) {
            Ok(back) if back == *wanted => Ok(edited),
            _ => Err("these keys cannot be written so that they are read back the same".to_owned()),
        }
    }
}

fn read(form: Form, text: &str, environment: Environment) -> Result<Contents, String> {
    match form {
        Form::Keyring => Contents::parse(text),
        Form::Dotenv => dotenv_rings::read(text, environment),
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Document({:?})", self.form)
    }
}

/// A ring is changed on a copy and written as a whole, so this one holder of a secret can be copied.
impl Clone for Stored {
    fn clone(&self) -> Self {
        Self {
            id: self.id.clone(),
            alg: self.alg,
            value: Sensitive::new(self.value.expose()),
            state: self.state,
            created_at: self.created_at,
            not_before: self.not_before,
            verify_until: self.verify_until,
        }
    }
}

impl PartialEq for Stored {
    fn eq(&self, other: &Self) -> bool {
        let times = |key: &Self| [key.created_at, key.not_before, key.verify_until];
        self.id == other.id
            && self.alg == other.alg
            && self.value.expose() == other.value.expose()
            && self.state == other.state
            && times(self) == times(other)
    }
}

/// Keys stand in any order.
impl PartialEq for StoredRing {
    fn eq(&self, other: &Self) -> bool {
        self.active == other.active
            && self.keys.len() == other.keys.len()
            && self.keys.iter().all(|key| other.keys.contains(key))
    }
}
