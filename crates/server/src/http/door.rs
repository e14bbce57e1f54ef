//! The wrong door: a request for another host than the public URL's.
//!
//! Never a redirect: behind a proxy that does not pass `Host` it would loop. A plain page says what is set,
//! what was asked for, and what to change.

use std::net::IpAddr;

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};

use crate::config::{Config, PublicUrl};

/// Whether a `Host` is the public URL's. Outside deployed environments `localhost` and the loopback addresses
/// count as one.
pub fn is_ours(host: &str, config: &Config) -> bool {
    host.eq_ignore_ascii_case(config.public_url.host())
        || (!config.environment.is_deployed() && is_same_loopback(host, config.public_url.host()))
}

/// Whether an `Origin` is the public URL's, with the same exception.
pub fn is_our_origin(origin: &str, config: &Config) -> bool {
    origin.eq_ignore_ascii_case(config.public_url.origin())
        || origin
            .strip_prefix("http://")
            .is_some_and(|host| !config.public_url.is_https() && is_ours(host, config))
}

/// Whether a `Host` is one of loopback's names, on whatever port.
pub fn is_loopback(host: &str) -> bool {
    let (name, _) = name_and_port(host);
    let address = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost")
        || address.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn is_same_loopback(one: &str, other: &str) -> bool {
    is_loopback(one) && is_loopback(other) && name_and_port(one).1 == name_and_port(other).1
}

fn name_and_port(host: &str) -> (&str, &str) {
    host.rsplit_once(':')
        .filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()))
        .unwrap_or((host, "80"))
}

/// The host a request asked for, or an empty text.
pub fn host_of(headers: &HeaderMap) -> &str {
    headers
        .get(header::HOST)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

/// The page for people who came to the wrong door. No script, no cookie.
pub fn page(asked: &str, public_url: &PublicUrl) -> Response {
    let (asked, right) = (escape(asked), escape(public_url.origin()));
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Another address · Concierge</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"></head><body><main>\
         <h1>Concierge is at another address</h1>\
         <p>You asked for <code>{asked}</code>. Concierge is set up for <a href=\"{right}\">{right}</a>.</p>\
         <p>If you run it: set <code>CONCIERGE_PUBLIC_URL</code> to the address people use. That address needs HTTPS \
         (a proxy in front can give it), and the proxy must pass the <code>Host</code> header on.</p>\
         <h2 lang=\"fr\">Concierge se trouve à une autre adresse</h2>\
         <p lang=\"fr\">Vous avez demandé <code>{asked}</code>. Concierge est configuré pour <a href=\"{right}\">{right}</a>. \
         Si vous le gérez : réglez <code>CONCIERGE_PUBLIC_URL</code> sur l’adresse utilisée, en HTTPS, et faites transmettre \
         l’en-tête <code>Host</code> par le proxy.</p></main></body></html>"
    );
    let mut response = Response::new(Body::from(html));
    *response.status_mut() = StatusCode::MISDIRECTED_REQUEST;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    response
}

/// Text that can do nothing in HTML.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_names_are_one_when_the_port_is() {
        assert!(is_same_loopback("127.0.0.1:3000", "localhost:3000"));
        assert!(is_same_loopback("[::1]:3000", "localhost:3000"));
        assert!(is_same_loopback("127.0.0.1:3000", "LocalHost:3000"));
        assert!(!is_same_loopback("127.0.0.1:3001", "localhost:3000"));
        assert!(!is_same_loopback(
            "localhost.evil.example:3000",
            "localhost:3000"
        ));
    }

    #[test]
    fn a_hostile_host_is_shown_as_inert_text() {
        assert_eq!(escape("<script>\"'&"), "&lt;script&gt;&quot;&#39;&amp;");
    }
}
