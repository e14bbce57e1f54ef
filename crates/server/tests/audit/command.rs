//! `concierge audit`, as an operator runs it.

use std::{
    fs::OpenOptions,
    io::pipe,
    process::{Command, Stdio},
};

use serde_json::Value;

use super::{head, linked, tamper};
use crate::support::{database::Database, program::command};

pub(super) fn verify(db: &Database, words: &[&str]) -> (i32, String, String) {
    told(db, &[&["verify"], words].concat())
}

/// `concierge audit` with these words: the exit code, and what it said.
pub(super) fn told(db: &Database, words: &[&str]) -> (i32, String, String) {
    let output = audit(db, words).output().expect("it runs");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    let code = output.status.code().expect("it ends by itself");
    (code, text(output.stdout), text(output.stderr))
}

/// The same with standard output on a disk that is full: the exit code, and what it said of that.
pub(super) fn into_full_disk(db: &Database, words: &[&str]) -> (i32, String) {
    let full = OpenOptions::new().write(true).open("/dev/full");
    told_elsewhere(db, words, full.expect("a disk that is full").into())
}

/// The same for somebody who reads none of it.
pub(super) fn into_closed_pipe(db: &Database, words: &[&str]) -> (i32, String) {
    let (reader, writer) = pipe().expect("a pipe");
    drop(reader);
    told_elsewhere(db, words, writer.into())
}

fn told_elsewhere(db: &Database, words: &[&str], to: Stdio) -> (i32, String) {
    let output = audit(db, words).stdout(to).output().expect("it runs");
    let code = output.status.code().expect("it ends by itself");
    (code, String::from_utf8(output.stderr).expect("text"))
}

fn audit(db: &Database, words: &[&str]) -> Command {
    let words = [&["audit"], words].concat();
    let variables = [
        ("CONCIERGE_ENV", "test"),
        ("CONCIERGE_DATA", "."),
        ("DATABASE_URL", db.url.as_str()),
    ];
    command(db.folder.path(), &words, &variables)
}

on_each_engine! {
    async fn the_command_says_whole_broken_or_not_checked(db) {
        let app = linked(db, 6).await;
        let (code, page, error) = verify(db, &[]);
        assert_eq!(code, 0, "{page}{error}");
        assert!(page.ends_with("whole: 6 links up to position 6, 0 events wait for theirs\n"), "{page}");
        let kept = head(&app).await.to_string();
        assert_eq!(verify(db, &["--head", &kept]).0, 0);
        std::fs::write(app.services.head_file(), format!("{kept} some time\n")).expect("written");
        let (code, page, _) = verify(db, &[]);
        assert_eq!(code, 0);
        assert!(page.contains(&format!("compared with the head {kept}")), "{page}");
        tamper(&app, "UPDATE event SET address = 'x' WHERE position = 2").await;
        tamper(&app, "DELETE FROM event WHERE position = 4").await;
        let (code, page, _) = verify(db, &[]);
        assert_eq!(code, 1);
        let lines: Vec<&str> = page.lines().take(2).collect();
        assert_eq!(lines, ["position 2: edited, or put there by somebody without the key", "position 4: deleted; no purge took them"]);
        let (code, json, _) = verify(db, &["--json"]);
        let json: Value = serde_json::from_str(&json).expect("JSON");
        assert_eq!((code, &json["whole"], &json["findings"][1]["kind"]), (1, &Value::Bool(false), &"deleted".into()));
        for words in [&["--head", "no such file"][..], &["--head", "5:abc"]] {
            let (code, page, error) = verify(db, words);
            assert!(code == 2 && error.contains("neither a head"), "{words:?}: {page}{error}");
        }
        tamper(&app, "UPDATE data_key SET wrapped = substr(wrapped, 2) WHERE purpose = 'audit'").await;
        let (code, page, _) = verify(db, &["--head", "4:0000000000000000000000000000000000000000000000000000000000000000"]);
        assert_eq!(code, 1, "the gap is there all the same: {page}");
    }

    async fn links_that_nobody_can_check_are_not_called_whole(db) {
        let app = linked(db, 3).await;
        tamper(&app, "UPDATE data_key SET wrapped = substr(wrapped, 2) WHERE purpose = 'audit'").await;
        let (code, page, _) = verify(db, &[]);
        assert_eq!(code, 2, "{page}");
        assert!(page.contains("\nnot checked: 3 links") && page.contains("no sealing key at hand opens"), "{page}");
        let (code, json, _) = verify(db, &["--json"]);
        let json: Value = serde_json::from_str(&json).expect("JSON");
        assert_eq!((code, &json["whole"]), (2, &Value::Bool(false)));
    }

    async fn a_head_file_that_holds_no_head_is_refused(db) {
        let app = linked(db, 1).await;
        std::fs::write(app.services.head_file(), "garbage").expect("written");
        let (code, page, error) = verify(db, &[]);
        assert!(code == 2 && error.contains("holds no head"), "{page}{error}");
    }

    async fn a_database_that_does_not_answer_is_not_checked(db) {
        let variables = [("CONCIERGE_ENV", "test"), ("CONCIERGE_DATA", "."), ("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none")];
        let output = command(db.folder.path(), &["audit", "verify"], &variables).output().expect("it runs");
        assert_eq!(output.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&output.stderr).contains("database"));
    }
}
