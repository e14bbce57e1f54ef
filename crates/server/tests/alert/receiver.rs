//! A receiver of webhooks in process: it keeps what came and answers as told.

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use aws_lc_rs::hmac;
use axum::{
    Router,
    body::{Body, Bytes},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use futures_util::{StreamExt as _, stream};
use serde_json::Value;
use tokio::net::TcpListener;

/// What a receiver does with the next request.
#[derive(Debug, Clone)]
pub enum Manner {
    /// Answers this status and text.
    Says(u16, &'static str),
    /// Sends the caller elsewhere.
    Redirects(String),
    /// Says when to come back.
    Busy(&'static str),
    /// Answers 200 and never ends what it says.
    Drips,
    /// Never answers.
    Hangs,
}

/// A request that came.
#[derive(Debug, Clone)]
pub struct Got {
    pub headers: HeaderMap,
    pub body: Bytes,
}

#[derive(Clone)]
pub struct Receiver {
    pub address: SocketAddr,
    got: Arc<Mutex<Vec<Got>>>,
    manner: Arc<Mutex<Manner>>,
}

impl Receiver {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let receiver = Self {
            address: listener.local_addr().expect("an address"),
            got: Arc::default(),
            manner: Arc::new(Mutex::new(Manner::Says(200, "thank you"))),
        };
        let state = receiver.clone();
        let router = Router::new().fallback(move |headers: HeaderMap, body: Bytes| {
            let state = state.clone();
            async move { state.take(Got { headers, body }).await }
        });
        tokio::spawn(async move { axum::serve(listener, router).await });
        receiver
    }

    async fn take(&self, got: Got) -> Response {
        self.got.lock().expect("not poisoned").push(got);
        let manner = self.manner.lock().expect("not poisoned").clone();
        match manner {
            Manner::Says(status, text) => {
                (StatusCode::from_u16(status).expect("a status"), text).into_response()
            }
            Manner::Redirects(to) => (StatusCode::FOUND, [(header::LOCATION, to)]).into_response(),
            Manner::Busy(seconds) => (
                StatusCode::TOO_MANY_REQUESTS,
                [(header::RETRY_AFTER, seconds)],
            )
                .into_response(),
            Manner::Drips => {
                let begun = stream::once(async { Ok::<_, Infallible>("thank ") });
                Body::from_stream(begun.chain(stream::pending())).into_response()
            }
            Manner::Hangs => std::future::pending().await,
        }
    }

    pub fn set(&self, manner: Manner) {
        *self.manner.lock().expect("not poisoned") = manner;
    }

    pub fn url(&self) -> String {
        format!("http://{}/hook?token=door", self.address)
    }

    pub fn got(&self) -> Vec<Got> {
        self.got.lock().expect("not poisoned").clone()
    }

    /// What came since the last time.
    pub fn taken(&self) -> Vec<Got> {
        std::mem::take(&mut *self.got.lock().expect("not poisoned"))
    }
}

impl Got {
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_else(|| panic!("no header {name}"))
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    /// Checks the signature as a receiver does (Standard Webhooks), with nothing of ours.
    pub fn is_signed_with(&self, secret: &str) -> bool {
        let key = secret.strip_prefix("whsec_").expect("a prefix");
        let key = BASE64_STANDARD.decode(key).expect("Base64");
        let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
        let head = format!(
            "{}.{}.",
            self.header("webhook-id"),
            self.header("webhook-timestamp")
        );
        let signed = [head.as_bytes(), &self.body].concat();
        let signature = self
            .header("webhook-signature")
            .strip_prefix("v1,")
            .expect("a version");
        let signature = BASE64_STANDARD.decode(signature).expect("Base64");
        hmac::verify(&key, &signed, &signature).is_ok()
    }
}

/// Long enough for a request on this machine, and far from a hang.
pub const SOON: Duration = Duration::from_secs(30);
