//! The connection to Key Vault, to Entra and to the machine's own identity service.

use std::{pin::Pin, sync::Arc};

use azure_core::{
    error::{Error, ErrorKind, Result},
    http::{AsyncRawResponse, ClientOptions, HttpClient, Request, RetryOptions, Transport},
};
use futures_util::StreamExt as _;

use super::super::{Fault, LIMIT, wiped::Body};

/// Takes no answer without end, follows no redirect, and gives no proxy to read what goes without TLS: that is the
/// question for a token to a service of this machine.
#[derive(Debug)]
struct Carrier {
    tls: reqwest::Client,
    plain: reqwest::Client,
}

impl Carrier {
    async fn carry(&self, request: &Request) -> Result<AsyncRawResponse> {
        let client = match request.url().scheme() {
            "https" => &self.tls,
            _ => &self.plain,
        };
        let answer = client.execute_request(request).await?;
        let (status, headers, mut pieces) = answer.deconstruct();
        // What stands between writes no JSON, and the library would then complain of that instead.
        if let 429 | 500..=599 = u16::from(status) {
            let kind = ErrorKind::HttpResponse {
                status,
                error_code: None,
                raw_response: None,
            };
            return Err(Error::with_message(kind, "an error of the server's own"));
        }
        let mut body = Body::new();
        while let Some(piece) = pieces.next().await {
            body.take(&piece?)
                .map_err(|text| Error::with_message(ErrorKind::Other, text))?;
        }
        let body = body.into_bytes();
        Ok(AsyncRawResponse::from_bytes(status, headers, body))
    }
}

impl HttpClient for Carrier {
    fn execute_request<'s, 'r, 'f>(
        &'s self,
        request: &'r Request,
    ) -> Pin<Box<dyn Future<Output = Result<AsyncRawResponse>> + Send + 'f>>
    where
        's: 'f,
        'r: 'f,
        Self: 'f,
    {
        Box::pin(self.carry(request))
    }
}

/// One connection for vault and identity. No silent repeats: they would eat up the ten seconds, and who asked can
/// ask again. The library's own client would panic on a machine without a list of authorities.
pub(super) fn options() -> std::result::Result<ClientOptions, Fault> {
    let builder = || {
        let builder = reqwest::Client::builder().timeout(LIMIT);
        builder.redirect(reqwest::redirect::Policy::none())
    };
    let failed = |error: reqwest::Error| Fault::of_connection(&error);
    let plain = builder().no_proxy().tls_certs_only(Vec::new());
    let carrier = Carrier {
        tls: builder().build().map_err(failed)?,
        plain: plain.build().map_err(failed)?,
    };
    Ok(ClientOptions {
        retry: RetryOptions::none(),
        transport: Some(Transport::new(Arc::new(carrier))),
        ..ClientOptions::default()
    })
}
