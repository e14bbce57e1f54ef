//! Runs the program under strace, which kills it at the entry of the Nth call of a kind: the call is not made any more.
//!
//! strace counts per thread. So the calls of the database are aimed at file by file: the thread that writes its log is
//! not the one that writes it back.

use std::{
    io::Write as _,
    os::unix::process::ExitStatusExt as _,
    process::{Command, Output, Stdio},
};

use crate::house::House;

/// Calls of one kind, and the file they must be about.
pub struct Aim {
    calls: &'static str,
    file: Option<&'static str>,
}

const DATABASE: &str = "data/concierge.db";
const LOG: &str = "data/concierge.db-wal";

/// All that changes what a disk holds. A call to open or make a file changes nothing that the next one would not show.
pub const AIMS: [Aim; 9] = [
    Aim::at("/^rename", None),
    Aim::at("/^link", None),
    Aim::at("/^unlink", None),
    Aim::at("write", None),
    Aim::at("fsync", None),
    Aim::at("pwrite64", Some(LOG)),
    Aim::at("fsync,fdatasync", Some(LOG)),
    Aim::at("pwrite64", Some(DATABASE)),
    Aim::at("ftruncate,fsync,fdatasync", Some(DATABASE)),
];

/// Where a server that looks at the rules of the alerts leaves something behind with SQLite: in the log of its
/// database, and at each connection that it makes.
pub const ALERT_AIMS: [Aim; 3] = [
    Aim::at("pwrite64", Some(LOG)),
    Aim::at("fsync,fdatasync", Some(LOG)),
    Aim::at("connect", None),
];

/// The message to a receiver, which is the only thing that is sent by this call: PostgreSQL hears by `sendto`.
pub const MESSAGE: Aim = Aim::at("writev", None);

impl Aim {
    const fn at(calls: &'static str, file: Option<&'static str>) -> Self {
        Self { calls, file }
    }

    /// The name of the aim, for whoever waits.
    pub fn name(&self) -> String {
        let calls = self.calls.trim_start_matches("/^");
        match self.file {
            Some(file) => format!("{calls} of {file}"),
            None => calls.to_owned(),
        }
    }

    /// The program with these words under strace, which kills it at the Nth call.
    pub fn command(&self, house: &House, words: &[&str], n: usize) -> Command {
        let program = house.command(words);
        let mut command = Command::new("strace");
        command.args(["-f", "-qqq", "-o", "strace.log", "-s", "0"]);
        command.arg(format!("--trace={}", self.calls));
        command.arg(format!("--inject={}:signal=KILL:when={n}", self.calls));
        if let Some(file) = self.file {
            command.arg("--trace-path").arg(house.path(file));
        }
        command.arg(program.get_program()).args(program.get_args());
        command.current_dir(house.path(".")).env_clear();
        command.envs(house.borrowed());
        command.stdin(Stdio::null());
        command
    }

    /// Runs these words, killed at the Nth call; how it ended, if it was not killed before.
    pub fn kill(&self, house: &House, words: &[&str], input: &str, n: usize) -> Option<Output> {
        let mut command = self.command(house, words, n);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("strace is installed");
        let mut pipe = child.stdin.take().expect("its input");
        // One that is killed early reads nothing.
        let _ = pipe.write_all(input.as_bytes());
        drop(pipe);
        let output = child.wait_with_output().expect("it ends");
        let is_killed = output.status.signal() == Some(9);
        (!is_killed).then_some(output)
    }
}
