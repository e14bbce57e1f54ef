//! Bodies on their way in: JSON or, where an endpoint serves forms, a form. Bounded, strict, and nothing else.

use std::time::Duration;

use axum::{
    body::Body,
    http::{HeaderMap, header},
};
use concierge_core::{api::Form, problem::ErrorCode};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::error::ApiError;

/// The largest body.
pub const MAX_BODY: usize = 64 * 1024;

/// How a body was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Encoding {
    /// JSON, or no body at all.
    Json,
    /// A form; `next` is where it wants to go afterwards.
    Form {
        /// The hidden field, unchecked.
        next: Option<String>,
    },
}

/// How long a body may take to arrive, as long as a head may: else a promised body that never comes keeps its
/// connection for ever.
const ARRIVAL: Duration = Duration::from_secs(10);

/// Reads a body whole, up to the limit. It may hold a password, so it is wiped afterwards.
pub async fn read(body: Body) -> Result<Zeroizing<Vec<u8>>, ApiError> {
    match timeout(ARRIVAL, Limited::new(body, MAX_BODY).collect()).await {
        Ok(Ok(collected)) => Ok(Zeroizing::new(collected.to_bytes().to_vec())),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            Err(ApiError::new(ErrorCode::PayloadTooLarge))
        }
        Ok(Err(_)) | Err(_) => Err(ApiError::new(ErrorCode::BadRequest)),
    }
}

/// Whether the request carries a form. Anything but JSON, a form or nothing is refused.
pub fn is_form(headers: &HeaderMap, form: Option<&Form>) -> Result<bool, ApiError> {
    let Some(value) = headers.get(header::CONTENT_TYPE) else {
        return Ok(false);
    };
    let essence = value
        .to_str()
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    match essence.as_str() {
        "application/json" => Ok(false),
        "application/x-www-form-urlencoded" if form.is_some() => Ok(true),
        _ => Err(ApiError::new(ErrorCode::UnsupportedMediaType)),
    }
}

/// Decodes JSON. No body counts as an empty object: it is accepted where every field is optional.
pub fn decode_json<T: DeserializeOwned>(
    body: &[u8],
    has_content_type: bool,
) -> Result<T, ApiError> {
    if body.is_empty() {
        return serde_json::from_str("{}").map_err(|_| {
            ApiError::new(if has_content_type {
                ErrorCode::BadRequest
            } else {
                ErrorCode::UnsupportedMediaType
            })
        });
    }
    if !has_content_type {
        return Err(ApiError::new(ErrorCode::UnsupportedMediaType));
    }
    // The types would also read their fields from an array, by position.
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(ApiError::new(ErrorCode::BadRequest));
    }
    // Unknown and duplicate keys are refused by the types themselves.
    serde_json::from_slice(body).map_err(|_| ApiError::new(ErrorCode::BadRequest))
}

/// Decodes the query of a GET. Unknown and duplicate names are refused by the types themselves.
pub fn decode_query<T: DeserializeOwned>(query: &str) -> Result<T, ApiError> {
    serde_urlencoded::from_str(query).map_err(|_| ApiError::new(ErrorCode::BadRequest))
}

/// Decodes a form into the same type: check boxes become booleans, an empty optional field counts as absent.
/// Answers the hidden `next` beside it.
pub fn decode_form<T: DeserializeOwned>(
    body: &[u8],
    form: &Form,
) -> Result<(T, Option<String>), ApiError> {
    let bad = || ApiError::new(ErrorCode::BadRequest);
    let pairs: Vec<(String, String)> = serde_urlencoded::from_bytes(body).map_err(|_| bad())?;
    let (mut fields, mut next) = (Map::new(), None);
    for (name, value) in pairs {
        let is_new = if name == "next" {
            next.replace(value).is_none()
        } else if form.flags.contains(&name.as_str()) {
            fields.insert(name, Value::Bool(value == "on")).is_none()
        } else {
            fields.insert(name, Value::String(value)).is_none()
        };
        if !is_new {
            return Err(bad());
        }
    }
    let decoded = serde_json::from_value(Value::Object(fields)).map_err(|_| bad())?;
    Ok((decoded, next))
}

#[cfg(test)]
mod tests {
    use concierge_core::sign_in::api::LoginRequest;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_body_that_never_comes_is_not_waited_for() {
        let never = futures_util::stream::pending::<Result<Vec<u8>, std::io::Error>>();
        let refusal = read(Body::from_stream(never)).await.expect_err("refused");
        assert_eq!(refusal.code, ErrorCode::BadRequest);
    }

    const FORM: Form = Form {
        page: "/sign-in",
        done: "/profile",
        flags: &["remember"],
        signs_in: true,
    };

    #[test]
    fn a_form_reads_like_its_json() {
        let body = b"email=a%40b.org&password=x+y&remember=on&next=%2Fa";
        let (request, next) = decode_form::<LoginRequest>(body, &FORM).expect("decodes");
        assert_eq!(
            (
                request.email.as_str(),
                request.password.expose(),
                request.remember
            ),
            ("a@b.org", "x y", true)
        );
        assert_eq!(next.as_deref(), Some("/a"));
    }

    #[test]
    fn unknown_and_duplicate_fields_are_refused() {
        for body in [
            "email=a&password=b&role=admin",
            "email=a&email=b&password=c",
            "email=a&password=b&next=/&next=/x",
            "email=a",
        ] {
            assert!(
                decode_form::<LoginRequest>(body.as_bytes(), &FORM).is_err(),
                "{body}"
            );
        }
        for body in [
            r#"{"email":"a","password":"b","role":"admin"}"#,
            r#"{"email":"a","email":"b","password":"c"}"#,
            r#"{"email":"a"}"#,
            r#"{"email":1,"password":"b"}"#,
            "[]",
            r#"["a", "b"]"#,
            "{",
            "",
        ] {
            assert!(
                decode_json::<LoginRequest>(body.as_bytes(), true).is_err(),
                "{body}"
            );
        }
    }

    #[test]
    fn deep_nesting_is_refused_without_a_crash() {
        let deep = "[".repeat(60_000);
        assert!(decode_json::<LoginRequest>(deep.as_bytes(), true).is_err());
    }
}
