//! The source tree as text.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::scan;

/// Folders that hold nothing of ours.
const SKIPPED: [&str; 6] = [
    "target",
    "node_modules",
    ".git",
    "dist",
    "data",
    "test-results",
];

/// A file of the repository.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    /// Relative to the repository, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl Source {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
        }
    }

    /// The text without comments, literals and test modules: what ships.
    pub(crate) fn shipped(&self) -> String {
        scan::without_tests(&scan::code(&self.text))
    }

    /// The path inside a crate's `src`, such as `account/http.rs`.
    pub(crate) fn inside(&self, krate: &str) -> Option<&str> {
        self.path.strip_prefix(&format!("crates/{krate}/src/"))
    }
}

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every file with one of these endings.
pub(crate) fn files(endings: &[&str]) -> Vec<Source> {
    let mut found = Vec::new();
    walk(&root(), "", endings, &mut found);
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found
}

/// The Rust files of all crates.
pub(crate) fn rust() -> Vec<Source> {
    let mut sources = files(&["rs"]);
    sources.retain(|source| source.path.starts_with("crates/"));
    assert!(sources.len() > 20, "the source tree was not found");
    sources
}

/// The text of one file, which must be there.
pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn walk(folder: &Path, prefix: &str, endings: &[&str], found: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("a readable entry").path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let relative = format!("{prefix}{name}");
        if path.is_dir() && !SKIPPED.contains(&name.as_str()) {
            walk(&path, &format!("{relative}/"), endings, found);
        } else if endings
            .iter()
            .any(|ending| name.ends_with(&format!(".{ending}")))
        {
            let text = fs::read_to_string(&path).expect("UTF-8");
            found.push(Source {
                path: relative,
                text,
            });
        }
    }
}
