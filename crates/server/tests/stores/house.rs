//! A folder with the program in it, and everything the program said there.

use std::{
    fs,
    io::Write as _,
    net::SocketAddr,
    path::PathBuf,
    process::{Command, Stdio},
};

use super::{emulator::Variables, program::Program};

/// One machine.
pub struct House {
    pub folder: tempfile::TempDir,
    variables: Variables,
    said: String,
}

/// What a command did.
pub struct Done {
    pub code: Option<i32>,
    pub output: String,
}

impl House {
    /// A machine that knows the way to a store, but has its keys at home.
    pub fn new(variables: &Variables) -> Self {
        let mut variables = variables.clone();
        variables.push(("CONCIERGE_ENV", "staging".to_owned()));
        for (name, value) in [
            ("CONCIERGE_PUBLIC_URL", "https://localhost"),
            ("CONCIERGE_SECOND_FACTOR", "optional"),
            ("CONCIERGE_SESSIONS_PER_ACCOUNT", "50"),
        ] {
            variables.push((name, value.to_owned()));
        }
        Self {
            folder: tempfile::tempdir().expect("a folder"),
            variables,
            said: String::new(),
        }
    }

    /// From now on the keys live in a store.
    pub fn live_in(&mut self, store: &str) {
        self.variables
            .push(("CONCIERGE_KEY_STORE", store.to_owned()));
    }

    pub fn keyring(&self) -> PathBuf {
        self.folder.path().join("data/secrets.staging.toml")
    }

    /// Runs a command; what it printed on either stream.
    pub fn run(&mut self, line: &str) -> Done {
        self.fed(line, "")
    }

    /// The same with something on its standard input, when only one end is right.
    pub fn expect_fed(&mut self, line: &str, code: i32, input: &str) {
        let done = self.fed(line, input);
        assert_eq!(done.code, Some(code), "{line}: {}", done.output);
    }

    fn fed(&mut self, line: &str, input: &str) -> Done {
        let mut command = Command::new(env!("CARGO_BIN_EXE_concierge"));
        command
            .args(line.split(' '))
            .current_dir(self.folder.path());
        command.env_clear();
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::piped());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let mut pipe = child.stdin.take().expect("its input");
        // One that reads nothing may have ended already.
        let _ = pipe.write_all(input.as_bytes());
        drop(pipe);
        let ended = child.wait_with_output().expect("it ends");
        let output = String::from_utf8([&ended.stdout[..], &ended.stderr].concat());
        let done = Done {
            code: ended.status.code(),
            output: output.expect("text"),
        };
        self.said += &done.output;
        done
    }

    /// The same, when only one end is right.
    pub fn expect(&mut self, line: &str, code: i32, says: &str) -> String {
        let done = self.run(line);
        let output = done.output;
        assert_eq!(done.code, Some(code), "{line}: {output}");
        assert!(output.contains(says), "{line}: {output}");
        output
    }

    /// Starts the server.
    pub fn serve(&self, address: SocketAddr) -> Program {
        let pairs = self.variables.iter();
        let variables: Vec<(&str, &str)> =
            pairs.map(|(name, value)| (*name, value.as_str())).collect();
        Program::serve_in_production(self.folder.path(), &variables, address)
    }

    /// Ends the server, and keeps what it logged for the search for secrets.
    pub fn keep(&mut self, server: Program) {
        let (status, log) = server.terminate();
        assert!(status.success(), "{log}");
        self.said += &log;
    }

    /// New keys in the keyring file; its text.
    pub fn generate(&mut self) -> String {
        let line = "key generate --env staging --force --out data/secrets.staging.toml";
        self.expect(line, 0, "written to");
        fs::read_to_string(self.keyring()).expect("the keyring")
    }

    /// Whether anything that was printed had a secret in it: the values of the keyrings, and what opens the store.
    pub fn told_no_secret(&self, keyrings: &[&str], others: &[&str]) {
        let values = keyrings.iter().flat_map(|text| values(text));
        for secret in values.chain(others.iter().copied()) {
            assert!(secret.len() > 8 && !self.said.contains(secret));
        }
    }
}

/// The values in a keyring's text.
pub fn values(keyring: &str) -> Vec<&str> {
    let lines = keyring
        .lines()
        .filter_map(|line| line.strip_prefix("value = \""));
    lines.filter_map(|line| line.strip_suffix('"')).collect()
}
