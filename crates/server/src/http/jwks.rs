//! `/.well-known/jwks.json`: the public keys with which other services verify access tokens.

use axum::{
    Router,
    body::Body,
    extract::State,
    http::{HeaderValue, header},
    response::Response,
    routing::get,
};

use super::App;

/// A key that was revoked is believed elsewhere for so long at most.
const CACHE: HeaderValue = HeaderValue::from_static("public, max-age=60");
/// RFC 7517, section 8.5.2.
const MEDIA_TYPE: HeaderValue = HeaderValue::from_static("application/jwk-set+json");

/// Where it is (RFC 8615).
pub const PATH: &str = "/.well-known/jwks.json";

/// The route.
pub fn routes(router: Router<App>) -> Router<App> {
    router.route(PATH, get(keys))
}

async fn keys(State(app): State<App>) -> Response {
    let mut response = Response::new(Body::from(app.sessions.jwk_set().to_string()));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, MEDIA_TYPE);
    headers.insert(header::CACHE_CONTROL, CACHE);
    response
}
