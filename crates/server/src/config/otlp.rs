//! The settings about an OTLP receiver.

use concierge_core::sensitive::Sensitive;
use percent_encoding::percent_decode_str;
use url::{Host, Url};

use super::{Reader, parse};
use crate::platform::otlp::Receiver;

const ENDPOINT: &str = "CONCIERGE_OTLP_ENDPOINT";
const HEADERS: &str = "CONCIERGE_OTLP_HEADERS";

/// Reads them: a receiver when one is named.
pub(super) fn read(reader: &mut Reader<'_>) -> Option<Option<Receiver>> {
    let endpoint = reader.optional(ENDPOINT, endpoint);
    let headers = reader.optional(HEADERS, headers);
    let words = [("cumulative", false), ("delta", true)];
    let is_delta = reader.read("CONCIERGE_OTLP_TEMPORALITY", |text| {
        parse::word(text, &words)
    });
    let (endpoint, headers, is_delta) = (endpoint?, headers?.unwrap_or_default(), is_delta?);
    let Some(endpoint) = endpoint else {
        if !headers.is_empty() {
            let remedy = "set CONCIERGE_OTLP_ENDPOINT, or take the headers away";
            reader.warn(HEADERS, "there is no receiver to send them to", remedy);
        }
        return Some(None);
    };
    if endpoint.scheme() == "http" && !is_here(&endpoint) {
        let message =
            "events, with accounts and addresses, and the headers go over the network in the clear";
        let remedy =
            "set it to an https address, or to a collector on this machine that passes them on";
        reader.warn(ENDPOINT, message, remedy);
    }
    Some(Some(Receiver {
        endpoint,
        headers,
        is_delta,
    }))
}

fn is_here(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// None of the messages quotes the text: a key may have been put into the address.
fn endpoint(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("it is not a URL ({error})"))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(
            "it is not the http or https address of a receiver, such as http://localhost:4318"
                .to_owned(),
        );
    }
    let is_bare = url.username().is_empty() && url.password().is_none();
    if !is_bare || url.query().is_some() || url.fragment().is_some() {
        return Err(
            "it must not have a user, a query or a fragment; keys go into CONCIERGE_OTLP_HEADERS"
                .to_owned(),
        );
    }
    Ok(url)
}

fn headers(text: &str) -> Result<Vec<(String, Sensitive)>, String> {
    let pairs = text
        .split(',')
        .map(str::trim)
        .filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair
                .split_once('=')
                .ok_or("it is not a list such as name=value,name=value")?;
            let name = name.trim().to_ascii_lowercase();
            let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            let value = percent_decode_str(value.trim()).decode_utf8();
            let value = value.map_err(|_| "a value is no text")?;
            let is_value = !value.is_empty() && value.chars().all(|c| matches!(c, ' '..='~'));
            if name.is_empty() || !name.chars().all(is_name) || !is_value {
                return Err("a name or a value is not fit for a header".to_owned());
            }
            Ok((name, Sensitive::new(value)))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_nothing_but_scheme_host_port_and_path() {
        for fit in ["http://localhost:4318", "https://otlp.example.org/base/"] {
            assert!(endpoint(fit).is_ok(), "{fit}");
        }
        for wrong in [
            "localhost:4318",
            "grpc://x:4317",
            "https://u:hunter2@x",
            "https://x/?key=hunter2",
            "https://x/#hunter2",
        ] {
            let message = endpoint(wrong).expect_err(wrong);
            assert!(!message.contains("hunter2"), "{message}");
        }
    }

    #[test]
    fn loopback_is_no_network() {
        for (text, expected) in [
            ("http://localhost:4318", true),
            ("http://127.0.0.2:4318", true),
            ("http://[::1]:4318", true),
            ("http://localhost.example.org", false),
            ("http://10.0.0.1:4318", false),
        ] {
            assert_eq!(is_here(&endpoint(text).expect(text)), expected, "{text}");
        }
    }

    #[test]
    fn headers_are_a_list_and_no_message_quotes_them() {
        let read =
            headers("dd-api-key=hunter2, authorization=Basic%20aHVudGVyMg==").expect("headers");
        let read: Vec<_> = read
            .iter()
            .map(|(name, value)| (name.as_str(), value.expose()))
            .collect();
        assert_eq!(
            read,
            [
                ("dd-api-key", "hunter2"),
                ("authorization", "Basic aHVudGVyMg==")
            ]
        );
        for wrong in [
            "hunter2",
            "=hunter2",
            "a b=hunter2",
            "a=hunter2%0d%0ab: c",
            "a=",
        ] {
            let message = headers(wrong).expect_err(wrong);
            assert!(!message.contains("hunter2"), "{message}");
        }
    }
}
