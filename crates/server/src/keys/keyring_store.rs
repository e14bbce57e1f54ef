//! The keyring on disk in either of its forms: `secrets.<env>.toml`, or the same text sealed with a passphrase in
//! `secrets.<env>.toml.age`.
//!
//! Whoever reads or writes the keyring does it here and need not know which form is there: the form stays what it
//! is. Both forms at once are refused, because one of them is out of date and taking either would be a guess.

use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::SystemTime,
};

use concierge_core::{keys::api::CheckLine, sensitive::Sensitive};
use zeroize::Zeroizing;

use super::{KeySettings, KeyringContents as Contents, age_file};
use crate::{
    config::{
        Environment, Finding, SecretFile,
        secret_file::{self, Links},
    },
    platform::seal::{mac, sha256},
};

/// How the keyring lies on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileForm {
    /// As text.
    Plain,
    /// Sealed with a passphrase.
    Age,
}

impl FileForm {
    /// The other one.
    pub const fn other(self) -> Self {
        match self {
            Self::Plain => Self::Age,
            Self::Age => Self::Plain,
        }
    }
}

/// The keyring file, whichever form it has.
#[derive(Debug)]
pub struct KeyringFile {
    /// The plain form's path; the other one has `.age` behind it.
    pub path: PathBuf,
    /// What opens the sealed form.
    pub passphrase: Option<Sensitive>,
    /// What a new sealed form costs to open; less than [`age_file::WORK_FACTOR`] only in tests.
    pub work_factor: u8,
}

/// The text of a keyring, and what the file system says of the file.
#[derive(Debug)]
pub struct OpenedKeyring {
    /// The plain text.
    pub text: Sensitive,
    /// The file it was read from.
    pub facts: SecretFile,
}

/// Why a keyring can't be read, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub message: String,
    /// What to do.
    pub remedy: String,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {}; {}",
            self.path.display(),
            self.message,
            self.remedy
        )
    }
}

impl KeyringFile {
    /// The keyring at a path, which may name either form.
    pub fn new(path: &Path, passphrase: Option<Sensitive>) -> Self {
        Self {
            path: plain_path(path),
            passphrase,
            work_factor: age_file::WORK_FACTOR,
        }
    }

    /// The keyring at a path, with the passphrase of the settings.
    pub fn of(settings: &KeySettings, path: &Path) -> Self {
        let given = settings.passphrases.first();
        Self::new(path, given.map(|given| Sensitive::new(given.text.expose())))
    }

    /// Where a form lies, or would.
    pub fn path_of(&self, form: FileForm) -> PathBuf {
        match form {
            FileForm::Plain => self.path.clone(),
            FileForm::Age => {
                let mut path = self.path.clone().into_os_string();
                path.push(".age");
                path.into()
            }
        }
    }

    /// Whether a form is there, be it a link that leads nowhere.
    pub fn has(&self, form: FileForm) -> bool {
        self.path_of(form).symlink_metadata().is_ok()
    }

    /// The form that is there.
    pub fn form(&self) -> Result<Option<FileForm>, Unreadable> {
        match (self.has(FileForm::Plain), self.has(FileForm::Age)) {
            (false, false) => Ok(None),
            (true, false) => Ok(Some(FileForm::Plain)),
            (false, true) => Ok(Some(FileForm::Age)),
            (true, true) => Err(self.torn()),
        }
    }

    /// The plain text, when there is a keyring.
    pub fn read(&self) -> Result<Option<Sensitive>, String> {
        match self.open() {
            Ok(opened) => Ok(opened.map(|opened| opened.text)),
            Err(error) => Err(error.to_string()),
        }
    }

    /// The same with what the file system says of the file.
    pub fn open(&self) -> Result<Option<OpenedKeyring>, Unreadable> {
        match self.form()? {
            Some(form) => self.open_form(form),
            None => Ok(None),
        }
    }

    /// Reads one form, whatever is there of the other.
    pub fn open_form(&self, form: FileForm) -> Result<Option<OpenedKeyring>, Unreadable> {
        let path = self.path_of(form);
        let unreadable = |message: String, remedy: &str| Unreadable {
            path: path.clone(),
            message,
            remedy: remedy.to_owned(),
        };
        let (bytes, facts) = match secret_file::read_bytes(&path, Links::Refused) {
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                let remedy = "mend the file, or name another with CONCIERGE_KEYRING";
                return Err(unreadable(format!("it cannot be read: {error}"), remedy));
            }
        };
        let plain = match form {
            FileForm::Plain => bytes,
            FileForm::Age => opened_once(&bytes, self.passphrase()?).map_err(|error| {
                let remedy =
                    "check CONCIERGE_KEYRING_PASSPHRASE_FILE, or put the file back from a backup";
                unreadable(format!("it cannot be opened: {error}"), remedy)
            })?,
        };
        let text = std::str::from_utf8(&plain).map_err(|_| {
            let remedy = "mend the file, or put it back from a backup";
            unreadable("it is not text".to_owned(), remedy)
        })?;
        let text = Sensitive::new(text);
        Ok(Some(OpenedKeyring { text, facts }))
    }

    pub(super) fn passphrase(&self) -> Result<&Sensitive, Unreadable> {
        self.passphrase.as_ref().ok_or_else(|| Unreadable {
            path: self.path_of(FileForm::Age),
            message: "there is no passphrase for this encrypted keyring".to_owned(),
            remedy: "name a file that holds it with CONCIERGE_KEYRING_PASSPHRASE_FILE, or give the systemd credential keyring-passphrase".to_owned(),
        })
    }

    /// What to say when both forms are there: `key encrypt` or `key decrypt` was interrupted, or somebody put one
    /// of them back.
    fn torn(&self) -> Unreadable {
        let text = |form| {
            self.open_form(form)
                .ok()
                .flatten()
                .map(|opened| opened.text)
        };
        let (plain, age) = (self.path_of(FileForm::Plain), self.path_of(FileForm::Age));
        let is_same = match (text(FileForm::Plain), text(FileForm::Age)) {
            (Some(one), Some(other)) => one.expose() == other.expose(),
            _ => false,
        };
        let remedy = if is_same {
            format!(
                "they hold the same keys: `concierge key encrypt` keeps {}, `concierge key decrypt` keeps {}",
                age.display(),
                plain.display()
            )
        } else {
            let older = match changed_at(&plain) <= changed_at(&age) {
                true => &plain,
                false => &age,
            };
            format!(
                "they are not known to hold the same keys: {} is the older one; make sure that the other is right, and remove it",
                older.display()
            )
        };
        Unreadable {
            message: format!(
                "{} is there, too, and only one of the two can count",
                age.display()
            ),
            path: plain,
            remedy,
        }
    }
}

/// The keyring and what it says, when it is sound, and everything that is wrong with the file.
pub(super) fn examine(
    file: &KeyringFile,
    settings: &KeySettings,
    environment: Environment,
    findings: &mut Vec<Finding>,
) -> Option<(OpenedKeyring, Contents)> {
    let refuse = |path: &Path, message: String, remedy: &str| {
        Finding::error(path.display().to_string(), "keyring file", message, remedy)
    };
    let opened = match file.open() {
        Ok(opened) => opened?,
        Err(error) => {
            findings.push(refuse(&error.path, error.message, &error.remedy));
            return None;
        }
    };
    let facts = &opened.facts;
    findings.extend(facts.judge(environment));
    if facts.owner != rustix::process::geteuid().as_raw() {
        let remedy = "give it to the user that runs concierge with chown";
        let finding = refuse(&facts.path, "it belongs to another user".to_owned(), remedy)
            .against([CheckLine::ClosedFiles]);
        findings.push(finding.strict(environment.is_deployed()));
    }
    findings.extend(two_passphrases(settings));
    match Contents::parse(opened.text.expose()) {
        Ok(contents) => Some((opened, contents)),
        Err(error) => {
            let remedy = "mend that line, or put the file back from a backup; concierge does not overwrite it";
            findings.push(refuse(&facts.path, error, remedy));
            None
        }
    }
}

/// A file and a credential with different passphrases: the next start may take the other one.
fn two_passphrases(settings: &KeySettings) -> Option<Finding> {
    let (first, others) = settings.passphrases.split_first()?;
    let other = others
        .iter()
        .find(|other| other.text.expose() != first.text.expose())?;
    Some(Finding::error(
        "CONCIERGE_KEYRING_PASSPHRASE_FILE",
        &first.source,
        format!("{} holds a different passphrase", other.source),
        "keep the one that opens the keyring file, and remove the other",
    ))
}

/// The sealed form that was opened last, by the digest of its bytes and of the passphrase: opening costs a second of work
/// on purpose, and a page or a rotation reads the keyring several times. The process holds these keys in any case.
static OPENED: Mutex<Option<Opened>> = Mutex::new(None);

type Opened = ([u8; 32], Zeroizing<Vec<u8>>);

fn opened_once(
    sealed: &[u8],
    passphrase: &Sensitive,
) -> Result<Zeroizing<Vec<u8>>, age_file::AgeError> {
    let digest = mac(&sha256(passphrase.expose().as_bytes()), &[sealed]);
    let known = || OPENED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, plain)) = known().as_ref().filter(|(known, _)| *known == digest) {
        return Ok(plain.clone());
    }
    let plain = age_file::open(sealed, passphrase)?;
    *known() = Some((digest, plain.clone()));
    Ok(plain)
}

/// The plain form's path, where the other one may have been named.
pub(super) fn plain_path(path: &Path) -> PathBuf {
    match path.extension() {
        Some(extension) if extension == "age" => path.with_extension(""),
        _ => path.to_owned(),
    }
}

fn changed_at(path: &Path) -> Option<SystemTime> {
    path.symlink_metadata()
        .and_then(|facts| facts.modified())
        .ok()
}
