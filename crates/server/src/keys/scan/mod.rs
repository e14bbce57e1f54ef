//! Looks for keys where they must never be: in a git repository and its whole history.
//!
//! A key that was ever committed counts as known to everybody: removing the commit does not take back the copies.
//! What is looked for are the keys in use, those of the neighbouring files, and any line that sets a key. The report
//! names objects, paths and commits, never a value.

mod git;
mod hook;
mod matcher;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Read,
    path::{Path, PathBuf},
};

use concierge_core::{sensitive::Sensitive, time::Timestamp};
use serde::Serialize;

use self::{
    git::{Git, Object, Visit},
    matcher::{Match, Matcher},
};
pub use self::{
    git::{Place, ScanError},
    hook::{Hook, install as install_hook},
};
use super::{KeySettings, check, load};
use crate::config::{Environment, Source};

/// A shorter text is no key, and would be found everywhere; `key check` says so.
const SHORTEST: usize = 16;

/// What is looked for, and the files it lies in.
#[derive(Debug, Default)]
pub struct Wanted {
    secrets: Vec<Secret>,
    files: Vec<PathBuf>,
    /// A keyring file whose keys can't be looked for.
    unread: Option<PathBuf>,
}

#[derive(Debug)]
struct Secret {
    /// How it is called, and what takes it out of use.
    name: String,
    remedy: String,
    text: Sensitive,
}

/// How a key got where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Leak {
    /// A key file that the next `git add` would take in.
    NotIgnored,
    /// A key file that is in the index.
    Tracked,
    /// A known key in an object.
    KnownKey,
    /// A line that sets a key nobody here knows; it may have been in use once.
    OtherKey,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Found {
    /// What it is.
    pub leak: Leak,
    /// The key or file, in words.
    pub what: String,
    /// The object that holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// Where that stands; empty when no branch, tag, stash or reflog reaches it.
    pub places: BTreeSet<Place>,
    /// What to do.
    pub remedy: String,
}

/// What was searched and found.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// How many keys were looked for.
    pub keys: usize,
    /// A keyring file that could not be read, so that its keys were not looked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unread: Option<PathBuf>,
    /// How many objects were read.
    pub objects: u64,
    /// How many bytes they have.
    pub bytes: u64,
    /// The findings.
    pub findings: Vec<Found>,
}

/// Which part of a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Ignored, tracked, and every object there is.
    Everything,
    /// What the next commit would add.
    Staged,
}

impl Wanted {
    /// The keys in use and those in the files beside them or beside the repository's root; makes none.
    pub fn gather(
        settings: &KeySettings,
        environment: Environment,
        data: &Path,
        now: Timestamp,
        repository: &Path,
    ) -> Self {
        let keyring = load::keyring_path(settings, environment, data);
        let found = load::gather(settings, environment, &keyring, now);
        let mut wanted = Self {
            unread: found.misses(&keyring).then(|| keyring.clone()),
            ..Self::default()
        };
        for key in found.keys {
            if key.source != Source::TestPair {
                let name = format!("{} {}", key.purpose.variable(), key.id);
                let remedy = format!(
                    "`concierge key revoke --kid {} --reason \"found in git\"`; the key is compromised, also if the commit is removed",
                    key.id
                );
                wanted.add(name, remedy, key.text);
            }
        }
        // Of two places that disagree one is not in use, and a key all the same.
        for given in settings.signing.keys.iter().chain(&settings.sealing.keys) {
            wanted.add_beside(&given.source, given.text.expose());
        }
        let files = settings.files.iter().map(|file| file.path.clone());
        wanted.files = files
            .chain(keyring.exists().then(|| keyring.clone()))
            .collect();
        for path in &wanted.files.clone() {
            for value in check::values_in(path) {
                wanted.add_beside(&path.display(), &value);
            }
        }
        for (path, values) in check::neighbours(settings, &keyring, Some(repository)) {
            for value in values {
                wanted.add_beside(&path.display(), &value);
            }
            wanted.files.push(path);
        }
        wanted
    }

    /// A key that is not in use here, and perhaps elsewhere.
    fn add_beside(&mut self, place: &dyn std::fmt::Display, text: &str) {
        let remedy = "revoke it where it is in use (`concierge key revoke`) and make a new one; the key is compromised, also if the commit is removed";
        self.add(
            format!("a key of {place}"),
            remedy.to_owned(),
            Sensitive::new(text),
        );
    }

    fn add(&mut self, name: String, remedy: String, text: Sensitive) {
        let is_new = |one: &Secret| one.text.expose() != text.expose();
        if text.expose().len() >= SHORTEST && self.secrets.iter().all(is_new) {
            self.secrets.push(Secret { name, remedy, text });
        }
    }
}

/// Searches the repository that `path` lies in. `progress` is told the objects and bytes so far.
pub fn scan(
    path: &Path,
    wanted: &Wanted,
    scope: Scope,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Report, ScanError> {
    let git = Git::open(path)?;
    let mut search = Search {
        matcher: Matcher::new(wanted.secrets.iter().map(|secret| &secret.text)),
        report: Report {
            keys: wanted.secrets.len(),
            unread: wanted.unread.clone(),
            ..Report::default()
        },
        hits: BTreeMap::new(),
        progress,
    };
    match scope {
        Scope::Staged => {
            let staged = git.staged()?;
            let ids: Vec<&str> = staged.keys().map(String::as_str).collect();
            git.read(&ids, &mut search.visit())?;
            Ok(search.staged(wanted, &staged))
        }
        Scope::Everything => {
            let files = files(&git, wanted)?;
            git.read_all(&mut search.visit())?;
            let mut report = search.everywhere(wanted, &git)?;
            report.findings.extend(files);
            report.findings.sort();
            Ok(report)
        }
    }
}

/// The key files inside the checked-out files that git has, or would take.
fn files(git: &Git, wanted: &Wanted) -> Result<Vec<Found>, ScanError> {
    let Some(root) = git
        .work_tree
        .as_deref()
        .and_then(|root| root.canonicalize().ok())
    else {
        return Ok(Vec::new());
    };
    let mut found = BTreeSet::new();
    for file in &wanted.files {
        // The name as it stands in the folder, not what a link leads to: that is what git would take.
        let folder = file
            .parent()
            .and_then(|folder| match folder.as_os_str().is_empty() {
                true => Path::new(".").canonicalize().ok(),
                false => folder.canonicalize().ok(),
            });
        let place = folder
            .zip(file.file_name())
            .map(|(folder, name)| folder.join(name));
        let Some(place) = place.filter(|place| place.starts_with(&root)) else {
            continue;
        };
        let what = file.display().to_string();
        let (leak, remedy) = if git.tracks(&place)? {
            let remedy = format!(
                "`git rm --cached {what}`, add it to .gitignore, and revoke its keys: `concierge key revoke`"
            );
            (Leak::Tracked, remedy)
        } else if git.ignores(&place)? {
            continue;
        } else {
            (Leak::NotIgnored, format!("add {what} to .gitignore"))
        };
        found.insert(Found {
            leak,
            what,
            object: None,
            places: BTreeSet::new(),
            remedy,
        });
    }
    Ok(found.into_iter().collect())
}

struct Search<'a> {
    matcher: Matcher,
    report: Report,
    hits: BTreeMap<String, (Object, BTreeSet<Match>)>,
    progress: &'a mut dyn FnMut(u64, u64),
}

impl Search<'_> {
    fn visit(&mut self) -> Box<Visit<'_>> {
        Box::new(|object, contents| {
            let mut contents = Counted {
                inner: contents,
                bytes: 0,
            };
            let matches = self.matcher.search(&mut contents)?;
            self.report.objects += 1;
            self.report.bytes += contents.bytes;
            if !matches.is_empty() {
                self.hits
                    .insert(object.id.clone(), (object.clone(), matches));
            }
            (self.progress)(self.report.objects, self.report.bytes);
            Ok(())
        })
    }

    /// Not committed yet, so nothing is lost when it was never in use elsewhere.
    fn staged(mut self, wanted: &Wanted, staged: &BTreeMap<String, BTreeSet<Place>>) -> Report {
        for (id, (_, matches)) in &self.hits {
            let places = staged.get(id).cloned().unwrap_or_default();
            let paths = places.iter().filter_map(|place| place.path.as_deref());
            let paths = paths.collect::<Vec<_>>().join(" ");
            let remedy = format!(
                "`git restore --staged {paths}` takes it out of the commit; keep keys in an ignored file"
            );
            for one in matches {
                let (leak, what, _) = described(*one, wanted);
                self.report.findings.push(Found {
                    leak,
                    what,
                    object: Some(id.clone()),
                    places: places.clone(),
                    remedy: remedy.clone(),
                });
            }
        }
        self.report
    }

    fn everywhere(mut self, wanted: &Wanted, git: &Git) -> Result<Report, ScanError> {
        if self.hits.is_empty() {
            return Ok(self.report);
        }
        let blobs = self
            .hits
            .values()
            .filter(|(object, _)| object.kind == "blob");
        let blobs: BTreeSet<String> = blobs.map(|(object, _)| object.id.clone()).collect();
        let mut places = git.places(&blobs)?;
        for (id, mut staged) in git.staged()? {
            if blobs.contains(&id) {
                places.entry(id).or_default().append(&mut staged);
            }
        }
        for (id, (object, matches)) in self.hits {
            let places = match object.kind.as_str() {
                "blob" => places.remove(&id).unwrap_or_default(),
                _ => BTreeSet::from([Place {
                    path: None,
                    commit: Some(id.clone()),
                }]),
            };
            for one in matches {
                let (leak, what, remedy) = described(one, wanted);
                self.report.findings.push(Found {
                    leak,
                    what,
                    object: Some(id.clone()),
                    places: places.clone(),
                    remedy,
                });
            }
        }
        Ok(self.report)
    }
}

fn described(found: Match, wanted: &Wanted) -> (Leak, String, String) {
    match found {
        Match::Key(index) => {
            let secret = &wanted.secrets[index];
            (Leak::KnownKey, secret.name.clone(), secret.remedy.clone())
        }
        Match::Assignment(name) => (
            Leak::OtherKey,
            format!("a line that sets {name} to a key that is not in use here"),
            "if it was ever used, revoke it there: `concierge key revoke`; if it is an example, write a placeholder such as <64 hex characters>".to_owned(),
        ),
    }
}

struct Counted<'a> {
    inner: &'a mut dyn Read,
    bytes: u64,
}

impl Read for Counted<'_> {
    fn read(&mut self, room: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(room)?;
        self.bytes += u64::try_from(count).unwrap_or_default();
        Ok(count)
    }
}
