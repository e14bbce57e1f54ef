//! Probes: `/livez` says that the process answers, `/readyz` that it can do its work.

use axum::{
    Router,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::Response,
    routing::get,
};

use super::App;

/// The routes of the probes.
pub fn routes(router: Router<App>) -> Router<App> {
    router
        .route("/livez", get(live))
        .route("/readyz", get(ready))
}

/// What `/livez` answers; by it a Concierge is known.
pub(super) const LIVE: &str = r#"{"status":"live"}"#;

async fn live() -> Response {
    answer(StatusCode::OK, LIVE.to_owned())
}

async fn ready(State(app): State<App>) -> Response {
    let database = app.db.ping().await.is_ok();
    let feed = app.feed_is_heard();
    let draining = app.shutdown.has_begun();
    let status = if database && feed && !draining {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let body = serde_json::json!({
        "status": if status.is_success() { "ready" } else { "not_ready" },
        "database": database,
        "feed": feed,
        "draining": draining,
    });
    answer(status, body.to_string())
}

fn answer(status: StatusCode, body: String) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json; charset=utf-8"),
    );
    response
}
