//! Errors on their way out: the only table from code to status, the only place that logs a 5xx.

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use concierge_core::problem::{ErrorCode, FieldError, Problem};

use super::client::Client;
use crate::store::StoreError;

/// A refusal with everything its answer needs.
#[derive(Debug)]
pub struct ApiError {
    /// The stable code.
    pub code: ErrorCode,
    /// Fields that are not right.
    pub fields: Vec<FieldError>,
    /// How long to wait, where waiting helps.
    pub retry_after: Option<std::time::Duration>,
    /// What really happened: for the log, and in development for the answer to a 5xx.
    pub cause: Option<String>,
    /// What the caller may know and can do something about.
    pub detail: Option<String>,
    /// Whether a token came along, for `WWW-Authenticate`.
    pub had_token: bool,
}

impl ApiError {
    /// A refusal that needs no more than its code.
    pub fn new(code: ErrorCode) -> Self {
        Self {
            code,
            fields: Vec::new(),
            retry_after: None,
            cause: None,
            detail: None,
            had_token: false,
        }
    }

    /// A refusal that says when to come back.
    pub fn retry(code: ErrorCode, after: std::time::Duration) -> Self {
        Self {
            retry_after: Some(after),
            ..Self::new(code)
        }
    }

    /// A refusal because of fields.
    pub fn fields(fields: Vec<FieldError>) -> Self {
        Self {
            fields,
            ..Self::new(ErrorCode::InvalidFields)
        }
    }

    /// The same with words for the caller: only where whoever asks may know what they say.
    pub fn telling(self, detail: impl ToString) -> Self {
        Self {
            detail: Some(detail.to_string()),
            ..self
        }
    }

    /// The same with its cause.
    pub fn because(self, cause: impl ToString) -> Self {
        Self {
            cause: Some(cause.to_string()),
            ..self
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) => {
                Self::retry(ErrorCode::Unavailable, std::time::Duration::from_secs(2))
                    .because(error)
            }
            StoreError::Conflict => Self::new(ErrorCode::Conflict),
            StoreError::Corrupt { .. } | StoreError::Driver(_) => {
                Self::new(ErrorCode::Internal).because(error)
            }
        }
    }
}

/// The status of each code.
pub const fn status_of(code: ErrorCode) -> u16 {
    use ErrorCode as C;
    match code {
        C::BadRequest => 400,
        C::Unauthenticated
        | C::TokenExpired
        | C::BadCredentials
        | C::BadCode
        | C::TicketExpired => 401,
        C::Forbidden
        | C::FreshSignInRequired
        | C::SecondFactorRequired
        | C::CsrfRefused
        | C::RegistrationClosed => 403,
        C::NotFound => 404,
        C::MethodNotAllowed => 405,
        C::Conflict | C::EmailTaken => 409,
        C::PayloadTooLarge => 413,
        C::UnsupportedMediaType => 415,
        C::WrongOrigin => 421,
        C::InvalidFields => 422,
        C::Throttled => 429,
        C::Internal => 500,
        C::Overloaded | C::Unavailable => 503,
    }
}

/// The problem answer of a refusal. `show_cause` only in development.
pub fn respond(error: ApiError, client: &Client, show_cause: bool) -> Response {
    let status = status_of(error.code);
    log(&error, status, client);
    let retry_after = error.retry_after.map(whole_seconds);
    let problem = Problem {
        kind: "about:blank".to_owned(),
        title: error.code.title(client.locale).to_owned(),
        status,
        code: error.code,
        fields: error.fields,
        request_id: client.origin.request_id.clone(),
        retry_after,
        detail: error
            .detail
            .or_else(|| error.cause.filter(|_| show_cause && status >= 500)),
    };
    let body = serde_json::to_string(&problem).unwrap_or_default();
    let mut response = Response::new(Body::from(body));
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json; charset=utf-8"),
    );
    if let Some(seconds) = retry_after {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if status == 401 {
        let challenge = if error.had_token {
            "Bearer error=\"invalid_token\""
        } else {
            "Bearer"
        };
        headers.insert(
            header::WWW_AUTHENTICATE,
            HeaderValue::from_static(challenge),
        );
    }
    response
}

/// Whole seconds, rounded up: coming back early would be refused again.
pub fn whole_seconds(span: std::time::Duration) -> u64 {
    u64::try_from(span.as_millis().div_ceil(1000))
        .unwrap_or(u64::MAX)
        .max(1)
}

fn log(error: &ApiError, status: u16, client: &Client) {
    if status >= 500 {
        let cause = error.cause.as_deref().unwrap_or("-");
        tracing::error!(
            request_id = client.origin.request_id,
            code = error.code.as_str(),
            cause,
            "request failed: {cause}"
        );
    }
}
