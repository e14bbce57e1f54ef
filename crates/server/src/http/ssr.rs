//! Leptos on the server: what a page needs to render, and the API called in process.

use std::{pin::Pin, sync::Arc};

use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{HeaderValue, Method as HttpMethod, StatusCode, header},
    response::Response,
};
use concierge_app::{
    Assets, Client as ApiClient, Module, Nonce, PageContext, Theme as AppTheme, Transport, Viewer,
    WireRequest, WireResponse,
};
use concierge_core::{
    api::Method,
    locale::Locale,
    problem::{ErrorCode, Problem},
};
use leptos::prelude::provide_context;
use tower::ServiceExt as _;

use crate::config::Registration;

use super::{
    App, api, assets,
    auth::Caller,
    body::MAX_BODY,
    client::Client,
    cookies::{RequestCookies, Theme},
    error::whole_seconds,
    outer::PageNonce,
};

/// Gives Leptos the runtime it spawns on; once per process, again does nothing.
pub fn prepare() {
    let _ = any_spawner::Executor::init_tokio();
}

/// Renders the page of a request, whole, with this status; after a failure the error page in its place.
pub async fn render(
    app: &App,
    request: Request,
    caller: &Caller,
    status: StatusCode,
    failed: Option<ErrorCode>,
) -> Response {
    let client = Client::shared(request.extensions());
    let nonce = request
        .extensions()
        .get::<PageNonce>()
        .map(|nonce| nonce.0.clone())
        .unwrap_or_default();
    let viewer = viewer(app, caller).await;
    let role = viewer.as_ref().map(|viewer| viewer.account.role);
    let context = PageContext {
        module: Module::of(request.uri().path(), role),
        failed,
        ..page_context(app, &client, viewer)
    };
    let transport: Arc<dyn Transport> = Arc::new(InProcess {
        router: api(app).with_state(Arc::clone(app)),
        caller: caller.clone(),
        client,
    });
    let bundle = assets::bundle(&app.site, context.module);
    let assets = Assets {
        css: bundle.css,
        js: bundle.js,
        wasm: bundle.wasm,
        reload_script: app.reload_script.clone(),
    };
    let provide = move || {
        provide_context(context.clone());
        provide_context(Nonce(nonce.clone()));
        provide_context(assets.clone());
        provide_context(ApiClient::new(Arc::clone(&transport)));
    };
    let render = leptos_axum::render_app_async_with_context(provide, concierge_app::shell);
    let mut response = render(request).await;
    *response.status_mut() = status;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    response
}

async fn viewer(app: &App, caller: &Caller) -> Option<Viewer> {
    let actor = caller.actor()?;
    let now = app.clock.now();
    let account = app.accounts.view(actor.account).await.ok()?;
    Some(Viewer {
        account: (*account).clone(),
        expires_in: actor.expires_at.since(now).as_secs(),
        idle_in: whole_seconds(actor.idle_expires_at.since(now)),
    })
}

fn page_context(app: &App, client: &Client, viewer: Option<Viewer>) -> PageContext {
    // The account's own language first, then the cookie's, then the browser's.
    let locale = viewer
        .as_ref()
        .map_or(client.locale, |viewer| viewer.account.locale);
    PageContext {
        locale: client.cookies.locale.unwrap_or(locale),
        viewer,
        theme: match client.theme {
            Theme::System => AppTheme::System,
            Theme::Light => AppTheme::Light,
            Theme::Dark => AppTheme::Dark,
        },
        registration_open: app.config.registration == Registration::Open,
        invites_only: app.config.registration == Registration::Invite,
        sends_mail: app.delivers_links(),
        one_session: app.config.session.per_account == 1,
        contact: app.config.contact.clone(),
        now: Some(app.clock.now()),
        ..PageContext::default()
    }
}

/// Sends a page's calls to the API routes behind the outer door: same admission, validation and errors as for
/// any client, but neither limited nor logged a second time, and with no cookie that could rotate a token.
struct InProcess {
    router: Router,
    caller: Caller,
    client: Arc<Client>,
}

impl Transport for InProcess {
    fn send(
        &self,
        request: WireRequest,
    ) -> Pin<Box<dyn Future<Output = Result<WireResponse, Problem>> + Send>> {
        let (router, caller) = (self.router.clone(), self.caller.clone());
        let client = Client {
            // A ticket and the device it is bound to can rotate nothing: with them the page of the second step
            // knows its step without script.
            cookies: RequestCookies {
                ticket: self.client.cookies.ticket.clone(),
                device: self.client.cookies.device.clone(),
                ..RequestCookies::default()
            },
            ..Client::clone(&self.client)
        };
        Box::pin(async move {
            let locale = client.locale;
            let response = match build(request, caller, client) {
                Some(request) => router
                    .oneshot(request)
                    .await
                    .map_err(|never| match never {})?,
                None => return Err(Problem::local(ErrorCode::Internal, locale)),
            };
            read(response, locale).await
        })
    }
}

fn build(request: WireRequest, caller: Caller, client: Client) -> Option<Request> {
    let method = match request.method {
        Method::Get => HttpMethod::GET,
        Method::Post => HttpMethod::POST,
        Method::Patch => HttpMethod::PATCH,
        Method::Delete => HttpMethod::DELETE,
    };
    let builder = Request::builder()
        .method(method)
        .uri(request.path.as_ref())
        .extension(caller)
        .extension(Arc::new(client));
    match request.body {
        Some(body) => builder
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body))
            .ok(),
        None => builder.body(Body::empty()).ok(),
    }
}

async fn read(response: Response, locale: Locale) -> Result<WireResponse, Problem> {
    let status = response.status().as_u16();
    let bytes = axum::body::to_bytes(response.into_body(), MAX_BODY * 16).await;
    let bytes = bytes.map_err(|_| Problem::local(ErrorCode::Internal, locale))?;
    Ok(WireResponse {
        status,
        body: String::from_utf8_lossy(&bytes).into_owned(),
    })
}
