//! A small HTTP client: one connection, kept open.

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, Request, StatusCode, header},
};
use http_body_util::BodyExt as _;
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::Outcome;

/// The host that houses of the bench answer to.
pub const HOST: &str = "localhost:3000";

/// An open connection.
pub struct Connection {
    sender: SendRequest<Body>,
    host: String,
}

/// The part of an answer that the bench looks at.
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// When its head was there.
    pub head_at: std::time::Instant,
    /// Its body.
    pub body: Bytes,
}

impl Answer {
    /// Whether it says when to come back.
    pub fn says_when(&self) -> bool {
        self.headers.contains_key(header::RETRY_AFTER)
    }
}

impl Connection {
    /// Connects to a port of this machine and speaks to it as `host`.
    pub async fn open(port: u16, host: &str) -> Outcome<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self {
            sender,
            host: host.to_owned(),
        })
    }

    /// Tries to sign in as a bearer client.
    pub async fn sign_in(&mut self, email: &str, password: &str) -> Outcome<Answer> {
        let body = json!({ "email": email, "password": password, "transport": "bearer" });
        self.post("/api/auth/login", &body).await
    }

    /// Posts JSON, without a cookie.
    pub async fn post(&mut self, path: &str, body: &Value) -> Outcome<Answer> {
        let request = Request::post(path)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body.to_string()))?;
        self.send(request).await
    }

    /// Gets a path, with a cookie when it is not empty.
    pub async fn get(&mut self, path: &str, cookie: &str) -> Outcome<Answer> {
        let mut request = Request::get(path);
        if !cookie.is_empty() {
            request = request.header(header::COOKIE, cookie);
        }
        self.send(request.body(Body::empty())?).await
    }

    /// Sends a request, as to the host of the connection unless it names another, and reads the whole answer.
    pub async fn send(&mut self, mut request: Request<Body>) -> Outcome<Answer> {
        let headers = request.headers_mut();
        if !headers.contains_key(header::HOST) {
            headers.insert(header::HOST, self.host.parse()?);
        }
        self.sender.ready().await?;
        let response = self.sender.send_request(request).await?;
        let head_at = std::time::Instant::now();
        let (head, body) = response.into_parts();
        Ok(Answer {
            status: head.status,
            headers: head.headers,
            head_at,
            body: body.collect().await?.to_bytes(),
        })
    }
}
