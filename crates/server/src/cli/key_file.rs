//! The files that `concierge key generate` and `key import` write: what stands in them already stays.

use std::{
    fs::{DirBuilder, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
};

use concierge_core::{sensitive::Sensitive, time::Timestamp};

use super::{key::Refusal, key_open::in_turn, pipe};
use crate::{
    boot,
    config::{
        Environment, Reading,
        secret_file::{self, Links},
    },
    keys::{
        self, Document, Draft, Existing, Form, Home, KeySettings, KeyringFile, Purpose, StoredRing,
        Supply,
    },
    platform::rng::OsRng,
    store::Db,
};

/// The file's text, when there is one.
fn existing(path: &Path) -> Result<Option<String>, Refusal> {
    match secret_file::read(path, Links::Refused) {
        Ok((text, _)) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(format!("{} cannot be read: {error}", path.display())),
    }
}

/// The text with new keys in it. What stands there already stays, unless a ring is replaced by force.
pub(super) fn with_keys(
    form: Form,
    text: Option<&str>,
    drafts: &[(Purpose, Draft)],
    environment: Environment,
    force: bool,
    now: Timestamp,
) -> Result<Sensitive, Refusal> {
    let document = Document::parse(form, text.unwrap_or_default(), environment)?;
    let mut contents = document.contents().clone();
    for (purpose, draft) in drafts {
        if contents.ring(*purpose).is_some() && !force {
            return Err(taken(purpose.as_str()));
        }
        contents.set(*purpose, StoredRing::of(draft, now));
    }
    contents.keep_revoked_of(document.contents())?;
    document.rewritten(&contents)
}

/// Writes new keys into a file that may be there already, and keeps it out of git.
pub(super) fn add_keys(
    path: &Path,
    settings: &KeySettings,
    drafts: &[(Purpose, Draft)],
    environment: Environment,
    force: bool,
    now: Timestamp,
) -> Result<(), Refusal> {
    let form = Form::of(path)?;
    let changed = |text: Option<&str>| {
        with_keys(form, text, drafts, environment, force, now)
            .map_err(|error| format!("{}: {error}", path.display()))
    };
    // Before the keys are there: a kill in between must not leave them to git.
    let ignored;
    match form {
        Form::Dotenv => {
            let text = changed(existing(path)?.as_deref())?;
            ignored = ignore_in_git(path);
            keys::write_secret_file(path, text.expose(), Existing::Replaced, &OsRng)
                .map_err(|error| format!("{} cannot be written: {error}", path.display()))?;
        }
        Form::Keyring => {
            let file = KeyringFile::of(settings, path);
            let read = file.read()?;
            let before = read.as_ref().map(Sensitive::expose);
            let text = changed(before)?;
            ignored = ignore_in_git(path);
            file.replace(before, text.expose(), &OsRng)?;
        }
    }
    if let Some(changed) = ignored {
        eprintln!("added it to {}", changed.display());
    }
    Ok(())
}

/// Writes new keys into the keyring of the store; answers where that is.
pub(super) fn add_keys_to_store(
    reading: &Reading,
    drafts: &[(Purpose, Draft)],
    force: bool,
    now: Timestamp,
) -> Result<String, Refusal> {
    let (settings, environment) = (reading.keys(), reading.environment);
    let supply = Supply::of(&reading.args);
    let home = Home::of_keyring(settings, environment, &reading.data, &supply);
    let added = async |_: Option<&Db>| {
        let found = home.read(now, &OsRng).await?;
        let text = found.as_ref().map(|found| found.text.expose());
        let text = with_keys(Form::Keyring, text, drafts, environment, force, now)
            .map_err(|error| format!("{}: {error}", home.name()))?;
        let written = home.write(text.expose(), found.as_ref(), now, &OsRng);
        Ok(written.await?)
    };
    let added = boot::run(async { Ok(in_turn(reading, added).await) });
    let added = added.map_err(|error| error.to_string())?;
    added.map_err(|refused| refused.message)?;
    Ok(home.name())
}

fn taken(what: &str) -> Refusal {
    format!(
        "the file has a key for {what} already: `concierge key rotate` changes it without loss; --force replaces it, and what it signed or sealed is lost"
    )
}

/// Inside a git checkout, makes sure that the file is ignored, be it there or not; the `.gitignore` that was changed.
pub(super) fn ignore_in_git(path: &Path) -> Option<PathBuf> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .ok()?;
    let path = folder.canonicalize().ok()?.join(path.file_name()?);
    let root = path
        .ancestors()
        .skip(1)
        .find(|folder| folder.join(".git").exists())?;
    let line = format!("/{}", path.strip_prefix(root).ok()?.display());
    let ignore = root.join(".gitignore");
    let text = std::fs::read_to_string(&ignore).unwrap_or_default();
    let name = path.file_name()?.to_string_lossy();
    if text.lines().any(|rule| covers(rule.trim(), &line, &name)) {
        return None;
    }
    let gap = if text.is_empty() || text.ends_with('\n') {
        ""
    } else {
        "\n"
    };
    // Added at its end: a kill on the way must not cost the rules that are there.
    let added = OpenOptions::new()
        .append(true)
        .create(true)
        .open(&ignore)
        .and_then(|mut file| file.write_all(format!("{gap}{line}\n").as_bytes()));
    match added {
        Ok(()) => Some(ignore),
        Err(error) => {
            pipe::warn(&format!(
                "warning: {} cannot be changed ({error}): keep the file out of git yourself",
                ignore.display()
            ));
            None
        }
    }
}

/// Whether a line of `.gitignore` names this file or the beginning of its name and a star.
fn covers(rule: &str, line: &str, name: &str) -> bool {
    rule == line
        || rule == name
        || rule.strip_suffix('*').is_some_and(|start| {
            !start.is_empty() && !start.contains(['/', '*', '!']) && name.starts_with(start)
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::Format;

    #[test]
    fn keys_are_added_and_replaced_only_by_force() {
        let now = Timestamp::from_millis(1_795_219_200_000);
        let environment = Environment::Production;
        let draft = |_| keys::draft(Format::Symbols, environment, now, &OsRng).unwrap();
        let [signing, sealing] = Purpose::ALL.map(|one| [(one, draft(one))]);
        for (form, text) in [
            (Form::Keyring, "# ours\n"),
            (Form::Dotenv, "# ours\nJWT_SECRET=\n"),
        ] {
            let with = |text: &str, drafts: &[_], force| {
                let text = with_keys(form, Some(text), drafts, environment, force, now);
                text.map(|text| text.expose().to_owned())
            };
            let one = with(text, &signing, false).unwrap();
            let both = with(&one, &sealing, false).unwrap();
            assert!(both.starts_with("# ours\n"), "{both}");
            let file = Document::parse(form, &both, environment).unwrap();
            for (purpose, draft) in signing.iter().chain(&sealing) {
                let ring = file.contents().ring(*purpose).unwrap();
                assert_eq!(ring.active_value(), Some(draft.value.expose()));
                assert_eq!(ring.active, draft.id);
            }
            let refused = with(&both, &signing, false).unwrap_err();
            assert!(refused.contains("--force"), "{refused}");
            assert!(with(&both, &signing, true).is_ok());
        }
    }

    #[test]
    fn a_new_key_file_is_ignored_in_git_once() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join(".git")).unwrap();
        let file = folder.path().join("prod.env");
        std::fs::write(&file, "").unwrap();
        let ignore = folder.path().canonicalize().unwrap().join(".gitignore");
        std::fs::write(&ignore, "/target\nsecrets.*").unwrap();
        assert_eq!(ignore_in_git(&file), Some(ignore.clone()));
        assert_eq!(ignore_in_git(&file), None);
        let text = std::fs::read_to_string(&ignore).unwrap();
        assert_eq!(text, "/target\nsecrets.*\n/prod.env\n");
        let covered = folder.path().join("secrets.production.toml");
        std::fs::write(&covered, "").unwrap();
        assert_eq!(ignore_in_git(&covered), None);
    }
}
