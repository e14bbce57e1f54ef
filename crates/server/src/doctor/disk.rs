//! The disk of the data folder: room, and whether one can write there.

use std::{
    fs, io,
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
    time::{Duration, Instant},
};

use rustix::fs::{Access, OFlags, access, statvfs};

use super::{Area, Outcome};

const MIB: u64 = 1024 * 1024;
/// Less free space is worth a word.
const LOW: u64 = 1024 * MIB;
/// With less the next hours may be the last.
const NEARLY_FULL: u64 = 100 * MIB;

/// Looks at the data folder, or where it would be made.
pub(super) fn examine(data: &Path) -> Vec<Outcome> {
    let subject = data.display().to_string();
    let there = data
        .ancestors()
        .map(|path| {
            if path.as_os_str().is_empty() {
                Path::new(".")
            } else {
                path
            }
        })
        .find(|path| path.exists());
    let Some(there) = there else {
        let message = "no folder on its path exists";
        let remedy = "set CONCIERGE_DATA to a folder that can be made";
        return vec![Outcome::error(Area::Disk, subject, message, remedy)];
    };
    if !there.is_dir() {
        let message = format!("{} is not a folder", there.display());
        let remedy = "move that file away, or set CONCIERGE_DATA to a folder";
        return vec![Outcome::error(Area::Disk, subject, message, remedy)];
    }
    let room = match statvfs(there) {
        Ok(facts) => room(&subject, facts.f_bavail.saturating_mul(facts.f_frsize)),
        Err(error) => {
            let message = format!("its free space can't be read: {error}");
            let remedy = format!("see `df -h {}`", there.display());
            Outcome::warning(Area::Disk, &subject, message, remedy)
        }
    };
    vec![room, writable(&subject, there, there == data)]
}

fn room(subject: &str, free: u64) -> Outcome {
    let message = format!("{} MiB free", free / MIB);
    if free >= LOW {
        return Outcome::ok(Area::Disk, subject, message);
    }
    let remedy = "make room (`df -h`, `du -xh --max-depth=2 / | sort -h`), or move CONCIERGE_DATA to a larger disk";
    Outcome::error(Area::Disk, subject, message, remedy).strict(free < NEARLY_FULL)
}

fn writable(subject: &str, folder: &Path, is_there: bool) -> Outcome {
    let written = access(folder, Access::WRITE_OK | Access::EXEC_OK)
        .map_err(io::Error::from)
        .and_then(|()| flushed(folder));
    let message = match written {
        Ok(_) if !is_there => {
            format!("not there yet; it can be made in {}", folder.display())
        }
        Ok(Some(time)) => format!(
            "writable; 4 KiB reach the disk in {:.1} ms",
            time.as_secs_f64() * 1_000.0
        ),
        Ok(None) => "writable".to_owned(),
        Err(error) => {
            let message = format!("{} can't be written to: {error}", folder.display());
            let remedy = format!(
                "give it to the user that runs concierge (`chown`), or mount it writable; see `ls -ld {}`",
                folder.display()
            );
            return Outcome::error(Area::Disk, subject, message, remedy);
        }
    };
    Outcome::ok(Area::Disk, subject, message)
}

/// How long a page takes to the disk: every commit waits for as much. The file has no name and is gone once it is
/// closed; `None` where the file system knows no such files.
fn flushed(folder: &Path) -> io::Result<Option<Duration>> {
    let opened = fs::OpenOptions::new()
        .write(true)
        .mode(0o600)
        .custom_flags(OFlags::TMPFILE.bits().cast_signed())
        .open(folder);
    let mut file = match opened {
        Ok(file) => file,
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::Unsupported | io::ErrorKind::IsADirectory
            ) =>
        {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let started = Instant::now();
    file.write_all(&[0; 4096])?;
    file.sync_all()?;
    Ok(Some(started.elapsed()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Level;

    #[test]
    fn a_nearly_full_disk_is_an_error_and_a_low_one_a_warning() {
        for (free, level) in [
            (0, Level::Error),
            (NEARLY_FULL - 1, Level::Error),
            (NEARLY_FULL, Level::Warning),
            (LOW - 1, Level::Warning),
            (LOW, Level::Ok),
        ] {
            assert_eq!(room("data", free).level, level, "{free}");
        }
    }

    #[test]
    fn a_folder_is_looked_at_and_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let outcomes = examine(folder.path());
        assert_eq!(outcomes[1].level, Level::Ok, "{outcomes:?}");
        assert!(outcomes[1].message.starts_with("writable"), "{outcomes:?}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_folder_that_is_not_there_is_not_made() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("a/b");
        let outcomes = examine(&data);
        assert!(
            outcomes[1].message.contains("not there yet"),
            "{outcomes:?}"
        );
        assert!(!folder.path().join("a").exists());
    }

    #[test]
    fn a_file_in_its_place_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        fs::write(&data, "").unwrap();
        for path in [data.clone(), data.join("below")] {
            let outcomes = examine(&path);
            assert_eq!(outcomes[0].level, Level::Error, "{outcomes:?}");
            assert!(outcomes[0].message.contains("not a folder"));
        }
    }

    #[test]
    fn a_file_system_that_takes_nothing_is_an_error_or_has_no_room() {
        // The kernel's own: not even root makes a file there.
        let outcomes = examine(Path::new("/proc"));
        assert_eq!(outcomes[0].level, Level::Error, "{outcomes:?}");
    }
}
