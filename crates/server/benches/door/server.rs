//! The server under load, in a process of its own on a core of its own.
//!
//! Beside the program's routes stands one behind the same outer door that needs nobody signed in and answers the
//! same bytes; and on another port one with no layer at all.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, ChildStdin, Stdio},
    sync::Arc,
};

use axum::{
    Router,
    extract::Request,
    http::{HeaderValue, header},
    middleware,
    response::Response,
    routing::get,
};
use concierge_core::session::Transport;
use concierge_server::{
    http::{self, outer},
    platform::{clock::SystemClock, shutdown::Shutdown, telemetry},
    services::Services,
};
use http_body_util::BodyExt as _;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tower::ServiceExt as _;

use crate::{Outcome, house, machine};

/// The hidden argument of the child process.
pub const ARGUMENT: &str = "--serve";
/// Behind the same outer door as the API, without a session.
pub const LAYERED: &str = "/api/bench/layered";
/// Behind nothing.
pub const BARE: &str = "/bench/bare";

/// What the child tells its parent.
#[derive(Serialize, Deserialize)]
pub struct Doors {
    /// The port of the program's routes and of [`LAYERED`].
    pub port: u16,
    /// The port of [`BARE`].
    pub bare: u16,
    /// The cookie of person 0.
    pub cookie: String,
}

/// A running server; dropping it ends it.
pub struct Server {
    /// Where to knock.
    pub doors: Doors,
    child: Child,
    until: Option<ChildStdin>,
}

impl Server {
    /// Starts a server on its core, with this many people in the house.
    pub fn start(people: usize) -> Outcome<Self> {
        let mut child = machine::on_server_core(&machine::ourselves()?)
            .args([ARGUMENT, &people.to_string()])
            .stdin(Stdio::piped())
            // The access log is written as in production, and goes nowhere.
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        if let Some(told) = child.stderr.take() {
            BufReader::new(told).read_line(&mut line)?;
        }
        let doors = serde_json::from_str(&line)
            .map_err(|_| format!("the server did not start: {}", line.trim()))?;
        Ok(Self {
            doors,
            until: child.stdin.take(),
            child,
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It ends by itself once it is let go, and takes its folder along.
        drop(self.until.take());
        let _ = self.child.wait();
    }
}

/// The child: serves until its parent lets go of its standard input.
pub fn run(arguments: &[&str]) -> Outcome<()> {
    let [people] = arguments else {
        return Err("usage: --serve PEOPLE".into());
    };
    let people: usize = people.parse()?;
    machine::on_all_cores(async {
        let folder = house::folder()?;
        let db = house::sqlite(folder.path()).await?;
        let services = house::services(folder.path(), db, Arc::new(SystemClock)).await?;
        telemetry::start(&services.config.log.filter, true);
        house::listen_to_feed(Arc::clone(&services));
        house::settle(&services, people).await?;
        let grant = house::sign_in(&services, 0, Transport::Cookie).await?;
        let cookie = format!("{}={}", services.cookie_names.access, *grant.access_token);
        let shutdown = until_let_go();
        let body = profile_bytes(&services, &cookie).await?;
        let routes = http::router(Arc::clone(&services)).merge(layered(&services, body.clone()));
        let (front, back) = (listener().await?, listener().await?);
        let doors = Doors {
            port: front.local_addr()?.port(),
            bare: back.local_addr()?.port(),
            cookie,
        };
        writeln!(std::io::stderr(), "{}", serde_json::to_string(&doors)?)?;
        let bare = Router::new().route(BARE, get(move || answer(body.clone())));
        tokio::spawn(axum::serve(back, bare).into_future());
        http::listen::serve(front, routes, &shutdown).await;
        Ok(())
    })
}

async fn listener() -> Outcome<TcpListener> {
    Ok(TcpListener::bind("127.0.0.1:0").await?)
}

/// The route that the profile is compared with.
fn layered(services: &Arc<Services>, body: axum::body::Bytes) -> Router {
    let handler = get(move || answer(body.clone()));
    Router::new()
        .route(LAYERED, handler)
        .layer(middleware::from_fn_with_state(
            Arc::clone(services),
            outer::outer,
        ))
}

async fn answer(body: axum::body::Bytes) -> Response {
    let mut response = Response::new(body.into());
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json; charset=utf-8"),
    );
    response
}

/// What the profile answers, byte for byte.
async fn profile_bytes(services: &Arc<Services>, cookie: &str) -> Outcome<axum::body::Bytes> {
    let request = Request::get("/api/profile")
        .header(header::HOST, services.config.public_url.host())
        .header(header::COOKIE, cookie)
        .body(axum::body::Body::empty())?;
    let response = http::router(Arc::clone(services)).oneshot(request).await?;
    if !response.status().is_success() {
        return Err(format!("the profile answers {}", response.status()).into());
    }
    Ok(response.into_body().collect().await?.to_bytes())
}

/// A shutdown that begins when the parent closes our standard input, by intention or by its own end.
fn until_let_go() -> Shutdown {
    let (begin, shutdown) = Shutdown::manual();
    std::thread::spawn(move || {
        // Whatever ends the reading ends the server.
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        let _ = begin.send(true);
    });
    shutdown
}
