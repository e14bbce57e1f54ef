//! Other services verify our tokens: the files of `examples/`, run with `jose` of npm and with PyJWT against the
//! running program.

use std::{
    fs,
    io::Write as _,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use concierge_server::platform::{
    clock::{Clock as _, SystemClock},
    ed25519::Pair,
};
use jsonwebtoken::Algorithm;
use serde_json::{Value, json};

use super::{
    encode,
    public::{KID, X, by_pair, give_pair},
    signed, with, without,
};
use crate::support::{
    ADA, PASSWORD,
    database::{Database, cluster},
    program::Program,
};

/// Debian's own: its packages are not for another that comes first on the path.
const PYTHON: &str = "/usr/bin/python3";

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A machine that lacks something has nothing to run, except where everything is to be tested.
#[expect(clippy::print_stderr, reason = "a test that runs nothing says so")]
fn is_there(command: &mut Command, what: &str) -> bool {
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    let found = status.is_ok_and(|status| status.success());
    if !found {
        assert!(cluster().is_none(), "{what} is missing");
        eprintln!("skipped: {what} is missing");
    }
    found
}

/// A house whose tokens the pair signs, with Ada's token.
struct House {
    program: Program,
    origin: String,
    token: String,
    account: String,
}

impl House {
    fn open(db: &Database) -> Self {
        let keyring = give_pair(db, "").display().to_string();
        let program = Program::serve(
            db.folder.path(),
            &[("DATABASE_URL", &db.url), ("CONCIERGE_KEYRING", &keyring)],
        );
        let new = json!({ "email": ADA, "password": PASSWORD });
        let answer = program.post("/api/auth/register", &new.to_string());
        assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
        let names = json!({ "email": ADA, "password": PASSWORD, "transport": "bearer" });
        let answer = program.post("/api/auth/login", &names.to_string());
        let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
        let body: Value = serde_json::from_str(body).expect("JSON");
        let token = body["access_token"].as_str().expect("a token");
        Self {
            origin: format!("http://localhost:{}", program.address.port()),
            token: token.to_owned(),
            account: part(token, 1)["sub"].as_str().expect("an id").to_owned(),
            program,
        }
    }

    /// What a script that reads tokens says of each.
    fn judge(&self, command: &mut Command, tokens: &[&str]) -> Vec<String> {
        let command = command.arg(&self.origin).env("no_proxy", "localhost");
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = piped.spawn().expect("it starts");
        let mut input = child.stdin.take().expect("its input");
        input
            .write_all(tokens.join("\n").as_bytes())
            .expect("written");
        drop(input);
        let output = child.wait_with_output().expect("it ends");
        assert!(output.status.success(), "{}", output.status);
        let said = String::from_utf8(output.stdout).expect("text");
        said.lines().map(str::to_owned).collect()
    }

    /// The genuine token is taken; every attack on it is not.
    fn assert_judged_well(&self, command: &mut Command) {
        let attacks = attacks(&self.token);
        let mut tokens = vec![self.token.as_str()];
        tokens.extend(attacks.iter().map(|(_, token)| token.as_str()));
        let said = self.judge(command, &tokens);
        assert_eq!(said.len(), tokens.len());
        assert_eq!(said[0], self.account);
        for ((what, _), said) in attacks.iter().zip(&said[1..]) {
            assert!(said.starts_with("refused: "), "{what}: {said}");
        }
    }
}

fn part(token: &str, at: usize) -> Value {
    let part = token.split('.').nth(at).expect("three parts");
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(part).expect("base64");
    serde_json::from_slice(&bytes).expect("JSON")
}

fn attacks(token: &str) -> Vec<(&'static str, String)> {
    let (header, claims) = (part(token, 0), part(token, 1));
    assert_eq!(
        (&header["alg"], &header["kid"]),
        (&json!("Ed25519"), &json!(KID))
    );
    let unsigned = with(&header, "alg", json!("none"));
    let maced = with(&header, "alg", json!("HS256"));
    let stranger = Pair::of_seed(&"7a".repeat(32)).expect("a pair");
    let message = format!("{}.{}", encode(&header), encode(&claims));
    let signature = stranger.sign(message.as_bytes()).expect("signed");
    let signature = BASE64_URL_SAFE_NO_PAD.encode(signature);
    let past = SystemClock.now().as_seconds() - 60;
    let mut attacks = vec![
        (
            "alg none",
            format!("{}.{}.", encode(&unsigned), encode(&claims)),
        ),
        (
            "HS256 with the public key",
            signed(&maced, &claims, Algorithm::HS256, X),
        ),
        ("another pair", format!("{message}.{signature}")),
        (
            "an unknown key",
            by_pair(&with(&header, "kid", json!("unknown")), &claims),
        ),
        (
            "another type of token",
            by_pair(&with(&header, "typ", json!("JWT")), &claims),
        ),
        ("no type", by_pair(&without(&header, "typ"), &claims)),
        (
            "expired",
            by_pair(&header, &with(&claims, "exp", json!(past))),
        ),
    ];
    for (name, value) in [
        ("iss", "https://evil.example"),
        ("aud", "https://evil.example"),
    ] {
        attacks.push((name, by_pair(&header, &with(&claims, name, json!(value)))));
    }
    for name in ["iss", "aud", "sub", "sid", "exp"] {
        attacks.push((name, by_pair(&header, &without(&claims, name))));
    }
    attacks
}

/// An example in a folder of its own, where it finds the packages of the journeys.
fn node(folder: &Path, example: &str) -> Command {
    let copy = folder.join("concierge.mjs");
    fs::copy(
        repository()
            .join("examples")
            .join(example)
            .join("concierge.mjs"),
        &copy,
    )
    .expect("copied");
    let packages = folder.join("node_modules");
    let _ = fs::remove_file(&packages);
    symlink(repository().join("end2end/node_modules"), packages).expect("linked");
    let mut command = Command::new("node");
    command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/jwt/check.mjs"));
    command.arg(copy);
    command
}

#[test]
fn every_example_can_be_read_by_its_language() {
    let examples = repository().join("examples");
    if is_there(Command::new("node").arg("--version"), "node") {
        for file in ["express/server.mjs", "session/server.mjs"] {
            let mut node = Command::new("node");
            let status = node.arg("--check").arg(examples.join(file)).status();
            assert!(status.expect("node").success(), "{file}");
        }
    }
    if is_there(Command::new(PYTHON).arg("--version"), "python3") {
        let mut python = Command::new(PYTHON);
        python.args(["-c", "import ast, sys; ast.parse(open(sys.argv[1]).read())"]);
        let status = python.arg(examples.join("fastapi/main.py")).status();
        assert!(status.expect("python3").success());
    }
}

on_each_engine! {
    async fn the_express_example_verifies_our_tokens_with_jose(db) {
        let jose = repository().join("end2end/node_modules/jose/package.json");
        let mut probe = Command::new("node");
        if !is_there(probe.args(["-e", "require(process.argv[1])"]).arg(jose), "jose of end2end/package.json") { return }
        House::open(db).assert_judged_well(&mut node(db.folder.path(), "express"));
    }

    async fn the_fastapi_example_verifies_our_tokens_with_pyjwt(db) {
        let mut probe = Command::new(PYTHON);
        if !is_there(probe.args(["-c", "import jwt, cryptography"]), "python3-jwt or python3-cryptography") { return }
        let mut python = Command::new(PYTHON);
        python.args(["-B", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/jwt/check.py")]);
        python.arg(repository().join("examples/fastapi"));
        House::open(db).assert_judged_well(&mut python);
    }

    async fn the_session_example_notices_a_sign_out_at_once(db) {
        if !is_there(Command::new("node").arg("--version"), "node") { return }
        let house = House::open(db);
        let ask = || house.judge(&mut node(db.folder.path(), "session"), &[&house.token, "a.b.c"]);
        assert_eq!(ask(), [house.account.as_str(), "nobody"]);
        let head = format!("POST /api/auth/logout HTTP/1.1\r\nContent-Type: application/json\r\nAuthorization: Bearer {}", house.token);
        let answer = house.program.request(&head, "{}");
        assert!(answer.starts_with("HTTP/1.1 2"), "{answer}");
        assert_eq!(ask(), ["nobody", "nobody"]);
    }
}
