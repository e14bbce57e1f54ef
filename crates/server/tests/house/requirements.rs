//! The map of security requirements names tests that exist, and every test named after a requirement is on the map.

use std::collections::BTreeSet;

use crate::{expect_none, tree, tree::Source};

const MAP: &str = "docs/asvs.md";

/// The names of all functions in the sources.
fn functions(sources: &[Source]) -> BTreeSet<String> {
    let names = sources
        .iter()
        .flat_map(|source| source.text.split("fn ").skip(1));
    names
        .map(|rest| {
            rest.chars()
                .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                .collect()
        })
        .collect()
}

/// What stands in backticks in the last column and reads like a sentence: a test.
fn named_tests(map: &str) -> BTreeSet<String> {
    let last_columns = map
        .lines()
        .filter(|line| line.starts_with("| "))
        .filter_map(|line| line.trim_end_matches(['|', ' ']).rsplit('|').next());
    last_columns
        .flat_map(|column| column.split('`').skip(1).step_by(2))
        .filter(|name| name.matches('_').count() >= 2 && !name.contains(['/', '.']))
        .map(str::to_owned)
        .collect()
}

fn missing(map: &str, sources: &[Source]) -> Vec<String> {
    let (functions, named) = (functions(sources), named_tests(map));
    let unknown = named
        .difference(&functions)
        .map(|name| format!("{MAP}: there is no test `{name}`"));
    let unlisted = functions
        .iter()
        .filter(|name| name.starts_with("asvs_") && !named.contains(*name))
        .filter(|name| name.starts_with("asvs_6_") || name.starts_with("asvs_7_"))
        .map(|name| format!("{MAP}: `{name}` is not on it"));
    unknown.chain(unlisted).collect()
}

#[test]
fn the_map_of_requirements_and_the_tests_agree() {
    let mut sources = tree::rust();
    // The examples of this file are none.
    sources.retain(|source| !source.path.ends_with("house/requirements.rs"));
    expect_none(&missing(&tree::read(MAP), &sources));
}

#[test]
fn a_wrong_map_is_found() {
    let source = Source::new(
        "crates/a.rs",
        "fn a_lock_ends_all() {} fn asvs_6_1_1_limits() {}",
    );
    let map = "| 6.1.1 | 1 | how | `a_lock_ends_all`, `a_name_nobody_has` |";
    let found = missing(map, &[source]);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].contains("a_name_nobody_has") && found[1].contains("asvs_6_1_1_limits"));
}
