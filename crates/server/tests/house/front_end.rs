//! Rule 5: widgets know no domain, and pages don't know each other.

use std::collections::BTreeSet;

use crate::{expect_none, imports, tree, tree::Source};

/// What a widget gets as values and callbacks, never by itself.
const ABOVE: [&str; 3] = ["page", "state", "client"];

/// How deep a screen's module lies: `page::<capability>::<screen>`.
const SCREEN_DEPTH: usize = 3;

/// Where the routes are: of visitors, of who is signed in, and of admins.
const TABLES: [&str; 3] = ["visitor.rs", "desk.rs", "admin.rs"];

/// The screens: what the tables of routes name.
fn screens(sources: &[Source]) -> BTreeSet<Vec<String>> {
    let table = sources.iter().filter(|source| {
        source
            .inside("app")
            .is_some_and(|inside| TABLES.contains(&inside))
    });
    let paths = table.flat_map(|source| imports::of(source, "app"));
    paths.filter(|path| path[0] == "page").map(screen).collect()
}

fn screen(mut path: Vec<String>) -> Vec<String> {
    path.truncate(SCREEN_DEPTH);
    path
}

/// Parts that several screens share lie beside them and may be imported; a screen may not.
fn entangled(screens: &BTreeSet<Vec<String>>, source: &Source) -> Vec<String> {
    let Some(inside) = source.inside("app") else {
        return Vec::new();
    };
    let (is_widget, is_page) = (inside.starts_with("ui/"), inside.starts_with("page/"));
    let paths = imports::of(source, "app");
    let wrong = paths.iter().filter(|path| {
        let is_screen = screens.contains(&screen((*path).clone()));
        (is_widget && ABOVE.contains(&path[0].as_str())) || (is_page && is_screen)
    });
    wrong
        .map(|path| format!("{}: must not know `{}`", source.path, path.join("::")))
        .collect()
}

#[test]
fn rule_5_widgets_and_pages_stay_apart() {
    let sources = tree::rust();
    let screens = screens(&sources);
    assert!(
        screens.len() > 3,
        "the route table names no pages: {screens:?}"
    );
    let findings: Vec<String> = sources
        .iter()
        .flat_map(|source| entangled(&screens, source))
        .collect();
    expect_none(&findings);
}

#[test]
fn an_entanglement_is_found() {
    let table =
        "use crate::page::{account::{profile::Profile, setup::Setup}, sign_in::sign_in::SignIn};";
    let screens = screens(&[Source::new("crates/app/src/desk.rs", table)]);
    assert_eq!(screens.len(), 3);
    let found = |path: &str, text: &str| {
        entangled(
            &screens,
            &Source::new(&format!("crates/app/src/{path}"), text),
        )
        .len()
    };
    assert_eq!(
        found(
            "ui/button.rs",
            "use crate::{state::Viewer, client, ui::icon};"
        ),
        2
    );
    assert_eq!(found("ui/button.rs", "use super::super::page::home;"), 1);
    assert_eq!(
        found(
            "page/account/profile.rs",
            "use crate::{state::Viewer, page::sign_in::sign_in::Form};"
        ),
        1
    );
    assert_eq!(
        found("page/account/profile.rs", "use super::setup::Field;"),
        1
    );
    assert_eq!(
        found("page/account/profile.rs", "use super::credentials::Fields;"),
        0
    );
    assert_eq!(found("app.rs", table), 0);
}
