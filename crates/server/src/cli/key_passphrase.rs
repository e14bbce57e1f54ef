//! Where the passphrase of a command comes from: a question on the terminal, a file, or standard input. Never an
//! argument or a variable: others on the machine see those.

use std::{
    io::{self, BufRead as _, IsTerminal as _},
    path::PathBuf,
};

use clap::Args;
use concierge_core::sensitive::Sensitive;
use zeroize::Zeroizing;

use super::key::Refusal;
use crate::{
    config::{
        Environment,
        secret_file::{self, Links},
    },
    keys::age_file,
};

/// How the passphrase is given.
#[derive(Debug, Args)]
pub(super) struct PassphraseArgs {
    /// Read the passphrase from a file
    #[arg(long, value_name = "FILE", conflicts_with = "passphrase_stdin")]
    passphrase_file: Option<PathBuf>,
    /// Read the passphrase from standard input, up to the end of the line
    #[arg(long)]
    passphrase_stdin: bool,
}

impl PassphraseArgs {
    /// Whether it is given with the command: then nobody is asked.
    pub(super) fn is_given(&self) -> bool {
        self.passphrase_stdin || self.passphrase_file.is_some()
    }

    /// The passphrase of something that is sealed already.
    pub(super) fn known(&self, what: &str, environment: Environment) -> Result<Sensitive, Refusal> {
        match self.given(environment)? {
            Some(given) => Ok(given),
            None => ask(&format!("Passphrase of {what}: ")),
        }
    }

    /// A passphrase to seal something with. A typing error would lock it for ever, so a question is asked twice.
    pub(super) fn new_one(
        &self,
        what: &str,
        environment: Environment,
    ) -> Result<Sensitive, Refusal> {
        let given = self.given(environment)?;
        let is_asked = given.is_none();
        let passphrase = match given {
            Some(given) => given,
            None => ask(&format!("New passphrase of {what}: "))?,
        };
        age_file::judge_passphrase(&passphrase)?;
        if is_asked && ask("The same again: ")?.expose() != passphrase.expose() {
            return Err("the two are not the same; nothing was changed".to_owned());
        }
        Ok(passphrase)
    }

    fn given(&self, environment: Environment) -> Result<Option<Sensitive>, Refusal> {
        let text = if let Some(path) = &self.passphrase_file {
            let (text, facts) = secret_file::read(path, Links::Followed)
                .map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
            let open = facts
                .judge(environment)
                .filter(|finding| finding.is_error());
            if let Some(finding) = open {
                let (message, remedy) = (finding.message, finding.remedy);
                return Err(format!("{}: {message}; {remedy}", path.display()));
            }
            Zeroizing::new(text)
        } else if self.passphrase_stdin {
            let mut line = Zeroizing::new(String::new());
            io::stdin()
                .lock()
                .read_line(&mut line)
                .map_err(|error| format!("standard input cannot be read: {error}"))?;
            line
        } else {
            return Ok(None);
        };
        let line = text.strip_suffix('\n').unwrap_or(&text);
        match line.strip_suffix('\r').unwrap_or(line) {
            "" => Err("the passphrase is empty".to_owned()),
            line => Ok(Some(Sensitive::new(line))),
        }
    }
}

fn ask(question: &str) -> Result<Sensitive, Refusal> {
    if !io::stdin().is_terminal() {
        return Err(
            "there is no terminal to ask for the passphrase; give --passphrase-file or --passphrase-stdin"
                .to_owned(),
        );
    }
    rpassword::prompt_password(question)
        .map(Sensitive::new)
        .map_err(|error| format!("the passphrase cannot be read: {error}"))
}
