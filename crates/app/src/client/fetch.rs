//! The browser's transport: `fetch` on this origin, with the cookies that no script can read.

use concierge_core::{api::Method, problem::Problem};
use gloo_net::http::{Method as HttpMethod, RequestBuilder};
use send_wrapper::SendWrapper;
use web_sys::AbortSignal;

use super::{Answer, Transport, WireRequest, WireResponse, unanswered};

/// Sends with `fetch`.
pub(super) struct Fetch;

impl Transport for Fetch {
    fn send(&self, request: WireRequest) -> Answer {
        // The browser has one thread, so the future never moves to another.
        Box::pin(SendWrapper::new(async move {
            exchange(request)
                .await
                .map_err(|_| -> Problem { unanswered() })
        }))
    }
}

async fn exchange(request: WireRequest) -> Result<WireResponse, gloo_net::Error> {
    let method = match request.method {
        Method::Get => HttpMethod::GET,
        Method::Post => HttpMethod::POST,
        Method::Patch => HttpMethod::PATCH,
        Method::Delete => HttpMethod::DELETE,
    };
    let builder = RequestBuilder::new(&request.path)
        .method(method)
        .header("accept", "application/json")
        .abort_signal(Some(&AbortSignal::timeout_with_u32(request.patience)));
    let response = match request.body {
        Some(body) => {
            let typed = builder.header("content-type", "application/json");
            typed.body(body)?.send().await?
        }
        None => builder.send().await?,
    };
    Ok(WireResponse {
        status: response.status(),
        body: response.text().await?,
    })
}
