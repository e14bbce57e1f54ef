//! Writing the keyring file: one at a time, in the form that is there, and only over what was read.
//!
//! Guarantee: whoever compares and then writes does both in one turn, so nobody's words are lost, a revoke's least of all.
//! A crash leaves the old text or the new one.

use std::{fmt, fs::File, io, path::Path};

use concierge_core::sensitive::Sensitive;
use zeroize::Zeroizing;

use super::{Existing, FileForm, KeyringFile, age_file, atomic};
use crate::platform::rng::Rng;

/// Why a keyring was not written.
#[derive(Debug, PartialEq, Eq)]
pub enum Unwritten {
    /// Somebody else wrote it since it was read; its name.
    Changed(String),
    /// It can't be written.
    Failed(String),
}

impl fmt::Display for Unwritten {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed(name) => {
                write!(
                    f,
                    "{name} was changed by somebody else meanwhile; try again"
                )
            }
            Self::Failed(message) => f.write_str(message),
        }
    }
}

impl From<String> for Unwritten {
    fn from(message: String) -> Self {
        Self::Failed(message)
    }
}

impl From<Unwritten> for String {
    fn from(error: Unwritten) -> Self {
        error.to_string()
    }
}

impl KeyringFile {
    /// Replaces the whole text in the form that is there, unless the keyring is no longer what it was before; without a
    /// file, which is `None`, it gets the plain form. A crash leaves the old text or the new one.
    pub fn replace(
        &self,
        before: Option<&str>,
        plain: &str,
        rng: &dyn Rng,
    ) -> Result<(), Unwritten> {
        let form = self.form().map_err(|error| error.to_string())?;
        // A second of work, in which nobody has to wait, and in which others may write.
        let content = self.sealed(form.unwrap_or(FileForm::Plain), plain)?;
        let _turn = self.turn()?;
        let now = self.form().map_err(|error| error.to_string())?;
        if now != form || self.read()?.as_ref().map(Sensitive::expose) != before {
            return Err(Unwritten::Changed(self.path.display().to_string()));
        }
        Ok(self.put(form.unwrap_or(FileForm::Plain), &content, rng)?)
    }

    /// Writes one form, whatever is there of the other. The caller has the turn.
    pub(super) fn write_form(
        &self,
        form: FileForm,
        plain: &str,
        rng: &dyn Rng,
    ) -> Result<(), String> {
        self.put(form, &self.sealed(form, plain)?, rng)
    }

    /// The turn to write the keyring, until it is dropped: whoever compares and then writes does both in it, so that
    /// nobody's words are lost. The file system knows who has it, so a kill gives it back.
    pub(super) fn turn(&self) -> Result<File, String> {
        let cannot = |path: &Path, error: io::Error| {
            format!("{} cannot be written: {error}", path.display())
        };
        for form in [FileForm::Plain, FileForm::Age] {
            // Who may not write it must not leave a lock behind that keeps its owner out.
            let path = self.path_of(form);
            atomic::refuse_foreign(&path).map_err(|error| cannot(&path, error))?;
        }
        atomic::lock(&self.path).map_err(|error| cannot(&self.path, error))
    }

    /// The bytes of a form.
    fn sealed(&self, form: FileForm, plain: &str) -> Result<Zeroizing<Vec<u8>>, String> {
        let sealed = match form {
            FileForm::Plain => plain.as_bytes().to_vec(),
            FileForm::Age => {
                let passphrase = self.passphrase().map_err(|error| error.to_string())?;
                age_file::seal(plain.as_bytes(), passphrase, self.work_factor)
                    .map_err(|error| format!("{}: {error}", self.path_of(form).display()))?
            }
        };
        Ok(Zeroizing::new(sealed))
    }

    fn put(&self, form: FileForm, content: &[u8], rng: &dyn Rng) -> Result<(), String> {
        let path = self.path_of(form);
        atomic::write_bytes(&path, content, Existing::Replaced, rng)
            .map_err(|error| format!("{} cannot be written: {error}", path.display()))?;
        // What killed writes of the other form left holds the same keys. As there, it is tried again by the next write.
        let _ = path.metadata().and_then(|facts| {
            atomic::remove_leftovers(&self.path_of(form.other()), Some(facts.modified()?))
        });
        Ok(())
    }
}
