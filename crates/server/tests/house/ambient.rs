//! Rule 4: the time, chance and the environment are asked for in one file each.
//!
//! `clippy.toml` forbids the standard library's calls with a hint what to use instead; this also knows those
//! of other libraries. A span measured with `Instant` is not the time of day and may be taken anywhere.

use crate::{expect_none, scan, tree, tree::Source};

/// Calls that ask the machine, and the one file that may make them.
const SOURCES: [(&str, &[&str]); 3] = [
    (
        "crates/server/src/platform/clock.rs",
        &[
            "SystemTime::now",
            "UtcDateTime::now",
            "OffsetDateTime::now_utc",
            "OffsetDateTime::now_local",
            "Utc::now",
            "Local::now",
            "Uuid::now_v7",
        ],
    ),
    (
        "crates/server/src/platform/rng.rs",
        &[
            "rand",
            "getrandom",
            "fastrand",
            "SystemRandom",
            "thread_rng",
            "Uuid::new_v4",
            "Uuid::now_v7",
        ],
    ),
    (
        "crates/server/src/config/load.rs",
        &[
            "env::var",
            "env::vars",
            "env::var_os",
            "env::vars_os",
            "env::set_var",
            "env::remove_var",
        ],
    ),
];

fn ambient(source: &Source) -> Vec<String> {
    let code = source.shipped();
    let mut findings = Vec::new();
    for (home, calls) in SOURCES {
        let made = calls
            .iter()
            .filter(|call| source.path != home && scan::has_word(&code, call));
        findings.extend(made.map(|call| format!("{}: `{call}` belongs to {home}", source.path)));
    }
    findings
}

#[test]
fn rule_4_only_the_platform_asks_the_machine() {
    let mut sources = tree::rust();
    sources.retain(|source| source.path.contains("/src/"));
    let findings: Vec<String> = sources.iter().flat_map(ambient).collect();
    expect_none(&findings);
}

#[test]
fn an_ambient_call_is_found() {
    let found = |path: &str, text: &str| ambient(&Source::new(path, text)).len();
    let service = "crates/server/src/session/service.rs";
    assert_eq!(found(service, "let now = std::time::SystemTime::now();"), 1);
    assert_eq!(
        found(
            service,
            "use aws_lc_rs::rand::fill; let home = std::env::var(HOME);"
        ),
        2
    );
    assert_eq!(
        found(service, "let brand = Instant::now(); let dir = env!(NAME);"),
        0
    );
    assert_eq!(
        found("crates/server/src/platform/clock.rs", "SystemTime::now()"),
        0
    );
    assert_eq!(
        found("crates/server/src/platform/clock.rs", "env::var(HOME)"),
        1
    );
}
