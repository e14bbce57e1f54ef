//! The browser's transport: `fetch` on this origin, with the cookies that no script can read.
//!
//! Written against the browser's own interface: a client library here would weigh more than the rest of
//! the folder in the module that every first visitor loads.

use leptos::prelude::window;
use send_wrapper::SendWrapper;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, Headers, RequestInit, Response};

use super::{Answer, Transport, WireRequest, WireResponse, unanswered};

/// Longer than the server ever takes; a request without end would hold the session's lock.
const TIMEOUT_MILLIS: u32 = 30_000;

/// Sends with `fetch`.
pub(super) struct Fetch;

impl Transport for Fetch {
    fn send(&self, request: WireRequest) -> Answer {
        // The browser has one thread, so the future never moves to another.
        Box::pin(SendWrapper::new(async move {
            exchange(request).await.map_err(|_| unanswered())
        }))
    }
}

async fn exchange(request: WireRequest) -> Result<WireResponse, JsValue> {
    let sent = window().fetch_with_str_and_init(request.path, &init(&request)?);
    let response: Response = JsFuture::from(sent).await?.dyn_into()?;
    let body = JsFuture::from(response.text()?).await?;
    Ok(WireResponse {
        status: response.status(),
        body: body.as_string().unwrap_or_default(),
    })
}

/// What `fetch` is told about a request: JSON both ways, and a time limit.
pub(super) fn init(request: &WireRequest) -> Result<RequestInit, JsValue> {
    let headers = Headers::new()?;
    headers.set("accept", "application/json")?;
    let init = RequestInit::new();
    if let Some(body) = &request.body {
        headers.set("content-type", "application/json")?;
        init.set_body(&JsValue::from_str(body));
    }
    init.set_method(request.method.as_str());
    init.set_headers(&headers);
    init.set_signal(Some(&AbortSignal::timeout_with_u32(TIMEOUT_MILLIS)));
    Ok(init)
}
