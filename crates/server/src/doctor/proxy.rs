//! What stands in front: whose word about the visitor's address counts.

use std::net::SocketAddr;

use ipnet::IpNet;

use super::{Area, Outcome};

const NAME: &str = "CONCIERGE_TRUSTED_PROXIES";

/// The trusted proxies against the address to listen on. That none is trusted while other machines reach the port is a
/// finding of the configuration.
pub(super) fn examine(listen: SocketAddr, trusted: &[IpNet], is_https: bool) -> Vec<Outcome> {
    if let Some(all) = trusted.iter().find(|one| one.prefix_len() == 0) {
        return vec![Outcome::error(
            Area::Proxy,
            NAME,
            format!(
                "{all} trusts everybody: anybody can claim any address and so walk past every limit"
            ),
            "set CONCIERGE_TRUSTED_PROXIES=<address of the proxy>/32",
        )];
    }
    if !trusted.is_empty() {
        let list: Vec<String> = trusted.iter().map(ToString::to_string).collect();
        let message = format!("trusted: {}", list.join(", "));
        return vec![Outcome::ok(Area::Proxy, NAME, message)];
    }
    if !listen.ip().is_loopback() {
        return Vec::new();
    }
    if is_https {
        // The server speaks no TLS itself.
        return vec![Outcome::warning(
            Area::Proxy,
            NAME,
            "the public URL is https, so a proxy stands in front, and none is trusted: all visitors share its address and its limits",
            format!("set CONCIERGE_TRUSTED_PROXIES={}", IpNet::from(listen.ip())),
        )];
    }
    let message = format!("none, and only this machine reaches {listen}");
    vec![Outcome::ok(Area::Proxy, NAME, message)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Level;

    fn examined(listen: &str, trusted: &[&str], is_https: bool) -> Vec<Outcome> {
        let trusted: Vec<IpNet> = trusted.iter().map(|one| one.parse().unwrap()).collect();
        examine(listen.parse().unwrap(), &trusted, is_https)
    }

    #[test]
    fn https_without_a_trusted_proxy_is_a_warning_with_the_line_to_set() {
        for (listen, line) in [
            ("127.0.0.1:3000", "CONCIERGE_TRUSTED_PROXIES=127.0.0.1/32"),
            ("[::1]:3000", "CONCIERGE_TRUSTED_PROXIES=::1/128"),
        ] {
            let outcomes = examined(listen, &[], true);
            assert_eq!(outcomes[0].level, Level::Warning);
            assert!(
                outcomes[0].remedy.clone().unwrap().contains(line),
                "{outcomes:?}"
            );
        }
        assert_eq!(examined("127.0.0.1:3000", &[], false)[0].level, Level::Ok);
    }

    #[test]
    fn trusting_everybody_is_an_error() {
        for all in ["0.0.0.0/0", "::/0"] {
            let outcomes = examined("0.0.0.0:3000", &["127.0.0.1/32", all], true);
            assert_eq!(outcomes[0].level, Level::Error, "{outcomes:?}");
        }
        let outcomes = examined("0.0.0.0:3000", &["10.0.0.0/8"], true);
        assert_eq!(outcomes[0].level, Level::Ok);
    }
}
