//! The one table of every setting: its names, its defaults and what it is for.
//!
//! `docs/configuration.md`, `concierge config explain` and the list of known names are all made
//! from it, so that none of them can drift from what the program reads.

use super::Environment;

/// A heading of the documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// Where the configuration itself lies.
    Start,
    /// Addresses and HTTP.
    Server,
    /// The database.
    Database,
    /// Signing and sealing keys.
    Keys,
    /// Who may register.
    Account,
    /// Lifetimes.
    Session,
    /// Password hashing.
    Password,
    /// Mails.
    Mail,
    /// Logs.
    Log,
}

impl Section {
    /// All headings in the order of the documentation.
    pub const ALL: [Self; 9] = [
        Self::Start,
        Self::Server,
        Self::Database,
        Self::Keys,
        Self::Account,
        Self::Session,
        Self::Password,
        Self::Mail,
        Self::Log,
    ];

    /// The heading's text.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Start => "Where settings are read",
            Self::Server => "Server",
            Self::Database => "Database",
            Self::Keys => "Keys",
            Self::Account => "Accounts",
            Self::Session => "Sessions",
            Self::Password => "Passwords",
            Self::Mail => "Mail",
            Self::Log => "Logs and metrics",
        }
    }
}

/// What holds when nothing is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preset {
    /// Nothing.
    Unset,
    /// The same everywhere.
    Fixed(&'static str),
    /// By environment: development, test, staging, production.
    ByEnvironment([&'static str; 4]),
    /// Worked out from other settings; the text says how.
    Derived(&'static str),
}

/// One setting.
#[derive(Debug)]
pub struct Setting {
    /// Its environment variable.
    pub variable: &'static str,
    /// `section.key` in `concierge.toml`; none where it does not belong into that file.
    pub key: Option<&'static str>,
    /// Its heading.
    pub section: Section,
    /// What holds when nothing is given.
    pub preset: Preset,
    /// Whether it is masked everywhere and has a `_FILE` twin.
    pub secret: bool,
    /// Its command-line flag.
    pub flag: Option<&'static str>,
    /// One line: what it is for.
    pub help: &'static str,
}

impl Setting {
    /// The default's text in an environment, where it has one of its own.
    pub fn default_in(&self, environment: Environment) -> Option<&'static str> {
        match self.preset {
            Preset::Unset | Preset::Derived(_) => None,
            Preset::Fixed(text) => Some(text),
            Preset::ByEnvironment(texts) => Some(texts[environment as usize]),
        }
    }
}

/// The setting of a variable.
pub fn find(variable: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.variable == variable)
}

const fn plain(
    section: Section,
    variable: &'static str,
    key: &'static str,
    preset: Preset,
    help: &'static str,
) -> Setting {
    Setting {
        variable,
        key: Some(key),
        section,
        preset,
        secret: false,
        flag: None,
        help,
    }
}

impl Setting {
    const fn flag(self, flag: &'static str) -> Self {
        Self {
            flag: Some(flag),
            ..self
        }
    }

    const fn secret(self) -> Self {
        Self {
            secret: true,
            ..self
        }
    }

    const fn not_in_the_file(self) -> Self {
        Self { key: None, ..self }
    }
}

use Preset::{ByEnvironment, Derived, Fixed, Unset};
use Section::{Account, Database, Keys, Log, Mail, Password, Server, Session, Start};

/// Every setting, grouped by section.
#[rustfmt::skip]
pub static SETTINGS: &[Setting] = &[
    plain(Start, "CONCIERGE_ENV", "environment", Fixed("development"),
        "`development`, `test`, `staging` or `production`; decides defaults and how strict the start is."),
    plain(Start, "CONCIERGE_CONFIG", "", Derived("`concierge.toml` in the working directory, if there is one"),
        "The configuration file.").not_in_the_file().flag("--config"),
    plain(Start, "CONCIERGE_ENV_FILE", "", Derived("in development `.env` in the working directory, if there is one"),
        "A file of `NAME=value` lines, read literally; must have mode 0600 in staging and production.").not_in_the_file().flag("--env-file"),

    plain(Server, "CONCIERGE_LISTEN", "server.listen", Fixed("127.0.0.1:3000"),
        "The address and port to listen on.").flag("--listen"),
    plain(Server, "CONCIERGE_PUBLIC_URL", "server.public_url", Fixed("http://localhost:3000"),
        "The address people type: scheme, host and, if unusual, port; no path. Must be https in production.").flag("--public-url"),
    plain(Server, "CONCIERGE_DATA", "server.data", Fixed("./data"),
        "The folder of the database and the keyring of a single machine.").flag("--data"),
    plain(Server, "CONCIERGE_TRUSTED_PROXIES", "server.trusted_proxies", Unset,
        "Addresses or CIDR ranges, comma-separated, whose `X-Forwarded-*` headers are believed."),
    plain(Server, "CONCIERGE_ADDRESS_LIMIT_FACTOR", "server.address_limit_factor", Fixed("1"),
        "Multiplies the limits per client address, for an office behind one address; 1 to 100000."),
    plain(Server, "CONCIERGE_MONITOR_VIEWERS", "server.monitor_viewers", Fixed("1000"),
        "So many live sockets of `/monitor` at once, in all; 1 to 1024. Never more than half of the connections that the process may open."),
    plain(Server, "CONCIERGE_MONITOR_VIEWERS_PER_ACCOUNT", "server.monitor_viewers_per_account", Fixed("10"),
        "So many of them of one account; 1 to 1024."),
    plain(Server, "CONCIERGE_HSTS", "server.hsts", Fixed("subdomains"),
        "What `Strict-Transport-Security` covers: `subdomains`, `host` or `off`."),
    plain(Server, "CONCIERGE_COOKIE_SUFFIX", "server.cookie_suffix", Unset,
        "Appended to the names of all cookies, so that two instances on one host keep apart."),
    plain(Server, "CONCIERGE_CONTACT", "server.contact", Unset,
        "Shown to people where they need a human: a name, an address, a phone number."),

    plain(Database, "DATABASE_URL", "database.url", Derived("`sqlite:<data>/concierge.db`"),
        "`sqlite:<path>` or `postgres://user:password@host/database?sslmode=verify-full`.").secret(),
    plain(Database, "CONCIERGE_MIGRATE", "database.migrate", Fixed("on"),
        "`on`: `serve` brings the schema up to date under a lock; `off` for those who run `migrate`."),

    plain(Keys, "JWT_SECRET", "", Derived("the keyring file"),
        "The active signing key: at least 32 random bytes, as hex, base64 or symbols.").not_in_the_file().secret(),
    plain(Keys, "JWT_SECRET_ID", "", Derived("`<env>-00000000-` and 4 hex digits of the key's fingerprint"),
        "The id of the signing key (`kid`).").not_in_the_file(),
    plain(Keys, "JWT_SECRET_PREVIOUS", "", Unset,
        "Signing keys that still verify: `kid:alg:key:verify_until_unix`, comma-separated.").not_in_the_file().secret(),
    plain(Keys, "SECRET_KEY", "", Derived("the keyring file"),
        "The active sealing key: wraps the keys that seal data at rest.").not_in_the_file().secret(),
    plain(Keys, "SECRET_KEY_ID", "", Derived("`<env>-00000000-` and 4 hex digits of the key's fingerprint"),
        "The id of the sealing key.").not_in_the_file(),
    plain(Keys, "SECRET_KEY_PREVIOUS", "", Unset,
        "Sealing keys that still open: `kid:alg:key:verify_until_unix`, comma-separated.").not_in_the_file().secret(),
    plain(Keys, "CONCIERGE_KEYRING", "keys.keyring", Derived("`<data>/secrets.<env>.toml`"),
        "The keyring file, or the same encrypted, with `.age` behind its name."),
    plain(Keys, "CONCIERGE_KEYRING_PASSPHRASE_FILE", "keys.keyring_passphrase_file", Derived("the systemd credential `keyring-passphrase`"),
        "A file that holds the passphrase of an encrypted keyring file; there is no variable that holds the passphrase itself."),
    plain(Keys, "CONCIERGE_KEY_GRACE", "keys.grace", Fixed("7d"),
        "For how long a key that was rotated out still verifies; never less than the life of an access token."),
    plain(Keys, "CONCIERGE_KEY_ROTATION", "keys.rotation", Fixed("auto"),
        "Who rotates a key that is due and lives where this program writes: `auto` (the server, nobody notices) or `manual`."),
    plain(Keys, "CONCIERGE_KEY_STORE", "keys.store", Fixed("file"),
        "Where the keyring lives: `file` (the keyring file), `env` (the environment only), `vault`, `aws` or `azure`."),
    plain(Keys, "CONCIERGE_KEY_STORE_NAME", "keys.store_name", Derived("`secret/concierge/<env>` in Vault, `concierge/<env>` in AWS"),
        "The one secret that holds the keyring: in Vault its path with the mount, in AWS its name or ARN, in Azure its address (`https://<vault>.vault.azure.net/secrets/<name>`)."),
    plain(Keys, "CONCIERGE_STRICT_STORE", "keys.strict_store", Fixed("off"),
        "`on`: no start without the store, and no copy of its keyring on this machine.").flag("--strict-store"),
    plain(Keys, "VAULT_ADDR", "keys.vault_address", Unset,
        "The address of HashiCorp Vault or OpenBao; https, except on this machine."),
    plain(Keys, "VAULT_NAMESPACE", "keys.vault_namespace", Unset,
        "The namespace in Vault Enterprise or OpenBao."),
    plain(Keys, "VAULT_CACERT", "keys.vault_cacert", Unset,
        "A PEM file with the authority of Vault's certificate, where that is one of your own."),
    plain(Keys, "VAULT_TOKEN", "", Unset,
        "The token for Vault; or give VAULT_ROLE_ID and VAULT_SECRET_ID.").not_in_the_file().secret(),
    plain(Keys, "VAULT_ROLE_ID", "", Unset,
        "The role of AppRole.").not_in_the_file(),
    plain(Keys, "VAULT_SECRET_ID", "", Unset,
        "The secret of AppRole.").not_in_the_file().secret(),
    plain(Keys, "AZURE_TENANT_ID", "", Unset,
        "The tenant of the application that opens Azure Key Vault.").not_in_the_file(),
    plain(Keys, "AZURE_CLIENT_ID", "", Unset,
        "That application, or the user-assigned managed identity.").not_in_the_file(),
    plain(Keys, "AZURE_CLIENT_SECRET", "", Unset,
        "The application's secret; without it the machine's managed identity signs in.").not_in_the_file().secret(),

    plain(Account, "CONCIERGE_REGISTRATION", "account.registration", ByEnvironment(["open", "open", "open", "invite"]),
        "Who may register: `open` (anybody), `invite` (who has an invitation of an admin) or `closed`."),
    plain(Account, "CONCIERGE_ADDRESS_CONFIRMATION", "account.address_confirmation", Derived("`required` with a mail server, `off` without"),
        "Whether a mail confirms the address of a new account before there is one: `required` or `off`. `required` also hides which addresses have an account."),
    plain(Account, "CONCIERGE_SECOND_FACTOR", "account.second_factor", ByEnvironment(["optional", "optional", "required", "required"]),
        "Who needs a second factor: `optional` (who wants one), `admins` or `required` (everybody)."),
    plain(Account, "CONCIERGE_TOTP_SKEW", "account.totp_skew", Fixed("1"),
        "How many steps of 30 s a code may be early or late, 0 to 2; `0` is the strict reading of ASVS 6.5.5."),
    plain(Session, "CONCIERGE_ACCESS_TTL", "session.access_ttl", Fixed("10m"),
        "Life of an access token; at most `1h` in production."),
    plain(Session, "CONCIERGE_SESSION_IDLE", "session.idle", Fixed("1h"),
        "A session that nobody touches ends after this; at most `24h` in production."),
    plain(Session, "CONCIERGE_SESSION_ABSOLUTE", "session.absolute", Fixed("24h"),
        "A session ends after this in any case; at most `30d` in production."),
    plain(Session, "CONCIERGE_REMEMBER_IDLE", "session.remember_idle", Fixed("7d"),
        "The idle limit of \"stay signed in\"; at most `90d` in production."),
    plain(Session, "CONCIERGE_REMEMBER_ABSOLUTE", "session.remember_absolute", Fixed("30d"),
        "The absolute limit of \"stay signed in\"; at most `400d` in production."),
    plain(Session, "CONCIERGE_SESSIONS_PER_ACCOUNT", "session.per_account", Fixed("1"),
        "How many sessions an account may have at once, 1 to 50; the oldest makes room."),
    plain(Session, "CONCIERGE_SIGN_OUT_SCOPE", "session.sign_out_scope", Fixed("all"),
        "What a sign-out ends unless it says otherwise: `all` sessions of the account or the `current` one."),

    plain(Password, "CONCIERGE_ARGON2_MEMORY_KIB", "password.argon2_memory_kib", Fixed("19456"),
        "Argon2id memory per hash in KiB; less than the default only in `test`."),
    plain(Password, "CONCIERGE_ARGON2_TIME", "password.argon2_time", Fixed("2"),
        "Argon2id passes; less than the default only in `test`."),
    plain(Password, "CONCIERGE_ARGON2_LANES", "password.argon2_lanes", Fixed("1"),
        "Argon2id lanes."),
    plain(Password, "CONCIERGE_SIGN_IN_DEADLINE", "password.sign_in_deadline", Fixed("500ms"),
        "A failed sign-in is answered no sooner than this; 0 only in `test`."),

    plain(Mail, "CONCIERGE_SMTP_URL", "mail.smtp_url", Unset,
        "`smtps://user:password@host:465`, or `smtp://user:password@host:587?tls=required` for STARTTLS; `ca=<file>` where the server's certificate comes from an authority of your own. Unset: mails are written to `<data>/outbox`; in production those with a link are not.").secret(),
    plain(Mail, "CONCIERGE_MAIL_FROM", "mail.from", Derived("`Concierge <concierge@<host of the public URL>>`"),
        "The sender of mails."),
    plain(Mail, "CONCIERGE_ALERT_NETWORKS", "mail.alert_networks", Unset,
        "Addresses or CIDR ranges of your own networks, comma-separated, that the webhooks of alerts may reach; everything private is refused otherwise."),

    plain(Log, "CONCIERGE_LOG", "log.filter", Fixed("info"),
        "What is logged: a level, or directives such as `info,concierge_server=debug`."),
    plain(Log, "CONCIERGE_LOG_FORMAT", "log.format", ByEnvironment(["text", "text", "json", "json"]),
        "`json` for machines, `text` for people."),
    plain(Log, "CONCIERGE_EVENT_RETENTION", "log.event_retention", Fixed("365d"),
        "Security events older than this are deleted; at least `1d` in production."),
    plain(Log, "CONCIERGE_METRICS_LISTEN", "log.metrics_listen", ByEnvironment(["off", "off", "127.0.0.1:9464", "127.0.0.1:9464"]),
        "Where `/metrics` is served for Prometheus, or `off`. Nobody signs in there: keep it on loopback or in a private network."),
    plain(Log, "CONCIERGE_OTLP_ENDPOINT", "log.otlp_endpoint", Unset,
        "A receiver of traces, metrics and security events (OTLP, `http/protobuf`), such as `http://localhost:4318`. Unset: nothing is sent."),
    plain(Log, "CONCIERGE_OTLP_HEADERS", "log.otlp_headers", Unset,
        "Headers for that receiver: `name=value,name=value`, values percent-encoded where they need it.").secret(),
    plain(Log, "CONCIERGE_OTLP_TEMPORALITY", "log.otlp_temporality", Fixed("cumulative"),
        "Whether counters tell all since the start (`cumulative`) or what was added since the last time (`delta`, as Datadog asks)."),
];

/// What opens AWS. Its own library reads these, so they are no settings of ours.
const SECRETS_OF_AWS: [&str; 2] = ["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];

/// The variables that may hold a secret: what no child process is given.
pub fn secret_variables() -> impl Iterator<Item = &'static str> {
    let secrets = SETTINGS.iter().filter(|setting| setting.secret);
    secrets
        .map(|setting| setting.variable)
        .chain(SECRETS_OF_AWS)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_name_is_there_once() {
        let variables: BTreeSet<_> = SETTINGS.iter().map(|setting| setting.variable).collect();
        let keys: BTreeSet<_> = SETTINGS.iter().filter_map(|setting| setting.key).collect();
        assert_eq!(variables.len(), SETTINGS.len());
        let with_key = SETTINGS.iter().filter(|setting| setting.key.is_some());
        assert_eq!(keys.len(), with_key.count());
    }

    #[test]
    fn what_opens_a_store_is_kept_from_children() {
        let secrets: BTreeSet<_> = secret_variables().collect();
        for variable in ["VAULT_TOKEN", "VAULT_SECRET_ID", "AZURE_CLIENT_SECRET"] {
            assert!(secrets.contains(variable), "{variable}");
        }
        assert!(SECRETS_OF_AWS.iter().all(|one| secrets.contains(one)));
    }

    #[test]
    fn every_heading_has_settings() {
        for section in Section::ALL {
            assert!(SETTINGS.iter().any(|setting| setting.section == section));
        }
    }
}
