//! Handlers of reports: taking them in from anybody, and showing them to admins.

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{StatusCode, header},
    response::Response,
    routing::post,
};
use concierge_core::{
    api::{Admin, Anonymous, Empty},
    problem::ErrorCode,
    system::{ClientErrorReport, ListReports, ReportClientError, ReportList},
};

use super::{error::ReportError, policy};
use crate::http::{
    App, body,
    client::Client,
    door,
    error::{self, ApiError},
    mount::{Context, Reply, mount, note},
};

const POLICY: &str = "/api/csp-report";

/// The routes.
pub fn routes(router: Router<App>) -> Router<App> {
    let router = mount::<ReportClientError, _, _>(router, client_error);
    let router = mount::<ListReports, _, _>(router, list);
    router.route(POLICY, post(policy_report))
}

impl From<ReportError> for ApiError {
    fn from(error: ReportError) -> Self {
        Self::new(ErrorCode::BadRequest).telling(error)
    }
}

async fn list(app: App, _: Context<Admin>, _: Empty) -> Result<Reply<ReportList>, ApiError> {
    let reports = app.browser_reports.list(&app.db).await?;
    Ok(Reply::new(ReportList { reports }))
}

async fn client_error(
    app: App,
    context: Context<Anonymous>,
    report: ClientErrorReport,
) -> Result<Reply<Empty>, ApiError> {
    count(&app, &context.client)?;
    let now = app.clock.now();
    let told = app.browser_reports.failed(
        &report.message,
        &report.page,
        &context.client.address_key,
        now,
    );
    if let Some(report) = told {
        // Not as `message`: that is the line's own text, which stands unquoted.
        tracing::error!(target: "browser", report, request_id = context.client.origin.request_id, "a page failed in the browser");
    }
    Ok(Reply::new(Empty {}))
}

/// No typed endpoint: browsers send two media types of their own.
async fn policy_report(State(app): State<App>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let client = Client::shared(&parts.extensions);
    let media_type = parts
        .headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .unwrap_or_default()
        .trim();
    match take(&app, &client, media_type, body).await {
        Ok(()) => {
            let mut response = Response::default();
            *response.status_mut() = StatusCode::NO_CONTENT;
            response
        }
        Err(refusal) => {
            note(&app, refusal.code, POLICY, &client);
            error::respond(refusal, &client, app.shows_causes())
        }
    }
}

async fn take(app: &App, client: &Client, media_type: &str, body: Body) -> Result<(), ApiError> {
    if !matches!(
        media_type,
        "application/csp-report" | "application/reports+json"
    ) {
        return Err(ApiError::new(ErrorCode::UnsupportedMediaType));
    }
    count(app, client)?;
    let bytes = body::read(body).await?;
    let is_ours = |origin: &str| door::is_our_origin(origin, &app.config);
    let violations = policy::parse(media_type, &bytes, is_ours)?;
    for (at, violation) in violations.into_iter().enumerate() {
        // The body was the first one's; a browser sends a few together, and each counts.
        if at > 0 {
            count(app, client)?;
        }
        let (directive, source) = (violation.directive, violation.source.clone());
        if app
            .browser_reports
            .violated(violation, &client.address_key, app.clock.now())
        {
            tracing::warn!(target: "browser", directive, source, request_id = client.origin.request_id, "a page broke its content policy");
        }
    }
    Ok(())
}

fn count(app: &App, client: &Client) -> Result<(), ApiError> {
    let counted = app.reports.count(&client.address_key, app.clock.now());
    counted.map_err(|wait| ApiError::retry(ErrorCode::Throttled, wait))
}
