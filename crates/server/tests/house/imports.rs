//! What a file uses of its own crate.

use crate::{
    scan::{find_words, is_word},
    tree::Source,
};

/// Every path into the own crate, such as `["session", "Grant"]`, be it written with `crate::` or `super::`.
pub(crate) fn of(source: &Source, krate: &str) -> Vec<Vec<String>> {
    let code = source.shipped();
    let module = module(source.inside(krate).unwrap_or_default());
    let mut paths = Vec::new();
    for at in find_words(&code, "crate") {
        tree(&code[at + "crate".len()..], &[], &mut paths);
    }
    for at in find_words(&code, "super") {
        // The second of `super::super` is reached through the first.
        if !code[..at].ends_with("super::") {
            from_parent(&code[at + "super".len()..], &module, &mut paths);
        }
    }
    paths
}

fn from_parent(rest: &str, module: &[String], paths: &mut Vec<Vec<String>>) {
    let parent = &module[..module.len().saturating_sub(1)];
    match rest.strip_prefix("::super") {
        Some(rest) => from_parent(rest, parent, paths),
        None => drop(tree(rest, parent, paths)),
    }
}

/// The module of a file: `account/http.rs` is `account::http`, `account/mod.rs` is `account`.
fn module(inside: &str) -> Vec<String> {
    let path = inside.trim_end_matches(".rs");
    let parts = path
        .split('/')
        .filter(|part| !matches!(*part, "mod" | "lib" | "main" | ""));
    parts.map(str::to_owned).collect()
}

/// Reads `::a::b`, `::{a, b::c}` and their mixtures; answers how many bytes were read.
fn tree(code: &str, prefix: &[String], paths: &mut Vec<Vec<String>>) -> usize {
    let mut path = prefix.to_vec();
    let mut at = 0;
    while let Some(rest) = code[at..].strip_prefix("::") {
        at += 2;
        if rest.starts_with('{') {
            return at + group(rest, &path, paths);
        }
        let length = word(rest);
        if length == 0 {
            break;
        }
        path.push(rest[..length].to_owned());
        at += length;
    }
    if path.len() > prefix.len() {
        paths.push(path);
    }
    at
}

/// Reads `{a, b::{c, d}}`; answers how many bytes were read.
fn group(code: &str, prefix: &[String], paths: &mut Vec<Vec<String>>) -> usize {
    let mut at = 1;
    while at < code.len() && !code[at..].starts_with('}') {
        let length = word(&code[at..]);
        if length == 0 {
            at += code[at..].chars().next().map_or(1, char::len_utf8);
            continue;
        }
        let (name, mut inner) = (&code[at..at + length], prefix.to_vec());
        at += length;
        // `as name` renames and `self` is the group's own path.
        if name == "as" {
            at += code[at..].find([',', '}']).unwrap_or(0);
            continue;
        }
        if name != "self" {
            inner.push(name.to_owned());
        }
        let read = tree(&code[at..], &inner, paths);
        if read == 0 {
            paths.push(inner);
        }
        at += read;
    }
    at + 1
}

fn word(code: &str) -> usize {
    code.find(|c| !is_word(c)).unwrap_or(code.len())
}

#[test]
fn paths_are_read_however_they_are_written() {
    let text = "use crate::{account::{self, Accounts as A}, store::Db, keys};\nuse super::{error::E, store};\nfn f() { crate::audit::record(super::super::mail::send()) }";
    let source = Source::new("crates/server/src/session/service.rs", text);
    let paths: Vec<String> = of(&source, "server")
        .iter()
        .map(|path| path.join("::"))
        .collect();
    let expected = [
        "account",
        "account::Accounts",
        "store::Db",
        "keys",
        "audit::record",
        "session::error::E",
        "session::store",
        "mail::send",
    ];
    assert_eq!(paths, expected);
}
