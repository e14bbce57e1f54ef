//! The address of the database. Its password is shown nowhere.

use std::{fmt, net::IpAddr, path::Path};

use concierge_core::sensitive::Sensitive;
use url::Url;

/// A database URL that one of the two engines understands.
pub struct DatabaseUrl {
    url: Sensitive,
    masked: String,
    is_sqlite: bool,
}

impl DatabaseUrl {
    /// Reads `sqlite:<path>` or `postgres://...`.
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Some(path) = text.strip_prefix("sqlite:") {
            if path.trim_start_matches('/').is_empty() {
                return Err("it names no file".to_owned());
            }
        } else if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            Url::parse(text).map_err(|error| format!("it is not a URL ({error})"))?;
        } else {
            return Err("it must start with sqlite: or postgres://".to_owned());
        }
        Ok(Self {
            url: Sensitive::new(text),
            masked: masked(text),
            is_sqlite: text.starts_with("sqlite:"),
        })
    }

    /// The file `concierge.db` in the data folder.
    pub fn in_folder(data: &Path) -> Self {
        let path = data.join("concierge.db").display().to_string();
        let text = format!("sqlite:{}", path.replace('%', "%25").replace('?', "%3F"));
        Self {
            masked: text.clone(),
            url: Sensitive::new(text),
            is_sqlite: true,
        }
    }

    /// The URL with its password, for the one place that connects.
    pub fn expose(&self) -> &str {
        self.url.expose()
    }

    /// Whether it is SQLite; else it is PostgreSQL.
    pub fn is_sqlite(&self) -> bool {
        self.is_sqlite
    }

    /// Whether the connection leaves this machine without TLS being demanded.
    pub fn is_remote_without_tls(&self) -> bool {
        let (is_remote, demands_tls) = self.reach();
        is_remote && !demands_tls
    }

    /// Whether the connection leaves this machine.
    pub fn is_remote(&self) -> bool {
        self.reach().0
    }

    /// Whether it leaves this machine, and whether TLS is demanded: every host the URL names counts, in its authority
    /// and in its parameters.
    fn reach(&self) -> (bool, bool) {
        let Ok(url) = Url::parse(self.expose()) else {
            return (false, false);
        };
        if self.is_sqlite {
            return (false, false);
        }
        let mut hosts = vec![url.host_str().unwrap_or_default().to_owned()];
        let mut mode = None;
        for (name, value) in url.query_pairs() {
            match name.as_ref() {
                "host" | "hostaddr" => hosts.push(value.into_owned()),
                "sslmode" | "ssl-mode" => mode = Some(value.into_owned()),
                _ => {}
            }
        }
        let demands_tls = matches!(
            mode.as_deref(),
            Some("require" | "verify-ca" | "verify-full")
        );
        (!hosts.iter().all(|host| is_local(host)), demands_tls)
    }

    /// The masked URL with the line that would make it safe.
    pub fn with_tls(&self) -> String {
        let Ok(url) = Url::parse(&self.masked) else {
            return self.masked.clone();
        };
        let kept: Vec<String> = url
            .query()
            .unwrap_or_default()
            .split('&')
            .filter(|pair| {
                !pair.is_empty() && !pair.starts_with("sslmode=") && !pair.starts_with("ssl-mode=")
            })
            .map(str::to_owned)
            .chain(["sslmode=verify-full".to_owned()])
            .collect();
        let base = self.masked.split('?').next().unwrap_or_default();
        format!("{base}?{}", kept.join("&"))
    }
}

impl Clone for DatabaseUrl {
    fn clone(&self) -> Self {
        Self {
            url: Sensitive::new(self.expose()),
            masked: self.masked.clone(),
            is_sqlite: self.is_sqlite,
        }
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked)
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked)
    }
}

/// An empty host and a path are Unix sockets.
fn is_local(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.is_empty()
        || host.starts_with('/')
        || host.to_ascii_lowercase().starts_with("%2f")
        || host == "localhost"
        || host
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// The URL with `***` for its password, in the authority and in the query. Works on the text, so
/// that a URL no parser takes is masked as well.
pub(super) fn masked(text: &str) -> String {
    let (base, query) = match text.split_once('?') {
        Some((base, query)) => (base, Some(query)),
        None => (text, None),
    };
    let base = match (base.split_once("://"), base.rfind('@')) {
        (Some((scheme, _)), Some(at)) if at >= scheme.len() + 3 => {
            let user = &base[scheme.len() + 3..at];
            let name = user.split(':').next().unwrap_or_default();
            let hidden = if user.contains(':') { ":***" } else { "" };
            format!("{scheme}://{name}{hidden}{}", &base[at..])
        }
        _ => base.to_owned(),
    };
    let Some(query) = query else {
        return base;
    };
    let pairs: Vec<String> = query
        .split('&')
        .map(|pair| match pair.split_once('=') {
            Some((name, _)) if name.to_ascii_lowercase().contains("password") => {
                format!("{name}=***")
            }
            _ => pair.to_owned(),
        })
        .collect();
    format!("{base}?{}", pairs.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_shown_nowhere() {
        for (text, shown) in [
            ("postgres://u:p%40ss@db/x", "postgres://u:***@db/x"),
            ("postgres://u:p@ss@db/x", "postgres://u:***@db/x"),
            ("postgres://u@db/x", "postgres://u@db/x"),
            (
                "postgres://db/x?password=secret&a=b",
                "postgres://db/x?password=***&a=b",
            ),
            ("sqlite:./data/x.db", "sqlite:./data/x.db"),
            ("mysql://u:p@h/x", "mysql://u:***@h/x"),
        ] {
            assert_eq!(masked(text), shown);
        }
        let url = DatabaseUrl::parse("postgres://u:hunter2@db/x").unwrap();
        assert!(!format!("{url} {url:?} {}", url.with_tls()).contains("hunter2"));
        assert!(url.expose().contains("hunter2"));
    }

    #[test]
    fn only_a_remote_host_needs_tls() {
        for (text, bad) in [
            ("postgres://u:p@db.example.org/x", true),
            ("postgres://u:p@db.example.org/x?sslmode=prefer", true),
            ("postgres://u:p@db.example.org/x?sslmode=require", false),
            ("postgres://u:p@db.example.org/x?sslmode=verify-ca", false),
            (
                "postgres://u:p@db.example.org/x?ssl-mode=verify-full",
                false,
            ),
            ("postgres://u:p@localhost/x", false),
            ("postgres://u:p@127.0.0.1:5433/x", false),
            ("postgres://u:p@[::1]/x", false),
            ("postgres:///x?host=/run/postgresql", false),
            ("postgres://%2Frun%2Fpostgresql/x", false),
            ("postgres://localhost/x?host=db.example.org", true),
            ("postgres://localhost/x?hostaddr=10.0.0.2", true),
            ("sqlite:x.db", false),
        ] {
            let url = DatabaseUrl::parse(text).unwrap();
            assert_eq!(url.is_remote_without_tls(), bad, "{text}");
        }
    }

    #[test]
    fn the_remedy_is_the_line_to_set() {
        let url = DatabaseUrl::parse("postgres://u:p@db/x?sslmode=disable&a=b").unwrap();
        assert_eq!(
            url.with_tls(),
            "postgres://u:***@db/x?a=b&sslmode=verify-full"
        );
    }

    #[test]
    fn other_engines_and_empty_paths_are_refused() {
        for text in ["", "mysql://h/x", "sqlite:", "sqlite://", "concierge.db"] {
            assert!(DatabaseUrl::parse(text).is_err(), "{text}");
        }
        let folder = DatabaseUrl::in_folder(Path::new("./data"));
        assert_eq!(folder.expose(), "sqlite:./data/concierge.db");
        assert!(folder.is_sqlite());
    }
}
