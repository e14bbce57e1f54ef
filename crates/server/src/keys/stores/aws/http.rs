//! What AWS's library may send, and to whom.

use std::{error::Error, iter::successors, net::IpAddr};

use aws_sdk_secretsmanager::{
    config::{
        ConfigBag, Intercept, RuntimeComponents, interceptors::BeforeTransmitInterceptorContextRef,
    },
    error::BoxError,
};
use axum::http::{Uri, uri::Scheme};
use hyper_util::client::proxy::matcher::Matcher;

/// Refuses what would cross a network without TLS, before it is sent: an endpoint comes from a variable or a profile,
/// and the library takes any.
#[derive(Debug, thiserror::Error)]
#[error("no TLS")]
pub(super) struct InTheOpen;

pub(super) const IN_THE_OPEN: &str = "the endpoint of AWS must be https: the keys would cross the network in the clear; http only to 127.0.0.1 or [::1], and without a proxy between (NO_PROXY)";

impl Intercept for InTheOpen {
    fn name(&self) -> &'static str {
        "InTheOpen"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let address = context.request().uri().parse()?;
        // The library asks the same variables for a proxy.
        let by_proxy = Matcher::from_env().intercept(&address).is_some();
        match is_sheltered(&address, by_proxy) {
            true => Ok(()),
            false => Err(Self.into()),
        }
    }
}

/// TLS, or this machine itself. A name is for a resolver to say, so it does not count.
fn is_sheltered(address: &Uri, by_proxy: bool) -> bool {
    let host = address.host().unwrap_or_default();
    let number = host.trim_start_matches('[').trim_end_matches(']');
    let is_here = number.parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
    address.scheme() == Some(&Scheme::HTTPS) || is_here && !by_proxy
}

pub(super) fn is_in_the_open(error: &(dyn Error + 'static)) -> bool {
    successors(Some(error), |&error| error.source()).any(|error| error.is::<InTheOpen>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_tls_nothing_leaves_this_machine() {
        for (address, by_proxy, is_right) in [
            (
                "https://secretsmanager.eu-central-1.amazonaws.com/",
                true,
                true,
            ),
            ("http://127.0.0.1:4566/", false, true),
            ("http://[::1]:4566/", false, true),
            ("http://127.0.0.1:4566/", true, false),
            ("http://localhost:4566/", false, false),
            ("http://secretsmanager.invalid/", false, false),
            ("http://10.0.0.1/", false, false),
        ] {
            let uri: Uri = address.parse().unwrap();
            assert_eq!(is_sheltered(&uri, by_proxy), is_right, "{address}");
        }
    }
}
