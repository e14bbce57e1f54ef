//! Writing a secret file so that a crash at any step leaves the old file or the new one.
//!
//! A temporary file in the same folder, mode 0600, flushed, then moved into place, then the folder
//! flushed. Links and files of other users are refused, never written through. What a killed write left
//! behind holds keys, too, and goes with the next write.

use std::{
    fs::{self, DirBuilder, DirEntry, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use rustix::fs::OFlags;

use crate::platform::rng::Rng;

/// A temporary file that is older than the file by this much is nobody's any more: a write takes milliseconds.
const LEFT_OVER: Duration = Duration::from_secs(60);

/// Whether a file that is there already may be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// The new file takes its place.
    Replaced,
    /// The write fails with `AlreadyExists`, also when two processes race.
    Kept,
}

/// Writes the whole file, making its folder (mode 0700) when it is not there.
pub fn write(path: &Path, text: &str, existing: Existing, rng: &dyn Rng) -> io::Result<()> {
    write_bytes(path, text.as_bytes(), existing, rng)
}

/// The same for a file that is not text.
pub fn write_bytes(
    path: &Path,
    content: &[u8],
    existing: Existing,
    rng: &dyn Rng,
) -> io::Result<()> {
    let folder = folder_of(path);
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&folder)?;
    refuse_foreign(path)?;
    let temporary = temporary_name(path, rng);
    let written = write_new(&temporary, content).and_then(|()| match existing {
        Existing::Replaced => fs::rename(&temporary, path),
        // A hard link fails when the name is taken; a rename would overwrite.
        Existing::Kept => fs::hard_link(&temporary, path),
    });
    if written.is_err() || existing == Existing::Kept {
        // What matters is in place or has failed already; the copy must not stay behind.
        let _ = fs::remove_file(&temporary);
    }
    written?;
    File::open(&folder)?.sync_all()?;
    // Nothing depends on it: what can't be removed now is tried again by the next write.
    let _ = path
        .metadata()
        .and_then(|facts| remove_leftovers(path, Some(facts.modified()?)));
    Ok(())
}

/// Keeps everybody else who asks from writing this file, until the answer is dropped. Beside it, because the file itself
/// is another one with each write; empty, and never removed, or two could have one.
pub(super) fn lock(path: &Path) -> io::Result<File> {
    let folder = folder_of(path);
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&folder)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
        .open(folder.join(format!(".{name}.lock")))?;
    file.lock()?;
    Ok(file)
}

/// Removes the temporary files of writes of this file that were killed: long before this time, or whenever, where the
/// caller knows that nobody writes.
pub(super) fn remove_leftovers(path: &Path, before: Option<SystemTime>) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    for entry in fs::read_dir(folder_of(path))? {
        let entry = entry?;
        let found = entry.file_name();
        let drawn = found
            .to_str()
            .and_then(|found| {
                found
                    .strip_prefix('.')?
                    .strip_prefix(&*name)?
                    .strip_prefix('.')
            })
            .and_then(|rest| rest.strip_suffix(".tmp"));
        let is_ours = drawn
            .is_some_and(|drawn| drawn.len() == 16 && drawn.bytes().all(|b| b.is_ascii_hexdigit()));
        if is_ours {
            gone(remove_leftover(&entry, before))?;
        }
    }
    Ok(())
}

fn remove_leftover(entry: &DirEntry, before: Option<SystemTime>) -> io::Result<()> {
    if let Some(before) = before
        && entry.metadata()?.modified()? + LEFT_OVER >= before
    {
        return Ok(());
    }
    fs::remove_file(entry.path())
}

/// Somebody else may have removed it, or its write has just ended.
fn gone(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

fn write_new(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

/// What is there is a file of ours, or nothing.
pub(super) fn refuse_foreign(path: &Path) -> io::Result<()> {
    let facts = match path.symlink_metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        other => other?,
    };
    if !facts.is_file() {
        return Err(io::Error::other(
            "it is a link or not a regular file; remove it first",
        ));
    }
    if facts.uid() != rustix::process::geteuid().as_raw() {
        return Err(io::Error::other("it belongs to another user"));
    }
    Ok(())
}

/// The folder a file lies in.
pub(super) fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

fn temporary_name(path: &Path, rng: &dyn Rng) -> PathBuf {
    let mut bytes = [0; 8];
    rng.fill(&mut bytes);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    folder_of(path).join(format!(".{name}.{}.tmp", hex::encode(bytes)))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::keys::tests::Counter;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    #[test]
    fn a_file_is_closed_whole_and_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/secrets.toml");
        let rng = Counter::default();
        write(&path, "one", Existing::Kept, &rng).unwrap();
        write(&path, "two", Existing::Replaced, &rng).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "two");
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let parent = path.parent().unwrap();
        assert_eq!(
            parent.metadata().unwrap().permissions().mode() & 0o777,
            0o700
        );
        assert_eq!(names(parent), ["secrets.toml"]);
    }

    #[test]
    fn a_file_that_is_kept_is_not_touched() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        let rng = Counter::default();
        write(&path, "one", Existing::Kept, &rng).unwrap();
        let error = write(&path, "two", Existing::Kept, &rng).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&path).unwrap(), "one");
        assert_eq!(names(folder.path()), ["f"]);
    }

    #[test]
    fn what_a_killed_write_left_behind_goes_with_the_next_write() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f.toml");
        let now = path
            .parent()
            .unwrap()
            .metadata()
            .unwrap()
            .modified()
            .unwrap();
        let kept = [
            "f.toml.0123456789abcdef.tmp",
            ".f.toml.mine.tmp",
            ".f.0123456789abcdef.tmp",
        ];
        let (left, under_way) = (
            ".f.toml.0123456789abcdef.tmp",
            ".f.toml.fedcba9876543210.tmp",
        );
        for name in kept.iter().chain([&left, &under_way]) {
            let file = File::create(folder.path().join(name)).unwrap();
            let age = LEFT_OVER * if *name == under_way { 0 } else { 2 };
            file.set_modified(now - age).unwrap();
        }
        write(&path, "one", Existing::Replaced, &Counter::default()).unwrap();
        let mut names = names(folder.path());
        names.sort();
        let mut expected = [&kept[..], &[under_way, "f.toml"]].concat();
        expected.sort_unstable();
        assert_eq!(names, expected);
    }

    #[test]
    fn links_are_refused_and_their_target_stays() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        fs::write(&real, "old").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        assert!(write(&link, "new", Existing::Replaced, &Counter::default()).is_err());
        assert_eq!(fs::read_to_string(&real).unwrap(), "old");
    }
}
