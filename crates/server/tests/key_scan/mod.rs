//! `concierge key scan-git` and the checklist, as the program: exit codes, the hook in a real commit, and no value
//! in anything it prints or passes on.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
    time::Duration,
};

use concierge_core::time::Timestamp;
use concierge_server::{
    keys::{checklist::Facts, recheck::Recheck},
    platform::rng::OsRng,
    store::{On, sql},
};
use tempfile::TempDir;

use crate::support::program::command;

const KEY: &str = "5ddb3a0bb8f0e35fb96a2acd4f2b0dbeca80ab2b1b2e4c6e3a3fd7be7f0e9cc1";

fn git(folder: &Path, words: &[&str]) -> Output {
    Command::new("git")
        .args(["-c", "user.name=a", "-c", "user.email=a@example.org"])
        .args(["-c", "commit.gpgSign=false"])
        .args(words)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .output()
        .expect("git runs")
}

fn repository() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    assert!(git(folder.path(), &["init", "-q"]).status.success());
    fs::write(folder.path().join(".gitignore"), ".env*\ndata\n").expect("written");
    folder
}

/// What it said, without a word of the key, and the exit code.
fn scan(folder: &Path, words: &[&str], path: &str) -> (Option<i32>, String) {
    let words = [&["key", "scan-git"], words].concat();
    let variables = [("PATH", path), ("JWT_SECRET", KEY)];
    let output = command(folder, &words, &variables)
        .output()
        .expect("it runs");
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8(said).expect("text");
    assert!(!said.contains(KEY), "{said}");
    (output.status.code(), said)
}

#[test]
fn a_key_in_a_commit_is_told_with_its_place_and_what_to_do() {
    let folder = repository();
    assert_eq!(scan(folder.path(), &[], PATH).0, Some(0));
    fs::write(folder.path().join("app.conf"), KEY).expect("written");
    assert!(git(folder.path(), &["add", "app.conf"]).status.success());
    let (code, said) = scan(folder.path(), &["--staged"], PATH);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("app.conf, staged"), "{said}");
    let commit = git(folder.path(), &["commit", "-q", "-m", "x"]);
    assert!(commit.status.success());
    let (code, said) = scan(folder.path(), &[], PATH);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("app.conf, since commit "), "{said}");
    assert!(said.contains("concierge key revoke --kid dev-00000000-"));
    let (code, said) = scan(folder.path(), &["--json"], PATH);
    assert_eq!(code, Some(1), "{said}");
    let report: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!(report["findings"][0]["leak"], "known_key");
    assert_eq!(scan(folder.path(), &["--staged"], PATH).0, Some(0));
}

const PATH: &str = "/usr/local/bin:/usr/bin:/bin";

#[test]
fn without_a_repository_or_without_git_nothing_is_called_clean() {
    let nowhere = tempfile::tempdir().expect("a folder");
    for words in [&[][..], &["--staged"], &["--install-hook"]] {
        let (code, said) = scan(nowhere.path(), words, PATH);
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains("not in a git repository"), "{said}");
    }
    let folder = repository();
    let (code, said) = scan(folder.path(), &[], "/nowhere");
    assert_eq!(code, Some(2));
    assert!(said.contains("the program git is not there"), "{said}");
}

#[test]
fn a_keyring_that_cannot_be_read_is_not_called_clean() {
    let folder = repository();
    fs::create_dir(folder.path().join("data")).expect("made");
    let keyring = folder.path().join("data/secrets.development.toml");
    fs::write(keyring, "[signing\n").expect("written");
    let (code, said) = scan(folder.path(), &[], PATH);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("its keys were not looked for"), "{said}");
}

#[test]
fn no_secret_stands_in_the_surroundings_or_the_words_of_git() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = repository();
    fs::write(folder.path().join("a"), KEY).expect("written");
    assert!(git(folder.path(), &["add", "a"]).status.success());
    // A git that writes down what it was given, and does its work.
    let tools = tempfile::tempdir().expect("a folder");
    let (spy, seen) = (tools.path().join("git"), tools.path().join("seen"));
    let text = format!(
        "#!/bin/sh\n{{ echo \"$@\"; env; }} >>{}\nPATH={PATH} exec git \"$@\"\n",
        seen.display()
    );
    fs::write(&spy, text).expect("written");
    fs::set_permissions(&spy, fs::Permissions::from_mode(0o755)).expect("to be run");
    let path = format!("{}:{PATH}", tools.path().display());
    assert_eq!(scan(folder.path(), &[], &path).0, Some(1));
    let seen = fs::read_to_string(seen).expect("it was run");
    assert!(seen.contains("cat-file --batch"), "{seen}");
    assert!(
        !seen.contains(KEY) && !seen.contains("JWT_SECRET"),
        "{seen}"
    );
}

#[test]
fn the_hook_stops_a_commit_that_holds_a_key() {
    let folder = repository();
    // In development the keys stand in the .env file of the working directory.
    fs::write(folder.path().join(".env"), format!("JWT_SECRET={KEY}\n")).expect("written");
    let (code, said) = scan(folder.path(), &["--install-hook"], PATH);
    assert_eq!(code, Some(0), "{said}");
    let commit = |name: &str, text: &str| {
        fs::write(folder.path().join(name), text).expect("written");
        assert!(git(folder.path(), &["add", name]).status.success());
        git(folder.path(), &["commit", "-q", "-m", "x"])
    };
    assert!(commit("README", "hello").status.success());
    let refused = commit("app.conf", KEY);
    assert!(!refused.status.success());
    let said = [refused.stdout, refused.stderr].concat();
    let said = String::from_utf8(said).expect("text");
    assert!(said.contains("git restore --staged app.conf"), "{said}");
    assert!(!said.contains(KEY));
    let hook = folder.path().join(".git/hooks/pre-commit");
    fs::write(&hook, "#!/bin/sh\n").expect("written");
    let (code, said) = scan(folder.path(), &["--install-hook"], PATH);
    assert_eq!(code, Some(2));
    assert!(said.contains("key scan-git --staged || exit 1"), "{said}");
    assert_eq!(fs::read_to_string(&hook).expect("a file"), "#!/bin/sh\n");
}

on_each_engine! {
    async fn a_key_file_that_became_readable_is_an_event_once_a_day(db) {
        use std::os::unix::fs::PermissionsExt as _;
        let open = db.migrated().await;
        let file = db.folder.path().join("secrets.test.toml");
        fs::write(&file, "").expect("written");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("closed");
        let mut recheck = Recheck::start([file.clone()]);
        let hour = |hour: u64| Timestamp::from_millis(0).plus(Duration::from_secs(3600 * hour));
        recheck.record(&open, hour(0), &OsRng).await.expect("looked");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).expect("opened");
        for (now, events) in [(1, 1), (2, 1), (24, 1), (25, 2)] {
            recheck.record(&open, hour(now), &OsRng).await.expect("looked");
            let rows = sql("SELECT details FROM event WHERE name = 'key_file_unsafe'")
                .fetch_all(&open)
                .await
                .expect("events");
            assert_eq!(rows.len(), events, "after {now} hours");
            let details = rows[0].text("details").expect("a text");
            assert!(details.contains("secrets.test.toml") && details.contains("readable"));
        }
        open.close().await;
    }

    async fn the_database_knows_when_a_backup_was_verified(db) {
        let open = db.migrated().await;
        let facts = Facts::find(&open).await.expect("asked");
        assert_eq!(facts.backup_verified_at, None);
        sql("INSERT INTO key_fact (name, at, detail) VALUES ('backup_verified', 1795219200000, '')")
            .execute(On::Write(&open))
            .await
            .expect("noted");
        let facts = Facts::find(&open).await.expect("asked");
        let at = Timestamp::from_millis(1_795_219_200_000);
        assert_eq!(facts.backup_verified_at, Some(at));
        open.close().await;
        let variables = [("CONCIERGE_ENV", "staging"), ("DATABASE_URL", db.url.as_str())];
        let output = command(db.folder.path(), &["key", "check"], &variables).output();
        let said = String::from_utf8(output.expect("it runs").stdout).expect("text");
        let line = said.lines().find(|line| line.contains("backup")).expect("a line");
        // Without keys the backup is as good as it was.
        assert!(line.contains("✓ yes") || said.contains("more than 90 days ago"), "{said}");
    }
}
