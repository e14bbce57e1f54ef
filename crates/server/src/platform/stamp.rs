//! How files look from outside, so that a change is noticed without reading them.

use std::{
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

/// What tells one state of a file from another: a file written anew has another inode, one written in place another
/// time or length.
pub type Stamp = (PathBuf, Option<(u64, i64, i64, u64)>);

/// How files look right now.
pub fn stamps(files: &[PathBuf]) -> Vec<Stamp> {
    files.iter().map(|path| stamp(path)).collect()
}

fn stamp(path: &Path) -> Stamp {
    let facts = path.symlink_metadata().ok();
    let facts = facts.map(|facts| (facts.ino(), facts.mtime(), facts.mtime_nsec(), facts.len()));
    (path.to_owned(), facts)
}
