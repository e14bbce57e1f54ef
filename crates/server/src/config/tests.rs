//! Every rule of the configuration, by table: what is given, and which findings it gets.

use std::{collections::BTreeMap, fs, os::unix::fs::PermissionsExt as _, path::Path};

use super::*;

fn read_in(folder: &Path, args: &LoadArgs, given: &[(&str, &str)]) -> Reading {
    let environment: BTreeMap<String, String> = given
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    Config::read_from(args, environment, folder.to_owned())
}

fn read(given: &[(&str, &str)]) -> Reading {
    let folder = tempfile::tempdir().unwrap();
    read_in(folder.path(), &LoadArgs::default(), given)
}

fn shown(findings: &[Finding]) -> String {
    findings.iter().map(|one| format!("{one}\n")).collect()
}

fn config(given: &[(&str, &str)]) -> Config {
    read(given)
        .accept()
        .map_err(|all| shown(&all))
        .unwrap()
        .config
}

/// Everything production needs besides keys.
const PRODUCTION: [(&str, &str); 2] = [
    ("CONCIERGE_ENV", "production"),
    ("CONCIERGE_PUBLIC_URL", "https://id.example.org"),
];

fn production(given: &[(&'static str, &'static str)]) -> Reading {
    let all: Vec<_> = PRODUCTION.iter().chain(given).copied().collect();
    read(&all)
}

#[test]
fn every_default_is_sound_in_its_environment() {
    for environment in Environment::ALL {
        let url = match environment.is_production() {
            true => "https://id.example.org",
            false => "http://localhost:3000",
        };
        let reading = read(&[
            ("CONCIERGE_ENV", environment.as_str()),
            ("CONCIERGE_PUBLIC_URL", url),
        ]);
        assert_eq!(shown(&reading.findings), "", "{environment}");
        let config = reading.accept().unwrap().config;
        assert_eq!(config.environment, environment);
        assert_eq!(config.database_url.expose(), "sqlite:./data/concierge.db");
        assert_eq!(config.session.idle, Duration::from_secs(3_600));
        assert_eq!(config.session.sign_out_scope, Scope::All);
        let expected = match environment.is_production() {
            true => Registration::Invite,
            false => Registration::Open,
        };
        assert_eq!(config.registration, expected);
    }
}

#[test]
fn a_later_layer_counts_more() {
    let folder = tempfile::tempdir().unwrap();
    let listen = |args: &LoadArgs, given: &[(&str, &str)]| {
        let reading = read_in(folder.path(), args, given);
        let explained = reading.explained.iter();
        let source = explained
            .filter(|one| one.variable == "CONCIERGE_LISTEN")
            .map(|one| one.source.clone())
            .collect::<String>();
        let loaded = reading.accept().map_err(|all| shown(&all)).unwrap();
        (loaded.config.listen.port(), source)
    };
    let none = LoadArgs::default();
    assert_eq!(listen(&none, &[]), (3000, "default".into()));
    let file = folder.path().join("concierge.toml");
    fs::write(&file, "[server]\nlisten = \"127.0.0.1:1\"\n").unwrap();
    let source = "concierge.toml, key `server.listen`".to_owned();
    assert_eq!(listen(&none, &[]), (1, source));
    fs::write(
        folder.path().join(".env"),
        "# x\nCONCIERGE_LISTEN=127.0.0.1:2\n",
    )
    .unwrap();
    assert_eq!(listen(&none, &[]), (2, ".env, line 2".into()));
    let given = [("CONCIERGE_LISTEN", "127.0.0.1:3")];
    assert_eq!(listen(&none, &given), (3, "environment".into()));
    let flag = LoadArgs {
        listen: Some("127.0.0.1:4".into()),
        ..LoadArgs::default()
    };
    assert_eq!(listen(&flag, &given), (4, "flag --listen".into()));
}

#[test]
fn every_bad_value_is_an_error_that_names_its_setting_and_a_remedy() {
    for (name, value) in [
        ("CONCIERGE_ENV", "prod"),
        ("CONCIERGE_LISTEN", "localhost:3000"),
        ("CONCIERGE_PUBLIC_URL", "http://localhost/app"),
        ("CONCIERGE_TRUSTED_PROXIES", "proxy"),
        ("CONCIERGE_ADDRESS_LIMIT_FACTOR", "0"),
        ("CONCIERGE_MONITOR_VIEWERS", "0"),
        ("CONCIERGE_MONITOR_VIEWERS_PER_ACCOUNT", "1025"),
        ("CONCIERGE_HSTS", "yes"),
        ("CONCIERGE_COOKIE_SUFFIX", "a b"),
        ("CONCIERGE_CONTACT", "a\nb"),
        ("DATABASE_URL", "mysql://h/x"),
        ("CONCIERGE_MIGRATE", "maybe"),
        ("CONCIERGE_REGISTRATION", "yes"),
        ("CONCIERGE_SECOND_FACTOR", "never"),
        ("CONCIERGE_TOTP_SKEW", "3"),
        ("CONCIERGE_ACCESS_TTL", "10"),
        ("CONCIERGE_ACCESS_TTL", "0"),
        ("CONCIERGE_SESSION_IDLE", "25h"),
        ("CONCIERGE_REMEMBER_IDLE", "31d"),
        ("CONCIERGE_SESSIONS_PER_ACCOUNT", "51"),
        ("CONCIERGE_SIGN_OUT_SCOPE", "none"),
        ("CONCIERGE_ARGON2_MEMORY_KIB", "19455"),
        ("CONCIERGE_ARGON2_TIME", "1"),
        ("CONCIERGE_ARGON2_LANES", "0"),
        ("CONCIERGE_SIGN_IN_DEADLINE", "0"),
        ("CONCIERGE_SIGN_IN_DEADLINE", "11s"),
        ("CONCIERGE_LOG", "a=b=c"),
        ("CONCIERGE_LOG_FORMAT", "xml"),
        ("CONCIERGE_SMTP_URL", "smtp://h"),
        ("CONCIERGE_SMTP_URL", "smtps://h?ca=missing.pem"),
        ("CONCIERGE_MAIL_FROM", "nobody"),
        ("CONCIERGE_MAIL_FROM", "a@example.org\nBcc: b@example.org"),
        ("CONCIERGE_CONFIG", "missing.toml"),
        ("CONCIERGE_ENV_FILE", "missing.env"),
        ("JWT_SECRET_FILE", "missing"),
    ] {
        let reading = read(&[(name, value)]);
        let errors: Vec<_> = reading
            .findings
            .iter()
            .filter(|one| one.is_error())
            .collect();
        assert_eq!(errors.len(), 1, "{name}={value}: {errors:?}");
        assert_eq!(errors[0].key, name);
        assert!(!errors[0].remedy.is_empty());
        assert!(reading.accept().is_err());
    }
}

#[test]
fn a_test_may_hash_cheaply_and_wait_for_nothing() {
    let config = Config::for_test("/tmp/x".into());
    assert_eq!(config.environment, Environment::Test);
    assert_eq!((config.hash.memory_kib, config.hash.time), (256, 1));
    assert_eq!(config.hash.sign_in_deadline, Duration::ZERO);
    assert_eq!(config.address_limit_factor, 1000);
    assert_eq!(config.database_url.expose(), "sqlite:/tmp/x/concierge.db");
}

#[test]
fn production_names_every_problem_at_once() {
    let reading = read(&[
        ("CONCIERGE_ENV", "production"),
        ("CONCIERGE_PUBLIC_URL", "http://id.example.org"),
        ("DATABASE_URL", "postgres://u:hunter2@db/x"),
        ("CONCIERGE_ACCESS_TTL", "2h"),
        ("CONCIERGE_SESSION_ABSOLUTE", "31d"),
        ("CONCIERGE_REMEMBER_ABSOLUTE", "401d"),
        ("CONCIERGE_LISTENN", "x"),
    ]);
    let text = shown(&reading.findings);
    for part in [
        "CONCIERGE_PUBLIC_URL (environment): production needs https",
        "set DATABASE_URL=postgres://u:***@db/x?sslmode=verify-full",
        "CONCIERGE_ACCESS_TTL (environment): production allows at most 1h",
        "CONCIERGE_SESSION_ABSOLUTE (environment): production allows at most 30d",
        "CONCIERGE_REMEMBER_ABSOLUTE (environment): production allows at most 400d",
        "did you mean `CONCIERGE_LISTEN`",
    ] {
        assert!(text.contains(part), "{part} not in {text}");
    }
    assert!(!text.contains("hunter2"));
}

#[test]
fn production_refuses_a_public_url_with_a_path() {
    let reading = read(&[
        ("CONCIERGE_ENV", "production"),
        ("CONCIERGE_PUBLIC_URL", "https://example.org/id"),
    ]);
    assert!(shown(&reading.findings).contains("must not have a path"));
}

#[test]
fn what_is_risky_but_possible_is_a_warning() {
    for (given, part) in [
        (("CONCIERGE_LISTEN", "0.0.0.0:3000"), "no proxy is trusted"),
        (
            ("CONCIERGE_PUBLIC_URL", "https://example.org"),
            "CONCIERGE_HSTS=host",
        ),
        (("CONCIERGE_REGISTRATION", "open"), "anybody can register"),
        (("CONCIERGE_METRICS_LISTEN", "[::]:9464"), "metrics"),
        (("CONCIERGE_OTLP_ENDPOINT", "http://x"), "clear"),
    ] {
        let reading = production(&[given]);
        let text = shown(&reading.findings);
        assert!(
            text.starts_with("warning:") && text.contains(part),
            "{text}"
        );
        assert!(reading.accept().is_ok());
    }
    let behind = [
        ("CONCIERGE_LISTEN", "0.0.0.0:3000"),
        ("CONCIERGE_TRUSTED_PROXIES", "10.0.0.1"),
    ];
    assert_eq!(shown(&production(&behind).findings), "");
}

#[test]
fn addresses_are_confirmed_where_mails_leave() {
    let smtp = ("CONCIERGE_SMTP_URL", "smtps://mail.example.org");
    let off = ("CONCIERGE_ADDRESS_CONFIRMATION", "off");
    let required = ("CONCIERGE_ADDRESS_CONFIRMATION", "required");
    assert!(!config(&[]).confirms_addresses);
    assert!(config(&[smtp]).confirms_addresses);
    assert!(!config(&[smtp, off]).confirms_addresses);
    // In development the folder of mails is enough to try it.
    assert!(config(&[required]).confirms_addresses);
    let text = shown(&production(&[required]).findings);
    assert!(text.starts_with("error:"), "{text}");
    assert!(text.contains("nobody could confirm an address"), "{text}");
    let open = ("CONCIERGE_REGISTRATION", "open");
    assert_eq!(shown(&production(&[open, smtp]).findings), "");
    let text = shown(&production(&[open, smtp, off]).findings);
    assert!(text.contains("anybody can register"), "{text}");
}

#[test]
fn an_empty_value_is_not_a_value() {
    let config = config(&[
        ("CONCIERGE_LISTEN", ""),
        ("CONCIERGE_CONTACT", ""),
        ("JWT_SECRET", ""),
    ]);
    assert_eq!(config.listen.port(), 3000);
    assert_eq!(config.contact, None);
    assert!(config.keys.signing.keys.is_empty());
}

#[test]
fn variables_of_others_are_none_of_our_business() {
    config(&[
        ("LEPTOS_SITE_ADDR", "x"),
        ("SECRET_KEY_BASE", "x"),
        ("PATH", "x"),
    ]);
}

#[test]
fn a_dot_env_by_chance_counts_in_development_only() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(".env"), "CONCIERGE_CONTACT=us\n").unwrap();
    let contact = |given: &[(&str, &str)]| {
        let reading = read_in(folder.path(), &LoadArgs::default(), given);
        reading.accept().unwrap().config.contact
    };
    assert_eq!(contact(&[]), Some("us".into()));
    assert_eq!(contact(&[("CONCIERGE_ENV", "test")]), None);
    assert_eq!(
        contact(&[("CONCIERGE_ENV", "test"), ("CONCIERGE_ENV_FILE", ".env")]),
        Some("us".into())
    );
    fs::write(folder.path().join(".env"), "CONCIERGE_ENV=production\n").unwrap();
    let reading = read_in(folder.path(), &LoadArgs::default(), &[]);
    assert!(shown(&reading.findings).contains("--env-file"));
}

#[test]
fn a_dot_env_others_can_read_is_refused_where_deployed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("prod.env");
    fs::write(&path, "CONCIERGE_CONTACT=us\n").unwrap();
    for (mode, refused) in [(0o644, true), (0o600, false)] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let args = LoadArgs {
            env_file: Some("prod.env".into()),
            ..LoadArgs::default()
        };
        let reading = read_in(folder.path(), &args, &PRODUCTION);
        assert_eq!(reading.accept().is_err(), refused, "{mode:o}");
    }
}

#[test]
fn a_secret_may_stand_in_a_file_or_a_credential_with_one_line_end() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("key"), "abc$def \n").unwrap();
    fs::write(folder.path().join("SECRET_KEY"), "cred\r\n").unwrap();
    fs::write(folder.path().join("keyring-passphrase"), "open\n").unwrap();
    let credentials = folder.path().display().to_string();
    let given = [
        ("JWT_SECRET_FILE", "key"),
        ("CONCIERGE_KEYRING_PASSPHRASE_FILE", "keyring-passphrase"),
        ("CREDENTIALS_DIRECTORY", credentials.as_str()),
    ];
    let reading = read_in(folder.path(), &LoadArgs::default(), &given);
    let keys = reading.keys();
    assert_eq!(keys.signing.keys[0].text.expose(), "abc$def ");
    assert_eq!(
        keys.signing.keys[0].source.to_string(),
        "key, named by JWT_SECRET_FILE"
    );
    assert_eq!(keys.sealing.keys[0].text.expose(), "cred");
    let passphrases = keys.passphrases.iter().map(|one| one.text.expose());
    assert!(
        passphrases.eq(["open", "open"]),
        "of the file and of systemd"
    );
    assert_eq!(keys.files.len(), 2);
}

#[test]
fn no_secret_is_explained_or_debugged() {
    let reading = read(&[
        ("JWT_SECRET", "hunter2"),
        ("SECRET_KEY_PREVIOUS", "a:HS256:hunter2:1"),
        ("DATABASE_URL", "postgres://u:hunter2@localhost/x"),
        ("CONCIERGE_SMTP_URL", "smtps://u:hunter2@mail.example.org"),
    ]);
    let text = format!("{reading:?}");
    assert!(!text.contains("hunter2"), "{text}");
    assert!(text.contains("postgres://u:***@localhost/x"));
}

#[test]
fn a_mail_server_that_is_refused_is_not_repeated() {
    for url in [
        "smtp://u:hunter2@mail.example.org",
        "smtps://u:hunter2@mail.example.org/x",
        "smtps://u:hunter2@mail.example.org:99999",
        "smtps://:hunter2@mail.example.org",
    ] {
        let text = shown(&read(&[("CONCIERGE_SMTP_URL", url)]).findings);
        assert!(
            text.contains("CONCIERGE_SMTP_URL") && !text.contains("hunter2"),
            "{text}"
        );
    }
}

#[test]
fn mails_come_from_the_house_unless_told_otherwise() {
    let from = |given: &[(&str, &str)]| config(given).mail.from.to_string();
    assert_eq!(from(&[]), "Concierge <concierge@localhost>");
    for (url, sender) in [
        (
            "https://id.example.org:8443",
            "Concierge <concierge@id.example.org>",
        ),
        ("http://[::1]:3000", "Concierge <concierge@localhost>"),
    ] {
        assert_eq!(from(&[("CONCIERGE_PUBLIC_URL", url)]), sender);
    }
    let given = [("CONCIERGE_MAIL_FROM", "The desk <desk@example.org>")];
    assert_eq!(from(&given), "The desk <desk@example.org>");
}

#[test]
fn a_file_with_a_password_must_be_closed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("concierge.toml");
    for text in [
        "[database]\nurl = \"postgres://u:p@localhost/x\"\n",
        "[mail]\nsmtp_url = \"smtps://u:p@localhost\"\n",
    ] {
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let reading = read_in(folder.path(), &LoadArgs::default(), &PRODUCTION);
        assert!(shown(&reading.findings).contains("others can read this secret file (mode 0640)"));
    }
}

#[test]
fn a_broken_dot_env_is_one_clear_line() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(".env"), "JWT_SECRET='hunter2\nrest'\n").unwrap();
    let reading = read_in(folder.path(), &LoadArgs::default(), &[]);
    let text = shown(&reading.findings);
    assert!(
        text.contains("join the lines of JWT_SECRET") && !text.contains("hunter2"),
        "{text}"
    );
}
