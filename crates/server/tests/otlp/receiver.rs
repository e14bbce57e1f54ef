//! A receiver of OTLP that keeps what it was sent, or refuses it.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, StatusCode},
    routing::post,
};
use opentelemetry_proto::tonic::{
    collector::{
        logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest,
        trace::v1::ExportTraceServiceRequest,
    },
    common::v1::{KeyValue, any_value::Value},
    logs::v1::LogRecord,
    metrics::v1::Metric,
    trace::v1::Span,
};
use prost::Message;
use tokio::net::TcpListener;

/// A message as it came.
#[derive(Clone)]
pub struct Came {
    /// Whether it was taken.
    is_taken: bool,
    pub path: String,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

/// What a receiver says to a message for a path.
type Say = fn(&str) -> (StatusCode, Vec<u8>);

type Kept = Arc<(Say, Mutex<Vec<Came>>)>;

/// The receiver, listening.
pub struct Receiver {
    pub address: SocketAddr,
    kept: Kept,
}

impl Receiver {
    /// One that takes everything.
    pub async fn start() -> Self {
        Self::saying(|_| (StatusCode::OK, Vec::new())).await
    }

    /// One that answers so.
    pub async fn saying(say: Say) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let kept: Kept = Arc::new((say, Mutex::default()));
        let router = Router::new()
            .route("/v1/{signal}", post(keep))
            .with_state(Arc::clone(&kept));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, kept }
    }

    /// Everything that came and was taken.
    pub fn came(&self) -> Vec<Came> {
        let kept = self.kept.1.lock().expect("not poisoned");
        kept.iter().filter(|one| one.is_taken).cloned().collect()
    }

    /// How many messages came for a path, taken or not.
    pub fn asked(&self, path: &str) -> usize {
        let kept = self.kept.1.lock().expect("not poisoned");
        kept.iter().filter(|one| one.path == path).count()
    }

    fn messages<M: Message + Default>(&self, path: &str) -> Vec<M> {
        let came = self.came().into_iter().filter(|one| one.path == path);
        came.map(|one| M::decode(&*one.body).expect("a message"))
            .collect()
    }

    /// All spans.
    pub fn spans(&self) -> Vec<Span> {
        let messages = self.messages::<ExportTraceServiceRequest>("/v1/traces");
        let resources = messages.into_iter().flat_map(|one| one.resource_spans);
        let scopes = resources.flat_map(|one| one.scope_spans);
        scopes.flat_map(|one| one.spans).collect()
    }

    /// All events.
    pub fn logs(&self) -> Vec<LogRecord> {
        let messages = self.messages::<ExportLogsServiceRequest>("/v1/logs");
        let resources = messages.into_iter().flat_map(|one| one.resource_logs);
        let scopes = resources.flat_map(|one| one.scope_logs);
        scopes.flat_map(|one| one.log_records).collect()
    }

    /// The metrics that came last, and what is said of who sent them.
    pub fn metrics(&self) -> (Vec<KeyValue>, Vec<Metric>) {
        let messages = self.messages::<ExportMetricsServiceRequest>("/v1/metrics");
        let last = messages.into_iter().next_back().expect("metrics");
        let last = last
            .resource_metrics
            .into_iter()
            .next()
            .expect("a resource");
        let resource = last.resource.expect("a resource");
        let scopes = last.scope_metrics.into_iter();
        (
            resource.attributes,
            scopes.flat_map(|one| one.metrics).collect(),
        )
    }
}

async fn keep(State(kept): State<Kept>, request: Request<Body>) -> (StatusCode, Vec<u8>) {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.expect("a body");
    let path = parts.uri.path().to_owned();
    let (status, answer) = kept.0(&path);
    kept.1.lock().expect("not poisoned").push(Came {
        is_taken: status.is_success(),
        path,
        headers: parts.headers,
        body: body.to_vec(),
    });
    (status, answer)
}

/// The text of an attribute; a number as its digits.
pub fn attribute(attributes: &[KeyValue], name: &str) -> Option<String> {
    let found = attributes.iter().find(|one| one.key == name)?;
    match found.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text.clone()),
        Value::IntValue(number) => Some(number.to_string()),
        other => panic!("{other:?}"),
    }
}
