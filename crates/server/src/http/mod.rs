//! The HTTP surface: one router, one outer door, and nothing that decides.

mod access;
mod assets;
pub mod auth;
pub mod body;
pub mod client;
pub mod cookies;
pub mod csrf;
pub mod docs;
mod documents;
pub mod door;
pub mod error;
mod headers;
mod health;
mod jwks;
pub mod listen;
pub mod metrics;
pub mod mount;
pub mod outer;
mod pages;
mod ssr;
mod system;

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    middleware,
    response::Response,
    routing::get,
};
use concierge_core::problem::ErrorCode;
use tower_http::compression::CompressionLayer;

pub use assets::Site;
pub use headers::SecurityHeaders;

use crate::{
    account, admin, alert, audit, key_desk, monitor, recovery, report, services::Services, session,
    sign_in, totp,
};

/// What every handler shares.
pub type App = Arc<Services>;

/// The router with its layers.
///
/// From outside in: the outer door ([`outer::outer`]: id, client, refusals, panics, headers, log), then the route.
/// Who is signed in is asked by the route itself, so that a path which needs nobody asks nobody.
pub fn router(app: App) -> Router {
    ssr::prepare();
    let site = Router::new()
        .route("/pkg/{*file}", get(assets::serve))
        .route("/favicon.svg", get(assets::serve))
        .route("/favicon.ico", get(assets::serve))
        .route("/robots.txt", get(assets::serve))
        .method_not_allowed_fallback(wrong_method);
    // Only pages are compressed on the way out: files are compressed when they are built, and answers of the API
    // are short. No secret of another origin can be guessed by lengths, because cross-site requests carry no cookies.
    let pages = Router::new()
        .fallback(pages::serve)
        .layer(CompressionLayer::new());
    Router::new()
        .merge(api(&app))
        .merge(site)
        .merge(pages)
        .layer(middleware::from_fn_with_state(
            Arc::clone(&app),
            outer::outer,
        ))
        .with_state(app)
}

/// The routes behind the outer door, without pages: what pages call in process.
pub fn api(app: &App) -> Router<App> {
    let router = Router::new();
    let router = account::http::routes(router);
    let router = sign_in::http::routes(router);
    let router = totp::http::routes(router);
    let router = recovery::http::routes(router);
    let router = session::http::routes(router);
    let router = audit::http::routes(router);
    let router = admin::http::routes(router);
    let router = key_desk::http::routes(router);
    let router = report::http::routes(router);
    let router = monitor::http::routes(router);
    let router = alert::http::routes(router);
    let router = system::routes(router);
    let router = documents::routes(router);
    let router = health::routes(router);
    let router = jwks::routes(router);
    router
        .method_not_allowed_fallback(wrong_method)
        .with_state(Arc::clone(app))
}

async fn wrong_method(State(app): State<App>, request: Request) -> Response {
    let client = client::Client::shared(request.extensions());
    error::respond(
        error::ApiError::new(ErrorCode::MethodNotAllowed),
        &client,
        app.shows_causes(),
    )
}
