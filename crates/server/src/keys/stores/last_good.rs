//! The last good copy of a store's keyring, for a start while the store does not answer.
//!
//! `keyring.last-good` is sealed with a random key that lies beside it in `keyring.last-good.key`, both 0600. That
//! protects from one of the two files getting about: a mailed support archive, a backup of some files. It does
//! **not** protect from who can read the data folder, and neither could any key this machine reads without a
//! person. Whoever can't accept that starts with `--strict-store` and removes both files. The time and the name of
//! the secret are sealed in, so nobody can make a copy younger or put another environment's in its place.

use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use concierge_core::{sensitive::Sensitive, time::Timestamp};
use zeroize::Zeroizing;

use super::super::{Existing, atomic};
use crate::{
    config::secret_file::{self, Links},
    platform::{rng::Rng, seal::SealKey},
};

/// How long a copy stands in.
const LIFE: Duration = Duration::from_secs(24 * 3600);

/// Where the copies of one secret are.
pub(super) struct LastGood<'a> {
    /// The data folder.
    pub(super) folder: &'a Path,
    /// Store and secret; a copy of another does not open.
    pub(super) of: String,
}

impl LastGood<'_> {
    fn copy(&self) -> PathBuf {
        self.folder.join("keyring.last-good")
    }

    fn key(&self) -> PathBuf {
        self.folder.join("keyring.last-good.key")
    }

    fn associated(&self) -> String {
        format!("keyring.last-good/{}", self.of)
    }

    /// Keeps the text, in place of the copy before.
    pub(super) fn keep(&self, text: &str, now: Timestamp, rng: &dyn Rng) -> io::Result<()> {
        let key = match self.open_key() {
            Ok(key) => key,
            Err(error) => {
                let existing = match error.kind() {
                    io::ErrorKind::NotFound => Existing::Kept,
                    _ => Existing::Replaced,
                };
                let fresh = Zeroizing::new(hex::encode(*Zeroizing::new(rng.bytes::<32>())));
                match atomic::write(&self.key(), &fresh, existing, rng) {
                    // Another process made one at the same moment: that one counts.
                    Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                        return Err(error);
                    }
                    _ => self.open_key()?,
                }
            }
        };
        let plain = Zeroizing::new(format!("{}\n{text}", now.as_millis()));
        let sealed = key.seal(rng, &self.associated(), plain.as_bytes());
        atomic::write(&self.copy(), &hex::encode(sealed), Existing::Replaced, rng)
    }

    /// The text and when it was fetched; or why there is none that still counts.
    pub(super) fn recall(&self, now: Timestamp) -> Result<(Sensitive, Timestamp), String> {
        let (text, at) = self.recall_of_any_age()?;
        // A clock that was set back must not give a copy a longer life.
        if at > now || now.since(at) > LIFE {
            return Err(format!(
                "the copy of its keyring is of {}, and one counts for 24 h",
                at.to_rfc3339()
            ));
        }
        Ok((text, at))
    }

    /// The same, however old it is.
    pub(super) fn recall_of_any_age(&self) -> Result<(Sensitive, Timestamp), String> {
        let absent = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => "there is no copy of its keyring here".to_owned(),
            _ => format!("the copy of its keyring can't be read: {error}"),
        };
        let sealed = read_private(&self.copy()).map_err(absent)?;
        let key = self.open_key().map_err(absent)?;
        let changed = || {
            "the copy of its keyring does not open: it is of another secret, or was changed"
                .to_owned()
        };
        let sealed = hex::decode(sealed.as_str()).map_err(|_| changed())?;
        let plain = key
            .open(&self.associated(), &sealed)
            .map_err(|_| changed())?;
        let plain = Zeroizing::new(plain);
        let plain = std::str::from_utf8(&plain).map_err(|_| changed())?;
        let (at, text) = plain.split_once('\n').ok_or_else(changed)?;
        let at = Timestamp::from_millis(at.parse().map_err(|_| changed())?);
        Ok((Sensitive::new(text), at))
    }

    fn open_key(&self) -> io::Result<SealKey> {
        let text = read_private(&self.key())?;
        let mut bytes = Zeroizing::new([0; 32]);
        hex::decode_to_slice(text.as_str(), &mut *bytes)
            .map_err(|_| io::Error::other("it is no key"))?;
        Ok(SealKey::new(&bytes))
    }
}

/// A file that others can read or somebody else wrote holds no keys of ours.
fn read_private(path: &Path) -> io::Result<Zeroizing<String>> {
    let (text, facts) = secret_file::read(path, Links::Refused)?;
    let text = Zeroizing::new(text);
    if facts.mode & 0o077 != 0 || facts.owner != rustix::process::geteuid().as_raw() {
        return Err(io::Error::other(format!(
            "others can get at {}",
            path.display()
        )));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use super::*;
    use crate::platform::rng::OsRng;

    const NOW: Timestamp = Timestamp::from_millis(1_795_219_200_000);
    const TEXT: &str = "# a keyring\n[signing]\n";

    fn last_good(folder: &Path) -> LastGood<'_> {
        LastGood {
            folder,
            of: "Vault, secret/concierge/test".to_owned(),
        }
    }

    fn later(hours: u64) -> Timestamp {
        NOW.plus(Duration::from_secs(hours * 3600))
    }

    #[test]
    fn a_copy_comes_back_for_a_day_and_no_longer() {
        let folder = tempfile::tempdir().unwrap();
        let kept = last_good(folder.path());
        assert!(kept.recall(NOW).unwrap_err().contains("no copy"));
        kept.keep("older", NOW, &OsRng).unwrap();
        kept.keep(TEXT, NOW, &OsRng).unwrap();
        for now in [NOW, later(24)] {
            let (text, at) = kept.recall(now).unwrap();
            assert_eq!((text.expose(), at), (TEXT, NOW));
        }
        let beyond = later(24).plus(Duration::from_millis(1));
        let before = NOW.minus(Duration::from_millis(1));
        for now in [beyond, before] {
            assert!(kept.recall(now).unwrap_err().contains("24 h"));
        }
    }

    #[test]
    fn both_files_are_private_and_neither_shows_the_keyring() {
        let folder = tempfile::tempdir().unwrap();
        let kept = last_good(folder.path());
        kept.keep(TEXT, NOW, &OsRng).unwrap();
        for path in [kept.copy(), kept.key()] {
            let mode = path.metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
            let text = fs::read_to_string(&path).unwrap();
            assert!(text.bytes().all(|byte| byte.is_ascii_hexdigit()));
            assert!(!text.contains(&hex::encode("keyring")));
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_copy_of_another_secret_or_with_any_byte_changed_does_not_open() {
        let folder = tempfile::tempdir().unwrap();
        let kept = last_good(folder.path());
        kept.keep(TEXT, NOW, &OsRng).unwrap();
        let other = LastGood {
            folder: folder.path(),
            of: "Vault, secret/concierge/production".to_owned(),
        };
        assert!(other.recall(NOW).unwrap_err().contains("another secret"));
        let whole = fs::read(kept.copy()).unwrap();
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] = if changed[at] == b'0' { b'1' } else { b'0' };
            fs::write(kept.copy(), &changed).unwrap();
            assert!(kept.recall(NOW).is_err(), "byte {at}");
            fs::write(kept.copy(), &whole[..at]).unwrap();
            assert!(kept.recall(NOW).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn a_copy_that_others_can_read_or_that_is_a_link_does_not_count() {
        let folder = tempfile::tempdir().unwrap();
        let kept = last_good(folder.path());
        kept.keep(TEXT, NOW, &OsRng).unwrap();
        for path in [kept.copy(), kept.key()] {
            fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
            assert!(kept.recall(NOW).unwrap_err().contains("others"));
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        }
        let real = folder.path().join("real");
        fs::rename(kept.copy(), &real).unwrap();
        std::os::unix::fs::symlink(&real, kept.copy()).unwrap();
        assert!(kept.recall(NOW).is_err());
    }

    #[test]
    fn a_lost_or_broken_key_is_made_anew_with_the_next_copy() {
        let folder = tempfile::tempdir().unwrap();
        let kept = last_good(folder.path());
        kept.keep(TEXT, NOW, &OsRng).unwrap();
        fs::write(kept.key(), "nonsense").unwrap();
        assert!(kept.recall(NOW).is_err());
        kept.keep(TEXT, NOW, &OsRng).unwrap();
        assert_eq!(kept.recall(NOW).unwrap().0.expose(), TEXT);
    }
}
