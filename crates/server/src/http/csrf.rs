//! Requests forged by other sites: refused by what browsers themselves say of a request's origin.
//!
//! No tokens: `Sec-Fetch-Site` is sent by every current browser over HTTPS and on localhost, and no page can set
//! it. Only where it is absent does `Origin` decide. Sibling subdomains (`same-site`) are not trusted.

use axum::http::{HeaderMap, HeaderName, Method, header};

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Whether an unsafe request may pass. `has_cookies`: a cookie came along that could authenticate it.
pub fn is_allowed(
    method: &Method,
    headers: &HeaderMap,
    is_our_origin: impl Fn(&str) -> bool,
    has_cookies: bool,
) -> bool {
    if method.is_safe() {
        return true;
    }
    if let Some(site) = headers.get(FETCH_SITE) {
        return site == "same-origin";
    }
    match headers.get(header::ORIGIN) {
        Some(origin) => origin.to_str().is_ok_and(is_our_origin),
        None => !has_cookies || headers.contains_key(header::AUTHORIZATION),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(pairs: &[(&str, &str)], has_cookies: bool) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(
                name.parse::<HeaderName>().expect("a name"),
                value.parse().expect("a value"),
            );
        }
        is_allowed(
            &Method::POST,
            &headers,
            |origin| origin == "https://id.example.org",
            has_cookies,
        )
    }

    #[test]
    fn forged_requests_by_table() {
        type Case<'a> = (&'a [(&'a str, &'a str)], bool, bool);
        let table: [Case<'_>; 9] = [
            (&[("sec-fetch-site", "same-origin")], true, true),
            (&[("sec-fetch-site", "same-site")], true, false),
            (
                &[
                    ("sec-fetch-site", "cross-site"),
                    ("origin", "https://id.example.org"),
                ],
                true,
                false,
            ),
            (&[("sec-fetch-site", "none")], true, false),
            (&[("origin", "https://id.example.org")], true, true),
            (&[("origin", "https://evil.example")], true, false),
            (&[("origin", "null")], false, false),
            (&[], true, false),
            (&[], false, true),
        ];
        for (headers, has_cookies, expected) in table {
            assert_eq!(
                allowed(headers, has_cookies),
                expected,
                "{headers:?} {has_cookies}"
            );
        }
    }

    #[test]
    fn a_bearer_client_needs_no_origin() {
        assert!(allowed(&[("authorization", "Bearer x")], true));
    }

    #[test]
    fn reading_is_always_allowed() {
        assert!(is_allowed(&Method::GET, &HeaderMap::new(), |_| false, true));
    }
}
