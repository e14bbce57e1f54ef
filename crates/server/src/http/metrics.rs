//! `GET /metrics`, behind a door of its own: nothing of the service is there, and it is nowhere in the service.
//!
//! Nobody signs in to read it, so it listens on loopback unless the operator says otherwise, and what it tells names
//! no account, address or path. On loopback it answers only to loopback's names: a page whose name was turned to this
//! machine (DNS rebinding) reads nothing.

use std::net::SocketAddr;

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
    routing::get,
};
use tokio::net::TcpListener;

use super::{App, door, listen};
use crate::platform::{
    metrics::{self, CONTENT_TYPE},
    shutdown::Shutdown,
};

/// What a reader is told that asks for another name.
const ELSEWHERE: &str = "On loopback the metrics answer to `localhost` and to loopback addresses alone. Ask for one of \
                         these, or set CONCIERGE_METRICS_LISTEN to an address of your own network.\n";

/// The router of that door, where it is on loopback or not.
fn router(app: App, is_loopback: bool) -> Router {
    let router = Router::new().route("/metrics", get(show)).with_state(app);
    match is_loopback {
        true => router.layer(middleware::from_fn(ask_for_loopback)),
        false => router,
    }
}

async fn ask_for_loopback(request: Request, next: Next) -> Response {
    if door::is_loopback(door::host_of(request.headers())) {
        next.run(request).await
    } else {
        (StatusCode::MISDIRECTED_REQUEST, ELSEWHERE).into_response()
    }
}

async fn show(State(app): State<App>) -> Response {
    let text = metrics::write(&app.metric_families().await);
    let content_type = HeaderValue::from_static(CONTENT_TYPE);
    ([(header::CONTENT_TYPE, content_type)], text).into_response()
}

/// Opens the door and keeps it until the shutdown. A port that is taken is told and no more: sign-in matters more than
/// its numbers.
pub async fn serve(app: App, address: SocketAddr, shutdown: Shutdown) {
    let listener = match TcpListener::bind(address).await {
        Ok(listener) => listener,
        Err(error) => {
            tracing::warn!(%error, "nothing can read the metrics: {address} can't be listened on; set CONCIERGE_METRICS_LISTEN to a free address, or to `off`");
            return;
        }
    };
    tracing::info!("metrics are at http://{address}/metrics");
    listen::serve_few(listener, router(app, address.ip().is_loopback()), &shutdown).await;
}
