//! Gathers what was given: flags, process environment, `.env`, `concierge.toml`, secret files.
//!
//! The only place that reads the process environment. What is found is handed on with its source
//! and judged elsewhere, so every rule can be tested without touching this process.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use super::{
    Environment, Finding, Given, SecretFile, Source,
    dotenv::Dotenv,
    nearest::suggestion,
    secret_file::{self, Links},
    settings::{self, SETTINGS, Setting},
    table,
};

/// What the command line says about configuration.
#[derive(Debug, Clone, Default)]
pub struct LoadArgs {
    /// `--config`
    pub config: Option<PathBuf>,
    /// `--env-file`
    pub env_file: Option<PathBuf>,
    /// `--data`
    pub data: Option<String>,
    /// `--listen`
    pub listen: Option<String>,
    /// `--public-url`
    pub public_url: Option<String>,
    /// `--strict-store`
    pub strict_store: bool,
}

/// Everything that was given, not yet judged.
#[derive(Debug, Default)]
pub(super) struct Sources {
    pub(super) flags: BTreeMap<&'static str, String>,
    pub(super) environment: BTreeMap<String, String>,
    pub(super) dotenv: Option<(PathBuf, Dotenv)>,
    pub(super) file: Option<(PathBuf, BTreeMap<&'static str, String>)>,
    pub(super) secrets: Vec<(&'static str, Given)>,
    /// What may open an encrypted keyring file.
    pub(super) passphrases: Vec<Given>,
    /// Files that hold keys; `keys` judges them.
    pub(super) key_files: Vec<SecretFile>,
    /// Files that hold other secrets.
    pub(super) other_files: Vec<SecretFile>,
    /// Where the process stands.
    pub(super) directory: PathBuf,
}

/// The process environment and the working directory.
pub(super) fn surroundings() -> (BTreeMap<String, String>, PathBuf, Vec<Finding>) {
    let mut findings = Vec::new();
    let mut environment = BTreeMap::new();
    for (name, value) in std::env::vars_os() {
        let Some(name) = name.to_str().map(str::to_owned) else {
            continue;
        };
        match value.into_string() {
            Ok(value) => {
                environment.insert(name, value);
            }
            Err(_) if is_ours(&name) => findings.push(Finding::error(
                name,
                Source::Environment,
                "the value is not UTF-8",
                "set it again as plain text",
            )),
            Err(_) => {}
        }
    }
    let directory = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
    (environment, directory, findings)
}

/// Reads every place that may hold settings.
pub(super) fn gather(
    args: &LoadArgs,
    environment: BTreeMap<String, String>,
    directory: PathBuf,
) -> (Sources, Vec<Finding>) {
    let mut found = Sources {
        flags: flags(args),
        environment,
        directory,
        ..Sources::default()
    };
    let mut findings = Vec::new();
    found.read_file(args.config.as_deref(), &mut findings);
    found.read_dotenv(args.env_file.as_deref(), &mut findings);
    found.read_secret_files(&mut findings);
    found.read_passphrases(&mut findings);
    found.refuse_unknown_names(&mut findings);
    (found, findings)
}

fn flags(args: &LoadArgs) -> BTreeMap<&'static str, String> {
    let strict_store = args.strict_store.then(|| "on".to_owned());
    let path = |path: &PathBuf| path.display().to_string();
    [
        ("CONCIERGE_CONFIG", args.config.as_ref().map(path)),
        ("CONCIERGE_ENV_FILE", args.env_file.as_ref().map(path)),
        ("CONCIERGE_DATA", args.data.clone()),
        ("CONCIERGE_LISTEN", args.listen.clone()),
        ("CONCIERGE_PUBLIC_URL", args.public_url.clone()),
        ("CONCIERGE_STRICT_STORE", strict_store),
    ]
    .into_iter()
    .filter_map(|(name, value)| value.map(|value| (name, value)))
    .collect()
}

impl Sources {
    /// Everything given for a setting, most preferred first. An empty value counts as not given:
    /// container platforms pass those for variables nobody set.
    pub(super) fn given(&self, setting: &Setting) -> Vec<Given> {
        let flag = self
            .flags
            .get(setting.variable)
            .map(|text| Given::new(text, Source::Flag(setting.flag.unwrap_or_default())));
        let secrets = self
            .secrets
            .iter()
            .filter(|(variable, _)| *variable == setting.variable)
            .map(|(_, given)| Given::new(given.text.expose(), given.source.clone()));
        let environment = self
            .environment
            .get(setting.variable)
            .map(|text| Given::new(text, Source::Environment));
        flag.into_iter()
            .chain(secrets)
            .chain(environment)
            .chain(self.in_dotenv(setting.variable))
            .chain(self.in_file(setting))
            .filter(|given| !given.text.expose().is_empty())
            .collect()
    }

    fn in_dotenv(&self, variable: &str) -> Option<Given> {
        let (path, file) = self.dotenv.as_ref()?;
        let source = Source::Dotenv {
            path: path.clone(),
            line: file.line_of(variable)?,
        };
        Some(Given::new(file.get(variable)?, source))
    }

    fn in_file(&self, setting: &Setting) -> Option<Given> {
        let (path, values) = self.file.as_ref()?;
        let key = setting.key?;
        let source = Source::File {
            path: path.clone(),
            key,
        };
        Some(Given::new(values.get(key)?, source))
    }

    fn named(&self, flag: Option<&Path>, variable: &str) -> Option<PathBuf> {
        let set = || {
            self.environment
                .get(variable)
                .filter(|path| !path.is_empty())
        };
        flag.map(Path::to_owned)
            .or_else(|| set().map(PathBuf::from))
    }

    fn read_file(&mut self, flag: Option<&Path>, findings: &mut Vec<Finding>) {
        let named = self.named(flag, "CONCIERGE_CONFIG");
        let path = named.clone().unwrap_or_else(|| "concierge.toml".into());
        let place = self.directory.join(&path);
        if named.is_none() && !place.exists() {
            return;
        }
        let Some((text, facts)) = opened(&place, "CONCIERGE_CONFIG", findings) else {
            return;
        };
        let values = table::read(&path, &text, findings);
        let has_password = ["database.url", "mail.smtp_url"]
            .iter()
            .filter_map(|key| values.get(key))
            .any(|url| super::database_url::masked(url) != *url);
        if has_password {
            self.other_files.push(facts);
        }
        self.file = Some((path, values));
    }

    fn read_dotenv(&mut self, flag: Option<&Path>, findings: &mut Vec<Finding>) {
        let named = self.named(flag, "CONCIERGE_ENV_FILE");
        let path = named.clone().unwrap_or_else(|| ".env".into());
        let place = self.directory.join(&path);
        if named.is_none() && (!self.is_development() || !place.exists()) {
            return;
        }
        let Some((text, facts)) = opened(&place, "CONCIERGE_ENV_FILE", findings) else {
            return;
        };
        let file = match Dotenv::parse(&text) {
            Ok(file) => file,
            Err(faults) => {
                findings.extend(faults.into_iter().map(|fault| {
                    let line = fault.line;
                    let source = Source::Dotenv {
                        path: path.clone(),
                        line,
                    };
                    Finding::error(".env", source, fault.message, fault.remedy)
                }));
                return;
            }
        };
        if named.is_none() {
            refuse_another_environment(&path, &file, findings);
        }
        let holds = |setting: &&Setting| setting.secret && file.get(setting.variable).is_some();
        if SETTINGS.iter().filter(holds).any(is_key) {
            self.key_files.push(facts);
        } else if named.is_some() || SETTINGS.iter().any(|setting| holds(&setting)) {
            self.other_files.push(facts);
        }
        self.dotenv = Some((path, file));
    }

    /// Before `.env` is read: its own `CONCIERGE_ENV` must not decide whether it counts.
    fn is_development(&self) -> bool {
        let development = Environment::Development.as_str();
        settings::find("CONCIERGE_ENV")
            .and_then(|setting| self.given(setting).into_iter().next())
            .is_none_or(|given| given.text.expose() == development)
    }

    fn read_secret_files(&mut self, findings: &mut Vec<Finding>) {
        for setting in SETTINGS.iter().filter(|setting| setting.secret) {
            let variable = format!("{}_FILE", setting.variable);
            let in_environment = self.environment.get(&variable);
            let in_dotenv = self
                .dotenv
                .as_ref()
                .and_then(|(_, file)| file.get(&variable));
            let named = in_environment
                .filter(|path| !path.is_empty())
                .map(String::as_str)
                .or(in_dotenv)
                .map(PathBuf::from);
            if let Some(path) = named {
                let place = self.directory.join(&path);
                if let Some((text, facts)) = opened(&place, &variable, findings) {
                    let source = Source::SecretFile { variable, path };
                    let given = Given::new(without_line_end(&text), source);
                    self.secrets.push((setting.variable, given));
                    match is_key(setting) {
                        true => self.key_files.push(facts),
                        false => self.other_files.push(facts),
                    }
                }
            }
            if let Some(given) = self.credential(setting.variable, findings) {
                self.secrets.push((setting.variable, given));
            }
        }
    }

    /// The passphrase of the keyring comes from a file or a credential only: a variable would be handed on to
    /// every child process.
    fn read_passphrases(&mut self, findings: &mut Vec<Finding>) {
        let variable = "CONCIERGE_KEYRING_PASSPHRASE_FILE";
        let named = settings::find(variable).map(|setting| self.given(setting));
        if let Some(named) = named.unwrap_or_default().first() {
            let path = PathBuf::from(named.text.expose());
            let place = self.directory.join(&path);
            if let Some((text, facts)) = opened(&place, variable, findings) {
                let variable = variable.to_owned();
                let source = Source::SecretFile { variable, path };
                self.passphrases
                    .push(Given::new(without_line_end(&text), source));
                self.key_files.push(facts);
            }
        }
        let credential = self.credential("keyring-passphrase", findings);
        self.passphrases.extend(credential);
    }

    /// systemd keeps its credentials in a folder only the service can enter, and shows their
    /// access lists as group bits: their mode is not judged.
    fn credential(&self, name: &str, findings: &mut Vec<Finding>) -> Option<Given> {
        let path = Path::new(self.environment.get("CREDENTIALS_DIRECTORY")?).join(name);
        if !path.exists() {
            return None;
        }
        let (text, _) = opened(&path, name, findings)?;
        Some(Given::new(
            without_line_end(&text),
            Source::Credential(path),
        ))
    }

    fn refuse_unknown_names(&self, findings: &mut Vec<Finding>) {
        let known = || SETTINGS.iter().map(|setting| setting.variable);
        let is_unknown = |name: &str| name.starts_with("CONCIERGE_") && !known().any(|k| k == name);
        let unknown = |name: &str, source: Source| {
            let message = "there is no such setting";
            Finding::error(name, source, message, suggestion(name, known()))
        };
        for name in self.environment.keys().filter(|name| is_unknown(name)) {
            findings.push(unknown(name, Source::Environment));
        }
        let Some((path, file)) = &self.dotenv else {
            return;
        };
        for (name, _) in file.entries() {
            let line = file.line_of(name).unwrap_or_default();
            let source = Source::Dotenv {
                path: path.clone(),
                line,
            };
            if is_unknown(name) {
                findings.push(unknown(name, source));
            } else if matches!(name, "CONCIERGE_CONFIG" | "CONCIERGE_ENV_FILE") {
                let message = "a file cannot say where files are read";
                let remedy = format!("set {name} in the process environment");
                findings.push(Finding::error(name, source, message, remedy));
            }
        }
    }
}

/// A `.env` found by chance is for development; one that claims more would be half obeyed.
fn refuse_another_environment(path: &Path, file: &Dotenv, findings: &mut Vec<Finding>) {
    let claimed = file.get("CONCIERGE_ENV").unwrap_or("development");
    if claimed != Environment::Development.as_str() {
        let line = file.line_of("CONCIERGE_ENV").unwrap_or_default();
        findings.push(Finding::error(
            "CONCIERGE_ENV",
            Source::Dotenv {
                path: path.to_owned(),
                line,
            },
            format!("a .env of the working directory counts in development only, not in {claimed}"),
            "set CONCIERGE_ENV in the process environment and name the file with --env-file",
        ));
    }
}

fn opened(path: &Path, key: &str, findings: &mut Vec<Finding>) -> Option<(String, SecretFile)> {
    match secret_file::read(path, Links::Followed) {
        Ok(read) => Some(read),
        Err(error) => {
            findings.push(Finding::error(
                key,
                path.display(),
                format!("the file cannot be read: {error}"),
                "make it readable for the user that runs concierge, or name another file",
            ));
            None
        }
    }
}

/// One line end is not part of a secret: editors and `echo` add it.
fn without_line_end(text: &str) -> &str {
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.strip_suffix('\r').unwrap_or(text)
}

fn is_key(setting: &Setting) -> bool {
    setting.secret && setting.section == settings::Section::Keys
}

fn is_ours(name: &str) -> bool {
    let base = name.strip_suffix("_FILE").unwrap_or(name);
    name.starts_with("CONCIERGE_") || settings::find(base).is_some()
}

/// What `cargo leptos` tells the programs it starts; none of it is a setting of ours.
#[derive(Debug, Default)]
pub struct Leptos {
    /// The folder with the site's files.
    pub site_root: Option<PathBuf>,
    /// The port of the reload socket, while watching.
    pub reload_port: Option<u32>,
}

/// Reads what `cargo leptos` tells.
pub fn leptos() -> Leptos {
    let (environment, _, _) = surroundings();
    let is_watched = environment.contains_key("LEPTOS_WATCH");
    Leptos {
        site_root: environment.get("LEPTOS_SITE_ROOT").map(PathBuf::from),
        reload_port: environment
            .get("LEPTOS_RELOAD_PORT")
            .filter(|_| is_watched)
            .and_then(|port| port.parse().ok()),
    }
}
