//! The address of the mail server. Its password is shown nowhere, and no mail leaves this machine unencrypted.

use std::{fmt, net::IpAddr, path::Path};

use concierge_core::sensitive::Sensitive;
use percent_encoding::percent_decode_str;
use url::Url;

/// How the connection is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmtpTls {
    /// From the first byte (`smtps://`).
    Implicit,
    /// After STARTTLS, without which nothing is said (`smtp://...?tls=required`).
    Required,
    /// Not at all: the server is on this machine.
    Loopback,
}

/// A mail server, and who we are to it.
pub struct SmtpUrl {
    /// Its name, which its certificate must hold, or its address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is encrypted.
    pub tls: SmtpTls,
    /// Name and password.
    pub credentials: Option<(String, Sensitive)>,
    /// The authority its certificate must come from (PEM), instead of those that the system trusts.
    pub authority: Option<Vec<u8>>,
}

impl SmtpUrl {
    /// Reads `smtps://user:password@host:465` or `smtp://user:password@host:587?tls=required`, both with
    /// `ca=<file>` where the server's certificate comes from an authority of one's own.
    pub fn parse(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|error| format!("it is not a URL ({error})"))?;
        let implicit = match url.scheme() {
            "smtps" => true,
            "smtp" => false,
            _ => return Err("it must start with smtps:// or smtp://".to_owned()),
        };
        let host = url.host_str().unwrap_or_default();
        let host = host
            .trim_start_matches('[')
            .trim_end_matches(']')
            .to_owned();
        if host.is_empty() || host.contains('%') {
            return Err("it names no host".to_owned());
        }
        if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
            return Err("it must not have a path or fragment".to_owned());
        }
        let (mut required, mut authority) = (false, None);
        for (name, value) in url.query_pairs() {
            match (name.as_ref(), value.as_ref()) {
                ("tls", "required") => required = true,
                ("ca", path) => authority = Some(read_authority(Path::new(path))?),
                _ => return Err("it takes no parameters but tls=required and ca=<file>".to_owned()),
            }
        }
        let tls = match (implicit, required) {
            (true, _) => SmtpTls::Implicit,
            (false, true) => SmtpTls::Required,
            (false, false) if is_loopback(&host) => SmtpTls::Loopback,
            (false, false) => {
                return Err("another machine is reached over TLS only: add ?tls=required, or write smtps://".to_owned());
            }
        };
        Ok(Self {
            host,
            port: url.port().unwrap_or(if implicit { 465 } else { 587 }),
            tls,
            credentials: credentials(&url)?,
            authority,
        })
    }
}

fn credentials(url: &Url) -> Result<Option<(String, Sensitive)>, String> {
    let decoded = |text: &str| {
        let text = percent_decode_str(text).decode_utf8();
        text.map(|text| text.into_owned())
            .map_err(|_| "name or password is not UTF-8".to_owned())
    };
    match (url.username(), url.password()) {
        ("", None) => Ok(None),
        ("", Some(_)) | (_, None) => Err("it needs both name and password, or neither".to_owned()),
        (name, Some(password)) => Ok(Some((decoded(name)?, Sensitive::new(decoded(password)?)))),
    }
}

fn read_authority(path: &Path) -> Result<Vec<u8>, String> {
    let pem = std::fs::read(path)
        .map_err(|error| format!("the file that `ca` names can't be read ({error})"))?;
    match lettre::transport::smtp::client::Certificate::from_pem(&pem) {
        Ok(_) if pem.starts_with(b"-----BEGIN CERTIFICATE-----") => Ok(pem),
        _ => Err("the file that `ca` names is no certificate in PEM".to_owned()),
    }
}

fn is_loopback(host: &str) -> bool {
    let address = host.parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

impl Clone for SmtpUrl {
    fn clone(&self) -> Self {
        let credentials = self.credentials.as_ref();
        Self {
            host: self.host.clone(),
            port: self.port,
            tls: self.tls,
            credentials: credentials
                .map(|(name, password)| (name.clone(), Sensitive::new(password.expose()))),
            authority: self.authority.clone(),
        }
    }
}

impl fmt::Debug for SmtpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{} ({:?})", self.host, self.port, self.tls)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asvs_12_3_1_only_this_machine_is_spoken_to_without_tls() {
        for (text, port, tls) in [
            ("smtps://mail.example.org", 465, SmtpTls::Implicit),
            ("smtps://u:p@mail.example.org:4650", 4650, SmtpTls::Implicit),
            (
                "smtp://mail.example.org?tls=required",
                587,
                SmtpTls::Required,
            ),
            (
                "smtp://mail.example.org:25/?tls=required",
                25,
                SmtpTls::Required,
            ),
            ("smtp://localhost:25", 25, SmtpTls::Loopback),
            ("smtp://127.0.0.1:25", 25, SmtpTls::Loopback),
            ("smtp://[::1]:25", 25, SmtpTls::Loopback),
            ("smtp://localhost:25?tls=required", 25, SmtpTls::Required),
        ] {
            let url = SmtpUrl::parse(text).unwrap();
            assert_eq!((url.port, url.tls), (port, tls), "{text}");
        }
        for text in [
            "smtp://h",
            "smtp://mail.example.org:25?tls=opportunistic",
            "smtp://mail.example.org:25?tls=",
            "smtp://localhost.example.org",
            "smtp://127.0.0.1.example.org",
            "smtp://",
            "smtps:///",
            "smtps://mail.example.org/path",
            "smtps://u@mail.example.org",
            "smtps://:p@mail.example.org",
            "smtps://mail.example.org?ca=/nowhere",
            "http://mail.example.org",
            "mail.example.org",
        ] {
            assert!(SmtpUrl::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_password_is_decoded_and_never_shown() {
        let url = SmtpUrl::parse("smtps://me%40example.org:hun%2Bter+2%40@h").unwrap();
        let (name, password) = url.credentials.as_ref().unwrap();
        assert_eq!(
            (name.as_str(), password.expose()),
            ("me@example.org", "hun+ter+2@")
        );
        assert_eq!(format!("{url:?}"), "h:465 (Implicit)");
    }
}
