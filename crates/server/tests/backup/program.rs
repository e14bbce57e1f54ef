//! The commands as they are typed: `key backup`, `key restore`, `key encrypt`, `key decrypt`.

use std::os::unix::fs::PermissionsExt as _;

use super::*;

/// A folder of a house in development, with the passphrase in a file.
fn variables(database: &Database) -> Vec<(&'static str, String)> {
    let folder = database.folder.path();
    fs::write(folder.join("passphrase"), format!("{PASSPHRASE}\n")).expect("written");
    fs::write(folder.join("other"), "another passphrase").expect("written");
    vec![
        ("DATABASE_URL", database.url.clone()),
        ("CONCIERGE_DATA", folder.display().to_string()),
    ]
}

/// A command in that folder.
fn key(database: &Database, words: &[&str]) -> Output {
    let variables = variables(database);
    let variables: Vec<(&str, &str)> = variables
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    run(
        database.folder.path(),
        &[&["key"], words].concat(),
        &variables,
    )
}

fn given(words: &[&'static str]) -> Vec<&'static str> {
    [words, &["--passphrase-file", "passphrase"]].concat()
}

on_each_engine! {
    async fn a_lost_key_is_restored_on_the_command_line(database) {
        let folder = database.folder.path();
        let keyring = folder.join("secrets.development.toml");
        let made = key(database, &given(&["backup", "--out", "keys.age"]));
        assert_eq!(exit(&made), 0, "{}", said(&made));
        let mode = folder.join("keys.age").metadata().expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let again = key(database, &given(&["backup", "--out", "keys.age"]));
        assert_eq!(exit(&again), 2, "it is not overwritten: {}", said(&again));
        let verified = key(database, &given(&["backup", "--verify", "keys.age"]));
        assert_eq!(exit(&verified), 0, "{}", said(&verified));

        let before = fs::read_to_string(&keyring).expect("a keyring");
        let mut broken = fs::read(folder.join("keys.age")).expect("read");
        *broken.last_mut().expect("bytes") ^= 1;
        fs::write(folder.join("broken.age"), &broken).expect("written");
        for words in [
            given(&["backup", "--verify", "broken.age"]),
            given(&["restore", "broken.age", "--yes"]),
            vec!["restore", "keys.age", "--yes", "--passphrase-file", "other"],
            given(&["restore", "passphrase", "--yes"]),
        ] {
            let refused = key(database, &words);
            assert_eq!(exit(&refused), 4, "{words:?}: {}", said(&refused));
            assert_eq!(said(&refused).lines().count(), 1, "{}", said(&refused));
            assert!(!said(&refused).contains("another passphrase"));
        }
        let refused = key(database, &given(&["restore", "keys.age"]));
        assert_eq!(exit(&refused), 2, "nobody can be asked: {}", said(&refused));
        assert_eq!(fs::read_to_string(&keyring).expect("a keyring"), before);

        fs::remove_file(&keyring).expect("lost");
        let looked = key(database, &given(&["restore", "keys.age", "--dry-run"]));
        assert_eq!(exit(&looked), 0, "{}", said(&looked));
        assert!(said(&looked).contains("totp/1: the backup opens it"), "{}", said(&looked));
        assert!(!keyring.exists(), "a dry run changes nothing");
        let restored = key(database, &given(&["restore", "keys.age", "--yes"]));
        assert_eq!(exit(&restored), 0, "{}", said(&restored));
        let after = KeyringContents::parse(&fs::read_to_string(&keyring).expect("a keyring")).expect("sound");
        let before = KeyringContents::parse(&before).expect("sound");
        let value = |contents: &KeyringContents, purpose| {
            contents.ring(purpose).and_then(StoredRing::active_value).map(str::to_owned).expect("a key")
        };
        assert_eq!(value(&after, Purpose::Sealing), value(&before, Purpose::Sealing));
        assert_ne!(value(&after, Purpose::Signing), value(&before, Purpose::Signing));
        for output in [&made, &verified, &looked, &restored] {
            for secret in [PASSPHRASE, &value(&after, Purpose::Sealing), &value(&after, Purpose::Signing)] {
                assert!(!said(output).contains(secret), "{}", said(output));
            }
        }
        let verified = key(database, &given(&["backup", "--verify", "keys.age"]));
        assert_eq!(exit(&verified), 0, "{}", said(&verified));

        let db = database.open().await;
        for (name, expected) in [("key_backed_up", 1), ("key_backup_verified", 2), ("key_restored", 1)] {
            let row = sql("SELECT COUNT(*) AS n FROM event WHERE name = $1").bind(name).fetch_one(&db).await;
            assert_eq!(row.expect("a row").int("n").expect("a count"), expected, "{name}");
        }
        let facts = "SELECT COUNT(*) AS n FROM key_fact WHERE name IN ('backup_made', 'backup_verified')";
        assert_eq!(count(&db, facts).await, 2);
        db.close().await;
    }
}

/// As `| head -1` leaves it: that nobody reads what is in the backup stops nothing halfway.
#[test]
fn a_restore_whose_output_nobody_reads_is_done() {
    let database = Database::sqlite();
    let folder = database.folder.path();
    let keyring = folder.join("secrets.development.toml");
    let made = key(&database, &given(&["backup", "--out", "keys.age"]));
    assert_eq!(exit(&made), 0, "{}", said(&made));
    fs::remove_file(&keyring).expect("lost");
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let variables = variables(&database);
    let pairs = variables.iter();
    let pairs: Vec<(&str, &str)> = pairs.map(|(name, value)| (*name, value.as_str())).collect();
    let words = [&["key"], &*given(&["restore", "keys.age", "--yes"])].concat();
    let unread = command(folder, &words, &pairs).stdout(writer).output();
    let unread = unread.expect("it runs");
    assert_eq!(exit(&unread), 141, "{}", said(&unread));
    assert!(keyring.exists());
}

#[test]
fn a_key_that_is_given_elsewhere_is_not_restored_over() {
    let database = Database::sqlite();
    let folder = database.folder.path();
    let made = key(&database, &given(&["backup", "--out", "keys.age"]));
    assert_eq!(exit(&made), 0, "{}", said(&made));
    let before = fs::read(folder.join("secrets.development.toml")).expect("a keyring");
    let value = draft();
    fs::write(
        folder.join(".env"),
        format!("SECRET_KEY={}\n", value.value.expose()),
    )
    .expect("written");
    let refused = key(&database, &given(&["restore", "keys.age", "--yes"]));
    assert_eq!(exit(&refused), 2, "{}", said(&refused));
    assert!(
        said(&refused).contains("SECRET_KEY is set (.env, line 1)"),
        "{}",
        said(&refused)
    );
    let after = fs::read(folder.join("secrets.development.toml")).expect("a keyring");
    assert_eq!(after, before);
}

/// A house with a keyring file; its text.
fn with_keyring(database: &Database) -> (KeyringFile, String) {
    let made = key(database, &["generate", "--out", "secrets.development.toml"]);
    assert_eq!(exit(&made), 0, "{}", said(&made));
    let path = database.folder.path().join("secrets.development.toml");
    let text = fs::read_to_string(&path).expect("a keyring");
    (KeyringFile::new(&path, None), text)
}

#[test]
fn a_keyring_is_not_encrypted_without_a_passphrase_that_will_do() {
    let database = Database::sqlite();
    let (file, before) = with_keyring(&database);
    fs::write(database.folder.path().join("short"), "too short").expect("written");
    for (words, says) in [
        (
            vec!["encrypt", "--passphrase-file", "short"],
            "shorter than 12",
        ),
        (vec!["encrypt"], "no terminal"),
        (vec!["encrypt", "--passphrase-stdin"], "empty"),
    ] {
        let refused = key(&database, &words);
        let outcome = (exit(&refused), said(&refused).contains(says));
        assert_eq!(outcome, (1, true), "{}", said(&refused));
        assert!(!file.has(FileForm::Age));
        assert_eq!(fs::read_to_string(&file.path).expect("a keyring"), before);
    }
}

#[test]
fn the_keyring_is_encrypted_used_and_decrypted() {
    let database = Database::sqlite();
    let folder = database.folder.path();
    let (file, before) = with_keyring(&database);
    let encrypted = key(&database, &given(&["encrypt"]));
    assert_eq!(exit(&encrypted), 0, "{}", said(&encrypted));
    let hint = "CONCIERGE_KEYRING_PASSPHRASE_FILE";
    assert!(said(&encrypted).contains(hint), "{}", said(&encrypted));
    assert_eq!(file.form(), Ok(Some(FileForm::Age)));
    let refused = key(&database, &["check"]);
    assert_eq!(exit(&refused), 1);
    let says = "there is no passphrase";
    assert!(said(&refused).contains(says), "{}", said(&refused));

    let opens = [("CONCIERGE_DATA", "."), (hint, "passphrase")];
    let closed = fs::Permissions::from_mode(0o600);
    fs::set_permissions(folder.join("passphrase"), closed).expect("closed");
    let checked = run(folder, &["key", "check"], &opens);
    assert_eq!(exit(&checked), 0, "{}", said(&checked));
    let forced = "key generate --ring signing --force --out secrets.development.toml";
    let words: Vec<&str> = forced.split(' ').collect();
    let generated = run(folder, &words, &opens);
    assert_eq!(exit(&generated), 0, "{}", said(&generated));
    assert_eq!(file.form(), Ok(Some(FileForm::Age)), "the form stays");

    let decrypted = run(folder, &["key", "decrypt"], &opens);
    assert_eq!(exit(&decrypted), 0, "{}", said(&decrypted));
    assert_eq!(file.form(), Ok(Some(FileForm::Plain)));
    let after = fs::read_to_string(&file.path).expect("a keyring");
    let sealing = |text: &str| {
        let contents = KeyringContents::parse(text).expect("sound");
        let ring = contents.sealing.expect("a ring");
        ring.active_value().map(str::to_owned)
    };
    assert_eq!(sealing(&after), sealing(&before));
    assert_ne!(after, before);
}
