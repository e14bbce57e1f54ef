//! `concierge doctor`, as the program: it names what is wrong and what to do, shows no secret and changes nothing.

use std::{fs, net::TcpListener, os::unix::fs::PermissionsExt as _, path::Path, process::Output};

use concierge_server::store::{On, sql};
use serde_json::Value;

use crate::support::{
    database::Database,
    program::{Program, command},
};

/// What the program said, and the code it ended with.
struct Said {
    code: Option<i32>,
    list: Vec<Value>,
}

impl Said {
    /// The level and the message of an area's outcome whose message has these words.
    fn level(&self, area: &str, words: &str) -> &str {
        let found = self.list.iter().find(|one| {
            one["area"] == area
                && one["message"]
                    .as_str()
                    .is_some_and(|text| text.contains(words))
        });
        let found = found.unwrap_or_else(|| panic!("{area}: {words}\n{:#?}", self.list));
        found["level"].as_str().expect("a level")
    }

    fn names(&self, area: &str, level: &str) -> bool {
        let mut list = self.list.iter();
        list.any(|one| one["area"] == area && one["level"] == level)
    }
}

fn run(folder: &Path, words: &[&str], variables: &[(&str, &str)]) -> Output {
    let words = [&["doctor"], words].concat();
    let mut command = command(folder, &words, variables);
    command.output().expect("it runs")
}

/// The list of a house in the test environment, on a free port.
fn examined(folder: &Path, words: &[&str], variables: &[(&str, &str)]) -> Said {
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    let listen = free.expect("a free port").to_string();
    let usual = [
        ("CONCIERGE_ENV", "test"),
        ("CONCIERGE_LISTEN", listen.as_str()),
    ];
    let words = [&["--json"], words].concat();
    let output = run(folder, &words, &[&usual, variables].concat());
    Said {
        code: output.status.code(),
        list: serde_json::from_slice(&output.stdout).expect("a list"),
    }
}

/// Every file below a folder with its content and permissions.
fn everything(folder: &Path) -> Vec<(String, u32, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        let mode = entry.metadata().expect("facts").permissions().mode();
        let content = match path.is_dir() {
            true => {
                found.extend(everything(&path));
                Vec::new()
            }
            false => fs::read(&path).expect("a file"),
        };
        found.push((path.display().to_string(), mode, content));
    }
    found.sort();
    found
}

/// The transaction that wrote the feed's row last, which PostgreSQL tells; on SQLite the file's bytes tell.
async fn last_writer(db: &Database) -> Option<String> {
    if !db.is_postgres() {
        return None;
    }
    let open = db.open().await;
    let row = sql("SELECT CAST(xmin AS TEXT) AS writer FROM feed WHERE id = 1")
        .fetch_one(&open)
        .await
        .expect("a row");
    open.close().await;
    Some(row.text("writer").expect("a text"))
}

on_each_engine! {
    async fn a_sound_database_is_named_with_its_version_and_stays_as_it_is(db) {
        db.migrated().await.close().await;
        let writer = last_writer(db).await;
        let data = db.folder.path().join("data");
        fs::create_dir(&data).expect("made");
        fs::set_permissions(&data, fs::Permissions::from_mode(0o700)).expect("closed");
        let before = everything(db.folder.path());
        let said = examined(db.folder.path(), &[], &[("DATABASE_URL", &db.url)]);
        assert_eq!(said.level("database", " answers at "), "ok");
        assert_eq!(said.level("database", "as new as the program"), "ok");
        assert_eq!(said.level("database", "undone again"), "ok");
        assert_eq!(said.level("keys", "fixed pair of the test environment"), "ok");
        assert_eq!(said.level("argon2", "a second"), "ok");
        if db.is_postgres() {
            assert_eq!(said.level("clock", "from ours"), "ok");
            assert_eq!(said.level("database", "encrypted with TLSv1."), "ok");
        }
        assert_eq!(said.code, Some(0), "{:#?}", said.list);
        assert_eq!(everything(db.folder.path()), before);
        assert_eq!(last_writer(db).await, writer);
    }

    async fn a_schema_that_is_behind_is_an_error_only_where_nobody_brings_it_up(db) {
        db.open().await.close().await;
        let behind = "behind the program: ";
        for (migrate, level) in [("on", "warning"), ("off", "error")] {
            let variables = [("DATABASE_URL", db.url.as_str()), ("CONCIERGE_MIGRATE", migrate)];
            let said = examined(db.folder.path(), &[], &variables);
            assert_eq!(said.level("database", behind), level);
        }
        let pending = db.open().await.pending_migrations().await.expect("asked");
        assert!(pending.migrations.len() > 5, "it migrated: {pending:?}");
    }

    async fn a_schema_that_is_newer_is_an_error(db) {
        let open = db.migrated().await;
        sql("UPDATE _sqlx_migrations SET version = 9999 WHERE version = 1")
            .execute(On::Write(&open))
            .await
            .expect("from the future");
        open.close().await;
        let said = examined(db.folder.path(), &[], &[("DATABASE_URL", &db.url)]);
        assert_eq!(said.level("database", "9999"), "error");
        assert_eq!(said.code, Some(2));
    }
}

#[test]
fn a_corrupt_file_is_an_error_and_stays_as_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("broken.db");
    let url = format!("sqlite:{}", file.display());
    fs::write(&file, b"this is no database at all".repeat(400)).expect("written");
    let before = everything(folder.path());
    let said = examined(folder.path(), &[], &[("DATABASE_URL", &url)]);
    assert_eq!(said.level("database", "not a database"), "error");
    assert_eq!(said.code, Some(2));
    assert_eq!(everything(folder.path()), before);
}

#[tokio::test]
async fn a_page_that_was_overwritten_is_an_error() {
    let db = Database::sqlite();
    db.migrated().await.close().await;
    let file = db.folder.path().join("concierge.db");
    let mut bytes = fs::read(&file).expect("a file");
    // The head stays, so that it still opens; the pages behind it are gone.
    let from = bytes.len() / 2;
    bytes[from..].fill(0xa5);
    fs::write(&file, bytes).expect("written");
    let said = examined(db.folder.path(), &[], &[("DATABASE_URL", &db.url)]);
    assert!(said.names("database", "error"), "{:#?}", said.list);
    assert_eq!(said.code, Some(2));
}

#[test]
fn nothing_is_made_where_nothing_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let said = examined(folder.path(), &[], &[]);
    assert_eq!(said.level("database", "there is no file"), "warning");
    assert_eq!(said.code, Some(0));
    assert_eq!(examined(folder.path(), &["--strict"], &[]).code, Some(1));
    assert!(everything(folder.path()).is_empty());
}

#[test]
fn a_postgresql_that_is_down_is_an_error_without_its_password() {
    let folder = tempfile::tempdir().expect("a folder");
    // Nobody listens on a port that was just given back.
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    let url = format!("postgres://ada:hunter2@{}/x", free.expect("a port"));
    let said = examined(folder.path(), &[], &[("DATABASE_URL", &url)]);
    assert_eq!(said.level("database", "not available"), "error");
    let text = format!("{:?}", said.list);
    assert!(
        text.contains("ada:***@") && !text.contains("hunter2"),
        "{text}"
    );
    assert_eq!(said.code, Some(2));
}

#[test]
fn a_running_server_is_known_and_another_program_is_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let program = Program::serve(folder.path(), &[]);
    let listen = program.address.to_string();
    let said = examined(folder.path(), &[], &[("CONCIERGE_LISTEN", &listen)]);
    assert_eq!(said.level("boot", "a running Concierge listens"), "ok");
    // The log and the index that SQLite keeps while it runs are closed to others as well.
    assert!(!said.names("database", "warning"), "{:#?}", said.list);
    assert_eq!(said.code, Some(0), "{:#?}", said.list);
    let (status, _) = program.terminate();
    assert!(status.success());

    let other = TcpListener::bind("127.0.0.1:0").expect("a port");
    let listen = other.local_addr().expect("an address").to_string();
    let said = examined(folder.path(), &[], &[("CONCIERGE_LISTEN", &listen)]);
    assert_eq!(said.level("boot", "another program listens"), "error");
    assert_eq!(said.code, Some(2));
}

#[test]
fn production_is_judged_as_a_whole_in_words_and_without_secrets() {
    let folder = tempfile::tempdir().expect("a folder");
    let weak = "hunter2hunter2hunter2";
    fs::create_dir(folder.path().join("data")).expect("made");
    let data = folder.path().join("data");
    fs::set_permissions(&data, fs::Permissions::from_mode(0o755)).expect("open");
    let variables = [
        ("CONCIERGE_ENV", "production"),
        ("CONCIERGE_PUBLIC_URL", "https://id.invalid"),
        ("JWT_SECRET", weak),
    ];
    let output = run(folder.path(), &[], &variables);
    let text = String::from_utf8(output.stdout).expect("text");
    assert_eq!(output.status.code(), Some(2), "{text}");
    for words in [
        "✗ error    keys      JWT_SECRET: the key is weak",
        "✗ error    keys      SECRET_KEY: there is no sealing key",
        "✗ error    database  ./data: others have access to it (mode 0755)",
        "→ `chmod 700 ./data`",
        "! warning  address   id.invalid: ",
        "! warning  proxy     CONCIERGE_TRUSTED_PROXIES: ",
        "set CONCIERGE_TRUSTED_PROXIES=127.0.0.1/32",
        "✓ ok       clock     time: ",
        "✓ ok       argon2    ",
        "\nlooked at: ",
        "✓ yes  stored in files that others cannot read",
        "✗ no   long enough\n         → SECRET_KEY: there is no sealing key",
        "\n         → JWT_SECRET: the key is weak: 21 base64",
        "✗ no   made securely, each for one purpose\n         → SECRET_KEY: there is no sealing key",
        "✗ no   a backup verified within 90 days",
    ] {
        assert!(text.contains(words), "{words}\n{text}");
    }
    assert!(!text.contains("hunter2"), "{text}");
    let mode = fs::metadata(&data).expect("facts").permissions().mode();
    assert_eq!(mode & 0o777, 0o755);
}

#[test]
fn a_configuration_that_can_not_be_used_still_shows_the_rest() {
    let folder = tempfile::tempdir().expect("a folder");
    let said = examined(
        folder.path(),
        &[],
        &[("DATABASE_URL", "mysql://a:hunter2@b/c")],
    );
    assert_eq!(said.level("database", "sqlite: or postgres://"), "error");
    assert_eq!(said.level("boot", "were not looked at"), "warning");
    assert!(said.names("keys", "ok") && said.names("disk", "ok"));
    assert!(!format!("{:?}", said.list).contains("hunter2"));
    assert_eq!(said.code, Some(2));
}
