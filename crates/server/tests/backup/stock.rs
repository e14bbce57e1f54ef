//! The stock `age` tool opens what we seal, and we open what it sealed. Both ask on a terminal, and show nothing of
//! what is typed.

use std::process::{Command, Stdio};

use super::*;
use crate::support::database::{cluster, variable};

/// Debian's own: its packages are not for another that comes first on the path.
const PYTHON: &str = "/usr/bin/python3";

/// A machine that lacks something has nothing to run, except where everything is to be tested.
#[expect(clippy::print_stderr, reason = "a test that runs nothing says so")]
fn is_there() -> bool {
    let age = Command::new("age")
        .arg("--version")
        .stdout(Stdio::null())
        .status();
    let python = Command::new(PYTHON)
        .arg("--version")
        .stdout(Stdio::null())
        .status();
    let found = [age, python]
        .into_iter()
        .all(|status| status.is_ok_and(|status| status.success()));
    if !found {
        assert!(cluster().is_none(), "the package age is missing");
        eprintln!("skipped: the package age is missing");
    }
    found
}

/// A command on a terminal, with the answers to its questions; what it showed.
fn on_terminal(folder: &Path, answers: &[&str], words: &[&str]) -> String {
    fs::write(folder.join("answers"), answers.join("\n")).expect("written");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/backup/terminal.py");
    let output = Command::new(PYTHON)
        .arg(script)
        .arg("answers")
        .args(words)
        .current_dir(folder)
        .env_clear()
        .env("PATH", variable("PATH").unwrap_or_default())
        .env("CONCIERGE_DATA", ".")
        .stdin(Stdio::null())
        .output()
        .expect("python3");
    let shown = said(&output);
    assert_eq!(exit(&output), 0, "{words:?}: {shown}");
    for answer in answers.iter().filter(|answer| **answer != "yes") {
        assert!(!shown.contains(answer), "{words:?} shows what is typed");
    }
    shown
}

fn house() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let made = run(
        folder.path(),
        &["key", "generate", "--out", "secrets.development.toml"],
        &[],
    );
    assert_eq!(exit(&made), 0, "{}", said(&made));
    let text = fs::read_to_string(folder.path().join("secrets.development.toml"));
    (folder, text.expect("a keyring"))
}

const CONCIERGE: &str = env!("CARGO_BIN_EXE_concierge");

#[test]
fn the_stock_tool_opens_our_backup_and_we_open_what_it_sealed() {
    if !is_there() {
        return;
    }
    let (house, text) = house();
    let folder = house.path();
    let twice = [PASSPHRASE, PASSPHRASE];
    on_terminal(
        folder,
        &twice,
        &[CONCIERGE, "key", "backup", "--out", "keys.age"],
    );
    on_terminal(
        folder,
        &[PASSPHRASE],
        &["age", "-d", "-o", "keys.toml", "keys.age"],
    );
    let inside = fs::read_to_string(folder.join("keys.toml")).expect("opened");
    let contents = KeyringContents::parse(&text).expect("sound");
    let value = |purpose| {
        contents
            .ring(purpose)
            .and_then(StoredRing::active_value)
            .expect("a key")
    };
    assert!(inside.contains(value(Purpose::Sealing)) && inside.contains("purpose = \"totp\""));
    assert!(
        !inside.contains(value(Purpose::Signing)),
        "who steals a backup signs nobody in"
    );

    let other = ["a passphrase of the tool", "a passphrase of the tool"];
    on_terminal(
        folder,
        &other,
        &["age", "-p", "-o", "again.age", "keys.toml"],
    );
    let words = [CONCIERGE, "key", "restore", "again.age", "--dry-run"];
    let shown = on_terminal(folder, &other[..1], &words);
    assert!(shown.contains("The backup fits"), "{shown}");
    let words = [CONCIERGE, "key", "restore", "again.age"];
    let shown = on_terminal(folder, &[other[0], "yes"], &words);
    assert!(shown.contains("everybody signs in again"), "{shown}");
}

#[test]
fn the_stock_tool_opens_our_keyring_and_we_open_its() {
    if !is_there() {
        return;
    }
    let (house, text) = house();
    let folder = house.path();
    let twice = [PASSPHRASE, PASSPHRASE];
    on_terminal(folder, &twice, &[CONCIERGE, "key", "encrypt"]);
    let (plain, sealed) = ("secrets.development.toml", "secrets.development.toml.age");
    assert!(!folder.join(plain).exists());
    on_terminal(
        folder,
        &[PASSPHRASE],
        &["age", "-d", "-o", "opened.toml", sealed],
    );
    assert_eq!(
        fs::read_to_string(folder.join("opened.toml")).expect("opened"),
        text
    );

    fs::remove_file(folder.join(sealed)).expect("removed");
    on_terminal(folder, &twice, &["age", "-p", "-o", sealed, "opened.toml"]);
    on_terminal(folder, &[PASSPHRASE], &[CONCIERGE, "key", "decrypt"]);
    assert_eq!(
        fs::read_to_string(folder.join(plain)).expect("opened"),
        text
    );
}
