//! Repositories made by git itself, with keys in every corner.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, process::Command};

use tempfile::TempDir;

use super::*;
use crate::config::{Given, SecretFile};

const SIGNING: &str = "5ddb3a0bb8f0e35fb96a2acd4f2b0dbeca80ab2b1b2e4c6e3a3fd7be7f0e9cc1";
const SEALING: &str = "81d2c6a7f40b95e3aa7f1604cd8e2b39f57c0a1be64d9382c01f7ea95b3d6240";

struct Repository(TempDir);

impl Repository {
    fn new() -> Self {
        let made = Self(tempfile::tempdir().unwrap());
        made.git(&["init", "-q", "-b", "main"]);
        made.commit("README", b"hello", "begin");
        made
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn git(&self, words: &[&str]) -> String {
        let output = Command::new("git")
            .args(["-c", "user.name=a", "-c", "user.email=a@example.org"])
            .args(["-c", "commit.gpgSign=false", "-c", "tag.gpgSign=false"])
            .args(words)
            .current_dir(self.path())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {words:?}: {said}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn write(&self, name: &str, contents: impl AsRef<[u8]>) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, contents).unwrap();
    }

    fn commit(&self, name: &str, contents: impl AsRef<[u8]>, message: &str) -> String {
        self.write(name, contents);
        self.git(&["add", "-f", name]);
        self.git(&["commit", "-q", "-m", message]);
        self.git(&["rev-parse", "HEAD"])
    }

    fn scan(&self, scope: Scope) -> Report {
        let settings = settings();
        let now = Timestamp::from_millis(1_795_219_200_000);
        // The keyring is elsewhere.
        let data = tempfile::tempdir().unwrap();
        let environment = Environment::Production;
        let wanted = Wanted::gather(&settings, environment, data.path(), now, self.path());
        let report = scan(self.path(), &wanted, scope, &mut |_, _| {}).unwrap();
        let shown = serde_json::to_string(&report).unwrap();
        assert!(
            !shown.contains(SIGNING) && !shown.contains(SEALING),
            "{shown}"
        );
        report
    }

    /// Leak, key, path and commit of the findings of a whole scan.
    fn found(&self) -> Vec<(Leak, String, String)> {
        let findings = self.scan(Scope::Everything).findings;
        findings.into_iter().map(|found| line(&found)).collect()
    }
}

fn line(found: &Found) -> (Leak, String, String) {
    let places = found.places.iter().map(|place| {
        let path = place.path.as_deref().unwrap_or("message");
        let commit = place.commit.as_deref().unwrap_or("staged");
        format!("{path} {commit}")
    });
    (
        found.leak,
        found.what.split(' ').next().unwrap().to_owned(),
        places.collect::<Vec<_>>().join(", "),
    )
}

fn settings() -> KeySettings {
    let mut settings = KeySettings::default();
    settings.signing.keys = vec![Given::new(SIGNING, Source::Environment)];
    settings.signing.id = Some(Given::new("prod-1", Source::Environment));
    settings.sealing.keys = vec![Given::new(SEALING, Source::Environment)];
    settings
}

fn known(key: &str, places: impl Into<String>) -> (Leak, String, String) {
    (Leak::KnownKey, key.to_owned(), places.into())
}

#[test]
fn a_repository_without_keys_is_clean() {
    let repository = Repository::new();
    let report = repository.scan(Scope::Everything);
    assert_eq!(report.findings, []);
    assert_eq!((report.keys, report.objects), (2, 2), "a commit and a file");
    assert_eq!(repository.scan(Scope::Staged).findings, []);
}

#[test]
fn a_key_stays_found_after_its_file_was_changed_renamed_and_removed() {
    let repository = Repository::new();
    let first = repository.commit("app.conf", format!("jwt: {SIGNING}\n"), "oops");
    repository.git(&["mv", "app.conf", "config/../old.conf"]);
    repository.git(&["commit", "-q", "-m", "rename"]);
    let second = repository.git(&["rev-parse", "HEAD"]);
    repository.git(&["rm", "-q", "old.conf"]);
    repository.git(&["commit", "-q", "-m", "remove"]);
    let places = format!("app.conf {first}, old.conf {second}");
    assert_eq!(repository.found(), [known("JWT_SECRET", places.clone())]);
    // Packed, with deltas.
    repository.git(&["gc", "-q", "--aggressive"]);
    assert_eq!(repository.found(), [known("JWT_SECRET", places)]);
    let remedy = &repository.scan(Scope::Everything).findings[0].remedy;
    assert!(
        remedy.contains("concierge key revoke --kid prod-1"),
        "{remedy}"
    );
}

#[test]
fn stashes_other_branches_tags_and_messages_are_searched() {
    let repository = Repository::new();
    repository.write("README", format!("hello {SEALING}"));
    repository.git(&["stash", "-q"]);
    let found = repository.found();
    assert!(found[0].2.starts_with("README "), "{found:?}");
    assert_eq!(found.len(), 1);

    let repository = Repository::new();
    repository.git(&["checkout", "-q", "-b", "side"]);
    let side = repository.commit("a", SEALING, "side");
    repository.git(&["tag", "kept"]);
    repository.git(&["checkout", "-q", "main"]);
    repository.git(&["branch", "-q", "-D", "side"]);
    assert_eq!(
        repository.found(),
        [known("SECRET_KEY", format!("a {side}"))]
    );

    let repository = Repository::new();
    repository.git(&["tag", "-a", "v1", "-m", SIGNING]);
    let tag = repository.git(&["rev-parse", "v1"]);
    assert_eq!(
        repository.found(),
        [known("JWT_SECRET", format!("message {tag}"))]
    );
    repository.git(&["tag", "-d", "v1"]);
    let message = format!("use {SIGNING} now");
    repository.git(&["commit", "-q", "--allow-empty", "-m", &message]);
    assert_eq!(repository.found().len(), 2, "the tag is there still");
}

#[test]
fn what_nothing_reaches_any_more_is_searched() {
    let repository = Repository::new();
    repository.write("lost", format!("\0\u{1}binary{SIGNING}\0"));
    repository.git(&["hash-object", "-w", "lost"]);
    fs::remove_file(repository.path().join("lost")).unwrap();
    assert_eq!(repository.found(), [known("JWT_SECRET", "")]);
    let amended = repository.commit("a", SEALING, "wrong");
    repository.write("a", "");
    repository.git(&["commit", "-q", "-a", "--amend", "-m", "right"]);
    let place = format!("a {amended}");
    let both = [known("JWT_SECRET", ""), known("SECRET_KEY", place)];
    assert_eq!(repository.found(), both, "the reflog knows that one");
    repository.git(&["reflog", "expire", "--expire=now", "--all"]);
    assert!(repository.found().contains(&known("SECRET_KEY", "")));
    repository.git(&["gc", "-q", "--prune=now"]);
    assert_eq!(repository.found(), []);
}

#[test]
fn a_key_at_the_end_of_twenty_megabytes_is_found() {
    let repository = Repository::new();
    let mut bytes = vec![0xA5; 20 << 20];
    bytes.extend(SEALING.bytes());
    let commit = repository.commit("disk.img", bytes, "image");
    let report = repository.scan(Scope::Everything);
    assert!(report.bytes > 20 << 20);
    let found = line(&report.findings[0]);
    assert_eq!(found, known("SECRET_KEY", format!("disk.img {commit}")));
}

#[test]
fn a_key_file_that_git_would_take_or_has_taken_is_named() {
    let repository = Repository::new();
    repository.write(
        ".env.staging",
        format!("JWT_SECRET={}\n", SIGNING.replace('5', "6")),
    );
    let leaks = |repository: &Repository| {
        let found = repository.found().into_iter();
        found.map(|(leak, ..)| leak).collect::<Vec<_>>()
    };
    assert_eq!(leaks(&repository), [Leak::NotIgnored]);
    repository.write(".gitignore", ".env*\n");
    assert_eq!(leaks(&repository), []);
    repository.git(&["add", "-f", ".env.staging"]);
    // The neighbour's key is known, and the line that sets it speaks for itself.
    let all = [Leak::Tracked, Leak::KnownKey, Leak::OtherKey];
    assert_eq!(leaks(&repository), all);
    let found = repository.found();
    assert_eq!(found[1].2, ".env.staging staged");
}

#[test]
fn a_line_that_sets_another_key_is_a_finding() {
    let repository = Repository::new();
    let commit = repository.commit("x.env", "A=1\nSECRET_KEY=old-and-forgotten\n", "x");
    let found = repository.found();
    let place = format!("x.env {commit}");
    assert_eq!(found, [(Leak::OtherKey, "a".to_owned(), place)]);
}

#[test]
fn with_staged_only_what_the_next_commit_adds_is_searched() {
    let repository = Repository::new();
    repository.commit("old", SIGNING, "long ago");
    repository.write("new file", SEALING);
    assert_eq!(repository.scan(Scope::Staged).findings, []);
    repository.git(&["add", "new file"]);
    let report = repository.scan(Scope::Staged);
    assert_eq!(report.objects, 1);
    let found = line(&report.findings[0]);
    assert_eq!(found, known("SECRET_KEY", "new file staged"));
    assert!(report.findings[0].remedy.contains("git restore --staged"));
    // Before the first commit there is no HEAD to compare with.
    let repository = Repository(tempfile::tempdir().unwrap());
    repository.git(&["init", "-q"]);
    repository.write("a", SEALING);
    repository.git(&["add", "a"]);
    assert_eq!(repository.scan(Scope::Staged).findings.len(), 1);
    assert_eq!(repository.found(), [known("SECRET_KEY", "a staged")]);
}

#[test]
fn what_cannot_be_searched_is_an_error_and_never_clean() {
    let nowhere = tempfile::tempdir().unwrap();
    let wanted = Wanted::default();
    let refused = |path: &Path| {
        let outcome = scan(path, &wanted, Scope::Everything, &mut |_, _| {});
        outcome.unwrap_err()
    };
    for path in [nowhere.path(), &nowhere.path().join("gone")] {
        assert!(matches!(refused(path), ScanError::NoRepository(..)));
    }
    let repository = Repository::new();
    let id = repository.git(&["rev-parse", "HEAD:README"]);
    let object = repository
        .path()
        .join(".git/objects")
        .join(&id[..2])
        .join(&id[2..]);
    fs::set_permissions(&object, fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(&object, "broken").unwrap();
    let error = refused(repository.path()).to_string();
    assert!(error.contains("git fsck"), "{error}");
}

#[test]
fn a_bare_repository_is_searched_too() {
    let repository = Repository::new();
    let commit = repository.commit("a", SIGNING, "a");
    let bare = Repository(tempfile::tempdir().unwrap());
    let from = repository.path().display().to_string();
    bare.git(&["clone", "-q", "--bare", &from, "."]);
    assert_eq!(bare.found(), [known("JWT_SECRET", format!("a {commit}"))]);
}

#[test]
fn of_two_places_that_disagree_both_keys_are_looked_for() {
    let repository = Repository::new();
    repository.commit("a", SEALING, "a");
    let mut settings = KeySettings::default();
    let given = |text| Given::new(text, Source::Environment);
    settings.signing.keys = vec![given(SIGNING), given(SEALING)];
    let data = tempfile::tempdir().unwrap();
    let now = Timestamp::from_millis(0);
    let environment = Environment::Production;
    let wanted = Wanted::gather(&settings, environment, data.path(), now, repository.path());
    let everything = Scope::Everything;
    let report = scan(repository.path(), &wanted, everything, &mut |_, _| {}).unwrap();
    assert_eq!((report.keys, report.findings.len()), (2, 1));
}

#[test]
fn the_hook_is_written_once_and_never_over_another() {
    let repository = Repository::new();
    let program = Path::new("/opt/it's/concierge");
    let hook = repository.path().join(".git/hooks/pre-commit");
    let install = || install_hook(repository.path(), program).unwrap();
    assert!(matches!(install(), Hook::Written(_)));
    let text = fs::read_to_string(&hook).unwrap();
    assert!(
        text.contains(r"'/opt/it'\''s/concierge' key scan-git --staged || exit 1"),
        "{text}"
    );
    assert_eq!(
        fs::metadata(&hook).unwrap().permissions().mode() & 0o111,
        0o111
    );
    assert!(matches!(install(), Hook::There(_)));
    fs::write(&hook, "#!/bin/sh\n# key scan-git --staged\nmake lint\n").unwrap();
    let Hook::Another { line, .. } = install() else {
        panic!("another hook was not seen");
    };
    assert!(line.ends_with("key scan-git --staged || exit 1"));
    assert!(fs::read_to_string(&hook).unwrap().ends_with("make lint\n"));
}

#[test]
fn the_key_files_in_use_count_as_key_files() {
    let repository = Repository::new();
    repository.write("prod.env", format!("JWT_SECRET={SIGNING}\n"));
    let wanted = Wanted {
        files: vec![repository.path().join("prod.env")],
        ..Wanted::default()
    };
    let report = scan(
        repository.path(),
        &wanted,
        Scope::Everything,
        &mut |_, _| {},
    )
    .unwrap();
    assert_eq!(report.findings[0].leak, Leak::NotIgnored);
    let facts = SecretFile {
        path: "/elsewhere/prod.env".into(),
        mode: 0o600,
        owner: 0,
    };
    let settings = KeySettings {
        files: vec![facts],
        ..settings()
    };
    let data = tempfile::tempdir().unwrap();
    let now = Timestamp::from_millis(0);
    let environment = Environment::Production;
    let wanted = Wanted::gather(&settings, environment, data.path(), now, repository.path());
    assert!(wanted.files.contains(&"/elsewhere/prod.env".into()));
}
