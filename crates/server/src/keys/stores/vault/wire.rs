//! The connection to Vault: to the address the operator gave and nowhere else.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::{
    Certificate, Client, Response, Url,
    header::{HeaderMap, HeaderValue},
    redirect::Policy,
};

use super::{
    super::{
        LIMIT,
        wiped::{Body, Wiped},
    },
    Fault,
};
use crate::config::VaultSettings;

/// This machine; the port is the one of the address.
const HERE: [SocketAddr; 2] = [
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0),
    SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), 0),
];

/// The body of an answer.
pub(super) async fn read(mut answer: Response) -> Result<Wiped, Fault> {
    let mut body = Body::new();
    while let Some(piece) = answer.chunk().await.map_err(failed)? {
        body.take(&piece)
            .map_err(|text| Fault::Other(text.to_owned()))?;
    }
    Ok(body.into_json())
}

pub(super) fn failed(error: reqwest::Error) -> Fault {
    Fault::of_connection(&error.without_url())
}

pub(super) fn address_of(settings: &VaultSettings) -> Result<Url, Fault> {
    let fault = |text: &str| Fault::Settings(text.to_owned());
    let text = settings
        .address
        .as_deref()
        .ok_or_else(|| fault("set VAULT_ADDR=https://<host>:8200"))?;
    let address = Url::parse(text).ok().filter(Url::has_host);
    let address =
        address.ok_or_else(|| fault("VAULT_ADDR is no address; write https://<host>:8200"))?;
    // It would stand in every line that names the address, and Vault knows no such thing.
    if !address.username().is_empty() || address.password().is_some() {
        return Err(fault(
            "VAULT_ADDR must have no user and no password in it; write https://<host>:8200",
        ));
    }
    // The token and the keys would go over the wire for everybody to read.
    let is_here = matches!(
        address.host_str(),
        Some("localhost" | "127.0.0.1" | "[::1]")
    );
    match address.scheme() {
        "https" => Ok(address),
        "http" if is_here => Ok(address),
        _ => Err(fault(
            "VAULT_ADDR must be https: the keys would cross the network in the clear",
        )),
    }
}

/// Follows no redirect: a token goes to the address the operator gave and nowhere else.
pub(super) fn client_of(settings: &VaultSettings, address: &Url) -> Result<Client, Fault> {
    let mut headers = HeaderMap::new();
    if let Some(namespace) = &settings.namespace {
        let value = HeaderValue::from_str(namespace)
            .map_err(|_| Fault::Settings("VAULT_NAMESPACE is no namespace".to_owned()))?;
        headers.insert("X-Vault-Namespace", value);
    }
    headers.insert("X-Vault-Request", HeaderValue::from_static("true"));
    let mut builder = Client::builder()
        .default_headers(headers)
        .redirect(Policy::none())
        .timeout(LIMIT);
    if let Some(path) = &settings.authority {
        let unfit = |why: String| Fault::Settings(format!("VAULT_CACERT {path}: {why}"));
        let pem = std::fs::read(path).map_err(|error| unfit(error.to_string()))?;
        let certificates = Certificate::from_pem_bundle(&pem)
            .ok()
            .filter(|all| !all.is_empty())
            .ok_or_else(|| unfit("there is no certificate in it".to_owned()))?;
        builder = builder.tls_certs_only(certificates);
    } else if address.scheme() == "http" {
        // Without TLS no list of authorities is needed, and a machine without one must not fail on it.
        builder = builder.tls_certs_only(Vec::new());
    }
    if address.scheme() == "http" {
        // Without TLS the token stays on this machine: no proxy gets it, and no resolver says where `localhost` is.
        builder = builder.no_proxy().resolve_to_addrs("localhost", &HERE);
    }
    builder
        .build()
        .map_err(|error| Fault::of_connection(&error))
}
