//! The encrypted keyring: read like the plain one, written in its own form, refused beside the other.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    time::SystemTime,
};

use concierge_core::sensitive::Sensitive;

use super::{
    Converted, FileForm, Format, KeySettings, KeyringContents as Contents, KeyringFile, Purpose,
    StoredRing, Unwritten, draft,
    tests::{Counter, NOW, given, load_in, shown},
};
use crate::config::Environment;

const PASSPHRASE: &str = "correct horse battery";
const ENVIRONMENT: Environment = Environment::Production;

fn keyring(folder: &Path, passphrase: Option<&str>) -> KeyringFile {
    KeyringFile {
        work_factor: 1,
        ..KeyringFile::new(
            &folder.join("secrets.production.toml"),
            passphrase.map(Sensitive::new),
        )
    }
}

fn settings(passphrases: &[&str]) -> KeySettings {
    KeySettings {
        passphrases: passphrases.iter().map(|one| given(one)).collect(),
        ..KeySettings::default()
    }
}

fn text() -> String {
    let mut contents = Contents::default();
    let rng = Counter::default();
    for purpose in Purpose::ALL {
        let draft = draft(Format::Hex, ENVIRONMENT, NOW, &rng).unwrap();
        contents.set(purpose, StoredRing::of(&draft, NOW));
    }
    contents.to_string()
}

#[test]
fn a_written_keyring_keeps_its_form() {
    let folder = tempfile::tempdir().unwrap();
    let file = keyring(folder.path(), Some(PASSPHRASE));
    let rng = Counter::default();
    assert_eq!(file.read().unwrap().map(|_| ()), None);
    file.replace(None, "one", &rng).unwrap();
    assert_eq!(fs::read_to_string(&file.path).unwrap(), "one");
    fs::remove_file(&file.path).unwrap();
    file.write_form(FileForm::Age, "two", &rng).unwrap();
    file.replace(Some("two"), "three", &rng).unwrap();
    assert!(!file.has(FileForm::Plain));
    assert_eq!(file.read().unwrap().unwrap().expose(), "three");
    let sealed = file.path_of(FileForm::Age);
    assert_eq!(
        sealed.metadata().unwrap().permissions().mode() & 0o777,
        0o600
    );
    let bytes = fs::read(&sealed).unwrap();
    assert!(!bytes.windows(5).any(|at| at == b"three"));
    let named = KeyringFile::new(&sealed, None);
    assert_eq!(named.path, file.path, "either form may be named");
}

#[test]
fn the_server_reads_the_encrypted_keyring() {
    let folder = tempfile::tempdir().unwrap();
    let file = keyring(folder.path(), Some(PASSPHRASE));
    file.write_form(FileForm::Age, &text(), &Counter::default())
        .unwrap();
    let (rings, findings) = load_in(folder.path(), &settings(&[PASSPHRASE]), ENVIRONMENT).unwrap();
    assert_eq!(findings, []);
    assert!(rings.sealing.active().id.starts_with("prod-"));
    let same = settings(&[PASSPHRASE, PASSPHRASE]);
    assert!(load_in(folder.path(), &same, ENVIRONMENT).is_ok());
    for (given, says) in [
        (settings(&[]), "CONCIERGE_KEYRING_PASSPHRASE_FILE"),
        (settings(&["another passphrase"]), "the passphrase is wrong"),
        (settings(&[PASSPHRASE, "another"]), "different passphrase"),
    ] {
        let refused = load_in(folder.path(), &given, ENVIRONMENT).unwrap_err();
        assert!(refused.contains(says), "{refused}");
        assert!(!refused.contains("another"), "{refused}");
        assert_eq!(
            refused.lines().count(),
            2,
            "one line and its remedy: {refused}"
        );
    }
}

#[test]
fn permissions_of_the_encrypted_keyring_are_judged() {
    let folder = tempfile::tempdir().unwrap();
    let file = keyring(folder.path(), Some(PASSPHRASE));
    file.write_form(FileForm::Age, &text(), &Counter::default())
        .unwrap();
    let sealed = file.path_of(FileForm::Age);
    fs::set_permissions(&sealed, fs::Permissions::from_mode(0o644)).unwrap();
    let given = settings(&[PASSPHRASE]);
    let refused = load_in(folder.path(), &given, ENVIRONMENT).unwrap_err();
    assert!(refused.contains("mode 0644"), "{refused}");
    let files = crate::keys::files(&given, ENVIRONMENT, folder.path());
    assert_eq!(files[0].path, sealed);
}

#[test]
fn both_forms_at_once_are_refused_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = keyring(folder.path(), Some(PASSPHRASE));
    let rng = Counter::default();
    let text = text();
    file.write_form(FileForm::Age, &text, &rng).unwrap();
    file.write_form(FileForm::Plain, &text, &rng).unwrap();
    let given = settings(&[PASSPHRASE]);
    let refused = || load_in(folder.path(), &given, ENVIRONMENT).unwrap_err();
    for named in [
        "secrets.production.toml ",
        "secrets.production.toml.age",
        "key encrypt",
        "key decrypt",
    ] {
        assert!(refused().contains(named), "{}", refused());
    }
    assert!(file.replace(Some(&text), &text, &rng).is_err());
    let sealed = fs::File::open(file.path_of(FileForm::Age)).unwrap();
    sealed.set_modified(SystemTime::UNIX_EPOCH).unwrap();
    file.write_form(FileForm::Plain, "other", &rng).unwrap();
    let says = "secrets.production.toml.age is the older one";
    assert!(refused().contains(says), "{}", refused());
}

#[test]
fn development_adds_a_missing_ring_to_the_encrypted_keyring() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secrets.development.toml");
    let file = KeyringFile {
        work_factor: 1,
        ..KeyringFile::new(&path, Some(Sensitive::new(PASSPHRASE)))
    };
    file.write_form(FileForm::Age, "# ours\n", &Counter::default())
        .unwrap();
    let given = settings(&[PASSPHRASE]);
    let (_, findings) = load_in(folder.path(), &given, Environment::Development).unwrap();
    assert!(findings.is_empty(), "{}", shown(&findings));
    assert!(!file.has(FileForm::Plain));
    assert!(file.read().unwrap().unwrap().expose().contains("# ours"));
}

#[test]
fn a_conversion_there_and_back_loses_not_a_byte() {
    let folder = tempfile::tempdir().unwrap();
    let file = keyring(folder.path(), Some(PASSPHRASE));
    let rng = Counter::default();
    assert!(
        file.convert(FileForm::Age, &rng)
            .unwrap_err()
            .contains("no keyring")
    );
    let text = format!("# ours\n{}", text());
    fs::write(&file.path, &text).unwrap();
    let sealed = file.path_of(FileForm::Age);
    assert_eq!(
        file.convert(FileForm::Age, &rng),
        Ok(Converted::Done(sealed.clone()))
    );
    assert!(!file.path.exists());
    assert_eq!(
        file.convert(FileForm::Age, &rng),
        Ok(Converted::Already(sealed.clone()))
    );
    let done = Converted::Done(file.path.clone());
    assert_eq!(file.convert(FileForm::Plain, &rng), Ok(done));
    assert!(!sealed.exists());
    assert_eq!(fs::read_to_string(&file.path).unwrap(), text);
}

#[test]
fn an_interrupted_conversion_is_finished_by_the_same_command() {
    let folder = tempfile::tempdir().unwrap();
    let file = keyring(folder.path(), Some(PASSPHRASE));
    let rng = Counter::default();
    for to in [FileForm::Age, FileForm::Plain] {
        for form in [FileForm::Plain, FileForm::Age] {
            file.write_form(form, &text(), &rng).unwrap();
        }
        assert_eq!(
            file.convert(to, &rng),
            Ok(Converted::Done(file.path_of(to)))
        );
        assert_eq!(file.form(), Ok(Some(to)));
    }
}

#[test]
fn a_conversion_removes_nothing_that_it_can_not_prove_to_have() {
    let folder = tempfile::tempdir().unwrap();
    let file = keyring(folder.path(), Some(PASSPHRASE));
    let rng = Counter::default();
    file.write_form(FileForm::Plain, &text(), &rng).unwrap();
    file.write_form(FileForm::Age, "# another\n", &rng).unwrap();
    for to in [FileForm::Age, FileForm::Plain] {
        assert!(file.convert(to, &rng).unwrap_err().contains("same keys"));
    }
    let stranger = keyring(folder.path(), Some("another passphrase"));
    fs::remove_file(&file.path).unwrap();
    let refused = stranger.convert(FileForm::Plain, &rng).unwrap_err();
    assert!(refused.contains("passphrase is wrong"), "{refused}");
    assert!(file.has(FileForm::Age) && !file.has(FileForm::Plain));
    fs::remove_file(file.path_of(FileForm::Age)).unwrap();
    fs::write(&file.path, "[signing").unwrap();
    assert!(
        file.convert(FileForm::Age, &rng)
            .unwrap_err()
            .contains("line 1")
    );
    assert!(file.has(FileForm::Plain) && !file.has(FileForm::Age));
}

/// A temporary file of a write that was killed just now, with keys in it.
fn left_behind(file: &KeyringFile, form: FileForm) -> PathBuf {
    let path = file.path_of(form);
    let name = path.file_name().unwrap().to_str().unwrap();
    let left = path.with_file_name(format!(".{name}.0123456789abcdef.tmp"));
    fs::write(&left, text()).unwrap();
    left
}

#[test]
fn a_conversion_leaves_nothing_of_a_write_that_was_just_killed() {
    let folder = tempfile::tempdir().unwrap();
    let file = keyring(folder.path(), Some(PASSPHRASE));
    let rng = Counter::default();
    fs::write(&file.path, text()).unwrap();
    let left = left_behind(&file, FileForm::Plain);
    file.convert(FileForm::Age, &rng).unwrap();
    assert!(!left.exists());
    let left = left_behind(&file, FileForm::Plain);
    file.convert(FileForm::Age, &rng).unwrap();
    assert!(!left.exists(), "also where it had that form already");
}

#[test]
fn a_write_of_one_form_cleans_up_after_killed_writes_of_the_other() {
    let folder = tempfile::tempdir().unwrap();
    let file = keyring(folder.path(), Some(PASSPHRASE));
    let rng = Counter::default();
    file.write_form(FileForm::Age, "one", &rng).unwrap();
    let left = left_behind(&file, FileForm::Plain);
    let left_file = fs::File::open(&left).unwrap();
    left_file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
    file.replace(Some("one"), "two", &rng).unwrap();
    assert!(!left.exists());
}

/// Sealing takes a second, in which a revoke may write: what was sealed before it must not take its place.
#[test]
fn a_text_that_was_sealed_before_somebody_else_wrote_is_not_written() {
    for form in [FileForm::Plain, FileForm::Age] {
        let folder = tempfile::tempdir().unwrap();
        let file = keyring(folder.path(), Some(PASSPHRASE));
        let rng = Counter::default();
        file.write_form(form, "one", &rng).unwrap();
        let turn = file.turn().unwrap();
        let stale = std::thread::scope(|scope| {
            let stale = scope.spawn(|| file.replace(Some("one"), "stale", &Counter::default()));
            file.write_form(form, "revoked", &rng).unwrap();
            drop(turn);
            stale.join().unwrap()
        });
        assert_eq!(
            stale,
            Err(Unwritten::Changed(file.path.display().to_string()))
        );
        assert_eq!(file.read().unwrap().unwrap().expose(), "revoked");
    }
}
