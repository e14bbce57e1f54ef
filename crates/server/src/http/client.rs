//! Who is on the other side of the connection: address, scheme, language, cookies of ours.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use axum::http::{Extensions, HeaderMap, HeaderName, header};
use concierge_core::locale::Locale;

use super::cookies::{CookieNames, RequestCookies, Theme};
use crate::{audit::Origin, config::Config, platform::limit::AddressKey};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// What the server knows of a request before anybody looks at its meaning.
#[derive(Debug, Clone, Default)]
pub struct Client {
    /// Address, user agent and request id, as events record them.
    pub origin: Origin,
    /// The key under which the address is limited.
    pub address_key: AddressKey,
    /// Whether the request came over HTTPS, as far as can be known.
    pub is_https: bool,
    /// Whether the direct peer is a trusted proxy.
    pub proxy_trusted: bool,
    /// The reader's language: cookie, then `Accept-Language`.
    pub locale: Locale,
    /// The reader's theme.
    pub theme: Theme,
    /// Our cookies.
    pub cookies: RequestCookies,
}

/// Why a request can't be taken in at all.
#[derive(Debug, PartialEq, Eq)]
pub enum Unacceptable {
    /// Two cookies of one of our names: somebody tries to slip one in.
    DuplicateCookie,
    /// A proxy that nobody vouched for forwards to a production server.
    UntrustedProxy(IpAddr),
}

impl Client {
    /// What the outer door left with a request for everybody who answers it.
    pub fn shared(extensions: &Extensions) -> Arc<Self> {
        extensions.get::<Arc<Self>>().cloned().unwrap_or_default()
    }

    /// Reads a request's head. `peer` is the TCP peer.
    pub fn of(
        headers: &HeaderMap,
        peer: SocketAddr,
        request_id: String,
        config: &Config,
        names: &CookieNames,
    ) -> (Self, Option<Unacceptable>) {
        let peer = peer.ip().to_canonical();
        let proxy_trusted = config.trusted_proxies.iter().any(|net| net.contains(&peer));
        let address = if proxy_trusted {
            forwarded(headers, peer, config)
        } else {
            peer
        };
        let (cookies, mut problem) = match RequestCookies::parse(headers, names) {
            Some(cookies) => (cookies, None),
            None => (
                RequestCookies::default(),
                Some(Unacceptable::DuplicateCookie),
            ),
        };
        if config.environment.is_production()
            && !proxy_trusted
            && is_near(peer)
            && is_forwarded(headers)
        {
            problem = Some(Unacceptable::UntrustedProxy(peer));
        }
        let is_https = match text(headers, &FORWARDED_PROTO) {
            Some(proto) if proxy_trusted => proto.eq_ignore_ascii_case("https"),
            _ => config.public_url.is_https(),
        };
        let accept = text(headers, &header::ACCEPT_LANGUAGE).and_then(Locale::from_accept_language);
        let client = Self {
            origin: Origin {
                address: address.to_string(),
                user_agent: text(headers, &header::USER_AGENT)
                    .unwrap_or_default()
                    .chars()
                    .take(300)
                    .collect(),
                request_id,
            },
            address_key: AddressKey::of(address),
            is_https,
            proxy_trusted,
            locale: cookies.locale.or(accept).unwrap_or_default(),
            theme: cookies.theme,
            cookies,
        };
        (client, problem)
    }
}

/// Walks `X-Forwarded-For` from right to left to the first address that is not a trusted proxy: everything
/// left of it was written by strangers. A malformed entry ends the walk at the peer.
fn forwarded(headers: &HeaderMap, peer: IpAddr, config: &Config) -> IpAddr {
    let joined: Vec<&str> = headers
        .get_all(FORWARDED_FOR)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .collect();
    let mut nearest = peer;
    for entry in joined
        .join(",")
        .rsplit(',')
        .map(str::trim)
        .filter(|entry| !entry.is_empty())
    {
        let Ok(address) = entry.parse::<IpAddr>() else {
            tracing::warn!(%peer, "malformed X-Forwarded-For; using the proxy's own address");
            return peer;
        };
        nearest = address.to_canonical();
        if !config
            .trusted_proxies
            .iter()
            .any(|net| net.contains(&nearest))
        {
            break;
        }
    }
    nearest
}

fn is_forwarded(headers: &HeaderMap) -> bool {
    headers
        .keys()
        .any(|name| name.as_str().starts_with("x-forwarded-"))
}

/// Loopback and private addresses: where proxies of self-hosters live.
fn is_near(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_private() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
