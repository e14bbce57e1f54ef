//! The configuration: read once at the start, judged as a whole, then passed on in parts.
//!
//! default < `concierge.toml` < `.env` < environment < flag. Every value remembers its source;
//! everything that is wrong is reported at once with its remedy; no secret is ever shown. There is
//! no global: whoever needs a part gets it as an argument.

mod database_url;
pub mod docs;
pub mod dotenv;
mod environment;
pub mod explain;
mod finding;
mod key_store;
mod load;
mod nearest;
mod otlp;
mod parse;
mod people;
mod public_url;
mod reader;
pub mod secret_file;
mod sections;
pub mod settings;
mod smtp_url;
mod source;
mod table;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf, time::Duration};

use concierge_core::{session::api::Scope, totp::Policy};

use crate::platform::otlp::Receiver;

pub(crate) use self::parse::duration;
pub use self::{
    database_url::DatabaseUrl,
    environment::Environment,
    explain::Explained,
    finding::{Finding, Level},
    key_store::{AzureSettings, StoreAnswer, StoreKind, StoreSettings, VaultSettings},
    load::{LoadArgs, leptos},
    people::MailConfig,
    public_url::PublicUrl,
    secret_file::SecretFile,
    sections::ARGON2_FLOOR,
    settings::secret_variables,
    smtp_url::{SmtpTls, SmtpUrl},
    source::{Given, Source},
};
use self::{load::Sources, reader::Reader};

/// Everything the program was told.
#[derive(Debug)]
pub struct Config {
    /// Where it runs.
    pub environment: Environment,
    /// Where it listens.
    pub listen: SocketAddr,
    /// The address people type.
    pub public_url: PublicUrl,
    /// The folder of database and keyring.
    pub data: PathBuf,
    /// The database.
    pub database_url: DatabaseUrl,
    /// Who may register.
    pub registration: Registration,
    /// Whether the address of a new account is confirmed before there is one.
    pub confirms_addresses: bool,
    /// Lifetimes and limits of sessions.
    pub session: SessionConfig,
    /// The cost of a password hash.
    pub hash: HashConfig,
    /// Who needs a second factor.
    pub second_factor: Policy,
    /// How many steps of 30 s a code may be early or late, 0 to 2.
    pub totp_skew: u32,
    /// For how long a key that was rotated out still verifies.
    pub key_grace: Duration,
    /// Whether the server rotates keys that are due.
    pub rotates_keys: bool,
    /// How mails leave.
    pub mail: MailConfig,
    /// Whether `serve` brings the schema up to date.
    pub migrate: bool,
    /// Whose forwarding headers are believed.
    pub trusted_proxies: Vec<ipnet::IpNet>,
    /// Multiplies the limits per address.
    pub address_limit_factor: u32,
    /// How many may watch the host live at once.
    pub monitor_viewers: u32,
    /// And how many of those of one account.
    pub monitor_viewers_per_account: u32,
    /// What HSTS covers.
    pub hsts: Hsts,
    /// What is logged, and what else is told to the operator's tools.
    pub log: LogConfig,
    /// Shown where a person needs a human.
    pub contact: Option<String>,
    /// Appended to cookie names; may be empty.
    pub cookie_suffix: String,
    /// The private networks that webhooks of alerts may reach.
    pub alert_networks: Vec<ipnet::IpNet>,
    /// What was given for the keyrings.
    pub keys: KeySettings,
}

/// Who may register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registration {
    /// Anybody.
    Open,
    /// Whoever was invited.
    Invite,
    /// Nobody.
    Closed,
}

/// Lifetimes and limits of sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionConfig {
    /// Life of an access token.
    pub access_ttl: Duration,
    /// An untouched session ends after this.
    pub idle: Duration,
    /// Any session ends after this; never less than `idle`.
    pub absolute: Duration,
    /// `idle` of "stay signed in".
    pub remember_idle: Duration,
    /// `absolute` of "stay signed in"; never less than `remember_idle`.
    pub remember_absolute: Duration,
    /// How many an account may have, 1 to 50.
    pub per_account: u32,
    /// What a sign-out ends unless it says otherwise.
    pub sign_out_scope: Scope,
}

/// The cost of a password hash, and the time a failed sign-in takes at least.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashConfig {
    /// Argon2id memory in KiB.
    pub memory_kib: u32,
    /// Argon2id passes.
    pub time: u32,
    /// Argon2id lanes.
    pub lanes: u32,
    /// A failed sign-in is answered no sooner than this.
    pub sign_in_deadline: Duration,
}

/// What `Strict-Transport-Security` covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hsts {
    /// The host and everything below it.
    Subdomains,
    /// The host.
    Host,
    /// Nothing: the header is not sent.
    Off,
}

/// What is logged, and what else is told to the operator's tools.
#[derive(Debug)]
pub struct LogConfig {
    /// Directives of `tracing`'s filter; they parse.
    pub filter: String,
    /// For machines or for people.
    pub format: LogFormat,
    /// Security events that are older are deleted.
    pub event_retention: Duration,
    /// Where `/metrics` listens; nowhere when it is off.
    pub metrics_listen: Option<SocketAddr>,
    /// Who takes traces, metrics and events, when anybody does.
    pub otlp: Option<Receiver>,
}

/// The form of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// Plain text.
    Text,
}

/// What was given for the two keyrings; `keys` makes rings of it.
#[derive(Debug, Default)]
pub struct KeySettings {
    /// `JWT_SECRET` and what belongs to it.
    pub signing: RingSettings,
    /// `SECRET_KEY` and what belongs to it.
    pub sealing: RingSettings,
    /// The keyring file, where another than `<data>/secrets.<env>.toml` was named.
    pub keyring: Option<PathBuf>,
    /// Every source of the passphrase that opens an encrypted keyring file, most preferred first.
    pub passphrases: Vec<Given>,
    /// The files keys were read from.
    pub files: Vec<SecretFile>,
    /// The folders in which other environments' files may lie.
    pub beside: Vec<PathBuf>,
    /// Where the keyring lives when not in a file, and what opens the door there.
    pub store: StoreSettings,
}

/// What was given for one ring.
#[derive(Debug, Default)]
pub struct RingSettings {
    /// Every source that holds the active key, most preferred first.
    pub keys: Vec<Given>,
    /// The active key's id.
    pub id: Option<Given>,
    /// Keys that still verify.
    pub previous: Option<Given>,
}

/// A configuration that was accepted.
#[derive(Debug)]
pub struct Loaded {
    /// The values.
    pub config: Config,
    /// What the operator should know all the same.
    pub warnings: Vec<Finding>,
    /// Each setting with its value, masked, and its source.
    pub explained: Vec<Explained>,
    /// What the command line said, to read it all again.
    pub args: LoadArgs,
}

/// A configuration as far as it could be read. Keys can be judged even where the rest is broken.
#[derive(Debug)]
pub struct Reading {
    /// Where it runs; development when that cannot be read.
    pub environment: Environment,
    /// The data folder.
    pub data: PathBuf,
    /// The rest, unless something in it is broken.
    pub config: Result<Config, KeySettings>,
    /// Everything that is wrong, except with the keys.
    pub findings: Vec<Finding>,
    /// Each setting with its value, masked, and its source.
    pub explained: Vec<Explained>,
    /// What the command line said.
    pub args: LoadArgs,
}

impl Reading {
    /// What was given for the keyrings.
    pub fn keys(&self) -> &KeySettings {
        match &self.config {
            Ok(config) => &config.keys,
            Err(keys) => keys,
        }
    }

    /// The same, to add what a store gave.
    pub fn keys_mut(&mut self) -> &mut KeySettings {
        match &mut self.config {
            Ok(config) => &mut config.keys,
            Err(keys) => keys,
        }
    }

    /// The configuration, or all its findings when one of them is an error.
    pub fn accept(self) -> Result<Loaded, Vec<Finding>> {
        match self.config {
            Ok(config) if !self.findings.iter().any(Finding::is_error) => Ok(Loaded {
                config,
                warnings: self.findings,
                explained: self.explained,
                args: self.args,
            }),
            _ => Err(self.findings),
        }
    }
}

impl Config {
    /// Reads and judges everything but the keys themselves, which `keys::load` does.
    pub fn load(args: &LoadArgs) -> Result<Loaded, Vec<Finding>> {
        Self::read(args).accept()
    }

    /// Reads everything, however broken it is.
    pub fn read(args: &LoadArgs) -> Reading {
        let (environment, directory, unreadable) = load::surroundings();
        let mut reading = Self::read_from(args, environment, directory);
        reading.findings.extend(unreadable);
        reading
    }

    /// The same with the surroundings given.
    pub(crate) fn read_from(
        args: &LoadArgs,
        environment: BTreeMap<String, String>,
        directory: PathBuf,
    ) -> Reading {
        let (sources, mut findings) = load::gather(args, environment, directory);
        let mut reading = sections::read(&sources);
        findings.append(&mut reading.findings);
        Reading {
            findings,
            args: args.clone(),
            ..reading
        }
    }

    /// What a test reads again and again.
    pub fn reading_for_test(data: &std::path::Path) -> Reading {
        sections::read(&Sources::for_test(data))
    }

    /// The configuration of a test: SQLite in `data`, the cheapest hash, no waits.
    pub fn for_test(data: PathBuf) -> Self {
        let sources = Sources::for_test(&data);
        match sections::read(&sources).config {
            Ok(config) => config,
            Err(_) => unreachable!("the settings of a test are constants that parse"),
        }
    }
}

impl Sources {
    fn for_test(data: &std::path::Path) -> Self {
        let settings = [
            ("CONCIERGE_ENV", "test"),
            ("CONCIERGE_ARGON2_MEMORY_KIB", "256"),
            ("CONCIERGE_ARGON2_TIME", "1"),
            ("CONCIERGE_SIGN_IN_DEADLINE", "0"),
            ("CONCIERGE_ADDRESS_LIMIT_FACTOR", "1000"),
        ];
        let mut environment: BTreeMap<String, String> = settings
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
        environment.insert("CONCIERGE_DATA".to_owned(), data.display().to_string());
        Self {
            environment,
            directory: data.to_owned(),
            ..Self::default()
        }
    }
}
