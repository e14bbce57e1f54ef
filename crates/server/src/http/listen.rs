//! Connections: HTTP/1.1 with a limit on how long a head may take, and a graceful end.

use std::time::Duration;

use axum::{Router, extract::Request};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use tokio::net::TcpListener;
use tower::ServiceExt as _;

use super::outer::Peer;
use crate::platform::shutdown::Shutdown;

/// A client that has not sent its head by then only holds a connection.
const HEAD: Duration = Duration::from_secs(10);
/// How long requests in flight may take at the end.
const DRAIN: Duration = Duration::from_secs(10);

/// Serves until the shutdown begins, then lets requests in flight finish.
pub async fn serve(listener: TcpListener, router: Router, shutdown: &Shutdown) {
    let graceful = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shutdown.begun() => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file descriptors, most likely: waiting lets other connections end.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        // Small answers should not wait for more to send with them.
        let _ = stream.set_nodelay(true);
        let router = router.clone();
        let service = service_fn(move |mut request: hyper::Request<Incoming>| {
            request.extensions_mut().insert(Peer(peer));
            router
                .clone()
                .oneshot(Request::from(request.map(axum::body::Body::new)))
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD)
            .max_buf_size(64 * 1024)
            .serve_connection(TokioIo::new(stream), service);
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended early");
            }
        });
    }
    drop(listener);
    if tokio::time::timeout(DRAIN, graceful.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("some requests did not finish in time");
    }
}

/// Asks a server for `/readyz`; whether it is ready.
pub async fn probe(stream: tokio::net::TcpStream) -> std::io::Result<bool> {
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(std::io::Error::other)?;
    tokio::spawn(connection);
    let request = hyper::Request::get("/readyz")
        .header("host", "localhost")
        .body(axum::body::Body::empty());
    let response = sender
        .send_request(request.map_err(std::io::Error::other)?)
        .await
        .map_err(std::io::Error::other)?;
    Ok(response.status().is_success())
}
