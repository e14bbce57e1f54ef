//! Rules 1 and 2: each library in its layer, and nothing jumps a door.

use crate::{
    capabilities::{Doors, doors, real_doors},
    expect_none, imports, scan, tree,
    tree::Source,
};

/// Names of libraries, and where in the server they may be named. They are named nowhere in `core`.
const HOMES: [(&[&str], &[&str]); 4] = [
    (&["sqlx"], &["store/", "/store.rs", "boot.rs"]),
    (
        &["axum", "hyper", "hyper_util", "tower", "tower_http"],
        &["http/", "/http.rs", "boot.rs"],
    ),
    (
        &["leptos", "leptos_axum", "leptos_meta", "leptos_router"],
        &["http/ssr.rs"],
    ),
    (&["opentelemetry_proto", "prost"], &["platform/otlp/"]),
];

/// The files of a capability that only the capability itself may reach into.
const INNER: [&str; 5] = ["store", "service", "http", "error", "cli"];

fn homeless(source: &Source) -> Vec<String> {
    let code = source.shipped();
    let mut findings = Vec::new();
    for (words, homes) in HOMES {
        let is_home = match (source.inside("server"), source.inside("app")) {
            (Some(inside), _) => homes.iter().any(|home| is_at(inside, home)),
            (_, Some(_)) => words[0] == "leptos",
            _ => !source.path.contains("/src/"),
        };
        if !is_home {
            let named = words.iter().filter(|word| names_library(&code, word));
            findings.extend(
                named.map(|word| format!("{}: `{word}` has no business here", source.path)),
            );
        }
    }
    findings
}

/// Whether a crate is named: as the beginning of a path or in a `use`. A variable may have any name.
fn names_library(code: &str, word: &str) -> bool {
    scan::find_words(code, word)
        .any(|at| code[at + word.len()..].starts_with("::") || code[..at].ends_with("use "))
}

/// A home is a folder (`store/`), a file name in any folder (`/store.rs`) or one file.
fn is_at(inside: &str, home: &str) -> bool {
    match home.starts_with('/') {
        true => inside.ends_with(home),
        false => inside.starts_with(home),
    }
}

fn jumps(doors: &Doors, source: &Source) -> Vec<String> {
    let Some((own, file)) = source
        .inside("server")
        .and_then(|inside| inside.split_once('/'))
    else {
        return Vec::new();
    };
    if !doors.contains_key(own) {
        return Vec::new();
    }
    let paths = imports::of(source, "server");
    let jumping = paths.iter().filter(|path| {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        match (file, path.as_slice()) {
            // What a store can say when it fails is known everywhere; the store itself is not.
            ("http.rs", ["store", what, ..]) => *what != "StoreError",
            ("http.rs", ["store"]) => true,
            ("http.rs", [_, "store", ..]) => true,
            // Handlers share how tokens become cookies.
            ("http.rs", [_, "http", ..]) => false,
            ("service.rs" | "store.rs", [name, "http", ..]) if *name == own => true,
            ("store.rs", [name, "service", ..]) if *name == own => true,
            (_, [name, inner, ..]) => {
                *name != own && doors.contains_key(*name) && INNER.contains(inner)
            }
            _ => false,
        }
    });
    jumping
        .map(|path| format!("{}: `{}` jumps a door", source.path, path.join("::")))
        .collect()
}

#[test]
fn rule_1_each_library_stays_in_its_layer() {
    let findings: Vec<String> = tree::rust().iter().flat_map(homeless).collect();
    expect_none(&findings);
}

#[test]
fn rule_2_nothing_jumps_a_door() {
    let doors = real_doors();
    let findings: Vec<String> = tree::rust()
        .iter()
        .flat_map(|source| jumps(&doors, source))
        .collect();
    expect_none(&findings);
}

#[test]
fn a_library_in_the_wrong_layer_is_found() {
    let found = |path: &str, text: &str| homeless(&Source::new(path, text)).len();
    assert_eq!(
        found("crates/server/src/account/service.rs", "use sqlx::Row;"),
        1
    );
    assert_eq!(
        found("crates/server/src/account/store.rs", "use sqlx::Row;"),
        0
    );
    assert_eq!(
        found(
            "crates/server/src/account/service.rs",
            "fn f(a: axum::Router) {}"
        ),
        1
    );
    assert_eq!(
        found(
            "crates/server/src/account/http.rs",
            "fn f(a: axum::Router) {}"
        ),
        0
    );
    assert_eq!(
        found("crates/server/src/http/pages.rs", "use leptos::prelude::*;"),
        1
    );
    assert_eq!(
        found(
            "crates/app/src/page/home.rs",
            "use leptos::prelude::*; use axum;"
        ),
        1
    );
    assert_eq!(
        found("crates/core/src/lib.rs", "use leptos; use sqlx; use axum;"),
        3
    );
    assert_eq!(
        found(
            "crates/core/src/lib.rs",
            "// sqlx\nconst A: &str = \"axum\";"
        ),
        0
    );
}

#[test]
fn a_jump_is_found() {
    let doors = doors("//! - account: session\n//! - session:");
    let found = |file: &str, text: &str| {
        jumps(
            &doors,
            &Source::new(&format!("crates/server/src/account/{file}"), text),
        )
        .len()
    };
    assert_eq!(
        found("http.rs", "use super::{service::Accounts, store};"),
        1
    );
    assert_eq!(found("http.rs", "use crate::store::{StoreError, Db};"), 1);
    assert_eq!(
        found(
            "http.rs",
            "use crate::{http::App, session::http::set_cookies};"
        ),
        0
    );
    assert_eq!(
        found(
            "service.rs",
            "use super::store; use crate::{session::Sessions, store::Db};"
        ),
        0
    );
    assert_eq!(
        found("service.rs", "use crate::session::store as sessions;"),
        1
    );
    assert_eq!(
        found(
            "service.rs",
            "use crate::session::{self, service::Sessions};"
        ),
        1
    );
    assert_eq!(found("service.rs", "use super::http;"), 1);
    assert_eq!(found("store.rs", "use crate::session::store::insert;"), 1);
    assert_eq!(found("mod.rs", "pub use service::Accounts;"), 0);
}
