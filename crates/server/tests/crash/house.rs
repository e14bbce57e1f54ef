//! A house in production in a folder of its own: its database, its keys, somebody who is signed in.

use std::{
    fs,
    io::Write as _,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use concierge_server::store::{Db, On, sql};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    postgres::{Postgres, block_on},
    program::{self, Program},
};

/// Where the keys are.
pub const KEYRING: &str = "data/secrets.production.toml";
/// What git ignores.
pub const IGNORED: &str = ".gitignore";
/// A file with a passphrase.
pub const PASSPHRASE: &str = "passphrase";
/// Puts the backup back.
pub const RESTORE: [&str; 6] = [
    "key",
    "restore",
    "k.age",
    "--yes",
    "--passphrase-file",
    PASSPHRASE,
];

const EMAIL: &str = "ada@example.org";
const PASSWORD: &str = "four brass bells ring";

/// A folder, the variables of its program, and the session of somebody.
pub struct House {
    folder: TempDir,
    /// Its database, where that is no file in the folder.
    postgres: Option<Postgres>,
    address: SocketAddr,
    variables: Vec<(String, String)>,
    refresh_token: Option<String>,
}

impl House {
    fn somewhere(postgres: Option<Postgres>) -> Self {
        Self {
            folder: tempfile::tempdir().expect("a folder"),
            postgres,
            address: program::free(),
            variables: Vec::new(),
            refresh_token: None,
        }
    }

    /// Without keys.
    pub fn empty() -> Self {
        let mut house = Self::somewhere(None);
        house.set("CONCIERGE_ENV", "production");
        house.set("CONCIERGE_DATA", "data");
        house.set("CONCIERGE_SECOND_FACTOR", "optional");
        let url = format!("https://localhost:{}", house.address.port());
        house.set("CONCIERGE_PUBLIC_URL", &url);
        house.write(PASSPHRASE, "a passphrase of a few words");
        house
    }

    /// Where an admin is, who may be told of alerts on this machine.
    pub fn watching(postgres: Option<Postgres>) -> Self {
        let mut house = Self::somewhere(postgres);
        house.set("CONCIERGE_ENV", "test");
        house.set("CONCIERGE_DATA", "data");
        house.set("CONCIERGE_ARGON2_MEMORY_KIB", "256");
        house.set("CONCIERGE_SECOND_FACTOR", "optional");
        house.set("CONCIERGE_ALERT_NETWORKS", "127.0.0.0/8");
        let listen = house.address.to_string();
        house.set("CONCIERGE_LISTEN", &listen);
        let url = format!("https://localhost:{}", house.address.port());
        house.set("CONCIERGE_PUBLIC_URL", &url);
        house.create(&["--admin"]);
        house
    }

    /// With keys in a keyring, and somebody signed in.
    pub fn serving() -> Self {
        let mut house = Self::empty();
        house.done(&["key", "generate", "--out", KEYRING]);
        house.sign_in();
        house
    }

    /// With keys in a `.env`, and somebody signed in.
    pub fn serving_from_dot_env() -> Self {
        let mut house = Self::empty();
        house.set("CONCIERGE_ENV_FILE", ".env");
        house.done(&["key", "generate", "--out", ".env"]);
        house.sign_in();
        house
    }

    /// The same in a folder of its own, with a database of its own.
    pub fn copied(&self) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        copy(self.folder.path(), folder.path());
        Self {
            folder,
            postgres: self.postgres.as_ref().map(Postgres::copied),
            address: self.address,
            variables: self.variables.clone(),
            refresh_token: self.refresh_token.clone(),
        }
    }

    pub fn set(&mut self, name: &str, value: &str) {
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        use std::os::unix::fs::PermissionsExt as _;
        fs::write(self.path(name), text).expect("written");
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o600)).expect("closed");
    }

    pub fn borrowed(&self) -> Vec<(&str, &str)> {
        let pairs = self.variables.iter();
        let database = self.postgres.iter();
        pairs
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .chain(database.map(|postgres| ("DATABASE_URL", postgres.url())))
            .collect()
    }

    pub fn command(&self, words: &[&str]) -> Command {
        program::command(self.folder.path(), words, &self.borrowed())
    }

    /// Runs a command with this on its standard input.
    pub fn fed(&self, words: &[&str], input: &str) -> Output {
        let mut command = self.command(words);
        let mut child = command.stdin(Stdio::piped()).spawn().expect("it starts");
        let mut pipe = child.stdin.take().expect("its input");
        // One that refuses its words reads nothing.
        let _ = pipe.write_all(input.as_bytes());
        drop(pipe);
        child.wait_with_output().expect("it ends")
    }

    /// Runs a command that succeeds; what it printed.
    pub fn done(&self, words: &[&str]) -> String {
        let output = self.fed(words, "");
        assert!(output.status.success(), "{words:?}: {}", said(&output));
        String::from_utf8(output.stdout).expect("text")
    }

    /// The id of a ring's active key.
    pub fn active(&self, ring: &str) -> String {
        let rings: Value =
            serde_json::from_str(&self.done(&["key", "status", "--json"])).expect("JSON");
        let mut rings = rings.as_array().expect("two rings").iter();
        let ring = rings.find(|one| one["ring"] == ring).expect("the ring");
        ring["keys"][0]["id"].as_str().expect("an id").to_owned()
    }

    pub fn back_up(&self) {
        self.done(&[
            "key",
            "backup",
            "--out",
            "k.age",
            "--passphrase-file",
            PASSPHRASE,
        ]);
    }

    /// Whether so many processes serve and all of them know these keys.
    pub fn is_known_to(&self, processes: usize, kids: &[String]) -> bool {
        self.with_database(async |db| {
            let rows = sql("SELECT keys FROM instance").fetch_all(db).await;
            let known: Vec<String> = rows
                .expect("rows")
                .iter()
                .map(|row| row.text("keys").expect("text"))
                .collect();
            let knows = |keys: &String| kids.iter().all(|kid| keys.contains(&format!(":{kid}:")));
            known.len() == processes && known.iter().all(knows)
        })
    }

    /// Lets the time pass that a command, killed, had the turn to change keys for.
    pub fn end_the_turn(&self) {
        self.with_database(async |db| {
            let ended = sql("UPDATE lease SET until = 0").execute(On::Write(db));
            ended.await.expect("ended");
        });
    }

    pub fn with_database<T>(&self, work: impl AsyncFnOnce(&Db) -> T) -> T {
        let url = match &self.postgres {
            Some(postgres) => postgres.url().to_owned(),
            None => format!("sqlite:{}", self.path("data/concierge.db").display()),
        };
        block_on(async {
            let db = Db::connect(&url).await.expect("the database opens");
            let done = work(&db).await;
            db.close().await;
            done
        })
    }

    /// Starts it; returns once it is open.
    pub fn serve(&self) -> Program {
        Program::serve_in_production(self.folder.path(), &self.borrowed(), self.address)
    }

    /// Makes the account, with these words more.
    fn create(&self, more: &[&str]) {
        let words = ["account", "create", "--email", EMAIL, "--password-stdin"];
        let output = self.fed(&[&words, more].concat(), PASSWORD);
        assert!(output.status.success(), "{}", said(&output));
    }

    fn sign_in(&mut self) {
        self.create(&[]);
        let program = self.serve();
        self.refresh_token = Some(grant(&program, "refresh_token"));
        assert!(program.terminate().0.success());
    }

    /// Whether the session of before is still there, asked of a program that was just started.
    pub fn lets_in(&self) -> Option<bool> {
        let token = self.refresh_token.as_deref();
        let program = self.serve();
        let answer = token.map(|token| {
            let body = json!({ "refresh_token": token }).to_string();
            let answer = program.post("/api/auth/refresh", &body);
            match answer.get(9..12) {
                Some("200") => true,
                Some("401") => false,
                _ => panic!("{answer}"),
            }
        });
        // With a good-bye: else the next rotation waits until it is forgotten.
        assert!(program.terminate().0.success());
        answer
    }

    /// What git ignores, where it does.
    pub fn ignored(&self) -> String {
        fs::read_to_string(self.path(IGNORED)).unwrap_or_default()
    }

    /// What stands in the files the keys may be in.
    pub fn keys(&self) -> Vec<Option<Vec<u8>>> {
        let names = [KEYRING, "data/secrets.production.toml.age", ".env"];
        names.map(|name| fs::read(self.path(name)).ok()).to_vec()
    }
}

/// Signs in, and answers this one of the tokens.
pub fn grant(program: &Program, which: &str) -> String {
    let names = json!({ "email": EMAIL, "password": PASSWORD, "transport": "bearer" });
    let answer = program.post("/api/auth/login", &names.to_string());
    let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
    let body: Value = serde_json::from_str(body).expect("JSON");
    let token = body[which].as_str();
    token.unwrap_or_else(|| panic!("{answer}")).to_owned()
}

/// What a program says to the bearer of an access token.
pub fn status_of(program: &Program, token: &str) -> u16 {
    let head = format!("GET /api/profile HTTP/1.1\r\nAuthorization: Bearer {token}");
    let answer = program.request(&head, "");
    answer[9..12].parse().expect("a status")
}

/// All that a program said.
pub fn said(output: &Output) -> String {
    let out = String::from_utf8_lossy(&output.stdout);
    out.into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// A key that was made elsewhere.
pub fn made() -> String {
    let output = Command::new("openssl")
        .args(["rand", "-hex", "32"])
        .output();
    String::from_utf8(output.expect("openssl").stdout).expect("text")
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry").path();
        let copied = to.join(entry.file_name().expect("a name"));
        if entry.is_dir() {
            fs::create_dir(&copied).expect("made");
            copy(&entry, &copied);
        } else {
            fs::copy(&entry, &copied).expect("copied");
        }
    }
}
