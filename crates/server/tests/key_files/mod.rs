//! Keys that were made elsewhere, brought to the real program in every way there is; and how old keys may get.

mod age;
mod import;
mod output;
mod ways;

use std::{fs, io::Write as _, os::unix::fs::PermissionsExt as _, path::Path, process::Stdio};

use crate::support::program::command;

/// A good key.
const GOOD: &str = "9b1f6c0ad3e857429f60b8c1e47d2a35c8f09d6e1b7a34529e0f6d8c7b3a1254";
/// Another.
const OTHER: &str = "d07c4e9b12a85f36cb90e7f1438d6a2597bf03ce8164da52f7903b6c1e8d4af5";

/// How a run ended, and what it said.
struct Ended {
    code: Option<i32>,
    out: String,
    error: String,
}

/// Runs the program and hands it a text on standard input.
fn run(folder: &Path, words: &str, variables: &[(&str, &str)], input: &str) -> Ended {
    let words: Vec<&str> = words.split(' ').collect();
    let mut child = command(folder, &words, variables)
        .stdin(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut stdin = child.stdin.take().expect("its input");
    // A program that has refused reads no more.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    Ended {
        code: output.status.code(),
        out: text(output.stdout),
        error: text(output.stderr),
    }
}

/// A file only its owner can read.
fn write(path: &Path, text: &str) {
    fs::write(path, text).expect("a file");
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("closed");
}
