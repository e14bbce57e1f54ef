//! A command that is killed at each of its steps, and what must hold afterwards.

use std::io::Write as _;

use crate::{
    house::{House, said},
    strace::{AIMS, Aim},
};

/// No command makes so many calls of one kind.
const MOST: usize = 500;

/// What the act does to sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sessions {
    /// There are none.
    None,
    /// Nothing.
    Stay,
    /// They end as soon as the keys have changed.
    End,
}

/// A command, and what it promises.
pub struct Act {
    name: String,
    words: Vec<String>,
    input: String,
    sessions: Sessions,
    already: Option<&'static str>,
    halfway: Option<&'static str>,
}

impl Act {
    pub fn of(name: &str, words: &[&str]) -> Self {
        Self {
            name: name.to_owned(),
            words: words.iter().map(|&word| word.to_owned()).collect(),
            input: String::new(),
            sessions: Sessions::None,
            already: None,
            halfway: None,
        }
    }

    /// Reads this on its standard input.
    pub fn fed(mut self, input: &str) -> Self {
        input.clone_into(&mut self.input);
        self
    }

    pub fn with(mut self, sessions: Sessions) -> Self {
        self.sessions = sessions;
        self
    }

    /// What it says when there is nothing left to do.
    pub fn already(mut self, words: &'static str) -> Self {
        self.already = Some(words);
        self
    }

    /// What every command says while it is half done: how to finish it.
    pub fn halfway(mut self, words: &'static str) -> Self {
        self.halfway = Some(words);
        self
    }

    /// Kills it at each call, each time in a copy of this house.
    pub fn survives(&self, house: &House) {
        let mut all = 0;
        for aim in &AIMS {
            let kills = self.kill_everywhere(house, aim);
            tell(&format!("{}: {kills} kills at {}", self.name, aim.name()));
            all += kills;
        }
        assert!(all >= 4, "{}: {all} kills are none", self.name);
        tell(&format!("{}: {all} kills, none of them noticed", self.name));
    }

    fn kill_everywhere(&self, house: &House, aim: &Aim) -> usize {
        for n in 1..MOST {
            let copy = house.copied();
            if let Some(output) = aim.kill(&copy, &self.words(), &self.input, n) {
                assert!(output.status.success(), "{}: {}", self.name, said(&output));
                return n - 1;
            }
            let at = format!("{}, killed at {} {n}", self.name, aim.name());
            self.assert_whole(house, &copy, &at);
        }
        panic!("{} never ends", self.name);
    }

    fn words(&self) -> Vec<&str> {
        self.words.iter().map(String::as_str).collect()
    }

    fn assert_whole(&self, before: &House, after: &House, at: &str) {
        assert!(after.ignored().starts_with(&before.ignored()), "{at}");
        let is_new = after.keys() != before.keys();
        let has_keys = after.keys().iter().flatten().any(|text| !text.is_empty());
        let is_in_git = after.path(".git").exists() && has_keys;
        let is_ignored = after.ignored().contains(crate::house::KEYRING);
        assert!(is_ignored || !is_in_git, "{at}: git sees the keys");
        let was_served = self.sessions != Sessions::None;
        let checked = after.fed(&["key", "check", "--json"], "");
        let is_halfway = self
            .halfway
            .is_some_and(|words| said(&checked).contains(words));
        if has_keys && (is_new || was_served) && !is_halfway {
            assert!(checked.status.success(), "{at}: {}", said(&checked));
            let status = after.fed(&["key", "status", "--json"], "");
            assert!(status.status.success(), "{at}: {}", said(&status));
            let expected = self.sessions == Sessions::Stay || !is_new;
            let lets_in = after.lets_in();
            assert_eq!(lets_in.unwrap_or(expected), expected, "{at}");
        }
        let mut again = after.fed(&self.words(), &self.input);
        if said(&again).contains("gives up its turn within 150 s") {
            after.end_the_turn();
            again = after.fed(&self.words(), &self.input);
        }
        let is_done = again.status.success()
            || (is_new
                && self
                    .already
                    .is_some_and(|words| said(&again).contains(words)));
        assert!(is_done, "{at}, then {}", said(&again));
        let expected = self.sessions == Sessions::Stay;
        let lets_in = after.lets_in();
        assert_eq!(lets_in.unwrap_or(expected), expected, "{at}, then again");
    }
}

/// Says where it is: nobody waits minutes in the dark.
pub fn tell(line: &str) {
    // Nobody may be listening.
    let _ = writeln!(std::io::stderr(), "  {line}");
}
