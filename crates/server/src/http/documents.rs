//! `/openapi.json` and `/docs`: the API described by the program itself.

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
    routing::get,
};
use concierge_core::{account::Role, problem::ErrorCode};

use super::{
    App, auth,
    client::Client,
    docs,
    error::{self, ApiError, status_of},
    outer::PageNonce,
};

/// The routes.
pub fn routes(router: Router<App>) -> Router<App> {
    router
        .route("/openapi.json", get(openapi))
        .route("/docs", get(page))
}

async fn openapi(State(app): State<App>, request: Request) -> Response {
    let body = || docs::openapi(status_of).to_string();
    guarded(&app, request, "application/json; charset=utf-8", body).await
}

async fn page(State(app): State<App>, request: Request) -> Response {
    let nonce = request
        .extensions()
        .get::<PageNonce>()
        .map(|nonce| nonce.0.clone())
        .unwrap_or_default();
    let mut response = guarded(&app, request, "text/html; charset=utf-8", || {
        docs::page(status_of, &nonce)
    })
    .await;
    if response.status() == StatusCode::OK
        && let Ok(policy) = HeaderValue::from_str(&docs::policy(&nonce))
    {
        response
            .headers_mut()
            .insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// Open to everybody in development and test; elsewhere only to admins: a map of the house is no secret, but
/// nobody else needs it.
async fn guarded(
    app: &App,
    request: Request,
    media_type: &'static str,
    body: impl FnOnce() -> String,
) -> Response {
    let client = Client::shared(request.extensions());
    let headers = request.into_parts().0.headers;
    match admit(app, &headers, &client).await {
        Ok(()) => {
            let mut response = Response::new(body().into());
            response
                .headers_mut()
                .insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
            response
        }
        Err(refusal) => error::respond(refusal, &client, app.shows_causes()),
    }
}

async fn admit(app: &App, headers: &HeaderMap, client: &Client) -> Result<(), ApiError> {
    if !app.config.environment.is_deployed() {
        return Ok(());
    }
    let caller = auth::identify(headers, client, app).await?;
    let actor = caller
        .actor()
        .ok_or_else(|| ApiError::new(ErrorCode::Unauthenticated))?;
    let account = app.accounts.view(actor.account).await?;
    if account.role == Role::Admin {
        Ok(())
    } else {
        Err(ApiError::new(ErrorCode::Forbidden))
    }
}
