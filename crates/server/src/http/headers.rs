//! Security headers on every answer, errors included.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::config::{Config, Hsts};

/// A policy for a page, with a nonce that no other answer has (ASVS 3.4.3).
///
/// `report-uri`, the older way, and not `report-to` beside it: Chromium 156 and Firefox 153 send the one at once, from
/// this machine, too; where the other stands as well they take no notice of it and send nothing from `http://localhost`.
fn page_policy(nonce: &str, connect: &str) -> String {
    format!(
        "default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic' 'wasm-unsafe-eval'; \
         style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; font-src 'self'; connect-src 'self'{connect}; \
         manifest-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; report-uri /api/csp-report"
    )
}

/// The policy of everything that is no page: nothing may run, load or frame.
const DATA_POLICY: HeaderValue =
    HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'; sandbox");

/// The headers that are the same on every answer of a house.
#[derive(Debug, Clone)]
pub struct SecurityHeaders {
    fixed: HeaderMap,
    /// Further sources that pages may connect to: the reload socket of `cargo leptos watch`.
    connect: String,
}

impl SecurityHeaders {
    /// The headers of this configuration.
    pub fn new(config: &Config, reload_port: Option<u32>) -> Self {
        let mut fixed = HeaderMap::new();
        let mut set = |name: &'static str, value: &'static str| {
            fixed.insert(
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            );
        };
        set("x-content-type-options", "nosniff");
        // `no-referrer` would turn the Origin of a form post into `null`.
        set("referrer-policy", "same-origin");
        set("cross-origin-opener-policy", "same-origin");
        set("cross-origin-resource-policy", "same-origin");
        set(
            "permissions-policy",
            "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), usb=()",
        );
        set("x-frame-options", "DENY");
        set("origin-agent-cluster", "?1");
        set("x-dns-prefetch-control", "off");
        set("x-download-options", "noopen");
        set("x-permitted-cross-domain-policies", "none");
        set("x-xss-protection", "0");
        if config.public_url.is_https() {
            match config.hsts {
                Hsts::Subdomains => set(
                    "strict-transport-security",
                    "max-age=63072000; includeSubDomains",
                ),
                Hsts::Host => set("strict-transport-security", "max-age=63072000"),
                Hsts::Off => {}
            }
        }
        let connect = reload_port.map_or_else(String::new, |port| {
            format!(" ws://localhost:{port} ws://127.0.0.1:{port}")
        });
        Self { fixed, connect }
    }

    /// Adds the headers; what a handler set itself (its own policy or cache rule) stays. With a nonce the
    /// answer is a page.
    pub fn apply(&self, headers: &mut HeaderMap, nonce: Option<&str>) {
        // Room for all of them and the two below at once, instead of growing three times.
        headers.reserve(self.fixed.len() + 2);
        for (name, value) in &self.fixed {
            headers.insert(name.clone(), value.clone());
        }
        headers
            .entry(header::CACHE_CONTROL)
            .or_insert(HeaderValue::from_static("no-store"));
        if !headers.contains_key(header::CONTENT_SECURITY_POLICY) {
            let policy = nonce
                .map(|nonce| page_policy(nonce, &self.connect))
                .and_then(|text| HeaderValue::from_str(&text).ok());
            headers.insert(
                header::CONTENT_SECURITY_POLICY,
                policy.unwrap_or(DATA_POLICY),
            );
        }
    }
}
