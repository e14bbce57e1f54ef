//! The one way the app talks to the API: [`call`] through the [`Transport`] found in context.
//!
//! In the browser that is `fetch`, wrapped so that an ended access token is renewed once and the call
//! repeated; during a render on the server it is whatever the server provides.

mod channel;
#[cfg(feature = "browser")]
mod fetch;
pub(crate) mod lock;
#[cfg(feature = "browser")]
pub(crate) mod panic;
pub(crate) mod refresh;
#[cfg(feature = "browser")]
mod renewing;
mod schedule;
pub(crate) mod socket;

use std::{borrow::Cow, future::Future, pin::Pin, sync::Arc};

use concierge_core::{
    api::{Endpoint, Method, Whole, path_to},
    link::encode_query,
    locale::Locale,
    problem::{ErrorCode, Problem},
};
use leptos::prelude::{provide_context, use_context};

use crate::state::viewer::Session;
use refresh::Keeper;

/// A request on its way out.
#[derive(Clone, Debug)]
pub struct WireRequest {
    /// The method.
    pub method: Method,
    /// The path with its query, without host.
    pub path: Cow<'static, str>,
    /// The JSON body.
    pub body: Option<String>,
    /// How long its answer may take, in milliseconds.
    pub patience: u32,
}

impl WireRequest {
    /// Longer than the server takes for almost everything; a request without end would hold the session's lock.
    const PATIENCE: u32 = 30_000;

    /// The same request, with an answer that may take this long.
    pub(crate) fn within(self, patience: u32) -> Self {
        Self { patience, ..self }
    }
}

/// An answer of any status.
#[derive(Clone, Debug)]
pub struct WireResponse {
    /// The HTTP status.
    pub status: u16,
    /// The body; empty when there is none.
    pub body: String,
}

impl WireResponse {
    /// Whether this refuses the access token; a wrong password or code never does.
    pub fn asks_for_renewal(&self) -> bool {
        self.status == 401
            && serde_json::from_str::<Problem>(&self.body).is_ok_and(|problem| {
                matches!(
                    problem.code,
                    ErrorCode::TokenExpired | ErrorCode::Unauthenticated
                )
            })
    }
}

/// What a transport gives back: an answer of any status, or a problem when there was no answer.
pub type Answer = Pin<Box<dyn Future<Output = Result<WireResponse, Problem>> + Send>>;

/// Carries requests to the API.
pub trait Transport: Send + Sync {
    /// Sends one request.
    fn send(&self, request: WireRequest) -> Answer;
}

/// The transport of this page, as it stands in context.
#[derive(Clone)]
pub struct Client(Arc<dyn Transport>);

impl Client {
    /// A client that uses this transport.
    pub fn new(transport: Arc<dyn Transport>) -> Self {
        Self(transport)
    }
}

/// The transport of a render that no server offered one: every call finds nobody.
struct Unreachable;

impl Transport for Unreachable {
    fn send(&self, _: WireRequest) -> Answer {
        Box::pin(async { Err(unanswered()) })
    }
}

/// The problem of a request that got no answer, or none that can be read.
fn unanswered() -> Problem {
    Problem::local(ErrorCode::Unavailable, Locale::default())
}

/// Calls an endpoint; the only errors are problems, as the API writes them.
pub async fn call<E: Endpoint<Target = Whole>>(
    client: &Client,
    request: E::Request,
) -> Result<E::Response, Problem> {
    call_on::<E>(client, Whole, request).await
}

/// Calls an endpoint whose path names something.
pub async fn call_on<E: Endpoint>(
    client: &Client,
    target: E::Target,
    request: E::Request,
) -> Result<E::Response, Problem> {
    answer::<E>(client, wire::<E>(&target, &request)).await
}

/// Sends the request of an endpoint and reads its answer.
pub(crate) async fn answer<E: Endpoint>(
    client: &Client,
    request: WireRequest,
) -> Result<E::Response, Problem> {
    let text = exchange(client, request).await?;
    serde_json::from_str(&text).map_err(|_| unanswered())
}

/// Encodes the request of an endpoint. Our request types are structs of texts: writing them can't fail.
pub(crate) fn wire<E: Endpoint>(target: &E::Target, request: &E::Request) -> WireRequest {
    let path = path_to::<E>(target);
    let (path, body) = match E::METHOD {
        Method::Get => (with_query(path, serde_json::to_value(request)), None),
        _ => (
            path,
            Some(serde_json::to_string(request).unwrap_or_default()),
        ),
    };
    WireRequest {
        method: E::METHOD,
        path,
        body,
        patience: WireRequest::PATIENCE,
    }
}

/// A GET carries its request in the query; our queries are texts.
fn with_query(
    path: Cow<'static, str>,
    request: Result<serde_json::Value, serde_json::Error>,
) -> Cow<'static, str> {
    let Ok(serde_json::Value::Object(fields)) = request else {
        return path;
    };
    let pairs = fields.iter().filter_map(|(name, value)| {
        let value = encode_query(value.as_str()?);
        Some(format!("{name}={value}"))
    });
    let query = pairs.collect::<Vec<_>>().join("&");
    if query.is_empty() {
        path
    } else {
        Cow::Owned(format!("{path}?{query}"))
    }
}

/// The part of a call that does not depend on its types, compiled once. Where nobody reads the answer,
/// this is all: code that decodes it would only make the module larger.
pub(crate) async fn exchange(client: &Client, request: WireRequest) -> Result<String, Problem> {
    let answer = client.0.send(request).await?;
    if !(200..300).contains(&answer.status) {
        return Err(serde_json::from_str(&answer.body).unwrap_or_else(|_| unanswered()));
    }
    if answer.body.is_empty() {
        return Ok("{}".to_owned());
    }
    Ok(answer.body)
}

/// Makes the client and the session's keeper known to everything below.
pub(crate) fn connect(session: Session) {
    let plain = plain();
    let keeper = Keeper::provide(session, plain.clone());
    provide_context(for_pages(plain, keeper));
    keeper.watch();
}

/// The client of this page.
pub(crate) fn use_client() -> Client {
    use_context().unwrap_or_else(|| Client::new(Arc::new(Unreachable)))
}

/// The client that renews nothing.
#[cfg(feature = "browser")]
pub(crate) fn plain() -> Client {
    Client::new(Arc::new(fetch::Fetch))
}

#[cfg(not(feature = "browser"))]
pub(crate) fn plain() -> Client {
    use_client()
}

/// Lower case, by the browser's own tables.
#[cfg(feature = "browser")]
pub(crate) fn fold(text: &str) -> String {
    js_sys::JsString::from(text).to_lower_case().into()
}

/// Lower case.
#[cfg(not(feature = "browser"))]
pub(crate) fn fold(text: &str) -> String {
    text.to_lowercase()
}

#[cfg(feature = "browser")]
fn for_pages(plain: Client, keeper: Keeper) -> Client {
    Client::new(Arc::new(renewing::Renewing { plain, keeper }))
}

// On the server the transport acts for a session that the outer layer has settled: nothing renews.
#[cfg(not(feature = "browser"))]
fn for_pages(plain: Client, _: Keeper) -> Client {
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(code: &str) -> WireResponse {
        let body = format!(
            r#"{{"type":"about:blank","title":"","status":401,"code":"{code}","request_id":""}}"#
        );
        WireResponse { status: 401, body }
    }

    #[test]
    fn only_a_refused_token_asks_for_renewal() {
        assert!(refusal("token_expired").asks_for_renewal());
        assert!(refusal("unauthenticated").asks_for_renewal());
        assert!(!refusal("bad_credentials").asks_for_renewal());
        assert!(!refusal("bad_code").asks_for_renewal());
        let other = WireResponse {
            status: 502,
            body: "<html>".to_owned(),
        };
        assert!(!other.asks_for_renewal());
    }
}
