//! Looks again and again, while the server runs, at the files its keys came from.
//!
//! Judged is what changed since the start: a file that was open then was refused or warned of then, and one that a
//! container platform mounts as a link stays one. Each change is an event once a day, for as long as it lasts.

use std::{
    collections::BTreeMap,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    time::Duration,
};

use concierge_core::{audit::EventName, time::Timestamp};
use serde_json::json;

use crate::{
    audit::{self, Event, Origin},
    platform::rng::Rng,
    store::{Db, StoreError},
};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// Group or world have access they had not.
    Readable,
    /// It belongs to another user now.
    Foreign,
    /// It is a link now: somebody else may say what it leads to.
    Link,
    /// It is not there, so the next start has no key.
    Gone,
}

impl Fault {
    /// Its stable word in the event.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Readable => "readable",
            Self::Foreign => "foreign",
            Self::Link => "link",
            Self::Gone => "gone",
        }
    }
}

/// What the file system says of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Facts {
    mode: u32,
    owner: u32,
    is_link: bool,
}

impl Facts {
    fn of(path: &Path) -> Option<Self> {
        let own = path.symlink_metadata().ok()?;
        let facts = path.metadata().ok()?;
        Some(Self {
            mode: facts.permissions().mode(),
            owner: facts.uid(),
            is_link: own.is_symlink(),
        })
    }
}

/// What changed for the worse.
fn faults(was: Facts, is: Option<Facts>) -> Vec<Fault> {
    let Some(is) = is else {
        return vec![Fault::Gone];
    };
    [
        (is.mode & !was.mode & 0o077 != 0, Fault::Readable),
        (is.owner != was.owner, Fault::Foreign),
        (is.is_link && !was.is_link, Fault::Link),
    ]
    .into_iter()
    .filter_map(|(holds, fault)| holds.then_some(fault))
    .collect()
}

/// The files in use, as they were at the start, and what was told of them when.
#[derive(Debug)]
pub struct Recheck {
    files: Vec<(PathBuf, Facts)>,
    told: BTreeMap<(PathBuf, Fault), Timestamp>,
}

impl Recheck {
    /// Remembers how the files are.
    pub fn start(files: impl IntoIterator<Item = PathBuf>) -> Self {
        let files = files.into_iter();
        Self {
            files: files
                .filter_map(|path| Facts::of(&path).map(|facts| (path, facts)))
                .collect(),
            told: BTreeMap::new(),
        }
    }

    /// Looks at all of them and records what was not told within a day.
    pub async fn record(
        &mut self,
        db: &Db,
        now: Timestamp,
        rng: &dyn Rng,
    ) -> Result<(), StoreError> {
        self.told.retain(|_, at| now.since(*at) < DAY);
        for key in self.found() {
            if self.told.contains_key(&key) {
                continue;
            }
            let (path, fault) = &key;
            let origin = Origin::default();
            let details = json!({ "file": path.display().to_string(), "fault": fault.as_str() });
            let event = Event::anonymous(EventName::KeyFileUnsafe, &origin).with(details);
            let mut tx = db.begin().await?;
            audit::record(&mut tx, &event, now, rng).await?;
            tx.commit().await?;
            self.told.insert(key, now);
        }
        Ok(())
    }

    fn found(&self) -> Vec<(PathBuf, Fault)> {
        let found = self.files.iter().flat_map(|(path, was)| {
            let is = Facts::of(path).or_else(|| Facts::of(&other_form(path)));
            faults(*was, is)
                .into_iter()
                .map(|fault| (path.clone(), fault))
        });
        found.collect()
    }
}

/// A keyring file that is encrypted or decrypted changes its name, and is not gone.
fn other_form(path: &Path) -> PathBuf {
    match path.extension() {
        Some(extension) if extension == "age" => path.with_extension(""),
        _ => {
            let mut name = path.as_os_str().to_owned();
            name.push(".age");
            name.into()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::symlink};

    use super::*;

    #[test]
    fn only_what_changed_for_the_worse_is_a_fault() {
        let was = Facts {
            mode: 0o100_640,
            owner: 7,
            is_link: false,
        };
        for (is, expected) in [
            (Some(was), vec![]),
            (
                Some(Facts {
                    mode: 0o100_600,
                    ..was
                }),
                vec![],
            ),
            (
                Some(Facts {
                    mode: 0o100_644,
                    ..was
                }),
                vec![Fault::Readable],
            ),
            (Some(Facts { owner: 8, ..was }), vec![Fault::Foreign]),
            (
                Some(Facts {
                    is_link: true,
                    ..was
                }),
                vec![Fault::Link],
            ),
            (None, vec![Fault::Gone]),
        ] {
            assert_eq!(faults(was, is), expected, "{is:?}");
        }
        let link = Facts {
            is_link: true,
            ..was
        };
        assert_eq!(faults(link, Some(link)), []);
    }

    #[test]
    fn a_file_that_is_opened_linked_or_removed_is_found_and_one_that_is_encrypted_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secrets.production.toml");
        let closed = |path: &Path| {
            fs::write(path, "x").unwrap();
            fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
        };
        closed(&path);
        let recheck = Recheck::start([path.clone(), folder.path().join("never")]);
        let found = || -> Vec<Fault> { recheck.found().into_iter().map(|one| one.1).collect() };
        assert_eq!(found(), []);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o604)).unwrap();
        assert_eq!(found(), [Fault::Readable]);
        fs::remove_file(&path).unwrap();
        assert_eq!(found(), [Fault::Gone]);
        let other = folder.path().join("secrets.production.toml.age");
        closed(&other);
        assert_eq!(found(), []);
        symlink(&other, &path).unwrap();
        assert_eq!(found(), [Fault::Link]);
        let encrypted = Recheck::start([other.clone()]);
        fs::remove_file(&path).unwrap();
        fs::rename(&other, &path).unwrap();
        assert_eq!(encrypted.found(), []);
    }
}
