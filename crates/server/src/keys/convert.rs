//! `concierge key encrypt` and `key decrypt`: the keyring file from one of its forms into the other.
//!
//! The new form is written, read back and compared before the old one is removed. A kill in between leaves both,
//! which hold the same keys; the same command, given again, finishes what it began.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use concierge_core::sensitive::Sensitive;

use super::{
    FileForm, KeyringContents as Contents, KeyringFile,
    atomic::{folder_of, remove_leftovers},
};
use crate::platform::rng::Rng;

/// What became of the keyring file.
#[derive(Debug, PartialEq, Eq)]
pub enum Converted {
    /// It has its new form, at this path.
    Done(PathBuf),
    /// It had that form already.
    Already(PathBuf),
}

impl KeyringFile {
    /// Gives the keyring file this form and removes the other one.
    pub fn convert(&self, to: FileForm, rng: &dyn Rng) -> Result<Converted, String> {
        let (old, new) = (self.path_of(to.other()), self.path_of(to));
        let missing = || {
            format!(
                "there is no keyring file {}; `concierge key generate --out` makes one",
                self.path.display()
            )
        };
        // Before the turn, which leaves a file where there may be no folder.
        if !self.has(to) && !self.has(to.other()) {
            return Err(missing());
        }
        let _turn = self.turn()?;
        match (self.has(to.other()), self.has(to)) {
            (false, false) => Err(missing()),
            (false, true) => {
                // A killed write may have left the text of the old form.
                remove_leftovers(&old, None)
                    .map_err(|error| format!("{}: {error}", folder_of(&old).display()))?;
                Ok(Converted::Already(new))
            }
            (true, is_begun) => {
                let text = self.text_of(to.other())?;
                if !is_begun {
                    Contents::parse(text.expose())
                        .map_err(|error| format!("{}: {error}; mend it first", old.display()))?;
                    self.write_form(to, text.expose(), rng)?;
                }
                // Also what was just written: only what opens may take the place of the old form.
                if self.text_of(to)?.expose() != text.expose() {
                    return Err(format!(
                        "{} and {} do not hold the same keys; make sure which one is right, and remove the other",
                        old.display(),
                        new.display()
                    ));
                }
                // Sealing takes a second, in which somebody may have changed the old form by hand.
                if self.text_of(to.other())?.expose() != text.expose() {
                    return Err(format!(
                        "{} was changed meanwhile; remove {} and try again",
                        old.display(),
                        new.display()
                    ));
                }
                remove(&old).map_err(|error| {
                    format!(
                        "{} cannot be removed: {error}; remove it yourself",
                        old.display()
                    )
                })?;
                Ok(Converted::Done(new))
            }
        }
    }

    fn text_of(&self, form: FileForm) -> Result<Sensitive, String> {
        let opened = self.open_form(form).map_err(|error| error.to_string())?;
        let gone = || format!("{} is gone", self.path_of(form).display());
        Ok(opened.ok_or_else(gone)?.text)
    }
}

/// Removes a file for good, with what killed writes left of it, be it of a moment ago: nobody else has the turn, and no
/// later write looks for it. Also after a loss of power it is not there again.
fn remove(path: &Path) -> io::Result<()> {
    remove_leftovers(path, None)?;
    fs::remove_file(path)?;
    File::open(folder_of(path))?.sync_all()
}
