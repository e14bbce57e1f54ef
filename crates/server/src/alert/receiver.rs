//! The request to a receiver: signed, to `https` only, within limits of time and size, and to nobody else.

use std::{error::Error as _, net::IpAddr, sync::Arc, time::Duration};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use concierge_core::{
    alert::{MessageId, Way, retry},
    problem::FieldCode,
    sensitive::Sensitive,
    time::Timestamp,
};
use reqwest::{
    Client,
    header::{CONTENT_TYPE, RETRY_AFTER},
    redirect::Policy,
};
use serde::{Deserialize, Serialize};
use url::{Host, Url};

use super::reach::Reach;
use crate::{
    config::Config,
    mail::cleaned,
    platform::{rng::Rng, seal::mac},
};

/// No more of an answer is read.
const READ: usize = 4096;
/// So much of it is kept.
const KEPT: usize = 200;
/// How secrets begin (Standard Webhooks).
const SECRET: &str = "whsec_";

/// Where messages go, as it is sealed.
#[derive(Serialize, Deserialize)]
pub(super) struct Destination {
    /// The mail address or the web address.
    pub(super) to: Sensitive,
    /// Signs the messages of a webhook.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) secret: Option<Sensitive>,
}

/// What a receiver answered.
#[derive(Debug, Default)]
pub(super) struct Reply {
    pub(super) code: Option<u16>,
    pub(super) text: String,
    /// When it wants to be asked again.
    pub(super) retry_after: Option<Duration>,
}

impl Reply {
    /// A failure without an answer.
    pub(super) fn failed(text: impl ToString) -> Self {
        Self {
            text: text.to_string(),
            ..Self::default()
        }
    }

    pub(super) fn is_success(&self) -> bool {
        self.code.is_some_and(|code| (200..300).contains(&code))
    }

    /// Gone for good (410).
    pub(super) fn is_gone(&self) -> bool {
        self.code == Some(410)
    }
}

/// Sends requests.
pub(super) struct Receiver {
    /// None where the machine has no list of authorities: nothing is sent then, and the log says why.
    client: Result<Client, String>,
    reach: Reach,
    /// Only where nothing is deployed, and only to networks that the operator allowed.
    allows_http: bool,
}

impl Receiver {
    /// No proxy, which would resolve names itself; no redirect, which would lead past every check; no connection that
    /// is kept, because addresses are looked at when one is made.
    pub(super) fn new(config: &Config) -> Self {
        let reach = Reach::new(&config.alert_networks);
        let allows_http = !config.environment.is_deployed();
        let client = Client::builder()
            .no_proxy()
            .redirect(Policy::none())
            .referer(false)
            .timeout(config.mail.patience)
            .pool_max_idle_per_host(0)
            .https_only(!allows_http)
            .user_agent("Concierge")
            .dns_resolver(Arc::new(reach.clone()))
            .build();
        Self {
            client: client.map_err(|error| cause(&error)),
            reach,
            allows_http,
        }
    }

    /// The address of a receiver, when it is one.
    pub(super) fn address(&self, text: &str) -> Result<Url, FieldCode> {
        let url = Url::parse(text.trim()).map_err(|_| FieldCode::UrlInvalid)?;
        let has_scheme = url.scheme() == "https" || (self.allows_http && url.scheme() == "http");
        // They would stand in the log of every machine on the way.
        let has_password = !url.username().is_empty() || url.password().is_some();
        if !has_scheme || !url.has_host() || has_password || text.len() > 2_000 {
            return Err(FieldCode::UrlInvalid);
        }
        match literal(&url) {
            Some(address) if self.reach.check(address).is_err() => Err(FieldCode::UrlInvalid),
            _ => Ok(url),
        }
    }

    /// Posts a message.
    pub(super) async fn post(
        &self,
        way: Way,
        destination: &Destination,
        id: MessageId,
        body: String,
        now: Timestamp,
    ) -> Reply {
        let client = match &self.client {
            Ok(client) => client,
            Err(why) => return Reply::failed(why),
        };
        // Judged again: the setting may have changed since.
        let Ok(url) = self.address(destination.to.expose()) else {
            return Reply::failed("the address may not be used here");
        };
        if url.scheme() == "http" && !self.is_allowed_plain(&url).await {
            return Reply::failed("plain http is only for networks in CONCIERGE_ALERT_NETWORKS");
        }
        let mut request = client.post(url).header(CONTENT_TYPE, "application/json");
        if let (Way::Webhook, Some(secret)) = (way, &destination.secret) {
            let at = now.as_seconds();
            request = request
                .header("webhook-id", id.to_string())
                .header("webhook-timestamp", at)
                .header("webhook-signature", signature(secret, id, at, &body));
        }
        // The client's own limit ends the reading of the answer, too.
        match read(request.body(body), now).await {
            Ok(reply) => reply,
            Err(error) if error.is_timeout() => Reply::failed("no answer in time"),
            Err(error) => Reply::failed(cause(&error.without_url())),
        }
    }

    /// Whether every address of the host is one that the operator allowed.
    async fn is_allowed_plain(&self, url: &Url) -> bool {
        if let Some(address) = literal(url) {
            return self.reach.is_allowed(address);
        }
        let host = url.host_str().unwrap_or_default();
        match tokio::net::lookup_host((host, 0)).await {
            Ok(mut found) => found.all(|address| self.reach.is_allowed(address.ip())),
            Err(_) => false,
        }
    }
}

/// The address, where the host is one: no resolver is asked for it.
fn literal(url: &Url) -> Option<IpAddr> {
    match url.host()? {
        Host::Ipv4(address) => Some(address.into()),
        Host::Ipv6(address) => Some(address.into()),
        Host::Domain(_) => None,
    }
}

/// A wait in seconds, or until a date in the one format that is written today (RFC 9110 sections 10.2.3 and 5.6.7).
fn wait_of(text: &str, now: Timestamp) -> Option<Duration> {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let parts: Vec<&str> = text.split(' ').collect();
    let [_, day, month, year, clock, "GMT"] = parts[..] else {
        return None;
    };
    let month = MONTHS.iter().position(|one| *one == month)? + 1;
    let at = Timestamp::parse_rfc3339(&format!("{year}-{month:02}-{day}T{clock}Z"))?;
    Some(at.since(now))
}

async fn read(request: reqwest::RequestBuilder, now: Timestamp) -> Result<Reply, reqwest::Error> {
    let mut answer = request.send().await?;
    let retry_after = answer
        .headers()
        .get(RETRY_AFTER)
        .and_then(|value| wait_of(value.to_str().ok()?, now))
        .map(|wait| wait.min(retry::LONGEST));
    let code = answer.status().as_u16();
    let mut said = Vec::new();
    // The status is the answer: what comes after it, or does not come, is worth no failure.
    while let Ok(Some(piece)) = answer.chunk().await {
        said.extend_from_slice(&piece);
        if said.len() >= READ {
            break;
        }
    }
    said.truncate(KEPT);
    Ok(Reply {
        code: Some(code),
        text: cleaned(&String::from_utf8_lossy(&said), KEPT),
        retry_after,
    })
}

/// The innermost cause, which says what a person can do something about.
fn cause(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut inner = error.source();
    while let Some(error) = inner {
        text = error.to_string();
        inner = error.source();
    }
    cleaned(&text, KEPT)
}

/// A new secret.
pub(super) fn new_secret(rng: &dyn Rng) -> Sensitive {
    Sensitive::new(format!(
        "{SECRET}{}",
        BASE64_STANDARD.encode(rng.bytes::<32>())
    ))
}

/// The signature over id, time and body, as the Standard Webhooks want it.
fn signature(secret: &Sensitive, id: MessageId, at: i64, body: &str) -> String {
    let key = secret.expose().strip_prefix(SECRET).unwrap_or_default();
    let key = BASE64_STANDARD.decode(key).unwrap_or_default();
    let head = format!("{id}.{at}.");
    let mac = mac(&key, &[head.as_bytes(), body.as_bytes()]);
    format!("v1,{}", BASE64_STANDARD.encode(mac))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_in_seconds_or_until_a_date() {
        let now = Timestamp::parse_rfc3339("2026-11-22T07:58:00Z").expect("a time");
        let wait = |text| wait_of(text, now).map(|wait| wait.as_secs());
        assert_eq!(wait("120"), Some(120));
        assert_eq!(wait("Sun, 22 Nov 2026 08:00:00 GMT"), Some(120));
        assert_eq!(wait("Sun, 22 Nov 2026 07:00:00 GMT"), Some(0), "it is over");
        for text in [
            "",
            "-1",
            "soon",
            "Sun, 22 Nvo 2026 08:00:00 GMT",
            "22 Nov 2026 08:00",
        ] {
            assert_eq!(wait(text), None, "{text}");
        }
    }
}
