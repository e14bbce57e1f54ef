//! The hook that git runs before each commit: it stops one that holds a key.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use super::git::{Git, ScanError};

/// What became of it.
#[derive(Debug, PartialEq, Eq)]
pub enum Hook {
    /// It was written there.
    Written(PathBuf),
    /// It runs this scan already.
    There(PathBuf),
    /// There is another hook, which stays as it is; it needs this line.
    Another {
        /// The other hook.
        path: PathBuf,
        /// What to add to it.
        line: String,
    },
}

/// Writes the hook for the repository that `path` lies in; it runs `program`. When the program is gone the hook
/// fails, and with it the commit: nothing slips through unseen.
pub fn install(path: &Path, program: &Path) -> Result<Hook, ScanError> {
    let folder = Git::open(path)?.hooks()?;
    let path = folder.join("pre-commit");
    let line = format!("{} key scan-git --staged || exit 1", quoted(program));
    fs::create_dir_all(&folder)?;
    // `create_new`: what stands there was put there by somebody, and a link is not followed.
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o755)
        .open(&path);
    match file {
        Ok(mut file) => {
            write!(
                file,
                "#!/bin/sh\n# Stops a commit that holds a key. Made by `concierge key scan-git --install-hook`.\n{line}\n"
            )?;
            Ok(Hook::Written(path))
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let text = fs::read_to_string(&path).unwrap_or_default();
            let runs_it = |line: &str| {
                !line.trim().starts_with('#') && line.contains("key scan-git --staged")
            };
            if text.lines().any(runs_it) {
                return Ok(Hook::There(path));
            }
            Ok(Hook::Another { path, line })
        }
        Err(error) => Err(error.into()),
    }
}

/// One word for the shell.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}
