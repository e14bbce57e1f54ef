//! Endpoints about the service itself: how a request arrived, and reports from browsers.

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{StatusCode, header},
    response::Response,
    routing::post,
};
use concierge_core::{
    api::{Anonymous, Empty},
    problem::ErrorCode,
    system::{ClientErrorReport, ReportClientError, Whoami, WhoamiAnswer},
};

use super::{
    App, body,
    client::Client,
    error::{self, ApiError},
    mount::{Context, Reply, mount, note},
};

/// The routes.
pub fn routes(router: Router<App>) -> Router<App> {
    let router = mount::<Whoami, _, _>(router, whoami);
    let router = mount::<ReportClientError, _, _>(router, report_client_error);
    router.route("/api/csp-report", post(csp_report))
}

async fn whoami(
    _: App,
    context: Context<Anonymous>,
    _: Empty,
) -> Result<Reply<WhoamiAnswer>, ApiError> {
    let client = context.client;
    Ok(Reply::new(WhoamiAnswer {
        address: client.origin.address.clone(),
        scheme: if client.is_https { "https" } else { "http" }.to_owned(),
        proxy_trusted: client.proxy_trusted,
    }))
}

async fn report_client_error(
    app: App,
    context: Context<Anonymous>,
    report: ClientErrorReport,
) -> Result<Reply<Empty>, ApiError> {
    count(&app, &context.client)?;
    let message: String = report.message.chars().take(1000).collect();
    let page: String = report.page.chars().take(200).collect();
    // Not as `message`: that is the line's own text, which stands unquoted.
    tracing::error!(target: "browser", report = message, page, request_id = context.client.origin.request_id, "a page failed in the browser");
    Ok(Reply::new(Empty {}))
}

/// Browsers send violations of the content policy as `application/csp-report` or `application/reports+json`.
async fn csp_report(State(app): State<App>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let client = Client::shared(&parts.extensions);
    let media_type = parts
        .headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let known = [
        "application/csp-report",
        "application/reports+json",
        "application/json",
    ]
    .iter()
    .any(|known| media_type.starts_with(known));
    let outcome = if known {
        take_csp_report(&app, &client, body).await
    } else {
        Err(ApiError::new(ErrorCode::UnsupportedMediaType))
    };
    match outcome {
        Ok(()) => {
            let mut response = Response::default();
            *response.status_mut() = StatusCode::NO_CONTENT;
            response
        }
        Err(refusal) => {
            note(&app, refusal.code, &client);
            error::respond(refusal, &client, app.shows_causes())
        }
    }
}

async fn take_csp_report(app: &App, client: &Client, body: Body) -> Result<(), ApiError> {
    count(app, client)?;
    let bytes = body::read(body).await?;
    let report: serde_json::Value =
        serde_json::from_slice(&bytes).map_err(|_| ApiError::new(ErrorCode::BadRequest))?;
    let report: String = report.to_string().chars().take(2000).collect();
    tracing::warn!(target: "browser", report, request_id = client.origin.request_id, "a page broke its content policy");
    Ok(())
}

fn count(app: &App, client: &Client) -> Result<(), ApiError> {
    let counted = app.reports.count(&client.address_key, app.clock.now());
    counted.map_err(|wait| ApiError::retry(ErrorCode::Throttled, wait))
}
