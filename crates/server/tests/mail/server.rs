//! Real mail servers on free ports: one that works (Debian's `python3-aiosmtpd`), and one that takes calls and
//! never says a word.

use std::{
    io::{BufRead as _, BufReader},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc,
    time::Duration,
};

use serde_json::Value;

use crate::support::database::cluster;

/// How long a test waits for what must happen before it fails.
pub const DEADLINE: Duration = Duration::from_secs(20);

/// Debian's own: its packages are not for another that comes first on the path.
const PYTHON: &str = "/usr/bin/python3";

/// A mail server that works.
pub struct Server {
    child: Child,
    /// Its port.
    pub port: u16,
    /// The file of its certificate, which vouches for itself.
    pub certificate: PathBuf,
    mails: mpsc::Receiver<Value>,
}

impl Server {
    /// Starts it with `tls` being `none`, `starttls` or `implicit`. A machine without the package has nothing to
    /// run, except where everything is to be tested.
    pub fn start(folder: &Path, tls: &str) -> Option<Self> {
        let module = Command::new(PYTHON)
            .args(["-c", "import aiosmtpd"])
            .stderr(Stdio::null())
            .status();
        if !module.is_ok_and(|status| status.success()) {
            assert!(
                cluster().is_none(),
                "the package python3-aiosmtpd is missing"
            );
            return None;
        }
        let (certificate, key) = make_certificate(folder);
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/mail/server.py");
        let mut command = Command::new(PYTHON);
        command.arg(script).arg(tls).arg(&certificate).arg(&key);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("python3");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let first = lines.next().expect("it starts").expect("text");
        let (sender, mails) = mpsc::channel();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                // A test that has ended listens no longer.
                let _ = sender.send(serde_json::from_str(&line).expect("JSON"));
            }
        });
        Some(Self {
            child,
            port: first.parse().expect("a port"),
            certificate,
            mails,
        })
    }

    /// Waits for the next mail.
    pub fn next(&self) -> Value {
        self.mails.recv_timeout(DEADLINE).expect("a mail arrives")
    }

    /// What has arrived and nobody has waited for.
    pub fn others(&self) -> Vec<Value> {
        self.mails.try_iter().collect()
    }
}

impl Drop for Server {
    /// A test that fails leaves no server behind.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A certificate for `localhost`, signed with its own key.
pub fn make_certificate(folder: &Path) -> (PathBuf, PathBuf) {
    let name = folder.read_dir().expect("a folder").count();
    let (certificate, key) = (
        folder.join(format!("{name}.pem")),
        folder.join(format!("{name}.key")),
    );
    let mut command = Command::new("openssl");
    command
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "2",
        ])
        .args([
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost",
        ])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&certificate);
    let made = command.stderr(Stdio::null()).status().expect("openssl");
    assert!(made.success());
    (certificate, key)
}

/// A port at which calls are taken and nothing is ever said.
pub fn silent() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").expect("a free port")
}

/// A port at which nobody is.
pub fn nobody() -> u16 {
    silent().local_addr().expect("an address").port()
}
