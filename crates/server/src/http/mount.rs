//! Endpoint -> route: decoding, admission and encoding, the same for every endpoint.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::{FromRequestParts as _, RawPathParams, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts},
    response::Response,
    routing::{MethodFilter, on},
};
use concierge_core::{
    api::{Endpoint, Form, Method, TARGET, Whole},
    audit::EventName,
    link,
    problem::ErrorCode,
};
use cookie::Cookie;

use super::{
    App,
    auth::{self, Admit, Caller},
    body::{self, Encoding},
    client::Client,
    error::{self, ApiError, whole_seconds},
};

/// What a handler knows of its request besides the body.
pub struct Context<A: Admit, T = Whole> {
    /// Who calls, as the access level promises.
    pub actor: A::Actor,
    /// What the path names.
    pub target: T,
    /// Where from.
    pub client: Arc<Client>,
    /// The head of the request, for the few that need more.
    pub headers: HeaderMap,
}

/// What a handler answers besides the body.
#[derive(Debug)]
pub struct Reply<T> {
    /// The body.
    pub body: T,
    /// Cookies to set.
    pub cookies: Vec<Cookie<'static>>,
    /// Whether the browser shall drop what pages stored.
    pub clears_storage: bool,
    /// The status, where it is not the endpoint's own.
    pub status: Option<u16>,
    /// The page that a form goes on to, where it is not where it wanted to go: there is a step to do first.
    pub step: Option<&'static str>,
}

impl<T> Reply<T> {
    /// Just a body.
    pub fn new(body: T) -> Self {
        Self {
            body,
            cookies: Vec::new(),
            clears_storage: false,
            status: None,
            step: None,
        }
    }

    /// A body and cookies.
    pub fn with_cookies(body: T, cookies: Vec<Cookie<'static>>) -> Self {
        Self {
            cookies,
            ..Self::new(body)
        }
    }
}

/// Adds an endpoint's route.
pub fn mount<E, H, F>(router: Router<App>, handler: H) -> Router<App>
where
    E: Endpoint + 'static,
    E::Access: Admit,
    H: Fn(App, Context<E::Access, E::Target>, E::Request) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Result<Reply<E::Response>, ApiError>> + Send + 'static,
{
    let filter = match E::METHOD {
        Method::Get => MethodFilter::GET,
        Method::Post => MethodFilter::POST,
        Method::Patch => MethodFilter::PATCH,
        Method::Delete => MethodFilter::DELETE,
    };
    let route = move |State(app): State<App>, request: Request| {
        let handler = handler.clone();
        async move {
            let (parts, body) = request.into_parts();
            let client = Client::shared(&parts.extensions);
            let mut encoding = Encoding::Json;
            let outcome = run::<E, H, F>(
                &app,
                parts,
                body,
                Arc::clone(&client),
                &mut encoding,
                handler,
            )
            .await;
            if let Err(error) = &outcome {
                note(&app, error.code, E::PATH, &client);
            }
            match (outcome, encoding, E::FORM) {
                (Ok(reply), Encoding::Form { next }, Some(form)) => {
                    done(&reply, &form, next.as_deref())
                }
                (Err(error), Encoding::Form { next }, Some(form)) => {
                    back(error, &form, next.as_deref(), &client)
                }
                (Ok(reply), ..) => encode::<E>(&reply),
                (Err(error), ..) => error::respond(error, &client, app.shows_causes()),
            }
        }
    };
    router.route(E::PATH, on(filter, route))
}

/// Notes what was refused to a request, whoever sent it.
pub(crate) fn note(app: &App, code: ErrorCode, route: &str, client: &Client) {
    if code == ErrorCode::Throttled {
        app.metrics.routes.throttled(route);
    }
    let event = match code {
        ErrorCode::Throttled => EventName::RateLimit,
        ErrorCode::BadRequest | ErrorCode::UnsupportedMediaType | ErrorCode::PayloadTooLarge => {
            EventName::InputValidationFail
        }
        ErrorCode::Forbidden | ErrorCode::TicketExpired => EventName::AuthzFail,
        _ => return,
    };
    app.refused(event, code.as_str(), client);
}

async fn run<E, H, F>(
    app: &App,
    mut parts: Parts,
    body: Body,
    client: Arc<Client>,
    encoding: &mut Encoding,
    handler: H,
) -> Result<Reply<E::Response>, ApiError>
where
    E: Endpoint,
    E::Access: Admit,
    H: Fn(App, Context<E::Access, E::Target>, E::Request) -> F,
    F: Future<Output = Result<Reply<E::Response>, ApiError>>,
{
    let is_form = body::is_form(&parts.headers, E::FORM.as_ref())?;
    if is_form {
        *encoding = Encoding::Form { next: None };
    }
    // A page that calls in process brings the caller along; from outside the extension can't be set.
    let caller = match parts.extensions.remove::<Caller>() {
        Some(caller) => caller,
        None => auth::identify(&parts.headers, &client, app).await?,
    };
    let actor = E::Access::admit(caller, app).await?;
    let target = target::<E>(&mut parts).await?;
    let request = match E::METHOD {
        Method::Get => body::decode_query(parts.uri.query().unwrap_or_default())?,
        Method::Post | Method::Patch | Method::Delete => {
            let bytes = body::read(body).await?;
            match (is_form, E::FORM) {
                (true, Some(form)) => {
                    let (request, next) = body::decode_form(&bytes, &form)?;
                    *encoding = Encoding::Form { next };
                    request
                }
                _ => body::decode_json(&bytes, parts.headers.contains_key(header::CONTENT_TYPE))?,
            }
        }
    };
    handler(
        app.clone(),
        Context {
            actor,
            target,
            client,
            headers: parts.headers,
        },
        request,
    )
    .await
}

/// What the path names. An id that does not parse names nothing.
async fn target<E: Endpoint>(parts: &mut Parts) -> Result<E::Target, ApiError> {
    let not_found = || ApiError::new(ErrorCode::NotFound);
    let text = if E::PATH.contains(TARGET) {
        let params = RawPathParams::from_request_parts(parts, &()).await;
        let params = params.map_err(|_| not_found())?;
        let value = params.iter().next().map(|(_, value)| value.to_owned());
        value.ok_or_else(not_found)?
    } else {
        String::new()
    };
    text.parse().map_err(|_| not_found())
}

fn encode<E: Endpoint>(reply: &Reply<E::Response>) -> Response {
    let mut response = if E::SUCCESS == 204 {
        Response::default()
    } else {
        let mut response = Response::new(Body::from(
            serde_json::to_vec(&reply.body).unwrap_or_default(),
        ));
        response.headers_mut().insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json; charset=utf-8"),
        );
        response
    };
    let status = reply.status.unwrap_or(E::SUCCESS);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    decorate(&mut response, reply);
    response
}

/// A form that succeeded: on to where it wanted to go.
fn done<T>(reply: &Reply<T>, form: &Form, next: Option<&str>) -> Response {
    let next = next.filter(|next| link::is_local_path(next));
    let target = next.unwrap_or(form.done);
    let mut response = if let Some(page) = reply.step {
        let next = next.map(|next| format!("next={}", link::encode_query(next)));
        see_other(&with_query(page, &next.unwrap_or_default()))
    } else if form.signs_in {
        see_other(&link::with_arrived(target))
    } else {
        see_other(target)
    };
    decorate(&mut response, reply);
    response
}

/// A form that failed: back to its page with the code, never with what was typed.
fn back(error: ApiError, form: &Form, next: Option<&str>, client: &Client) -> Response {
    let mut location = with_query(form.page, &format!("code={}", error.code.as_str()));
    if !error.fields.is_empty() {
        let fields: Vec<String> = error
            .fields
            .iter()
            .map(|field| format!("{}:{}", field.name, field.code.as_str()))
            .collect();
        location.push_str(&format!(
            "&fields={}",
            link::encode_query(&fields.join(","))
        ));
    }
    if let Some(wait) = error.retry_after {
        location.push_str(&format!("&retry_after={}", whole_seconds(wait)));
    }
    if let Some(next) = next.filter(|next| link::is_local_path(next)) {
        location.push_str(&format!("&next={}", link::encode_query(next)));
    }
    if matches!(error.code, ErrorCode::Internal | ErrorCode::Unavailable) {
        // Logs the cause, like any other 5xx.
        drop(error::respond(error, client, false));
    }
    see_other(&location)
}

fn with_query(page: &str, query: &str) -> String {
    let separator = if page.contains('?') { "&" } else { "?" };
    match query {
        "" => page.to_owned(),
        _ => format!("{page}{separator}{query}"),
    }
}

/// 303 to a path of ours.
pub fn see_other(location: &str) -> Response {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::SEE_OTHER;
    if let Ok(location) = HeaderValue::from_str(location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

fn decorate<T>(response: &mut Response, reply: &Reply<T>) {
    set_cookies(response, &reply.cookies);
    if reply.clears_storage {
        // Never "cookies" (it clears the whole registrable domain), never "cache" (it stalls Chrome for seconds).
        response.headers_mut().insert(
            HeaderName::from_static("clear-site-data"),
            HeaderValue::from_static("\"storage\""),
        );
    }
}

/// Adds cookies to an answer.
pub fn set_cookies(response: &mut Response, cookies: &[Cookie<'static>]) {
    for cookie in cookies {
        if let Ok(value) = HeaderValue::from_str(&cookie.to_string()) {
            response.headers_mut().append(header::SET_COOKIE, value);
        }
    }
}
