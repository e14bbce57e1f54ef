//! Cookies of the house: read strictly, written in one way.
//!
//! All are `__Host-`: Secure, Path=/, no Domain, so neither a sibling subdomain nor plain http can plant one;
//! SameSite=Strict, so no other site's request carries them (ASVS 3.3.1 to 3.3.4).

use std::time::Duration;

use axum::http::{HeaderMap, header};
use concierge_core::locale::Locale;
use cookie::{Cookie, SameSite};

/// How a reader wants the pages to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    /// As the system says.
    #[default]
    System,
    /// Ink on paper.
    Light,
    /// Paper on ink.
    Dark,
}

impl Theme {
    /// The theme of a cookie or query value.
    pub fn from_text(text: &str) -> Option<Self> {
        match text {
            "system" => Some(Self::System),
            "light" => Some(Self::Light),
            "dark" => Some(Self::Dark),
            _ => None,
        }
    }

    /// The text of a cookie or query value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// The names of our cookies, with the operator's suffix for two services on one host.
#[derive(Debug, Clone)]
pub struct CookieNames {
    /// The access token.
    pub access: String,
    /// The refresh token.
    pub refresh: String,
    /// The second-factor ticket.
    pub ticket: String,
    /// The known device.
    pub device: String,
    /// The language.
    pub locale: String,
    /// The theme.
    pub theme: String,
}

impl CookieNames {
    /// The names with this suffix.
    pub fn with_suffix(suffix: &str) -> Self {
        let name = |base: &str| format!("__Host-{base}{suffix}");
        Self {
            access: name("at"),
            refresh: name("rt"),
            ticket: name("mfa"),
            device: name("device"),
            locale: name("locale"),
            theme: name("theme"),
        }
    }

    /// Cookies that expire a session in the browser; the device stays known.
    pub fn expired(&self) -> Vec<Cookie<'static>> {
        [&self.access, &self.refresh, &self.ticket]
            .into_iter()
            .map(|name| build(name, String::new(), Some(Duration::ZERO)))
            .collect()
    }

    /// The cookie by which a browser is known, for 400 days: the longest that browsers keep one.
    pub fn known_device(&self, device: String) -> Cookie<'static> {
        const LIFE: Duration = Duration::from_secs(400 * 24 * 3600);
        build(&self.device, device, Some(LIFE))
    }

    /// A preference cookie, kept for a year. Scripts may read it: it says nothing about the person.
    pub fn preference(name: &str, value: &str) -> Cookie<'static> {
        let mut cookie = build(
            name,
            value.to_owned(),
            Some(Duration::from_secs(365 * 24 * 3600)),
        );
        cookie.set_http_only(false);
        cookie
    }
}

/// A cookie of the house. `keep_for`: until the browser closes when `None`.
pub fn build(name: &str, value: String, keep_for: Option<Duration>) -> Cookie<'static> {
    let builder = Cookie::build((name.to_owned(), value))
        .path("/")
        .secure(true)
        .http_only(true)
        .same_site(SameSite::Strict);
    match keep_for {
        Some(span) => builder
            .max_age(cookie::time::Duration::seconds(
                i64::try_from(span.as_secs()).unwrap_or(i64::MAX),
            ))
            .build(),
        None => builder.build(),
    }
}

/// Our cookies of a request.
#[derive(Debug, Clone, Default)]
pub struct RequestCookies {
    /// The access token.
    pub access: Option<String>,
    /// The refresh token.
    pub refresh: Option<String>,
    /// The ticket of a sign-in that has a step to do first.
    pub ticket: Option<String>,
    /// The known device.
    pub device: Option<String>,
    /// The language.
    pub locale: Option<Locale>,
    /// The theme.
    pub theme: Theme,
}

impl RequestCookies {
    /// Reads our cookies; other names are not looked at. `None` when one of ours comes twice.
    pub fn parse(headers: &HeaderMap, names: &CookieNames) -> Option<Self> {
        let mut found: [Option<String>; 6] = Default::default();
        let ours = [
            &names.access,
            &names.refresh,
            &names.ticket,
            &names.device,
            &names.locale,
            &names.theme,
        ];
        // Byte for byte, as RFC 6265 section 4.2.1 has it: a parser that also trims other blanks takes a sibling
        // domain's "\u{2000}__Host-at", in which no browser sees the prefix, for ours. Other services of the host
        // may set cookies in any encoding: they must not hide ours.
        let values = headers.get_all(header::COOKIE).iter();
        for pair in values.flat_map(|value| value.as_bytes().split(|byte| *byte == b';')) {
            let pair = trim_blanks(pair);
            let at = pair.iter().position(|byte| *byte == b'=');
            let (name, value) = pair.split_at(at.unwrap_or(pair.len()));
            if let Some(at) = ours.iter().position(|ours| ours.as_bytes() == name) {
                let value = String::from_utf8_lossy(value.get(1..).unwrap_or_default());
                if found[at].replace(value.into_owned()).is_some() {
                    return None;
                }
            }
        }
        let [access, refresh, ticket, device, locale, theme] = found;
        let filled = |value: Option<String>| value.filter(|value| !value.is_empty());
        Some(Self {
            access: filled(access),
            refresh: filled(refresh),
            ticket: filled(ticket),
            device: filled(device),
            locale: locale.as_deref().and_then(Locale::from_tag),
            theme: theme
                .as_deref()
                .and_then(Theme::from_text)
                .unwrap_or_default(),
        })
    }

    /// Whether a cookie came along that could authenticate.
    pub fn has_session(&self) -> bool {
        self.access.is_some() || self.refresh.is_some()
    }
}

/// Without the spaces and tabs at both ends, and nothing else.
fn trim_blanks(bytes: &[u8]) -> &[u8] {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let from = bytes.iter().take_while(|byte| is_blank(byte)).count();
    let to = bytes.iter().rposition(|byte| !is_blank(byte));
    bytes
        .get(from..to.map_or(0, |to| to + 1))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn parse(lines: &[&str]) -> Option<RequestCookies> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::COOKIE, line.parse().expect("a header value"));
        }
        RequestCookies::parse(&headers, &CookieNames::with_suffix(""))
    }

    #[test]
    fn a_duplicate_of_ours_is_refused_and_others_are_not_looked_at() {
        assert!(parse(&["__Host-at=a; __Host-at=b"]).is_none());
        assert!(parse(&["__Host-at=a", "__Host-at=b"]).is_none());
        let read = parse(&["theirs=1; theirs=2; __Host-rt=r"]).expect("accepted");
        assert_eq!((read.access, read.refresh.as_deref()), (None, Some("r")));
    }

    #[test]
    fn a_name_that_only_looks_like_ours_is_not_ours() {
        let plant = |name: &str| {
            let mut headers = HeaderMap::new();
            let line = format!("{name}=planted; __Host-rt=r");
            let line = HeaderValue::from_bytes(line.as_bytes()).expect("a header value");
            headers.append(header::COOKIE, line);
            RequestCookies::parse(&headers, &CookieNames::with_suffix("")).expect("accepted")
        };
        for blank in ["\u{2000}", "\u{85}", "\u{a0}", "\u{3000}", "\u{feff}", "\""] {
            for name in [format!("{blank}__Host-at"), format!("__Host-at{blank}")] {
                let read = plant(&name);
                assert_eq!(
                    (read.access, read.refresh.as_deref()),
                    (None, Some("r")),
                    "{name:?}"
                );
            }
        }
        assert_eq!(plant(" \t__Host-at").access.as_deref(), Some("planted"));
        assert_eq!(plant("__HOST-AT").access, None);
    }

    #[test]
    fn asvs_3_3_1_cookies_are_host_bound_and_out_of_reach_of_scripts() {
        let text = build("__Host-at", "x".to_owned(), None).to_string();
        assert_eq!(
            text,
            "__Host-at=x; HttpOnly; SameSite=Strict; Secure; Path=/"
        );
    }
}
