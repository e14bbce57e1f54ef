//! Python scripts of this folder: servers that run as long as a test, and clients that run once.

use std::{
    io::{self, BufRead as _, BufReader, Write as _},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use serde_json::{Value, json};

/// Variables for a child process.
pub type Variables = Vec<(&'static str, String)>;

/// A server that ends with the test.
pub struct Emulator {
    child: Child,
    /// What it said of itself when it was ready.
    pub facts: Value,
}

/// The interpreter with the packages: `scripts/stores.sh` makes it and says where it is.
fn python() -> Command {
    #[expect(
        clippy::disallowed_methods,
        reason = "tests learn of the emulators from their surroundings"
    )]
    let path = std::env::var("EMULATORS_PYTHON");
    Command::new(path.expect("EMULATORS_PYTHON; run scripts/stores.sh"))
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/stores")
        .join(name)
}

impl Emulator {
    /// Starts a script and waits for its first line.
    pub fn start(name: &str, files: &[&Path]) -> Self {
        let mut command = python();
        command.arg(script(name)).args(files).env_clear();
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("the emulator starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let first = lines.next().expect("a line").expect("text");
        Self {
            child,
            facts: serde_json::from_str(&first).expect("JSON"),
        }
    }

    /// Its port.
    pub fn port(&self) -> u64 {
        self.facts["port"].as_u64().expect("a port")
    }
}

impl Emulator {
    /// Makes one of our own servers sealed, busy, broken, slow or well.
    pub fn make(&self, mode: &str) {
        self.tell(&json!({ "mode": mode }));
    }

    /// Lets somebody else write just before, or just after, who writes next.
    #[cfg(feature = "azure")]
    pub fn let_a_rival_write(&self, text: &str, is_first: bool) {
        self.tell(&json!({ "rival": { "text": text, "is_first": is_first } }));
    }

    fn tell(&self, state: &Value) {
        let port = u16::try_from(self.port()).expect("a port");
        let body = state.to_string();
        let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
        let length = body.len();
        write!(stream, "POST /stub HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}").expect("sent");
        io::copy(&mut stream, &mut io::sink()).expect("sent");
    }
}

impl Drop for Emulator {
    /// A test that fails leaves no server behind.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port where nobody may knock.
#[cfg(any(feature = "vault", feature = "aws"))]
pub struct Listener(TcpListener);

#[cfg(any(feature = "vault", feature = "aws"))]
impl Listener {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.set_nonblocking(true).expect("it can");
        Self(listener)
    }

    pub fn address(&self) -> String {
        format!("http://{}", self.0.local_addr().expect("an address"))
    }

    /// How many have knocked since it was asked last.
    pub fn count(&self) -> usize {
        std::iter::from_fn(|| self.0.accept().ok()).count()
    }
}

/// Runs a client to its end; what it printed.
pub fn client(name: &str, words: &[&str], variables: &Variables) -> String {
    let mut command = python();
    command.arg(script(name)).args(words).env_clear();
    command.envs(variables.iter().map(|(name, value)| (name, value)));
    let output = command.output().expect("the client starts");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name} {words:?}: {complaint}");
    String::from_utf8(output.stdout).expect("text")
}

/// A certificate that vouches for itself, and its key.
pub fn certificate(folder: &Path, names: &str) -> (PathBuf, PathBuf) {
    let (certificate, key) = (
        folder.join("certificate.pem"),
        folder.join("certificate.key"),
    );
    let mut command = Command::new("openssl");
    command.args(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=stub"
            .split(' '),
    );
    command.args(["-addext", "basicConstraints=critical,CA:FALSE"]);
    command.args(["-addext", &format!("subjectAltName={names}")]);
    command
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&certificate);
    let status = command.stderr(Stdio::null()).status();
    assert!(status.expect("openssl").success());
    (certificate, key)
}
