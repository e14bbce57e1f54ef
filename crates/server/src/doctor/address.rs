//! The address people type: what it is, whether it is known, what browsers are told to keep to.

use std::time::Duration;

use tokio::{net::lookup_host, time::timeout};

use super::{Area, Outcome};
use crate::config::{Hsts, PublicUrl};

const URL: &str = "CONCIERGE_PUBLIC_URL";
/// A name that takes longer is as good as unknown.
const PATIENCE: Duration = Duration::from_secs(3);

/// The public URL, its host and HSTS. That production needs https is a finding of the configuration.
pub(super) async fn examine(url: &PublicUrl, hsts: Hsts) -> Vec<Outcome> {
    let kind = match (url.is_https(), url.is_loopback()) {
        (true, _) => "https",
        (false, true) => "http, for this machine alone",
        (false, false) => "http",
    };
    let parsed = Outcome::ok(Area::Address, URL, format!("{url} ({kind})"));
    let mut outcomes = vec![parsed, resolves(url.name()).await];
    if url.is_https() {
        outcomes.push(kept_to(hsts));
    }
    outcomes
}

/// Whether the host has an address, asked from here: where it is known differs from where people sit.
async fn resolves(host: &str) -> Outcome {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let unknown = match timeout(PATIENCE, lookup_host((bare, 443))).await {
        Ok(Ok(found)) => {
            let mut addresses: Vec<String> = found.map(|one| one.ip().to_string()).collect();
            addresses.sort();
            addresses.dedup();
            if !addresses.is_empty() {
                let message = format!("it is {}", addresses.join(", "));
                return Outcome::ok(Area::Address, host, message);
            }
            "the name has no address".to_owned()
        }
        Ok(Err(error)) => format!("the name is not known here: {error}"),
        Err(_) => format!(
            "nobody answered for the name within {} s",
            PATIENCE.as_secs()
        ),
    };
    let remedy =
        "make a DNS record for it, or mend CONCIERGE_PUBLIC_URL; it must be known where people sit";
    Outcome::warning(Area::Address, host, unknown, remedy)
}

fn kept_to(hsts: Hsts) -> Outcome {
    const NAME: &str = "CONCIERGE_HSTS";
    let covers = match hsts {
        Hsts::Subdomains => "browsers keep to https on the host and all below it",
        Hsts::Host => "browsers keep to https on the host",
        Hsts::Off => {
            let message = "browsers are not told to keep to https";
            let remedy = "set CONCIERGE_HSTS=host, or CONCIERGE_HSTS=subdomains where all hosts below it speak https";
            return Outcome::warning(Area::Address, NAME, message, remedy);
        }
    };
    Outcome::ok(Area::Address, NAME, covers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Level;

    async fn examined(url: &str, hsts: Hsts) -> Vec<Outcome> {
        examine(&PublicUrl::parse(url).unwrap(), hsts).await
    }

    #[tokio::test]
    async fn a_host_without_an_address_is_a_warning() {
        // RFC 6761: `invalid` never resolves.
        let outcomes = examined("https://id.invalid", Hsts::Host).await;
        assert_eq!(outcomes[1].level, Level::Warning, "{outcomes:?}");
        assert_eq!(outcomes[1].subject, "id.invalid");
        assert!(outcomes[1].remedy.clone().unwrap().contains("DNS"));
    }

    #[tokio::test]
    async fn an_address_is_its_own_name() {
        for (url, ip) in [
            ("http://127.0.0.1:3000", "127.0.0.1"),
            ("http://[::1]:3000", "::1"),
        ] {
            let outcomes = examined(url, Hsts::Subdomains).await;
            assert_eq!(outcomes.len(), 2, "{outcomes:?}");
            assert_eq!(outcomes[1].message, format!("it is {ip}"));
        }
    }

    #[tokio::test]
    async fn https_without_hsts_is_a_warning() {
        for (hsts, level) in [
            (Hsts::Off, Level::Warning),
            (Hsts::Host, Level::Ok),
            (Hsts::Subdomains, Level::Ok),
        ] {
            let outcomes = examined("https://127.0.0.1", hsts).await;
            assert_eq!(outcomes[2].level, level, "{outcomes:?}");
        }
    }
}
