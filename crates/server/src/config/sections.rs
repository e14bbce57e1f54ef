//! Section by section from texts to values, each judging itself.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use concierge_core::session::api::Scope;

use super::{
    Config, DatabaseUrl, Environment, Explained, Given, HashConfig, Hsts, KeySettings, LogConfig,
    LogFormat, PublicUrl, Reader, Reading, RingSettings, SessionConfig, key_store, load::Sources,
    otlp, parse, people,
};

/// The least Argon2id cost outside tests (OWASP's first recommendation).
pub const ARGON2_FLOOR: (u32, u32) = (19_456, 2);

/// Reads and judges all sections.
pub(super) fn read(sources: &Sources) -> Reading {
    let mut reader = Reader::new(sources, Environment::Development);
    let environment = reader.read("CONCIERGE_ENV", |text| {
        let words = Environment::ALL.map(|one| (one.as_str(), one));
        parse::word(text, &words)
    });
    reader.environment = environment.unwrap_or(Environment::Development);
    let given = reader.read("CONCIERGE_DATA", |text| Ok(PathBuf::from(text)));
    let data = given.unwrap_or_default();
    let keys = keys(&mut reader, sources);
    let rest = rest(&mut reader, &data);
    for file in &sources.other_files {
        reader.findings.extend(file.judge(reader.environment));
    }
    let config = match (environment, rest) {
        (Some(_), Some(rest)) => Ok(rest(keys)),
        _ => Err(keys),
    };
    Reading {
        environment: reader.environment,
        data,
        config,
        explained: Explained::all(sources, reader.environment),
        args: super::LoadArgs::default(),
        findings: std::mem::take(&mut reader.findings),
    }
}

/// Whoever listens beyond this machine has a proxy in front, nearly always.
fn warn_without_proxy(
    reader: &mut Reader<'_>,
    listen: Option<std::net::SocketAddr>,
    proxies: Option<&Option<Vec<ipnet::IpNet>>>,
) {
    if let (Some(listen), Some(None)) = (listen, proxies)
        && !listen.ip().is_loopback()
    {
        reader.warn(
            "CONCIERGE_LISTEN",
            "it is reachable from other machines and no proxy is trusted, so every visitor behind a proxy shares one address",
            "listen on 127.0.0.1 behind a proxy, or set CONCIERGE_TRUSTED_PROXIES=<address of the proxy>/32",
        );
    }
}

/// Everything but the keys; every section is read before the first gap counts.
fn rest(
    reader: &mut Reader<'_>,
    data: &Path,
) -> Option<impl FnOnce(KeySettings) -> Config + use<>> {
    let environment = reader.environment;
    let data = data.to_owned();
    let public_url = public_url(reader);
    let database_url = database_url(reader, &data);
    let listen = reader.read("CONCIERGE_LISTEN", parse::socket);
    let proxies = reader.optional("CONCIERGE_TRUSTED_PROXIES", parse::networks);
    let alert_networks = reader.optional("CONCIERGE_ALERT_NETWORKS", parse::networks);
    let factor = reader.read("CONCIERGE_ADDRESS_LIMIT_FACTOR", |text| {
        parse::number(text, 1, 100_000)
    });
    let viewers = viewers(reader);
    let hsts = hsts(reader, public_url.as_ref());
    let contact = reader.optional("CONCIERGE_CONTACT", parse::line);
    let suffix = reader.optional("CONCIERGE_COOKIE_SUFFIX", parse::cookie_suffix);
    let migrate = reader.read("CONCIERGE_MIGRATE", parse::switch);
    let people = people::read(reader);
    let mail = people::mail(reader, public_url.as_ref());
    let registration = people.as_ref().map(|people| people.registration);
    let confirms = people::confirms_addresses(reader, registration, mail.as_ref());
    let (session, hash, log) = (session(reader), hash(reader), log(reader));
    let rotation = rotation(reader);
    warn_without_proxy(reader, listen, proxies.as_ref());
    let (public_url, database_url, listen) = (public_url?, database_url?, listen?);
    let (trusted_proxies, address_limit_factor) = (proxies?.unwrap_or_default(), factor?);
    let alert_networks = alert_networks?.unwrap_or_default();
    let (monitor_viewers, monitor_viewers_per_account) = viewers?;
    let (hsts, contact, cookie_suffix) = (hsts?, contact?, suffix?.unwrap_or_default());
    let (migrate, people, mail, confirms) = (migrate?, people?, mail?, confirms?);
    let (session, hash, log) = (session?, hash?, log?);
    let (key_grace, rotates_keys) = rotation?;
    Some(move |keys| Config {
        environment,
        listen,
        public_url,
        data,
        database_url,
        registration: people.registration,
        confirms_addresses: confirms,
        second_factor: people.second_factor,
        totp_skew: people.totp_skew,
        key_grace,
        rotates_keys,
        mail,
        session,
        hash,
        migrate,
        trusted_proxies,
        address_limit_factor,
        monitor_viewers,
        monitor_viewers_per_account,
        hsts,
        log,
        contact,
        cookie_suffix,
        alert_networks,
        keys,
    })
}

/// For how long a key verifies that was rotated out, and whether the server rotates.
fn rotation(reader: &mut Reader<'_>) -> Option<(Duration, bool)> {
    let grace = lifetime(reader, "CONCIERGE_KEY_GRACE", 365 * 24 * 3600);
    let words = [("auto", true), ("manual", false)];
    let rotates = reader.read("CONCIERGE_KEY_ROTATION", |text| parse::word(text, &words));
    Some((grace?, rotates?))
}

fn public_url(reader: &mut Reader<'_>) -> Option<PublicUrl> {
    const NAME: &str = "CONCIERGE_PUBLIC_URL";
    let url = reader.read(NAME, PublicUrl::parse)?;
    let remedy = "set CONCIERGE_PUBLIC_URL=https://<host>, the address people type, and terminate TLS in front of concierge";
    if reader.environment.is_production() && !url.is_https() {
        reader.refuse(NAME, "production needs https", remedy);
        return None;
    }
    if !url.is_https() && !url.is_loopback() {
        let message = "browsers keep no sign-in cookies for http on another machine";
        reader.warn(NAME, message, remedy);
    }
    Some(url)
}

fn database_url(reader: &mut Reader<'_>, data: &Path) -> Option<DatabaseUrl> {
    const NAME: &str = "DATABASE_URL";
    let url = reader
        .optional(NAME, DatabaseUrl::parse)?
        .unwrap_or_else(|| DatabaseUrl::in_folder(data));
    if reader.environment.is_production() && url.is_remote_without_tls() {
        reader.refuse(
            NAME,
            "the connection to another host is not encrypted for certain",
            format!("set DATABASE_URL={}", url.with_tls()),
        );
        return None;
    }
    Some(url)
}

fn hsts(reader: &mut Reader<'_>, url: Option<&PublicUrl>) -> Option<Hsts> {
    const NAME: &str = "CONCIERGE_HSTS";
    let words = [
        ("subdomains", Hsts::Subdomains),
        ("host", Hsts::Host),
        ("off", Hsts::Off),
    ];
    let hsts = reader.read(NAME, |text| parse::word(text, &words))?;
    if hsts == Hsts::Subdomains && url.is_some_and(|url| url.is_https() && url.is_bare_domain()) {
        reader.warn(
            NAME,
            "the public URL is a bare domain: browsers will refuse plain http on every host below it",
            "set CONCIERGE_HSTS=host unless all those hosts speak https",
        );
    }
    Some(hsts)
}

fn session(reader: &mut Reader<'_>) -> Option<SessionConfig> {
    const HOUR: u64 = 3_600;
    const DAY: u64 = 24 * HOUR;
    let access_ttl = lifetime(reader, "CONCIERGE_ACCESS_TTL", HOUR);
    let idle = lifetime(reader, "CONCIERGE_SESSION_IDLE", DAY);
    let absolute = lifetime(reader, "CONCIERGE_SESSION_ABSOLUTE", 30 * DAY);
    let remember_idle = lifetime(reader, "CONCIERGE_REMEMBER_IDLE", 90 * DAY);
    let remember_absolute = lifetime(reader, "CONCIERGE_REMEMBER_ABSOLUTE", 400 * DAY);
    let per_account = reader.read("CONCIERGE_SESSIONS_PER_ACCOUNT", |text| {
        parse::number(text, 1, 50)
    });
    let scopes = [("all", Scope::All), ("current", Scope::Current)];
    let sign_out_scope = reader.read("CONCIERGE_SIGN_OUT_SCOPE", |text| {
        parse::word(text, &scopes)
    });
    ordered(
        reader,
        ("CONCIERGE_SESSION_IDLE", idle),
        ("CONCIERGE_SESSION_ABSOLUTE", absolute),
    );
    ordered(
        reader,
        ("CONCIERGE_REMEMBER_IDLE", remember_idle),
        ("CONCIERGE_REMEMBER_ABSOLUTE", remember_absolute),
    );
    Some(SessionConfig {
        access_ttl: access_ttl?,
        idle: idle?,
        absolute: absolute?,
        remember_idle: remember_idle?,
        remember_absolute: remember_absolute?,
        per_account: per_account?,
        sign_out_scope: sign_out_scope?,
    })
}

/// A duration above zero; in production at most `ceiling` seconds.
fn lifetime(reader: &mut Reader<'_>, name: &'static str, ceiling: u64) -> Option<Duration> {
    let ceiling = Duration::from_secs(ceiling);
    let is_production = reader.environment.is_production();
    reader.read(name, |text| {
        let span = parse::duration(text)?;
        if span.is_zero() {
            return Err("a lifetime of nothing would let nobody in".to_owned());
        }
        if is_production && span > ceiling {
            let most = parse::duration_text(ceiling);
            return Err(format!("production allows at most {most}"));
        }
        Ok(span)
    })
}

fn ordered(
    reader: &mut Reader<'_>,
    (idle_name, idle): (&str, Option<Duration>),
    (absolute_name, absolute): (&str, Option<Duration>),
) {
    if let (Some(idle), Some(absolute)) = (idle, absolute)
        && idle > absolute
    {
        let (idle, absolute) = (parse::duration_text(idle), parse::duration_text(absolute));
        reader.refuse(
            idle_name,
            format!("it is {idle}, longer than {absolute_name}, which is {absolute}"),
            format!("set {idle_name} to at most {absolute}, or raise {absolute_name}"),
        );
    }
}

fn hash(reader: &mut Reader<'_>) -> Option<HashConfig> {
    let is_test = reader.environment == Environment::Test;
    let (memory, time) = if is_test { (8, 1) } else { ARGON2_FLOOR };
    let memory_kib = reader.read("CONCIERGE_ARGON2_MEMORY_KIB", |text| {
        parse::number(text, memory, 4_194_304)
    });
    let time = reader.read("CONCIERGE_ARGON2_TIME", |text| {
        parse::number(text, time, 100)
    });
    let lanes = reader.read("CONCIERGE_ARGON2_LANES", |text| parse::number(text, 1, 64));
    let sign_in_deadline = reader.read("CONCIERGE_SIGN_IN_DEADLINE", |text| {
        let span = parse::duration(text)?;
        if span.is_zero() && !is_test {
            return Err(
                "0 is for the test environment: the time would tell known names".to_owned(),
            );
        }
        if span > Duration::from_secs(10) {
            return Err("nobody waits longer than 10s for a mistyped password".to_owned());
        }
        Ok(span)
    });
    let (memory_kib, lanes) = (memory_kib?, lanes?);
    // RFC 9106: eight blocks of 1 KiB for every lane.
    if memory_kib < 8 * lanes {
        let message = format!("{lanes} lanes need at least {} KiB", 8 * lanes);
        reader.refuse(
            "CONCIERGE_ARGON2_MEMORY_KIB",
            message,
            "raise it, or lower CONCIERGE_ARGON2_LANES",
        );
        return None;
    }
    Some(HashConfig {
        memory_kib,
        time: time?,
        lanes,
        sign_in_deadline: sign_in_deadline?,
    })
}

fn log(reader: &mut Reader<'_>) -> Option<LogConfig> {
    let filter = reader.read("CONCIERGE_LOG", |text| {
        text.parse::<tracing_subscriber::filter::Targets>()
            .map(|_| text.to_owned())
            .map_err(|error| format!("it is not a log filter: {error}"))
    });
    let formats = [("json", LogFormat::Json), ("text", LogFormat::Text)];
    let format = reader.read("CONCIERGE_LOG_FORMAT", |text| parse::word(text, &formats));
    let retention = event_retention(reader);
    let metrics_listen = metrics_listen(reader);
    let otlp = otlp::read(reader);
    Some(LogConfig {
        filter: filter?,
        format: format?,
        event_retention: retention?,
        metrics_listen: metrics_listen?,
        otlp: otlp?,
    })
}

/// How many may watch the host live, in all and of one account.
fn viewers(reader: &mut Reader<'_>) -> Option<(u32, u32)> {
    let mut read = |name| reader.read(name, |text| parse::number(text, 1, 1024));
    let all = read("CONCIERGE_MONITOR_VIEWERS");
    let of_an_account = read("CONCIERGE_MONITOR_VIEWERS_PER_ACCOUNT");
    Some((all?, of_an_account?))
}

fn metrics_listen(reader: &mut Reader<'_>) -> Option<Option<std::net::SocketAddr>> {
    const LISTEN: &str = "CONCIERGE_METRICS_LISTEN";
    let read = reader.read(LISTEN, parse::socket_or_off)?;
    if let Some(address) = read.filter(|address| !address.ip().is_loopback()) {
        let message =
            format!("whoever reaches {address} reads the metrics, and nobody signs in there");
        let remedy = "set it to an address of this machine, such as 127.0.0.1:9464, or see that only your Prometheus reaches it";
        reader.warn(LISTEN, message, remedy);
    }
    Some(read)
}

fn event_retention(reader: &mut Reader<'_>) -> Option<Duration> {
    let is_production = reader.environment.is_production();
    reader.read("CONCIERGE_EVENT_RETENTION", |text| {
        let span = parse::duration(text)?;
        if span.is_zero() || (is_production && span < Duration::from_secs(24 * 3600)) {
            return Err("events that go within a day tell nobody what happened".to_owned());
        }
        Ok(span)
    })
}

fn keys(reader: &mut Reader<'_>, sources: &Sources) -> KeySettings {
    let store = key_store::read(reader);
    let ring = |key, id, previous| RingSettings {
        keys: reader.all(key),
        id: reader.first(id),
        previous: reader.first(previous),
    };
    let keyring = reader
        .first("CONCIERGE_KEYRING")
        .map(|given| PathBuf::from(given.text.expose()));
    let dotenv = sources.dotenv.as_ref().and_then(|(path, _)| path.parent());
    let mut beside = vec![sources.directory.clone()];
    beside.extend(dotenv.map(|folder| sources.directory.join(folder)));
    KeySettings {
        signing: ring("JWT_SECRET", "JWT_SECRET_ID", "JWT_SECRET_PREVIOUS"),
        sealing: ring("SECRET_KEY", "SECRET_KEY_ID", "SECRET_KEY_PREVIOUS"),
        keyring,
        passphrases: sources
            .passphrases
            .iter()
            .map(|given| Given::new(given.text.expose(), given.source.clone()))
            .collect(),
        files: sources.key_files.clone(),
        beside,
        store,
    }
}
