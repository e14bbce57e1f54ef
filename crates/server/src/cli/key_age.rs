//! `concierge key encrypt|decrypt`: the keyring file with or without a passphrase.

use std::process::ExitCode;

use concierge_core::sensitive::Sensitive;

use super::{key::Refusal, key_file::ignore_in_git, key_passphrase::PassphraseArgs};
use crate::{
    config::{Config, KeySettings, LoadArgs, Reading},
    keys::{self, Converted, FileForm, KeyringFile},
    platform::rng::OsRng,
};

/// Gives the keyring file a form; exit 1 with one line when it can't be done.
pub(super) fn convert(to: FileForm, args: &PassphraseArgs, load: &LoadArgs) -> ExitCode {
    match converted(to, args, &Config::read(load)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

fn converted(to: FileForm, args: &PassphraseArgs, reading: &Reading) -> Result<(), Refusal> {
    let path = keys::keyring_path(reading.keys(), reading.environment, &reading.data);
    let mut file = KeyringFile::new(&path, None);
    // Nobody is asked where nothing is left to do.
    if file.has(to.other()) {
        file.passphrase = Some(passphrase(to, &file, args, reading)?);
    }
    let path = match file.convert(to, &OsRng)? {
        Converted::Already(path) => {
            println!("{} is there already; nothing to do", path.display());
            return Ok(());
        }
        Converted::Done(path) => path,
    };
    println!(
        "the keyring is now {}; {} is removed",
        path.display(),
        file.path_of(to.other()).display()
    );
    if let Some(changed) = ignore_in_git(&path) {
        println!("added it to {}", changed.display());
    }
    if to == FileForm::Age && of_settings(reading.keys()).is_none() {
        eprintln!(
            "warning: the server can't open it yet: name a file with the passphrase with CONCIERGE_KEYRING_PASSPHRASE_FILE, or give the systemd credential keyring-passphrase"
        );
    }
    Ok(())
}

/// The one given with the command, that of the settings, or the answer to a question.
fn passphrase(
    to: FileForm,
    file: &KeyringFile,
    args: &PassphraseArgs,
    reading: &Reading,
) -> Result<Sensitive, Refusal> {
    let of_settings = of_settings(reading.keys());
    let environment = reading.environment;
    let what = "the encrypted keyring";
    let is_new = to == FileForm::Age && !file.has(FileForm::Age);
    let passphrase = match of_settings {
        Some(known) if !args.is_given() => {
            let known = Sensitive::new(known.expose());
            if is_new {
                keys::age_file::judge_passphrase(&known)?;
            }
            known
        }
        _ if is_new => args.new_one(what, environment)?,
        _ => args.known(what, environment)?,
    };
    match of_settings {
        // The server would not start any more.
        Some(known) if is_new && known.expose() != passphrase.expose() => Err(
            "the server opens the keyring with another passphrase: change what CONCIERGE_KEYRING_PASSPHRASE_FILE or the credential keyring-passphrase holds first".to_owned(),
        ),
        _ => Ok(passphrase),
    }
}

fn of_settings(settings: &KeySettings) -> Option<&Sensitive> {
    settings.passphrases.first().map(|given| &given.text)
}
