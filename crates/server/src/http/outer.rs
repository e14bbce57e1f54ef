//! The outer door that every request passes, in this order:
//!
//! 1. a request id, and what is known of the client
//! 2. refusals that need no more than the head: duplicate cookies, an unknown proxy, the wrong host, a plain
//!    request behind HTTPS, a forged origin
//! 3. the request itself, with panics caught
//! 4. security headers on whatever came of it, one line in the access log, and a count

use std::{net::SocketAddr, panic::AssertUnwindSafe, sync::Arc, time::Instant};

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, Method, StatusCode},
    middleware::Next,
    response::Response,
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use concierge_core::{audit::EventName, problem::ErrorCode};
use futures_util::FutureExt as _;
use tracing::Instrument as _;

use super::{
    App, access, assets,
    client::{Client, Unacceptable},
    csrf, door,
    error::{self, ApiError},
    mount,
};
use crate::platform::metrics;

/// The TCP peer of a connection.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

/// The nonce of one page.
#[derive(Debug, Clone)]
pub struct PageNonce(pub String);

/// Takes a request in and its answer out.
pub async fn outer(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let began = Instant::now();
    let id = hex::encode(app.rng.bytes::<8>());
    let span = tracing::info_span!("request", id = %id);
    let peer = request
        .extensions()
        .get::<Peer>()
        .map_or_else(|| SocketAddr::from(([127, 0, 0, 1], 0)), |peer| peer.0);
    let (client, problem) = Client::of(request.headers(), peer, id, &app.config, &app.cookie_names);
    let client = Arc::new(client);
    let path = request.uri().path();
    let is_page = is_page(path);
    let method = metrics::verb(request.method().as_str());
    let nonce = is_page.then(|| BASE64_STANDARD.encode(app.rng.bytes::<16>()));
    let matched = request.extensions().get::<MatchedPath>().cloned();
    let known = matched.as_ref().map(MatchedPath::as_str);
    let route = known
        .or_else(|| assets::known_route(path))
        .unwrap_or("unmatched");

    // Before anything that waits: a client that hangs up ends this function there.
    let pending = access::Pending::new(&app, began, method, route, &client.origin.request_id);

    let mut response = match refusal(&app, &request, &client, problem) {
        Some(refusal) => refused(&app, refusal, &request, &client),
        None => {
            request.extensions_mut().insert(Arc::clone(&client));
            if let Some(nonce) = &nonce {
                request.extensions_mut().insert(PageNonce(nonce.clone()));
            }
            let guarded = AssertUnwindSafe(next.run(request).instrument(span))
                .catch_unwind()
                .await;
            guarded.unwrap_or_else(|_| {
                error::respond(
                    ApiError::new(ErrorCode::Internal).because("a handler panicked"),
                    &client,
                    app.shows_causes(),
                )
            })
        }
    };
    app.alerts
        .answers
        .count(response.status().as_u16(), app.clock.now());
    app.security_headers
        .apply(response.headers_mut(), nonce.as_deref());
    if response.status() == StatusCode::NOT_FOUND {
        app.refused(EventName::Excess404, "unknown_path", &client);
    }
    // Outside the span: the line names the request itself.
    pending.answered(response)
}

/// Everything outside the API and the machine's own paths is meant for people.
fn is_page(path: &str) -> bool {
    !(path.starts_with("/api/")
        || path == "/api"
        || assets::is_asset(path)
        || matches!(
            path,
            "/livez" | "/readyz" | "/openapi.json" | super::jwks::PATH
        ))
}

enum Refusal {
    Error(ApiError),
    WrongDoor,
    ToHttps,
}

fn refusal(
    app: &App,
    request: &Request,
    client: &Client,
    problem: Option<Unacceptable>,
) -> Option<Refusal> {
    let (path, headers) = (request.uri().path(), request.headers());
    // Probes come from machines that know neither name nor scheme.
    if matches!(path, "/livez" | "/readyz") {
        return None;
    }
    match problem {
        Some(Unacceptable::DuplicateCookie) => {
            app.refused(EventName::InputValidationFail, "duplicate_cookie", client);
            return Some(Refusal::Error(ApiError::new(ErrorCode::BadRequest)));
        }
        Some(Unacceptable::UntrustedProxy(peer)) => {
            app.refused(EventName::InputValidationFail, "untrusted_proxy", client);
            let cause = format!(
                "a proxy at {peer} forwards requests but is not trusted: set CONCIERGE_TRUSTED_PROXIES={peer}"
            );
            return Some(Refusal::Error(
                ApiError::new(ErrorCode::Unavailable).because(cause),
            ));
        }
        None => {}
    }
    if !door::is_ours(requested_host(request), &app.config) {
        app.refused(EventName::InputValidationFail, "wrong_host", client);
        return Some(Refusal::WrongDoor);
    }
    if app.config.public_url.is_https() && client.proxy_trusted && !client.is_https {
        app.refused(EventName::InputValidationFail, "plain_http", client);
        return Some(Refusal::ToHttps);
    }
    (!is_same_origin(app, request.method(), headers, client))
        .then(|| Refusal::Error(ApiError::new(ErrorCode::CsrfRefused)))
}

fn requested_host(request: &Request) -> &str {
    match door::host_of(request.headers()) {
        "" => request
            .uri()
            .authority()
            .map_or("", |authority| authority.as_str()),
        host => host,
    }
}

fn is_same_origin(app: &App, method: &Method, headers: &HeaderMap, client: &Client) -> bool {
    let allowed = csrf::is_allowed(
        method,
        headers,
        |origin| door::is_our_origin(origin, &app.config),
        client.cookies.has_session(),
    );
    if !allowed {
        app.refused(EventName::MaliciousCsrf, "cross_site", client);
    }
    allowed
}

fn refused(app: &App, refusal: Refusal, request: &Request, client: &Client) -> Response {
    let is_page = is_page(request.uri().path());
    match refusal {
        Refusal::WrongDoor if is_page => {
            door::page(requested_host(request), &app.config.public_url)
        }
        Refusal::WrongDoor => error::respond(
            ApiError::new(ErrorCode::WrongOrigin),
            client,
            app.shows_causes(),
        ),
        Refusal::ToHttps if is_page => {
            let path = request
                .uri()
                .path_and_query()
                .map_or("/", |path| path.as_str());
            let mut response = mount::see_other(&app.config.public_url.join(path));
            *response.status_mut() = StatusCode::PERMANENT_REDIRECT;
            response
        }
        Refusal::ToHttps => error::respond(
            ApiError::new(ErrorCode::Forbidden),
            client,
            app.shows_causes(),
        ),
        Refusal::Error(error) => error::respond(error, client, app.shows_causes()),
    }
}
