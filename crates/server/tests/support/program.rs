//! The real program as a child process, in a folder of its own and with nothing of our surroundings.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc,
    time::Duration,
};

/// Whatever takes longer hangs: a test says so, with the log, and does not hang along.
const SOON: Duration = Duration::from_secs(120);

/// `concierge serve`, running.
pub struct Program {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    /// What people type, without the scheme.
    host: String,
    log: Vec<String>,
    lines: mpsc::Receiver<String>,
}

/// The program with these words and variables, in a folder.
pub fn command(folder: &Path, words: &[&str], variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_concierge"));
    command.args(words).current_dir(folder).env_clear();
    command.envs(variables.iter().copied());
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn post(path: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nContent-Type: application/json")
}

fn url(scheme: &str, address: SocketAddr) -> String {
    format!("{scheme}://localhost:{}", address.port())
}

/// An address to listen on. Its port is free again when the listener here is dropped, and nobody else asks for it soon.
pub fn free() -> SocketAddr {
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    free.expect("a free port")
}

impl Program {
    /// Starts it on a house without an admin and returns once it is open and the setup link is written.
    pub fn serve(folder: &Path, variables: &[(&str, &str)]) -> Self {
        let cheap = [
            ("CONCIERGE_ENV", "test"),
            ("CONCIERGE_ARGON2_MEMORY_KIB", "256"),
            ("CONCIERGE_SIGN_IN_DEADLINE", "0"),
        ];
        let variables = [variables, &cheap].concat();
        let address = free();
        let url = url("http", address);
        Self::serve_as(folder, &variables, address, &url, "setup link is in")
    }

    /// What the kernel lets it do.
    pub fn limits(&self) -> String {
        let path = format!("/proc/{}/limits", self.child.id());
        std::fs::read_to_string(path).expect("it runs")
    }

    /// Starts it in production, where all is as it is for an operator; returns once it is open.
    pub fn serve_in_production(
        folder: &Path,
        variables: &[(&str, &str)],
        address: SocketAddr,
    ) -> Self {
        let url = url("https", address);
        Self::serve_as(folder, variables, address, &url, "Concierge is open at")
    }

    /// Starts another process of a house in production, which people type the same address for.
    pub fn beside(&self, folder: &Path, variables: &[(&str, &str)]) -> Self {
        let url = url("https", self.address);
        Self::serve_as(folder, variables, free(), &url, "Concierge is open at")
    }

    fn serve_as(
        folder: &Path,
        variables: &[(&str, &str)],
        address: SocketAddr,
        public_url: &str,
        open: &str,
    ) -> Self {
        let listen = address.to_string();
        let mut command = command(folder, &["serve"], variables);
        command.stderr(Stdio::null()).envs([
            ("CONCIERGE_LISTEN", listen.as_str()),
            ("CONCIERGE_PUBLIC_URL", public_url),
        ]);
        let mut child = command.spawn().expect("the program starts");
        let output = BufReader::new(child.stdout.take().expect("its output"));
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                // A test that has ended listens no longer.
                let _ = sender.send(line);
            }
        });
        let mut log = Vec::new();
        while !log.last().is_some_and(|line: &String| line.contains(open)) {
            let line = lines.recv_timeout(SOON);
            log.push(line.unwrap_or_else(|error| panic!("it is not open ({error}): {log:#?}")));
        }
        let (_, host) = public_url.split_once("://").expect("a URL");
        Self {
            child,
            address,
            host: host.to_owned(),
            log,
            lines,
        }
    }

    /// One request over a connection of its own; answers the whole response as text.
    pub fn request(&self, head: &str, body: &str) -> String {
        let mut response = String::new();
        let mut stream = self.open(head, body);
        stream.read_to_string(&mut response).expect("an answer");
        response
    }

    /// Posts JSON and does not wait for the answer.
    pub fn send(&self, path: &str, body: &str) -> TcpStream {
        self.open(&post(path), body)
    }

    fn open(&self, head: &str, body: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).expect("it listens");
        stream.set_read_timeout(Some(SOON)).expect("a time limit");
        let request = format!(
            "{head}\r\nHost: {}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            self.host,
            body.len()
        );
        stream.write_all(request.as_bytes()).expect("sent");
        stream
    }

    /// Posts JSON.
    pub fn post(&self, path: &str, body: &str) -> String {
        self.request(&post(path), body)
    }

    /// Ends it the hard way.
    pub fn kill(mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
    }

    /// Asks it to end; how it ended, and all it logged.
    pub fn terminate(mut self) -> (ExitStatus, String) {
        let id = i32::try_from(self.child.id()).expect("a process id");
        let id = rustix::process::Pid::from_raw(id).expect("a process id");
        rustix::process::kill_process(id, rustix::process::Signal::TERM).expect("it runs");
        // Its output ends with it.
        while let Some(line) = self.next_line() {
            self.log.push(line);
        }
        let status = self.child.wait().expect("it ends");
        (status, std::mem::take(&mut self.log).join("\n"))
    }

    /// The next line of its log; none where it has ended.
    fn next_line(&self) -> Option<String> {
        match self.lines.recv_timeout(SOON) {
            Ok(line) => Some(line),
            Err(mpsc::RecvTimeoutError::Disconnected) => None,
            Err(mpsc::RecvTimeoutError::Timeout) => panic!("it does not end: {:#?}", self.log),
        }
    }
}

impl Drop for Program {
    /// A test that fails leaves no server behind.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
