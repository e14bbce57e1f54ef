//! What commands print: for people, for programs, and for somebody who reads one line of it.

use std::{io::pipe, path::Path, process::Stdio};

use serde_json::Value;

use crate::support::program::command;

const LINES: [&str; 8] = [
    "made_securely",
    "long_enough",
    "random_enough",
    "closed_files",
    "right_place",
    "rotation_planned",
    "watched_over",
    "recovery_ready",
];

fn printed(folder: &Path, words: &[&str], environment: &str) -> String {
    let output = command(folder, words, &[("CONCIERGE_ENV", environment)]).output();
    String::from_utf8(output.expect("it runs").stdout).expect("text")
}

#[test]
fn the_eight_lines_are_in_the_json_of_key_check_too() {
    let folder = tempfile::tempdir().expect("a folder");
    for (environment, is_waived) in [("test", true), ("staging", false)] {
        let text = printed(folder.path(), &["key", "check", "--json"], environment);
        let checked: Value = serde_json::from_str(&text).expect("JSON");
        let lines = checked["checklist"].as_array().expect("the eight lines");
        let ids: Vec<&str> = lines
            .iter()
            .filter_map(|one| one["line"].as_str())
            .collect();
        assert_eq!(ids, LINES);
        for line in lines {
            let remedies = line["remedies"].as_array().expect("remedies");
            assert_eq!(line["is_ticked"], remedies.is_empty(), "{line}");
        }
        assert_eq!(lines[7]["is_waived"], is_waived);
        assert_eq!(lines[7]["is_ticked"], is_waived, "nothing was verified");
        // In staging there is no key.
        let findings = checked["findings"].as_array().expect("findings");
        assert_eq!(findings.is_empty(), is_waived, "{findings:?}");
    }
}

#[test]
fn a_backup_that_nobody_asks_for_is_not_called_verified() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = printed(folder.path(), &["key", "check"], "test");
    let line = text.lines().find(|line| line.contains("backup"));
    let line = line.expect("a line of the backup");
    assert!(line.ends_with("not asked for in test"), "{line}");
    assert!(!line.contains('✓'), "{line}");
}

#[test]
fn a_command_whose_output_nobody_reads_any_more_ends_without_a_word() {
    let folder = tempfile::tempdir().expect("a folder");
    for words in [
        &["key", "check"][..],
        &["key", "generate"],
        &["config", "explain"],
        &["account", "list", "--json"],
    ] {
        // As `| head -1` leaves it: the end to write to is open, the other is closed.
        let (reader, writer) = pipe().expect("a pipe");
        drop(reader);
        let mut command = command(folder.path(), words, &[("CONCIERGE_ENV", "test")]);
        let output = command.stdout(Stdio::from(writer)).output();
        let output = output.expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(141), "{words:?}: {said}");
        assert!(!said.contains("panic"), "{words:?}: {said}");
    }
}
