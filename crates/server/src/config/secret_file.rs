//! Files that hold secrets: how they are read, and who else could read them.

use std::{
    fs::OpenOptions,
    io::{self, Read as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use concierge_core::keys::api::CheckLine;
use zeroize::Zeroizing;

use super::{Environment, Finding};

/// Nothing that belongs into such a file is larger.
const LIMIT: u64 = 256 * 1024;

/// What the file system says of a secret file that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretFile {
    /// The file.
    pub path: PathBuf,
    /// Its permission bits.
    pub mode: u32,
    /// Its owner.
    pub owner: u32,
}

/// Whether a file may be reached through a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Links {
    /// Container platforms mount secrets as links.
    Followed,
    /// Files this program writes itself: a link there is somebody else's doing.
    Refused,
}

/// Reads a whole file as text, and what the file system says of it. Text and facts come from one
/// open file, so that nobody can swap it in between.
pub fn read(path: &Path, links: Links) -> io::Result<(String, SecretFile)> {
    let (mut bytes, facts) = read_bytes(path, links)?;
    let text = String::from_utf8(std::mem::take(&mut *bytes))
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8 text"))?;
    Ok((text, facts))
}

/// The same for a file that need not be text.
pub fn read_bytes(path: &Path, links: Links) -> io::Result<(Zeroizing<Vec<u8>>, SecretFile)> {
    let mut options = OpenOptions::new();
    options.read(true);
    if links == Links::Refused {
        options.custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed());
    }
    let file = options.open(path).map_err(|error| explained(error, path))?;
    let facts = file.metadata()?;
    if !facts.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    if facts.len() > LIMIT {
        return Err(io::Error::other("it is larger than any file of secrets"));
    }
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(LIMIT).read_to_end(&mut bytes)?;
    Ok((
        bytes,
        SecretFile {
            path: path.to_owned(),
            mode: facts.mode() & 0o7777,
            owner: facts.uid(),
        },
    ))
}

/// The operating system calls a refused link a "filesystem loop"; nobody would understand that.
fn explained(error: io::Error, path: &Path) -> io::Error {
    let is_link = path
        .symlink_metadata()
        .is_ok_and(|facts| facts.is_symlink());
    if is_link && error.kind() != io::ErrorKind::NotFound {
        return io::Error::other("it is a symbolic link; put the file itself there");
    }
    error
}

impl SecretFile {
    /// Says so when group or world have any access: refused where deployed, else a warning.
    pub fn judge(&self, environment: Environment) -> Option<Finding> {
        if self.mode & 0o077 == 0 {
            return None;
        }
        let path = self.path.display();
        let fix = match environment {
            Environment::Development => "`concierge key check --fix`, or ",
            _ => "",
        };
        let finding = Finding::error(
            path.to_string(),
            "file system",
            format!("others can read this secret file (mode {:04o})", self.mode),
            format!("{fix}`chmod 600 {path}`"),
        );
        let finding = finding.against([CheckLine::ClosedFiles]);
        Some(finding.strict(environment.is_deployed()))
    }

    /// Takes away the access of group and world.
    pub fn close(&self) -> io::Result<()> {
        std::fs::set_permissions(&self.path, std::fs::Permissions::from_mode(0o600))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn open_files_are_refused_where_deployed_and_can_be_closed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        fs::write(&path, "x").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let (_, facts) = read(&path, Links::Refused).unwrap();
        for environment in Environment::ALL {
            let finding = facts.judge(environment).unwrap();
            assert_eq!(finding.is_error(), environment.is_deployed());
            assert!(finding.remedy.contains("chmod 600"));
        }
        facts.close().unwrap();
        let (_, facts) = read(&path, Links::Refused).unwrap();
        assert_eq!(facts.judge(Environment::Production), None);
    }

    #[test]
    fn links_and_folders_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        fs::write(&real, "x").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        let refused = read(&link, Links::Refused).unwrap_err();
        assert!(refused.to_string().contains("symbolic link"), "{refused}");
        assert_eq!(read(&link, Links::Followed).unwrap().0, "x");
        assert!(read(folder.path(), Links::Refused).is_err());
    }
}
