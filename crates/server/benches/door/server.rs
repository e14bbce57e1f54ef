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

use crate::{Outcome, crowd, events, house, machine};

/// The hidden argument of the child process.
pub const ARGUMENT: &str = "--serve";
/// Behind the same outer door as the API, without a session.
pub const LAYERED: &str = "/api/bench/layered";
/// Behind nothing.
pub const BARE: &str = "/bench/bare";

/// What house the child makes.
#[derive(Default, Serialize, Deserialize)]
pub struct Plan {
    /// People with a password.
    pub people: usize,
    /// Whether all but person 0 have a second factor.
    pub has_second_factor: bool,
    /// Live sessions of person 0, one at least; an account may have so many.
    pub sessions: u32,
    /// Accounts beside them that nobody signs in to; where there are some, person 0 is an admin.
    pub crowd: u32,
    /// Events beside those that people cause; where there are some, person 0 is an admin.
    pub events: u32,
    /// People, from person 1 on, who are admins and signed in; then the host is measured, too.
    pub admins: usize,
    /// Whether its rows are in PostgreSQL.
    pub is_on_postgres: bool,
}

impl Plan {
    /// A house with so many people, and nothing special.
    pub fn of(people: usize) -> Self {
        Self {
            people,
            ..Self::default()
        }
    }
}

/// What the child tells its parent.
#[derive(Serialize, Deserialize)]
pub struct Doors {
    /// The port of the program's routes and of [`LAYERED`].
    pub port: u16,
    /// The port of [`BARE`].
    pub bare: u16,
    /// The cookie of person 0.
    pub cookie: String,
    /// The cookies of the admins.
    pub cookies: Vec<String>,
    /// The seeds of the others' second factors, in base 32.
    pub seeds: Vec<String>,
}

/// A running server; dropping it ends it.
pub struct Server {
    /// Where to knock.
    pub doors: Doors,
    child: Child,
    until: Option<ChildStdin>,
}

impl Server {
    /// Starts a server on its core, in a house of this plan.
    pub fn start(plan: &Plan) -> Outcome<Self> {
        let mut child = machine::on_server_core(&machine::ourselves()?)
            .args([ARGUMENT, &serde_json::to_string(plan)?])
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

impl Server {
    /// The process.
    pub fn pid(&self) -> u32 {
        self.child.id()
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
    let [plan] = arguments else {
        return Err("usage: --serve PLAN".into());
    };
    let plan: Plan = serde_json::from_str(plan)?;
    machine::on_all_cores(async {
        let folder = house::folder()?;
        let db = if plan.is_on_postgres {
            house::postgres().await?
        } else {
            house::sqlite(folder.path()).await?
        };
        let sessions = plan.sessions.max(1);
        let services = house::services(folder.path(), db, Arc::new(SystemClock), sessions).await?;
        telemetry::start(&services.config.log.filter, true, None);
        house::listen_to_feed(Arc::clone(&services));
        let (cookie, seeds) = move_in(&services, &plan).await?;
        let cookies = appoint(&services, plan.admins).await?;
        let shutdown = until_let_go();
        let body = profile_bytes(&services, &cookie).await?;
        let routes = http::router(Arc::clone(&services)).merge(layered(&services, body.clone()));
        let (front, back) = (listener().await?, listener().await?);
        let doors = Doors {
            port: front.local_addr()?.port(),
            bare: back.local_addr()?.port(),
            cookie,
            cookies,
            seeds,
        };
        writeln!(std::io::stderr(), "{}", serde_json::to_string(&doors)?)?;
        let bare = Router::new().route(BARE, get(move || answer(body.clone())));
        tokio::spawn(axum::serve(back, bare).into_future());
        http::listen::serve(front, routes, &shutdown).await;
        Ok(())
    })
}

/// Fills the house; answers the cookie of person 0 and the seeds of the others.
async fn move_in(services: &Services, plan: &Plan) -> Outcome<(String, Vec<String>)> {
    house::settle(services, plan.people).await?;
    if plan.crowd > 0 {
        crowd::settle(services, plan.crowd, plan.is_on_postgres).await?;
        house::appoint(services, 0).await?;
    }
    if plan.events > 0 {
        events::fill(services, plan.events, plan.is_on_postgres).await?;
        house::appoint(services, 0).await?;
    }
    for _ in 1..plan.sessions {
        house::sign_in(services, 0, Transport::Bearer).await?;
    }
    let grant = house::sign_in(services, 0, Transport::Cookie).await?;
    let cookie = format!("{}={}", services.cookie_names.access, *grant.access_token);
    let seeds = if plan.has_second_factor {
        house::enrol(services, 1..plan.people).await?
    } else {
        Vec::new()
    };
    Ok((cookie, seeds))
}

/// Makes people admins and signs them in; where there are any, the host is measured as in the running program.
async fn appoint(services: &Arc<Services>, admins: usize) -> Outcome<Vec<String>> {
    let mut cookies = Vec::with_capacity(admins);
    for number in 1..=admins {
        house::appoint(services, number).await?;
        let grant = house::sign_in(services, number, Transport::Cookie).await?;
        let name = &services.cookie_names.access;
        cookies.push(format!("{name}={}", *grant.access_token));
    }
    if admins > 0 {
        tokio::spawn(Arc::clone(services).measure());
    }
    Ok(cookies)
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
