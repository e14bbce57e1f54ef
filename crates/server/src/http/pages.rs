//! Pages on their way to Leptos: preferences, the bounce for cross-site arrivals, one silent renewal, the guard.
//!
//! The guard decides here, before anything renders; the browser's own guard reads the same table
//! (`concierge_core::link::Page`).

use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header},
    response::Response,
};
use concierge_core::{
    account::Role,
    link::{self, Audience, Page},
    locale::Locale,
    problem::ErrorCode,
    session::{EndReason, Transport},
};
use cookie::Cookie;

use super::{
    App,
    auth::{self, Caller},
    client::Client,
    cookies::{CookieNames, Theme},
    door::escape,
    error::{self, ApiError},
    mount::{self, see_other, set_cookies},
    ssr,
};
use crate::session::{SessionError, counted, http as session};

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");

/// Serves a page, or the page that says there is none.
pub async fn serve(State(app): State<App>, request: Request) -> Response {
    let client = Client::shared(request.extensions());
    let uri = request.uri().clone();
    if uri.path().starts_with("/api") {
        return error::respond(
            ApiError::new(ErrorCode::NotFound),
            &client,
            app.shows_causes(),
        );
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return error::respond(
            ApiError::new(ErrorCode::MethodNotAllowed),
            &client,
            app.shows_causes(),
        );
    }
    if let Some(response) = preference(&app, &uri) {
        return response;
    }
    let page = Page::of(uri.path());
    if is_cross_site_arrival(request.headers(), &client)
        && !page.is_some_and(Page::takes_fragment_token)
    {
        return bounce(&uri);
    }
    let (caller, cookies) = match identify(&app, request.method(), request.headers(), &client).await
    {
        Ok(found) => found,
        Err(failure) => return failed(&app, request, failure, &client).await,
    };
    let page = match visible(&app, page, &caller).await {
        Ok(page) => page,
        Err(failure) => return failed(&app, request, failure, &client).await,
    };
    let ended = match why_ended(&app, page, &caller, &client).await {
        Ok(ended) => ended,
        Err(failure) => return failed(&app, request, failure, &client).await,
    };
    let target = arrival(&caller, &uri).or_else(|| redirect(page, &caller, ended, &uri));
    let mut response = match target {
        Some(target) => see_other(&target),
        None => {
            let status = if page.is_some() {
                StatusCode::OK
            } else {
                StatusCode::NOT_FOUND
            };
            ssr::render(&app, request, &caller, status, None).await
        }
    };
    set_cookies(&mut response, &cookies);
    response
}

/// The error page, with the status of the failure and when to come back: neither tells anybody to be signed out.
async fn failed(app: &App, request: Request, failure: ApiError, client: &Client) -> Response {
    let page = Page::of(request.uri().path()).map_or("unmatched", Page::path);
    mount::note(app, failure.code, page, client);
    let code = failure.code;
    let problem = error::respond(failure, client, app.shows_causes());
    let (caller, status) = (Caller::Visitor, problem.status());
    let mut response = ssr::render(app, request, &caller, status, Some(code)).await;
    if let Some(wait) = problem.headers().get(header::RETRY_AFTER) {
        let headers = response.headers_mut();
        headers.insert(header::RETRY_AFTER, wait.clone());
    }
    response
}

/// `?lang=fr` and `?theme=dark` set a cookie and lead back: choices that work without script.
fn preference(app: &App, uri: &Uri) -> Option<Response> {
    let query: Vec<(String, String)> = serde_urlencoded::from_str(uri.query()?).ok()?;
    let names = &app.cookie_names;
    let mut cookies = Vec::new();
    let mut rest = Vec::new();
    for (name, value) in query {
        let cookie = match name.as_str() {
            "lang" => Locale::from_tag(&value)
                .map(|locale| CookieNames::preference(&names.locale, locale.tag())),
            "theme" => Theme::from_text(&value)
                .map(|theme| CookieNames::preference(&names.theme, theme.as_str())),
            _ => None,
        };
        match cookie {
            Some(cookie) => cookies.push(cookie),
            None => rest.push((name, value)),
        }
    }
    if cookies.is_empty() {
        return None;
    }
    let query = serde_urlencoded::to_string(&rest).unwrap_or_default();
    let target = if query.is_empty() {
        uri.path().to_owned()
    } else {
        format!("{}?{query}", uri.path())
    };
    // A path such as `//host` would lead to another site.
    let mut response = see_other(if link::is_local_path(&target) {
        &target
    } else {
        "/"
    });
    set_cookies(&mut response, &cookies);
    Some(response)
}

/// A link on another site was followed: SameSite=Strict kept our cookies back.
fn is_cross_site_arrival(headers: &HeaderMap, client: &Client) -> bool {
    let is = |name: &HeaderName, value: &str| headers.get(name).is_some_and(|held| held == value);
    is(&FETCH_SITE, "cross-site") && is(&FETCH_MODE, "navigate") && !client.cookies.has_session()
}

/// A page that asks for itself again, now from our own site, which brings the cookies along. It arrives as
/// `same-origin`, so it can't loop.
fn bounce(uri: &Uri) -> Response {
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let path = if link::is_local_path(path) { path } else { "/" };
    let html = format!(
        "<!doctype html><html><head><meta charset=\"utf-8\"><title>Concierge</title></head><body><p><a href=\"{0}\">Concierge</a></p></body></html>",
        escape(path)
    );
    let mut response = Response::new(Body::from(html));
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    if let Ok(value) = HeaderValue::from_str(&format!("0;url={path}")) {
        headers.insert(header::REFRESH, value);
    }
    response
}

/// Who asks for the page; a live refresh cookie without a valid access cookie is renewed, once, here, by the
/// same rules as any refresh, limits included. Nothing below this line ever rotates a token.
async fn identify(
    app: &App,
    method: &Method,
    headers: &HeaderMap,
    client: &Client,
) -> Result<(Caller, Vec<Cookie<'static>>), ApiError> {
    let caller = auth::identify(headers, client, app).await?;
    let is_navigation = *method == Method::GET
        && headers
            .get(FETCH_MODE)
            .is_none_or(|mode| mode == "navigate");
    let Some(refresh) = client
        .cookies
        .refresh
        .as_deref()
        .filter(|_| is_navigation && caller.actor().is_none())
    else {
        return Ok((caller, Vec::new()));
    };
    app.count_refresh(&client.address_key)?;
    let renewing = app
        .sessions
        .refresh(refresh, Transport::Cookie, &client.origin);
    let renewed = renewing.await;
    app.metrics.refresh(counted(&renewed));
    match renewed {
        Ok(grant) => Ok((
            Caller::SignedIn(grant.actor.clone()),
            session::set_cookies(&app.cookie_names, &grant),
        )),
        Err(error @ (SessionError::Unauthenticated(_) | SessionError::TokenExpired)) => {
            auth::note(&error, client, app);
            Ok((caller, Vec::new()))
        }
        // Still signed in, for all we know: no reason to send anybody to sign-in.
        Err(error) => Err(error.into()),
    }
}

/// The first page after a sign-in by form: without the cookies it would only lead back to sign-in, so it says
/// why; with them the mark goes.
fn arrival(caller: &Caller, uri: &Uri) -> Option<String> {
    let mut query: Vec<(String, String)> = serde_urlencoded::from_str(uri.query()?).ok()?;
    let count = query.len();
    query.retain(|(name, _)| name != link::ARRIVED);
    if query.len() == count {
        return None;
    }
    if matches!(caller, Caller::Visitor) {
        return Some(link::COOKIES_BLOCKED.to_owned());
    }
    let query = serde_urlencoded::to_string(&query).ok()?;
    let target = if query.is_empty() {
        uri.path().to_owned()
    } else {
        format!("{}?{query}", uri.path())
    };
    link::is_local_path(&target).then_some(target)
}

/// The page, if there is one for this caller: to whoever is signed in and no admin there is no admin's page.
async fn visible(app: &App, page: Option<Page>, caller: &Caller) -> Result<Option<Page>, ApiError> {
    let Some(actor) = caller.actor() else {
        return Ok(page);
    };
    if page.map(Page::audience) != Some(Audience::Admin) {
        return Ok(page);
    }
    let account = app.accounts.view(actor.account).await?;
    Ok(page.filter(|_| account.role == Role::Admin))
}

/// Why the session is over that the cookies speak of, where the guard is about to ask for a new one.
async fn why_ended(
    app: &App,
    page: Option<Page>,
    caller: &Caller,
    client: &Client,
) -> Result<Option<EndReason>, ApiError> {
    let is_guarded = matches!(
        page.map(Page::audience),
        Some(Audience::SignedIn | Audience::Admin)
    );
    if !is_guarded || caller.actor().is_some() {
        return Ok(None);
    }
    let (access, refresh) = (&client.cookies.access, &client.cookies.refresh);
    let ended = app
        .sessions
        .why_ended(access.as_deref(), refresh.as_deref());
    Ok(ended.await?)
}

/// Where the guard sends somebody, if anywhere.
fn redirect(
    page: Option<Page>,
    caller: &Caller,
    ended: Option<EndReason>,
    uri: &Uri,
) -> Option<String> {
    let is_signed_in = caller.actor().is_some();
    match page?.audience() {
        Audience::SignedIn | Audience::Admin if !is_signed_in => {
            let asked = uri.path_and_query().map_or("/", |path| path.as_str());
            Some(match ended {
                Some(reason) => link::sign_in_after(reason.for_holder().as_str(), asked),
                None => link::sign_in_then(asked),
            })
        }
        Audience::Guest if is_signed_in => {
            let query: Vec<(String, String)> = uri
                .query()
                .and_then(|query| serde_urlencoded::from_str(query).ok())
                .unwrap_or_default();
            let next = query
                .iter()
                .find(|(name, _)| name == "next")
                .map(|(_, value)| value.as_str());
            Some(link::safe_next(next).to_owned())
        }
        Audience::SignedIn | Audience::Admin | Audience::Guest | Audience::Anyone => None,
    }
}
