//! Rule 3: the doors form a directed graph without circles, written down in `server/src/lib.rs`, and nobody
//! knocks at a door that is not listed. Plumbing knows no capability.

use std::collections::{BTreeMap, BTreeSet};

use crate::{expect_none, imports, tree, tree::Source};

/// Folders and files of the server that are no capability.
const PLUMBING: [&str; 7] = ["platform", "store", "http", "config", "mail", "job", "cli"];
/// Plumbing that puts the parts together and so knows them all.
const ASSEMBLERS: [&str; 2] = ["http/mod.rs", "cli/"];
/// Plumbing files that need one capability's door, and why.
const EXCEPTIONS: [(&str, &str, &str); 3] = [
    (
        "http/auth.rs",
        "session",
        "turns a token into the actor behind it",
    ),
    (
        "http/client.rs",
        "audit",
        "fills in where an event comes from",
    ),
    (
        "http/pages.rs",
        "session",
        "renews the session of a page navigation once",
    ),
];

/// Each capability and the doors it may knock at.
pub(crate) type Doors = BTreeMap<String, BTreeSet<String>>;

/// Reads lines such as `//! - session: audit keys`.
pub(crate) fn doors(lib: &str) -> Doors {
    let lines = lib
        .lines()
        .filter_map(|line| line.strip_prefix("//! - ")?.split_once(':'));
    lines
        .filter(|(name, _)| !name.contains(|c: char| !crate::scan::is_word(c)))
        .map(|(name, rest)| {
            (
                name.to_owned(),
                rest.split_whitespace().map(str::to_owned).collect(),
            )
        })
        .collect()
}

/// The doors of the real server.
pub(crate) fn real_doors() -> Doors {
    doors(&tree::read("crates/server/src/lib.rs"))
}

fn circles(doors: &Doors) -> Vec<String> {
    let mut open: BTreeSet<&str> = doors.keys().map(String::as_str).collect();
    // Take away who knocks only at doors already taken away; what is left goes in circles.
    loop {
        let free: Vec<&str> = open
            .iter()
            .copied()
            .filter(|name| !doors[*name].iter().any(|door| open.contains(door.as_str())))
            .collect();
        if free.is_empty() {
            break;
        }
        for name in free {
            open.remove(name);
        }
    }
    open.into_iter()
        .map(|name| format!("{name} is part of a circle of doors"))
        .collect()
}

fn unlisted(doors: &Doors, sources: &[Source]) -> Vec<String> {
    let mut findings = Vec::new();
    for source in sources {
        let Some(inside) = source.inside("server") else {
            continue;
        };
        let own = inside.split(['/', '.']).next().unwrap_or_default();
        let used: BTreeSet<String> = imports::of(source, "server")
            .into_iter()
            .filter_map(|path| path.into_iter().next())
            .collect();
        for door in used
            .iter()
            .filter(|name| doors.contains_key(*name) && *name != own)
        {
            let is_allowed = match doors.get(own) {
                Some(listed) => listed.contains(door),
                None if PLUMBING.contains(&own) => knows(inside, door),
                None => true,
            };
            if !is_allowed {
                findings.push(format!(
                    "{}: uses `{door}`, which is not among the doors it may knock at",
                    source.path
                ));
            }
        }
    }
    findings
}

fn knows(inside: &str, door: &str) -> bool {
    ASSEMBLERS.iter().any(|place| inside.starts_with(place))
        || EXCEPTIONS
            .iter()
            .any(|(file, name, _)| *file == inside && *name == door)
}

/// Every folder is listed as a capability or is plumbing, and every listed name is a folder.
fn misplaced(doors: &Doors, sources: &[Source]) -> Vec<String> {
    let folders: BTreeSet<&str> = sources
        .iter()
        .filter_map(|source| source.inside("server")?.split_once('/'))
        .map(|(folder, _)| folder)
        .collect();
    let strange = folders
        .iter()
        .filter(|name| !PLUMBING.contains(*name) && !doors.contains_key(**name));
    let strange = strange.map(|name| {
        format!("crates/server/src/{name}: neither plumbing nor a capability listed in lib.rs")
    });
    let named = doors
        .iter()
        .flat_map(|(name, listed)| std::iter::once(name).chain(listed));
    let missing: BTreeSet<&String> = named
        .filter(|name| !folders.contains(name.as_str()))
        .collect();
    strange
        .chain(
            missing
                .into_iter()
                .map(|name| format!("lib.rs lists `{name}`, which has no folder")),
        )
        .collect()
}

#[test]
fn rule_3_doors_form_no_circle() {
    let doors = real_doors();
    assert!(
        doors.len() > 3,
        "the table of doors in lib.rs was not found"
    );
    expect_none(&circles(&doors));
}

#[test]
fn rule_3_nobody_knocks_at_an_unlisted_door() {
    expect_none(&unlisted(&real_doors(), &tree::rust()));
}

#[test]
fn rule_3_every_folder_is_listed() {
    expect_none(&misplaced(&real_doors(), &tree::rust()));
}

#[test]
fn rule_3_exceptions_name_files_that_need_them() {
    let sources = tree::rust();
    let stale = EXCEPTIONS.iter().filter(|(file, door, _)| {
        let source = sources
            .iter()
            .find(|source| source.inside("server") == Some(*file));
        !source.is_some_and(|source| {
            imports::of(source, "server")
                .iter()
                .any(|path| path[0] == *door)
        })
    });
    expect_none(
        &stale
            .map(|(file, door, _)| format!("{file} no longer needs `{door}`"))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn a_circle_is_found() {
    let doors =
        doors("//! - a: b\n//! - b: c\n//! - c: a\n//! - d: a\n//! - e:\n//! text: no door");
    assert_eq!(doors.len(), 5);
    assert_eq!(circles(&doors).len(), 4);
}

#[test]
fn an_unlisted_knock_is_found() {
    let doors = doors("//! - session: audit\n//! - audit:\n//! - account: session");
    let found = |path: &str, text: &str| unlisted(&doors, &[Source::new(path, text)]).len();
    assert_eq!(
        found(
            "crates/server/src/session/service.rs",
            "use crate::audit::record;"
        ),
        0
    );
    assert_eq!(
        found(
            "crates/server/src/session/service.rs",
            "use crate::{audit, account::Accounts};"
        ),
        1
    );
    assert_eq!(
        found(
            "crates/server/src/store/mod.rs",
            "use crate::session::Sessions;"
        ),
        1
    );
    assert_eq!(
        found(
            "crates/server/src/http/auth.rs",
            "use crate::session::Sessions;"
        ),
        0
    );
    assert_eq!(
        found(
            "crates/server/src/http/mod.rs",
            "use crate::{account, session};"
        ),
        0
    );
    assert_eq!(
        found(
            "crates/server/src/services.rs",
            "use crate::{account, session};"
        ),
        0
    );
}

#[test]
fn a_folder_nobody_listed_is_found() {
    let doors = doors("//! - audit: gone");
    let sources = [
        Source::new("crates/server/src/audit/mod.rs", ""),
        Source::new("crates/server/src/utils/mod.rs", ""),
    ];
    assert_eq!(misplaced(&doors, &sources).len(), 2);
}
