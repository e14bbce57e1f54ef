//! `concierge account`: the command line does what the admin desk does, by the same rules, with the program up or down.

use std::{
    io::Write as _,
    process::{Output, Stdio},
};

use crate::support::{ADA, PASSWORD, database::Database, program::command};

const BOB: &str = "bob@example.org";

/// The command line of a house.
struct Line<'a>(&'a Database);

impl Line<'_> {
    fn run(&self, words: &[&str]) -> Output {
        let variables = [
            ("CONCIERGE_ENV", "test"),
            ("CONCIERGE_ARGON2_MEMORY_KIB", "256"),
            ("DATABASE_URL", self.0.url.as_str()),
        ];
        let words = [&["account"], words].concat();
        let mut command = command(self.0.folder.path(), &words, &variables);
        let mut child = command.stdin(Stdio::piped()).spawn().expect("it starts");
        let mut input = child.stdin.take().expect("an input");
        // Commands that read nothing may have ended by now.
        let _ = writeln!(input, "{PASSWORD}");
        drop(input);
        child.wait_with_output().expect("it ends")
    }

    /// What a command that succeeds prints.
    fn done(&self, words: &[&str]) -> String {
        let output = self.run(words);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{words:?}: {error}");
        String::from_utf8(output.stdout)
            .expect("text")
            .trim()
            .to_owned()
    }

    /// What a command that fails says.
    fn refused(&self, words: &[&str]) -> String {
        let output = self.run(words);
        assert_eq!(output.status.code(), Some(1), "{words:?}");
        assert!(output.stdout.is_empty(), "{words:?}");
        String::from_utf8(output.stderr).expect("text")
    }
}

on_each_engine! {
    async fn each_act_of_the_desk_has_its_twin_on_the_command_line(db) {
        let line = Line(db);
        line.done(&["create", "--email", ADA, "--admin", "--password-stdin"]);
        line.done(&["create", "--email", BOB, "--name", "Bob", "--password-stdin"]);
        for (act, says) in [
            ("lock", "is now locked; its sessions have ended"),
            ("lock", "is already locked; its sessions have ended"),
            ("unlock", "is now open"),
            ("promote", "is now an admin"),
            ("demote", "is now a member"),
            ("sign-out", "is signed out; sessions ended: 0"),
        ] {
            let said = line.done(&[act, "--email", "BOB@example.org"]);
            assert!(said.ends_with(says), "{act}: {said}");
        }
        let listed = line.done(&["list", "--query", "bo"]);
        assert!(listed.contains("member bob@example.org") && !listed.contains(ADA), "{listed}");
        let listed: serde_json::Value = serde_json::from_str(&line.done(&["list", "--json"])).expect("JSON");
        assert_eq!(listed.as_array().expect("a list").len(), 2);
        let said = line.refused(&["remove-second-factor", "--email", BOB]);
        assert!(said.contains("no such second factor"), "{said}");
        let link = line.done(&["reset-link", "--email", BOB]);
        assert!(link.contains("/reset#"), "{link}");
        assert_eq!(line.done(&["close", "--email", BOB]), "bob@example.org is closed; sessions ended: 0");
        assert!(!line.done(&["list"]).contains(BOB));
    }

    async fn an_invitation_is_printed_once_as_a_link_or_as_json(db) {
        let line = Line(db);
        let link = line.done(&["invite"]);
        assert!(link.contains("/sign-up#") && link.lines().count() == 1, "{link}");
        let made = line.done(&["invite", "--admin", "--days", "2", "--note", "for Bob", "--json"]);
        let made: serde_json::Value = serde_json::from_str(&made).expect("JSON");
        assert_eq!((&made["invitation"]["role"], &made["invitation"]["note"]), (&"admin".into(), &"for Bob".into()));
        assert!(made["link"].as_str().is_some_and(|link| link.contains("/sign-up#")));
        let said = line.refused(&["invite", "--days", "31"]);
        assert!(said.contains("days (out_of_range)"), "{said}");
    }

    async fn the_command_line_spares_the_last_admin_and_names_what_is_wrong(db) {
        let line = Line(db);
        line.done(&["create", "--email", ADA, "--admin", "--password-stdin"]);
        for act in ["lock", "demote", "close"] {
            let said = line.refused(&[act, "--email", ADA]);
            assert!(said.contains("the last admin"), "{act}: {said}");
            let said = line.refused(&[act, "--email", "nobody@example.org"]);
            assert!(said.contains("there is no such account"), "{act}: {said}");
        }
        let said = line.refused(&["create", "--email", ADA, "--password-stdin"]);
        assert!(said.contains("already has an account") && !said.contains(PASSWORD), "{said}");
        assert_eq!(line.run(&["evict"]).status.code(), Some(2));
    }
}
