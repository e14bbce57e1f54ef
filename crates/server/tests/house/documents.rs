//! Rule 7: each path, command, setting and endpoint that the documents name exists.

use std::process::Command;

use concierge_core::{catalogue, link::Page};
use concierge_server::http::docs::UNTYPED;

use crate::{expect_none, tree, tree::Source};

/// Where paths of the repository begin.
const FOLDERS: [&str; 10] = [
    "crates/",
    "docs/",
    "style/",
    "public/",
    "end2end/",
    "scripts/",
    ".ci/",
    ".cargo/",
    "examples/",
    "deploy/",
];
const METHODS: [&str; 5] = ["GET", "POST", "PATCH", "PUT", "DELETE"];

/// The documents that people read: not what tools made for themselves.
fn documents() -> Vec<Source> {
    let mut documents = tree::files(&["md"]);
    documents.retain(|document| document.path.starts_with("docs/") || !document.path.contains('/'));
    assert!(
        documents
            .iter()
            .any(|document| document.path == "docs/api.md")
    );
    documents
}

/// What stands in backticks, and each line of a fenced shell block.
fn spans(text: &str) -> Vec<String> {
    let (mut spans, mut fence) = (Vec::new(), None);
    for line in text.lines() {
        if let Some(language) = line.trim_start().strip_prefix("```") {
            fence = if fence.is_some() {
                None
            } else {
                Some(language.trim().to_owned())
            };
        } else if let Some(language) = &fence {
            if language == "sh" {
                spans.push(line.trim().to_owned());
            }
        } else {
            spans.extend(line.split('`').skip(1).step_by(2).map(str::to_owned));
        }
    }
    spans
}

/// Every finding of a check on the spans of the documents, with the document's name.
fn check(documents: &[Source], finding: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let mut findings = Vec::new();
    for document in documents {
        let found = spans(&document.text)
            .into_iter()
            .filter_map(|span| finding(&span));
        findings.extend(found.map(|text| format!("{}: {text}", document.path)));
    }
    findings
}

/// Paths with a placeholder such as `<capability>` are patterns, not promises.
fn missing_path(span: &str) -> Option<String> {
    let path = span.split('#').next().unwrap_or_default();
    let is_path = FOLDERS.iter().any(|folder| path.starts_with(folder))
        && !path.contains(['<', '*', '{', ' ']);
    (is_path && !tree::root().join(path).exists()).then(|| format!("there is no `{path}`"))
}

fn unknown_setting(settings: &str, span: &str) -> Option<String> {
    let words = span.split(|c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_'));
    let mut names = words.filter(|word| word.starts_with("CONCIERGE_") && !word.ends_with('_'));
    let is_known = |name: &str| settings.contains(&format!("\"{name}\""));
    // Every secret can also be given as a file.
    names
        .find(|name| !is_known(name) && !name.strip_suffix("_FILE").is_some_and(is_known))
        .map(|name| format!("there is no setting `{name}`"))
}

fn unknown_route(span: &str) -> Option<String> {
    let (method, path) = span.split_once(' ')?;
    if !METHODS.contains(&method) || !path.starts_with('/') || path.contains(['<', '*', '{']) {
        return None;
    }
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let is_typed = catalogue::all()
        .iter()
        .any(|entry| entry.method.as_str() == method && entry.path == path);
    let is_untyped = UNTYPED
        .iter()
        .any(|route| route.method == method && route.path == path);
    let is_page = method == "GET" && Page::of(path).is_some();
    (!is_typed && !is_untyped && !is_page).then(|| format!("there is no `{method} {path}`"))
}

/// The words and flags of a `concierge` command; nothing for other spans.
fn command(span: &str) -> Option<(Vec<&str>, Vec<&str>)> {
    let rest = span.strip_prefix("concierge ")?;
    let rest = rest
        .split(['|', '>', '<', ';', '&'])
        .next()
        .unwrap_or_default();
    let is_name = |word: &&str| {
        word.starts_with(|c: char| c.is_ascii_lowercase()) && !word.contains(['=', '/', '.'])
    };
    let words = rest.split_whitespace().take_while(is_name).collect();
    let flags = rest
        .split_whitespace()
        .map(|word| word.trim_matches(['[', ']']));
    let flags = flags
        .filter(|word| word.starts_with("--"))
        .map(|word| word.split('=').next().unwrap_or_default());
    Some((words, flags.collect()))
}

/// Asks the program itself: an unknown command exits with 2.
fn unknown_command(span: &str) -> Option<String> {
    let (words, flags) = command(span)?;
    let program = Command::new(env!("CARGO_BIN_EXE_concierge"))
        .args(&words)
        .arg("--help")
        .output();
    let help = program.expect("the program starts");
    if !help.status.success() {
        return Some(format!(
            "there is no command `concierge {}`",
            words.join(" ")
        ));
    }
    let text = String::from_utf8_lossy(&help.stdout).into_owned();
    let unknown = flags
        .into_iter()
        .find(|flag| *flag != "--help" && !text.contains(flag));
    unknown.map(|flag| format!("`concierge {}` has no `{flag}`", words.join(" ")))
}

fn unknown_target(makefile: &str, span: &str) -> Option<String> {
    let target = span.strip_prefix("make ")?.split_whitespace().next()?;
    let is_there = makefile
        .lines()
        .any(|line| line.split(':').next() == Some(target));
    (!is_there).then(|| format!("there is no `make {target}`"))
}

fn broken_link(document: &Source, target: &str) -> Option<String> {
    let path = target.split('#').next().unwrap_or_default();
    if path.is_empty() || path.contains("://") || path.starts_with("mailto:") {
        return None;
    }
    let base = tree::root().join(&document.path);
    let exists = base
        .parent()
        .is_some_and(|folder| folder.join(path).exists());
    (!exists).then(|| format!("{}: the link to {path} leads nowhere", document.path))
}

fn links(text: &str) -> impl Iterator<Item = &str> {
    text.split("](")
        .skip(1)
        .filter_map(|rest| rest.split([')', ' ']).next())
}

#[test]
fn rule_7_paths_exist() {
    expect_none(&check(&documents(), missing_path));
}

#[test]
fn rule_7_settings_exist() {
    let settings = tree::read("crates/server/src/config/settings.rs");
    expect_none(&check(&documents(), |span| {
        unknown_setting(&settings, span)
    }));
}

#[test]
fn rule_7_endpoints_exist() {
    expect_none(&check(&documents(), unknown_route));
}

#[test]
fn rule_7_commands_exist() {
    expect_none(&check(&documents(), unknown_command));
}

#[test]
fn rule_7_make_targets_exist() {
    let makefile = tree::read("Makefile");
    expect_none(&check(&documents(), |span| unknown_target(&makefile, span)));
}

#[test]
fn rule_7_links_between_documents_arrive() {
    let documents = documents();
    let broken = documents.iter().flat_map(|document| {
        links(&document.text).filter_map(|target| broken_link(document, target))
    });
    expect_none(&broken.collect::<Vec<_>>());
}

#[test]
fn what_does_not_exist_is_found() {
    assert!(missing_path("crates/utils/src/lib.rs").is_some());
    assert!(missing_path("crates/core/src/lib.rs").is_none());
    assert!(missing_path("crates/server/src/<capability>/store.rs").is_none());
    let settings = "\"CONCIERGE_DATA\" \"CONCIERGE_SMTP_URL\"";
    assert!(unknown_setting(settings, "CONCIERGE_DATE=1").is_some());
    assert!(unknown_setting(settings, "CONCIERGE_DATA=./data CONCIERGE_SMTP_URL_FILE").is_none());
    assert!(unknown_setting(settings, "CONCIERGE_*").is_none());
    assert!(unknown_route("POST /api/auth/teleport").is_some());
    assert!(unknown_route("GET /api/auth/login").is_some());
    assert!(unknown_target("run: build\n", "make coffee").is_some());
    assert!(unknown_target("run: build\n", "make run PORT=1").is_none());
    for route in ["POST /api/auth/login", "GET /livez", "GET /sign-in?next=/"] {
        assert!(unknown_route(route).is_none(), "{route}");
    }
}

#[test]
fn a_link_that_leads_nowhere_is_found() {
    let document = Source::new(
        "docs/page.md",
        "[a](api.md#top) [b](https://example.org) [c](#here) [d](gone.md)",
    );
    let broken = links(&document.text).filter(|target| broken_link(&document, target).is_some());
    assert_eq!(broken.collect::<Vec<_>>(), ["gone.md"]);
}

#[test]
fn commands_are_read_with_their_flags() {
    assert_eq!(command("cargo run"), None);
    let read = command("concierge account create --email E [--admin] > file").expect("a command");
    assert_eq!(
        read,
        (vec!["account", "create"], vec!["--email", "--admin"])
    );
    assert_eq!(
        spans("a `b` c\n```sh\nconcierge serve\n```\n```rust\n`x`\n```\n"),
        ["b", "concierge serve"]
    );
}
