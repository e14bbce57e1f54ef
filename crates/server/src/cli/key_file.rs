//! The files that `concierge key generate` writes: what stands in them already stays.

use std::{
    io,
    path::{Path, PathBuf},
};

use concierge_core::time::Timestamp;

use super::key::Refusal;
use crate::{
    config::{
        dotenv::Dotenv,
        secret_file::{self, Links},
    },
    keys::{Draft, KeyringContents, Purpose, StoredRing},
};

/// What a file is, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Dotenv,
    Keyring,
}

impl Kind {
    /// The kind of a file.
    pub(super) fn of(path: &Path) -> Result<Self, Refusal> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.ends_with(".toml") || name.ends_with(".toml.age") {
            Ok(Self::Keyring)
        } else if name.starts_with(".env") || name.ends_with(".env") {
            Ok(Self::Dotenv)
        } else {
            Err(
                "--out takes a .env file or a keyring file such as secrets.production.toml"
                    .to_owned(),
            )
        }
    }
}

/// The file's text, when there is one.
pub(super) fn existing(path: &Path) -> Result<Option<String>, Refusal> {
    match secret_file::read(path, Links::Refused) {
        Ok((text, _)) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(format!("{} cannot be read: {error}", path.display())),
    }
}

/// The text with new keys in it.
pub(super) fn into_dotenv(
    text: Option<&str>,
    drafts: &[(Purpose, Draft)],
    force: bool,
) -> Result<String, Refusal> {
    let mut file = Dotenv::parse(text.unwrap_or_default()).map_err(|faults| {
        let first = faults.into_iter().next();
        first.map_or_else(String::new, |fault| {
            format!("line {}: {}; {}", fault.line, fault.message, fault.remedy)
        })
    })?;
    for (purpose, draft) in drafts {
        let variable = purpose.variable();
        if file.get(variable).is_some() && !force {
            return Err(taken(variable));
        }
        file.set(variable, draft.value.expose());
        file.set(purpose.id_variable(), &draft.id);
    }
    Ok(file.to_string())
}

/// The same for a keyring file.
pub(super) fn into_keyring(
    text: Option<&str>,
    drafts: &[(Purpose, Draft)],
    force: bool,
    now: Timestamp,
) -> Result<String, Refusal> {
    let text = text.unwrap_or_default();
    let mut contents = KeyringContents::parse(text)?;
    let mut added = KeyringContents::default();
    let mut replaces = false;
    for (purpose, draft) in drafts {
        if contents.ring(*purpose).is_some() {
            if !force {
                return Err(taken(purpose.as_str()));
            }
            replaces = true;
        }
        added.set(*purpose, StoredRing::of(draft, now));
        contents.set(*purpose, StoredRing::of(draft, now));
    }
    // Comments stay when nothing is replaced.
    Ok(match (replaces, text.trim().is_empty()) {
        (true, _) => contents.to_string(),
        (false, true) => added.to_string(),
        (false, false) => format!("{}\n\n{added}", text.trim_end()),
    })
}

fn taken(what: &str) -> Refusal {
    format!(
        "the file has a key for {what} already; --force replaces it, and what it signed or sealed is lost"
    )
}

/// Inside a git checkout, makes sure that the file is ignored; the `.gitignore` that was changed.
pub(super) fn ignore_in_git(path: &Path) -> Option<PathBuf> {
    let path = path.canonicalize().ok()?;
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
    match std::fs::write(&ignore, format!("{text}{gap}{line}\n")) {
        Ok(()) => Some(ignore),
        Err(error) => {
            eprintln!(
                "warning: {} cannot be changed ({error}): keep the file out of git yourself",
                ignore.display()
            );
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
    use crate::{
        config::Environment,
        keys::{self, Format},
        platform::rng::OsRng,
    };

    fn drafts(format: Format) -> Vec<(Purpose, Draft)> {
        let now = Timestamp::from_millis(1_795_219_200_000);
        let draft = |_| keys::draft(format, Environment::Production, now, &OsRng).unwrap();
        Purpose::ALL.map(|one| (one, draft(one))).into()
    }

    #[test]
    fn keys_are_added_to_a_dot_env_and_replaced_only_by_force() {
        let drafts = drafts(Format::Symbols);
        let text = into_dotenv(Some("# ours\nA=1\nJWT_SECRET=\n"), &drafts, false).unwrap();
        assert!(text.starts_with("# ours\nA=1\nJWT_SECRET='"), "{text}");
        let file = Dotenv::parse(&text).unwrap();
        assert_eq!(file.get("JWT_SECRET"), Some(drafts[0].1.value.expose()));
        assert_eq!(file.get("SECRET_KEY_ID"), Some(drafts[1].1.id.as_str()));
        assert!(into_dotenv(Some(&text), &drafts, false).is_err());
        assert!(into_dotenv(Some(&text), &drafts, true).is_ok());
    }

    #[test]
    fn keys_are_added_to_a_keyring_and_replaced_only_by_force() {
        let now = Timestamp::from_millis(0);
        let mut both = drafts(Format::Hex);
        let one = both.split_off(1);
        let text = into_keyring(Some("# ours\n"), &one, false, now).unwrap();
        let text = into_keyring(Some(&text), &both, false, now).unwrap();
        assert!(text.starts_with("# ours\n"), "{text}");
        let contents = KeyringContents::parse(&text).unwrap();
        let value = contents.ring(Purpose::Sealing).unwrap().active_value();
        assert_eq!(value, Some(one[0].1.value.expose()));
        assert!(into_keyring(Some(&text), &both, false, now).is_err());
        assert!(into_keyring(Some(&text), &both, true, now).is_ok());
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

    #[test]
    fn other_names_are_refused() {
        assert!(Kind::of(Path::new("keys.txt")).is_err());
        for name in [".env", ".env.local", "prod.env", "a/secrets.staging.toml"] {
            assert!(Kind::of(Path::new(name)).is_ok(), "{name}");
        }
    }
}
