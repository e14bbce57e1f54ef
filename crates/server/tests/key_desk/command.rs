//! Each way a key can come in, as an operator walks it: generated, used, rotated, undone, revoked, with the server
//! running, in production.

use std::{
    fs,
    io::Write as _,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Output, Stdio},
    time::{Duration, Instant},
};

use concierge_server::store::sql;
use serde_json::{Value, json};

use crate::support::{
    ADA, PASSWORD,
    database::Database,
    program::{Program, command, free},
};

/// A house in production, seen from a shell.
struct Shell {
    folder: PathBuf,
    /// The same after a restart: a token names its house.
    address: SocketAddr,
    variables: Vec<(String, String)>,
}

impl Shell {
    fn new(db: &Database) -> Self {
        let mut shell = Self {
            folder: db.folder.path().to_owned(),
            address: free(),
            variables: Vec::new(),
        };
        let url = db.url.clone();
        let url = match db.is_postgres() {
            true if !url.contains("sslmode") => format!("{url}?sslmode=prefer"),
            _ => url,
        };
        for (name, value) in [
            ("CONCIERGE_ENV", "production"),
            ("CONCIERGE_PUBLIC_URL", "https://localhost"),
            ("CONCIERGE_SECOND_FACTOR", "optional"),
            ("CONCIERGE_SESSIONS_PER_ACCOUNT", "9"),
            ("CONCIERGE_DATA", "data"),
            ("DATABASE_URL", &url),
        ] {
            shell.set(name, value);
        }
        shell
    }

    fn set(&mut self, name: &str, value: &str) {
        self.variables.retain(|(known, _)| known != name);
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    fn borrowed(&self) -> Vec<(&str, &str)> {
        let pairs = self.variables.iter();
        pairs
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect()
    }

    fn run(&self, words: &[&str]) -> Output {
        self.fed(words, "")
    }

    fn fed(&self, words: &[&str], input: &str) -> Output {
        let mut command = command(&self.folder, words, &self.borrowed());
        let mut child = command.stdin(Stdio::piped()).spawn().expect("it starts");
        let mut pipe = child.stdin.take().expect("its input");
        pipe.write_all(input.as_bytes()).expect("written");
        drop(pipe);
        child.wait_with_output().expect("it ends")
    }

    /// Runs a command that succeeds, and what it printed.
    fn done(&self, words: &[&str]) -> String {
        let output = self.run(words);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{words:?}: {error}");
        String::from_utf8(output.stdout).expect("text")
    }

    fn serve(&self) -> Program {
        Program::serve_in_production(&self.folder, &self.borrowed(), self.address)
    }

    fn active(&self, ring: &str) -> String {
        let rings: Value =
            serde_json::from_str(&self.done(&["key", "status", "--json"])).expect("JSON");
        let rings = rings.as_array().expect("two rings");
        let ring = rings
            .iter()
            .find(|one| one["ring"] == ring)
            .expect("the ring");
        assert_eq!(ring["keys"][0]["standing"], "active");
        ring["keys"][0]["id"].as_str().expect("an id").to_owned()
    }

    fn make_ada(&self) {
        let words = ["account", "create", "--email", ADA, "--password-stdin"];
        let output = self.fed(&words, PASSWORD);
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

/// A token of the running program, with the id of the key that signed it.
fn sign_in(program: &Program) -> String {
    let names = json!({ "email": ADA, "password": PASSWORD, "transport": "bearer" });
    let answer = program.post("/api/auth/login", &names.to_string());
    let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
    let body: Value = serde_json::from_str(body).expect("JSON");
    body["access_token"]
        .as_str()
        .unwrap_or_else(|| panic!("{answer}"))
        .to_owned()
}

fn status_of(program: &Program, token: &str) -> String {
    let head = format!("GET /api/profile HTTP/1.1\r\nAuthorization: Bearer {token}");
    program.request(&head, "").chars().skip(9).take(3).collect()
}

/// A token of this key: within a second every new one is.
fn signed_by(program: &Program, kid: &str) -> String {
    let began = Instant::now();
    loop {
        let token = sign_in(program);
        if super::kid(&token) == kid {
            return token;
        }
        assert!(
            began.elapsed() < Duration::from_secs(1),
            "still another key"
        );
    }
}

/// Asks again until the answer is this, for a second: the promise of a revoke.
fn within_a_second(program: &Program, token: &str, expected: &str) {
    let began = Instant::now();
    while status_of(program, token) != expected {
        assert!(
            began.elapsed() < Duration::from_secs(1),
            "still not {expected}"
        );
    }
}

/// The walk of a ring that this program may write; `out` names the file where it has to be named.
fn walk(shell: &Shell, out: &[&str]) {
    shell.make_ada();
    let program = shell.serve();
    let first = sign_in(&program);
    let before = shell.active("signing");
    shell.done(&[&["key", "rotate", "--ring", "signing"], out].concat());
    shell.done(&[&["key", "rotate", "--ring", "sealing"], out].concat());
    let rotated = shell.active("signing");
    assert_ne!(rotated, before);
    assert_eq!(
        status_of(&program, &first),
        "200",
        "signed by the key in grace"
    );
    let second = sign_in(&program);
    assert_eq!(status_of(&program, &second), "200");
    shell.done(&[&["key", "rotate", "--ring", "signing", "--undo"], out].concat());
    assert_eq!(shell.active("signing"), before);
    assert_eq!(status_of(&program, &second), "200");
    let words = [
        "key",
        "revoke",
        "--kid",
        &before,
        "--reason",
        "a test of the walk",
    ];
    shell.done(&[&words, out].concat());
    for token in [&first, &second] {
        within_a_second(&program, token, "401");
    }
    assert_ne!(shell.active("signing"), before);
    let third = signed_by(&program, &shell.active("signing"));
    assert_eq!(status_of(&program, &third), "200");
    program.kill();
    let program = shell.serve();
    assert_eq!(status_of(&program, &third), "200", "after a restart");
    assert_eq!(status_of(&program, &first), "401");
    let (status, log) = program.terminate();
    assert!(status.success());
    assert!(shell.done(&["key", "incident", "list"]).contains(&before));
    for secret in secrets(&shell.folder) {
        assert!(!log.contains(&secret), "a key in the log");
    }
}

/// Every text of 64 signs in the key files: no log may hold one.
fn secrets(folder: &Path) -> Vec<String> {
    let files = [".env", "data/secrets.production.toml"].map(|name| folder.join(name));
    let texts = files
        .iter()
        .filter_map(|path| fs::read_to_string(path).ok());
    let texts: String = texts.collect();
    let words = texts.split(|c: char| !c.is_ascii_hexdigit());
    words
        .filter(|word| word.len() == 64)
        .map(str::to_owned)
        .collect()
}

/// The walk of a ring that comes from elsewhere; `give` sets new keys there, with those before.
fn walk_elsewhere(shell: &mut Shell, mut give: impl FnMut(&mut Shell, &str, &str)) {
    let (old, new) = (made(), made());
    let sealing = made();
    give(shell, &old, &sealing);
    shell.make_ada();
    let program = shell.serve();
    let token = sign_in(&program);
    let kid = shell.active("signing");
    for words in [
        &["key", "rotate", "--ring", "signing"][..],
        &["key", "rotate", "--ring", "signing", "--undo"],
    ] {
        let output = shell.run(words);
        assert_eq!(output.status.code(), Some(2), "{words:?}");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains("JWT_SECRET"), "{said}");
        let shown = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            !shown.contains("JWT_SECRET="),
            "keys are shown on a terminal only"
        );
    }
    shell.done(&[
        "key",
        "revoke",
        "--kid",
        &kid,
        "--reason",
        "a test of the walk",
    ]);
    within_a_second(&program, &token, "401");
    program.kill();
    let refused = shell.run(&["serve"]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        !refused.status.success() && said.contains("was revoked"),
        "{said}"
    );
    give(shell, &new, &sealing);
    let program = shell.serve();
    assert_eq!(status_of(&program, &token), "401");
    assert_eq!(status_of(&program, &sign_in(&program)), "200");
    program.kill();
}

fn made() -> String {
    let output = std::process::Command::new("openssl")
        .args(["rand", "-hex", "32"])
        .output();
    String::from_utf8(output.expect("openssl").stdout)
        .expect("text")
        .trim()
        .to_owned()
}

fn closed(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::create_dir_all(path.parent().expect("a folder")).expect("made");
    fs::write(path, text).expect("written");
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("closed");
}

on_each_engine! {
    async fn two_processes_refuse_within_a_second_of_the_answer_what_a_revoked_key_signed(db) {
        let shell = Shell::new(db);
        shell.done(&["key", "generate", "--out", "data/secrets.production.toml"]);
        shell.make_ada();
        let here = shell.serve();
        let there = here.beside(&shell.folder, &shell.borrowed());
        for ring in ["signing", "sealing"] {
            let token = sign_in(&here);
            assert_eq!(status_of(&there, &token), "200");
            let kid = shell.active(ring);
            shell.done(&["key", "revoke", "--kid", &kid, "--reason", "leaked"]);
            for program in [&here, &there] {
                within_a_second(program, &token, "401");
            }
            let token = signed_by(&there, &shell.active("signing"));
            within_a_second(&here, &token, "200");
        }
    }
}

on_each_engine! {
    async fn a_keyring_file_is_walked_through(db) {
        let shell = Shell::new(db);
        shell.done(&["key", "generate", "--out", "data/secrets.production.toml"]);
        walk(&shell, &[]);
    }

    async fn a_command_that_works_with_the_keys_leaves_an_event_and_the_server_none(db) {
        let shell = Shell::new(db);
        shell.done(&["key", "generate", "--out", "data/secrets.production.toml"]);
        shell.make_ada();
        shell.serve().terminate();
        shell.done(&["key", "status"]);
        let db = db.open().await;
        let rows = sql("SELECT details FROM event WHERE name = 'key_read' ORDER BY at, id").fetch_all(&db).await;
        let told = rows.expect("events").into_iter().map(|row| row.text("details").expect("details"));
        let told: Vec<String> = told.collect();
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0].contains("\"command\":\"account\""), "{told:?}");
        assert!(told[1].contains("\"command\":\"key status\""), "{told:?}");
        db.close().await;
    }

    async fn a_dot_env_is_walked_through(db) {
        let mut shell = Shell::new(db);
        fs::write(shell.folder.join(".env"), "# ours\nCONCIERGE_CONTACT=ops@example.org\n").expect("written");
        shell.done(&["key", "generate", "--out", ".env"]);
        shell.set("CONCIERGE_ENV_FILE", ".env");
        walk(&shell, &["--out", ".env"]);
        let text = fs::read_to_string(shell.folder.join(".env")).expect("the file");
        assert!(text.starts_with("# ours\nCONCIERGE_CONTACT=ops@example.org\nJWT_SECRET="), "{text}");
    }

    async fn the_environment_is_walked_through(db) {
        walk_elsewhere(&mut Shell::new(db), |shell, signing, sealing| {
            shell.set("JWT_SECRET", signing);
            shell.set("SECRET_KEY", sealing);
        });
    }

    async fn secret_files_are_walked_through(db) {
        walk_elsewhere(&mut Shell::new(db), |shell, signing, sealing| {
            closed(&shell.folder.join("jwt"), signing);
            closed(&shell.folder.join("seal"), sealing);
            shell.set("JWT_SECRET_FILE", "jwt");
            shell.set("SECRET_KEY_FILE", "seal");
        });
    }

    async fn systemd_credentials_are_walked_through(db) {
        walk_elsewhere(&mut Shell::new(db), |shell, signing, sealing| {
            let folder = shell.folder.join("credentials");
            closed(&folder.join("JWT_SECRET"), signing);
            closed(&folder.join("SECRET_KEY"), sealing);
            shell.set("CREDENTIALS_DIRECTORY", &folder.display().to_string());
        });
    }
}
