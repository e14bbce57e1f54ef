//! Connections: HTTP/1.1, so many at once, none of them for nothing, and a graceful end.
//!
//! Whoever sends no head, no body (see `body`) or takes no answer loses the connection after seconds, so the places
//! come free however many strangers only hold them.

use std::{convert::Infallible, io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, body::Body, extract::Request};
use hyper::{
    body::Incoming,
    server::conn::http1,
    service::{HttpService, service_fn},
};
use hyper_util::rt::{TokioIo, TokioTimer};
use rustix::process::{Resource, getrlimit};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tower::ServiceExt as _;

use super::outer::Peer;
use crate::platform::shutdown::Shutdown;

/// How long requests in flight may take at the end.
const DRAIN: Duration = Duration::from_secs(10);

/// Connections at once: with 64 KiB each for a head and a body, 256 MiB at the very worst. A socket keeps its place to
/// its end.
const CONNECTIONS: u64 = 2048;
/// Descriptors left for the database, files and logs.
const ROOM: u64 = 128;
/// However few descriptors there are: more than one browser's worth.
const FEWEST: u64 = 16;

/// The place of a connection, among a request's extensions. Whoever takes the connection over holds it to the end.
#[derive(Debug, Clone)]
pub struct Place {
    _held: Arc<OwnedSemaphorePermit>,
}

/// How many connections this process takes at once.
pub fn places() -> usize {
    Limits::of_this_process().connections
}

/// What a connection may cost.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// A client that has not sent its head by then only holds a connection; also how long one may be idle.
    head: Duration,
    /// Nor does one that has taken nothing of its answer for so long.
    stalled: Duration,
    /// How many are open at once. More wait in the kernel's queue, where they cost no descriptor.
    connections: usize,
}

impl Limits {
    /// By what the process may open: without a descriptor left, the database and the log would fail, too.
    fn of_this_process() -> Self {
        let descriptors = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
        let connections = descriptors.saturating_sub(ROOM).clamp(FEWEST, CONNECTIONS);
        Self {
            head: Duration::from_secs(10),
            stalled: Duration::from_secs(30),
            connections: usize::try_from(connections).unwrap_or(usize::MAX),
        }
    }
}

/// Serves until the shutdown begins, then lets requests in flight finish.
pub async fn serve(listener: TcpListener, router: Router, shutdown: &Shutdown) {
    serve_within(listener, router, shutdown, Limits::of_this_process()).await;
}

/// The same for a door that few come to: they take no places from the others.
pub async fn serve_few(listener: TcpListener, router: Router, shutdown: &Shutdown) {
    let limits = Limits {
        connections: 8,
        ..Limits::of_this_process()
    };
    serve_within(listener, router, shutdown, limits).await;
}

async fn serve_within(listener: TcpListener, router: Router, shutdown: &Shutdown, limits: Limits) {
    let places = Arc::new(Semaphore::new(limits.connections));
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &places) => accepted,
            () = shutdown.begun() => break,
        };
        match accepted {
            Ok((place, stream, peer)) => {
                set_options(&stream, &limits);
                let place = Place {
                    _held: Arc::new(place),
                };
                let connection = connection(stream, peer, place, router.clone(), limits.head);
                tokio::spawn(end_well(connection, shutdown.clone()));
            }
            Err(error) => {
                // Out of file descriptors, most likely: waiting lets other connections end.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    drop(listener);
    // Every place is free once every request has its answer and every socket its last word.
    let all = u32::try_from(limits.connections).unwrap_or(u32::MAX);
    let ended = tokio::time::timeout(DRAIN, places.acquire_many(all));
    if ended.await.is_err() {
        tracing::warn!("some requests did not finish in time");
    }
}

type Served<S> = (http1::UpgradeableConnection<TokioIo<TcpStream>, S>, Place);

/// A connection that answers its requests by the router.
fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    place: Place,
    router: Router,
    head: Duration,
) -> Served<
    impl HttpService<Incoming, ResBody = Body, Error = Infallible, Future: Send> + Send + 'static,
> {
    let held = place.clone();
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(Peer(peer));
        request.extensions_mut().insert(held.clone());
        let request = Request::from(request.map(Body::new));
        router.clone().oneshot(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(head)
        .max_buf_size(64 * 1024)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    (connection, place)
}

/// Serves a connection; once the end begins, no further than the request that is in flight.
async fn end_well<S>((connection, place): Served<S>, shutdown: Shutdown)
where
    S: HttpService<Incoming, ResBody = Body, Error = Infallible, Future: Send> + Send + 'static,
{
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = shutdown.begun() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
    // Free once the connection is closed, or whoever took it over is done.
    drop(place);
}

/// The next connection, once there is a place for it.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> io::Result<(OwnedSemaphorePermit, TcpStream, SocketAddr)> {
    let place = Arc::clone(places).acquire_owned().await;
    let place = place.map_err(io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    Ok((place, stream, peer))
}

/// Neither option is worth a connection, should the system refuse it.
fn set_options(stream: &TcpStream, limits: &Limits) {
    // Small answers should not wait for more to send with them.
    let _ = stream.set_nodelay(true);
    // Only the kernel sees whether what was sent is taken.
    #[cfg(target_os = "linux")]
    let _ = rustix::net::sockopt::set_tcp_user_timeout(
        stream,
        u32::try_from(limits.stalled.as_millis()).unwrap_or(u32::MAX),
    );
}

/// Asks a server for `/readyz`; whether it is ready.
pub async fn probe(stream: tokio::net::TcpStream) -> std::io::Result<bool> {
    let (status, _) = ask(stream, "/readyz").await?;
    Ok(status.is_success())
}

/// Asks whoever listens for `/livez`; whether the answer is this program's.
pub async fn lives(stream: tokio::net::TcpStream) -> std::io::Result<bool> {
    let (status, body) = ask(stream, "/livez").await?;
    Ok(status.is_success() && body == super::health::LIVE.as_bytes())
}

/// One request; the answer's status and its body, 4 KiB at most.
async fn ask(
    stream: tokio::net::TcpStream,
    path: &'static str,
) -> std::io::Result<(hyper::StatusCode, axum::body::Bytes)> {
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(std::io::Error::other)?;
    tokio::spawn(connection);
    let request = hyper::Request::get(path)
        .header("host", "localhost")
        .body(Body::empty());
    let response = sender
        .send_request(request.map_err(std::io::Error::other)?)
        .await
        .map_err(std::io::Error::other)?;
    let status = response.status();
    // Whoever answers may be a stranger with much to say.
    let body = axum::body::to_bytes(Body::new(response.into_body()), 4096)
        .await
        .map_err(std::io::Error::other)?;
    Ok((status, body))
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use axum::routing::{get, post};
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        sync::watch,
    };

    use super::*;

    const NEVER: Duration = Duration::from_secs(3600);
    const SOON: Duration = Duration::from_millis(200);
    const SMALL: &[u8] = b"GET /small HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";

    /// A server with one place.
    async fn start(head: Duration, stalled: Duration) -> (SocketAddr, watch::Sender<bool>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let (end, shutdown) = Shutdown::manual();
        let router = Router::new()
            .route("/small", get(async || "small"))
            .route("/large", get(async || vec![0_u8; 64 * 1024 * 1024]))
            .route("/deaf", post(async || "deaf"));
        let limits = Limits {
            head,
            stalled,
            connections: 1,
        };
        tokio::spawn(async move { serve_within(listener, router, &shutdown, limits).await });
        (address, end)
    }

    async fn send(address: SocketAddr, bytes: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(address).await.expect("the queue");
        stream.write_all(bytes).await.expect("sent");
        stream
    }

    /// What arrives until the server closes.
    async fn rest(mut stream: TcpStream) -> String {
        let mut text = String::new();
        let reading = stream.read_to_string(&mut text);
        let within = tokio::time::timeout(Duration::from_secs(60), reading).await;
        within.expect("the server closes").expect("read");
        text
    }

    #[tokio::test]
    async fn who_finds_no_place_waits_until_one_is_free() {
        let (address, _end) = start(SOON, NEVER).await;
        let silent = send(address, b"").await;
        let answer = rest(send(address, SMALL).await).await;
        assert!(answer.ends_with("small"), "{answer}");
        // By the time of the answer the only place was free again: the silent one had lost it.
        let mut silent = silent.into_std().expect("a socket");
        assert_eq!(silent.read(&mut [0]).expect("closed"), 0);
    }

    #[tokio::test]
    async fn who_takes_no_answer_loses_the_place() {
        let (address, _end) = start(NEVER, SOON).await;
        let _greedy = send(address, b"GET /large HTTP/1.1\r\nhost: x\r\n\r\n").await;
        let answer = rest(send(address, SMALL).await).await;
        assert!(answer.ends_with("small"), "{answer}");
    }

    #[tokio::test]
    async fn a_body_that_nobody_waits_for_keeps_no_place() {
        let (address, _end) = start(NEVER, NEVER).await;
        let head = b"POST /deaf HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n";
        let answer = rest(send(address, head).await).await;
        assert!(answer.ends_with("deaf"), "{answer}");
    }
}
