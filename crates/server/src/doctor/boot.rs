//! Whether the server would start: every finding of the configuration, and whether its address can be had.

use std::{
    io::ErrorKind,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use tokio::{
    net::{TcpListener, TcpStream},
    time::timeout,
};

use super::{Area, Outcome};
use crate::{
    config::{Finding, Reading},
    http::listen::lives,
};

const LISTEN: &str = "CONCIERGE_LISTEN";
/// Who holds the port and does not answer by then is somebody else.
const PATIENCE: Duration = Duration::from_secs(2);

/// Every finding of `config check`, each where it belongs, and what was read.
pub(super) fn configuration(reading: &Reading) -> Vec<Outcome> {
    let read = Outcome::ok(
        Area::Boot,
        "configuration",
        format!(
            "read for {}: {} settings, {} findings",
            reading.environment,
            reading.explained.len(),
            reading.findings.len()
        ),
    );
    let findings = reading.findings.iter();
    std::iter::once(read)
        .chain(findings.map(|finding| Outcome::found(area(finding), finding)))
        .collect()
}

/// The area that a finding of the configuration is about.
fn area(finding: &Finding) -> Area {
    match finding.key.as_str() {
        "DATABASE_URL" => Area::Database,
        "CONCIERGE_PUBLIC_URL" | "CONCIERGE_HSTS" => Area::Address,
        "CONCIERGE_TRUSTED_PROXIES" => Area::Proxy,
        // The address itself is fine then; what is missing is a proxy to trust.
        LISTEN if !finding.is_error() => Area::Proxy,
        _ => Area::Boot,
    }
}

/// Instead of the checks that need a whole configuration.
pub(super) fn not_looked_at() -> Outcome {
    Outcome::warning(
        Area::Boot,
        "other checks",
        "the configuration can't be used, so address, database, proxy and hashing were not looked at",
        "mend the errors in this list, then run `concierge doctor` again",
    )
}

/// Whether the address to listen on is free, or held by a Concierge that runs.
pub(super) async fn listen(address: SocketAddr) -> Outcome {
    let error = match TcpListener::bind(address).await {
        Ok(_) => return Outcome::ok(Area::Boot, LISTEN, format!("{address} is free")),
        Err(error) => error,
    };
    let remedy = match error.kind() {
        ErrorKind::AddrInUse if is_ours(address).await => {
            let message = format!("a running Concierge listens on {address}");
            return Outcome::ok(Area::Boot, LISTEN, message);
        }
        ErrorKind::AddrInUse => {
            let message = format!("another program listens on {address}");
            let remedy = format!(
                "end it (`ss -ltnp 'sport = :{}'` names it), or set CONCIERGE_LISTEN to a free port",
                address.port()
            );
            return Outcome::error(Area::Boot, LISTEN, message, remedy);
        }
        ErrorKind::AddrNotAvailable => {
            "set CONCIERGE_LISTEN to an address of this machine (`ip addr` lists them)"
        }
        ErrorKind::PermissionDenied => {
            "set CONCIERGE_LISTEN to a port of 1024 or above, with the proxy on the lower one"
        }
        _ => "set CONCIERGE_LISTEN to an address and port that can be listened on",
    };
    let message = format!("{address} can't be listened on: {error}");
    Outcome::error(Area::Boot, LISTEN, message, remedy)
}

/// Asks whoever listens there for `/livez`.
async fn is_ours(address: SocketAddr) -> bool {
    let asked = timeout(PATIENCE, async {
        lives(TcpStream::connect(reachable(address)).await?).await
    });
    matches!(asked.await, Ok(Ok(true)))
}

/// "Every address" is none to connect to.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt as _;

    use super::*;
    use crate::doctor::Level;

    async fn held() -> (TcpListener, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        (listener, address)
    }

    #[tokio::test]
    async fn a_free_address_is_well_and_stays_free() {
        let (listener, address) = held().await;
        drop(listener);
        for _ in 0..2 {
            assert_eq!(listen(address).await.level, Level::Ok);
        }
    }

    #[tokio::test]
    async fn a_port_that_another_program_holds_is_an_error() {
        let (listener, address) = held().await;
        // It answers, and not as we do.
        let other = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi";
            stream.write_all(answer).await.unwrap();
            (listener, stream)
        });
        let outcome = listen(address).await;
        assert_eq!(outcome.level, Level::Error, "{outcome:?}");
        assert!(outcome.message.contains("another program"), "{outcome:?}");
        let port = address.port().to_string();
        assert!(outcome.remedy.unwrap().contains(&port));
        drop(other.await);
    }

    #[tokio::test]
    async fn an_address_of_another_machine_is_an_error() {
        // RFC 5737: documentation only, no machine has it.
        let outcome = listen("192.0.2.1:3000".parse().unwrap()).await;
        assert_eq!(outcome.level, Level::Error);
        assert!(outcome.remedy.unwrap().contains("ip addr"));
    }

    #[test]
    fn every_address_is_asked_on_the_loopback() {
        for (given, asked) in [
            ("0.0.0.0:80", "127.0.0.1:80"),
            ("[::]:80", "[::1]:80"),
            ("10.0.0.1:80", "10.0.0.1:80"),
        ] {
            assert_eq!(reachable(given.parse().unwrap()), asked.parse().unwrap());
        }
    }

    #[test]
    fn each_finding_stands_where_it_belongs() {
        let of = |key: &str| area(&Finding::error(key, "test", "", ""));
        assert_eq!(of("DATABASE_URL"), Area::Database);
        assert_eq!(of("CONCIERGE_PUBLIC_URL"), Area::Address);
        assert_eq!(of(LISTEN), Area::Boot);
        assert_eq!(of("CONCIERGE_LOG"), Area::Boot);
        let lacking = Finding::error(LISTEN, "test", "", "").warning();
        assert_eq!(area(&lacking), Area::Proxy);
    }
}
