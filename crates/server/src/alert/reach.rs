//! Which addresses a webhook may reach.
//!
//! Guarantee: the address that was looked at is the one that is connected to, because the connection asks this resolver
//! and nobody else. So a name that changes its mind between a look and a connection gains nothing.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// A resolver that takes longer is not waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// The address is inside the house.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} is a private address; see CONCIERGE_ALERT_NETWORKS")]
pub(super) struct Private(IpAddr);

/// The house's own networks that may be reached all the same.
#[derive(Debug, Clone)]
pub(super) struct Reach(Arc<[IpNet]>);

impl Reach {
    pub(super) fn new(allowed: &[IpNet]) -> Self {
        Self(allowed.into())
    }

    /// Whether the operator allowed this address by name of its network.
    pub(super) fn is_allowed(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Whether a webhook may go there.
    pub(super) fn check(&self, address: IpAddr) -> Result<(), Private> {
        if is_public(address) || self.is_allowed(address) {
            Ok(())
        } else {
            Err(Private(address))
        }
    }
}

impl Resolve for Reach {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.clone();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0));
            let found = tokio::time::timeout(PATIENCE, found).await??;
            let addresses: Vec<SocketAddr> = found.collect();
            // One that may not be reached spoils the rest: an honest name has none.
            for address in &addresses {
                reach.check(address.ip())?;
            }
            let addresses: Addrs = Box::new(addresses.into_iter());
            Ok(addresses)
        })
    }
}

/// Whether anybody may have this address, as seen from the internet (the registries of IANA for special purposes).
fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        // "This network", shared by carriers, protocol assignments, the way to 6to4, benchmarks, reserved.
        || a == 0
        || (a == 100 && b & 0xc0 == 64)
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && b & 0xfe == 18)
        || a >= 240;
    !is_special
}

/// Only global unicast, and of that not what carries another address inside, where it would hide.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    let is_global = a & 0xe000 == 0x2000;
    let is_special = a == 0x2002
        // 2001::/23 holds Teredo and protocol assignments, 2001:db8::/32 and 3fff::/20 stand in books.
        || (a == 0x2001 && b < 0x0200)
        || (a == 0x2001 && b == 0x0db8)
        || (a == 0x3fff && b & 0xf000 == 0);
    is_global && !is_special
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_inside_some_house_is_private_however_it_is_written() {
        for text in [
            "127.0.0.1",
            "127.8.8.8",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "100.127.255.255",
            "0.0.0.0",
            "0.1.2.3",
            "192.0.0.8",
            "198.18.0.1",
            "198.19.255.255",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "192.0.2.1",
            "198.51.100.1",
            "203.0.113.1",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::a00:1",
            "2002:7f00:1::",
            "2001::1",
            "2001:db8::1",
            "3fff::1",
            "fec0::1",
            "100::1",
        ] {
            let address: IpAddr = text.parse().expect(text);
            assert_eq!(
                Reach::new(&[]).check(address),
                Err(Private(address)),
                "{text}"
            );
        }
    }

    #[test]
    fn what_anybody_reaches_is_public() {
        for text in [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.1",
            "172.32.0.1",
            "198.20.0.1",
            "2606:4700::1111",
            "2a00::1",
        ] {
            assert_eq!(
                Reach::new(&[]).check(text.parse().expect(text)),
                Ok(()),
                "{text}"
            );
        }
    }

    #[test]
    fn the_operator_opens_networks_one_by_one() {
        let reach = Reach::new(&[
            "10.1.0.0/16".parse().expect("a network"),
            "::1/128".parse().expect("a network"),
        ]);
        for (text, is_open) in [
            ("10.1.2.3", true),
            ("::ffff:10.1.2.3", true),
            ("::1", true),
            ("10.2.0.1", false),
            ("127.0.0.1", false),
        ] {
            assert_eq!(
                reach.check(text.parse().expect(text)).is_ok(),
                is_open,
                "{text}"
            );
        }
    }
}
