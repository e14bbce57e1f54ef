//! The address people type: an origin, checked once and asked in parts.

use std::fmt;

use url::{Host, Url};

/// Scheme, host and port of the service; never a path.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicUrl {
    origin: String,
    host: String,
    name: String,
    is_https: bool,
    is_loopback: bool,
    is_bare_domain: bool,
}

impl PublicUrl {
    /// Reads `https://id.example.org` or `http://localhost:3000`; the error says what is too much.
    pub fn parse(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|error| format!("it is not a URL ({error})"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err("it must start with https:// or http://".to_owned());
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("it must not hold a name or password".to_owned());
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err("it must not have a path, query or fragment".to_owned());
        }
        let name = url.host_str().unwrap_or_default();
        let host = match url.port() {
            Some(port) => format!("{name}:{port}"),
            None => name.to_owned(),
        };
        Ok(Self {
            origin: format!("{}://{host}", url.scheme()),
            is_https: url.scheme() == "https",
            is_loopback: is_loopback(url.host()),
            is_bare_domain: matches!(url.host(), Some(Host::Domain(name)) if is_bare(name)),
            name: name.to_owned(),
            host,
        })
    }

    /// `https://id.example.org`, as the `Origin` header has it.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Host, and port unless it is the scheme's own, as the `Host` header has it.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The host without a port.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether browsers talk TLS to it.
    pub fn is_https(&self) -> bool {
        self.is_https
    }

    /// Whether only this machine can reach it.
    pub fn is_loopback(&self) -> bool {
        self.is_loopback
    }

    /// Whether the host is a domain of two labels, with an organisation's other hosts below it.
    pub fn is_bare_domain(&self) -> bool {
        self.is_bare_domain
    }

    /// The absolute address of a path that starts with `/`.
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin)
    }
}

impl fmt::Debug for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin)
    }
}

fn is_loopback(host: Option<Host<&str>>) -> bool {
    match host {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn is_bare(name: &str) -> bool {
    name.trim_end_matches('.').split('.').count() == 2 && !name.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_are_those_of_the_headers() {
        for (text, origin, host, https, loopback, bare) in [
            (
                "https://id.example.org",
                "https://id.example.org",
                "id.example.org",
                true,
                false,
                false,
            ),
            (
                "https://Example.org:443/",
                "https://example.org",
                "example.org",
                true,
                false,
                true,
            ),
            (
                "https://id.example.org:8443",
                "https://id.example.org:8443",
                "id.example.org:8443",
                true,
                false,
                false,
            ),
            (
                "http://localhost:3000",
                "http://localhost:3000",
                "localhost:3000",
                false,
                true,
                false,
            ),
            (
                "http://127.0.0.1:80",
                "http://127.0.0.1",
                "127.0.0.1",
                false,
                true,
                false,
            ),
            (
                "http://[::1]:3000",
                "http://[::1]:3000",
                "[::1]:3000",
                false,
                true,
                false,
            ),
        ] {
            let url = PublicUrl::parse(text).unwrap();
            assert_eq!((url.origin(), url.host()), (origin, host));
            assert_eq!(
                (url.is_https(), url.is_loopback(), url.is_bare_domain()),
                (https, loopback, bare),
                "{text}"
            );
            assert_eq!(url.join("/setup"), format!("{origin}/setup"));
        }
    }

    #[test]
    fn anything_but_an_origin_is_refused() {
        for text in [
            "",
            "id.example.org",
            "ftp://example.org",
            "https://example.org/app",
            "https://example.org/?a",
            "https://example.org/#a",
            "https://me@example.org",
            "https://",
        ] {
            assert!(PublicUrl::parse(text).is_err(), "{text}");
        }
    }
}
