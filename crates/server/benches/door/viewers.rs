//! A thousand viewers of the host live: what they cost the server, how soon a sample is with the last of them, and
//! whether one who takes nothing harms the others. And what measuring costs while nobody looks.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use axum::{
    body::Body,
    http::{Request, header},
};
use concierge_core::{
    monitor::{METRICS, Sample, Value, Values, live::PATH, ring::Rings},
    time::Timestamp,
};
use concierge_server::{
    monitor::Probe,
    platform::clock::{Clock as _, SystemClock},
};
use futures_util::StreamExt as _;
use rustix::param::{clock_ticks_per_second, page_size};
use serde_json::json;
use tokio::{
    net::TcpStream,
    sync::mpsc,
    time::{sleep, timeout},
};
use tokio_tungstenite::{
    client_async,
    tungstenite::{Message, client::IntoClientRequest as _},
};

use crate::{
    Outcome,
    client::{Connection, HOST},
    house, machine,
    report::{self, Goal, Report},
    server::{Plan, Server},
    statistics::{median, millis, quantile},
};

/// Sockets of one admin.
const EACH: usize = 10;
/// Admins.
const ADMINS: usize = 100;
/// All sockets but one; with the one that takes nothing there are a thousand, which is all there may be.
const VIEWERS: usize = ADMINS * EACH - 1;
/// How long is measured, in seconds; once without and once with a viewer who takes nothing.
const SPAN: u64 = 15;
/// Readings of the probe.
const READINGS: u32 = 200;
/// After which the sign-ins have given back what they needed.
const REST: Duration = Duration::from_secs(12);
/// How often somebody signs in after a rest.
const CYCLES: usize = 4;
/// Between two samples while nobody looks, in seconds.
const ALONE: f64 = 10.0;

/// A sample that a viewer took.
struct Taken {
    /// Milliseconds after it was measured.
    late: f64,
    /// With the head of its frame.
    bytes: usize,
}

/// Measures the part.
pub fn measure(report: &mut Report) -> Outcome<()> {
    machine::require(&["taskset"])?;
    alone(report)?;
    let rings = full_rings()?;
    host(report, "SQLite", rings, false)?;
    if house::postgres_url().is_none() {
        report.missing(house::NO_POSTGRES);
        return Ok(());
    }
    host(report, "PostgreSQL", rings, true)
}

/// A host on one engine, whose rings need so many megabytes.
fn host(report: &mut Report, engine: &str, rings: f64, is_on_postgres: bool) -> Outcome<()> {
    let server = Server::start(&Plan {
        admins: ADMINS,
        is_on_postgres,
        ..Plan::of(ADMINS + 1)
    })?;
    report.add(
        &format!("{engine}: resident memory with full rings, right after the sign-ins"),
        resident(server.pid())? + rings,
        "MB",
        Goal::Shown,
    );
    // More than once: an allocator may give back what it got first, and keep all that comes after.
    for _ in 0..CYCLES {
        std::thread::sleep(REST);
        machine::on_all_cores(fail_to_sign_in(&server))?;
    }
    std::thread::sleep(REST);
    let before = resident(server.pid())?;
    report.add(
        &format!("{engine}: resident memory with full rings, at rest"),
        before + rings,
        "MB",
        Goal::AtMost(40.0),
    );
    machine::as_load(watched(report, engine, &server, before))
}

/// What a reading costs, as a share of one core at one in ten seconds.
fn alone(report: &mut Report) -> Outcome<()> {
    let pid = std::process::id();
    let mut probe = Probe::start(Path::new("."));
    probe.read();
    let before = busy(pid)?;
    for _ in 0..READINGS {
        probe.read();
    }
    let each = (busy(pid)? - before) / f64::from(READINGS);
    let share = each / ALONE * 100.0;
    report.add(
        "sampler with nobody watching, of a core",
        share,
        "%",
        Goal::AtMost(0.1),
    );
    Ok(())
}

/// Megabytes that rings grow to: a week of samples, held while it is looked.
fn full_rings() -> Outcome<f64> {
    let before = resident(std::process::id())?;
    let mut rings = Rings::default();
    let values = Values([Value::new(1.5); METRICS]);
    for number in 0..8 * 24 * 360 {
        let at = Timestamp::from_millis(number * 10_000);
        rings.push(Sample { at, values });
    }
    let after = resident(std::process::id())?;
    // Not before it was looked at.
    drop(rings);
    Ok((after - before).max(0.0))
}

/// A hash of a password in vain.
async fn fail_to_sign_in(server: &Server) -> Outcome<()> {
    let mut connection = Connection::open(server.doors.port, HOST).await?;
    let body = json!({ "email": house::unknown_email(0), "password": "not the right words" });
    let request = Request::post("/api/auth/login")
        .header(header::ORIGIN, format!("http://{HOST}"))
        .header(header::CONTENT_TYPE, "application/json");
    let answer = connection
        .send(request.body(Body::from(body.to_string()))?)
        .await?;
    match answer.status.as_u16() {
        401 => Ok(()),
        other => Err(format!("a wrong password was answered {other}").into()),
    }
}

async fn watched(report: &mut Report, engine: &str, server: &Server, before: f64) -> Outcome<()> {
    let (told, mut taken) = mpsc::unbounded_channel();
    for viewer in 0..VIEWERS {
        let cookie = server.doors.cookies.get(viewer / EACH);
        let socket = open(server.doors.port, cookie.ok_or("an admin is missing")?).await?;
        tokio::spawn(take(socket, told.clone()));
    }
    // The last has come; the first minute of everything is over soon.
    sleep(Duration::from_secs(3)).await;
    report.add(
        &format!("{engine}: memory of a viewer"),
        (resident(server.pid())? - before) * 1000.0 / VIEWERS as f64,
        "KB",
        Goal::AtMost(64.0),
    );
    let calm = span(server, &mut taken).await?;
    add(report, engine, &calm);
    // One more socket, which takes nothing from now on.
    let cookie = server.doors.cookies.last();
    let cookie = cookie.ok_or("an admin is missing")?;
    let stalled = open(server.doors.port, cookie).await?;
    let beside = span(server, &mut taken).await?;
    add(
        report,
        &format!("{engine}, beside one who takes nothing"),
        &beside,
    );
    report.add(
        &format!("{engine}: from a sign-out to the end of its socket"),
        sign_out(server, cookie, stalled).await?,
        "ms",
        Goal::AtMost(1000.0),
    );
    Ok(())
}

/// The milliseconds from the moment somebody signs out until the socket of the session is closed.
async fn sign_out(server: &Server, cookie: &str, mut socket: Socket) -> Outcome<f64> {
    let mut connection = Connection::open(server.doors.port, HOST).await?;
    let request = Request::post("/api/auth/logout")
        .header(header::ORIGIN, format!("http://{HOST}"))
        .header(header::COOKIE, cookie);
    let begun = Instant::now();
    let answer = connection.send(request.body(Body::empty())?).await?;
    if !answer.status.is_success() {
        return Err(format!("a sign-out was answered {}", answer.status).into());
    }
    while let Some(Ok(message)) = socket.next().await {
        if message.is_close() {
            break;
        }
    }
    Ok(millis(begun.elapsed()))
}

/// What a span of time came to.
struct Span {
    core: f64,
    taken: Vec<Taken>,
}

async fn span(server: &Server, taken: &mut mpsc::UnboundedReceiver<Taken>) -> Outcome<Span> {
    while taken.try_recv().is_ok() {}
    let (begun, before) = (Instant::now(), busy(server.pid())?);
    let span = Duration::from_secs(SPAN);
    let mut all = Vec::new();
    while let Some(left) = span.checked_sub(begun.elapsed()) {
        match timeout(left, taken.recv()).await {
            Ok(Some(one)) => all.push(one),
            Ok(None) => return Err("every viewer lost its socket".into()),
            Err(_) => break,
        }
    }
    let core = (busy(server.pid())? - before) / begun.elapsed().as_secs_f64() * 100.0;
    Ok(Span { core, taken: all })
}

fn add(report: &mut Report, when: &str, span: &Span) {
    let late: Vec<f64> = span.taken.iter().map(|one| one.late).collect();
    let bytes: usize = span.taken.iter().map(|one| one.bytes).sum();
    let seconds = SPAN as f64 * VIEWERS as f64;
    let rows = [
        (
            "samples, of those there were",
            span.taken.len() as f64 / seconds * 100.0,
            "%",
            Goal::AtLeast(90.0),
        ),
        ("of a core", span.core, "%", Goal::AtMost(30.0)),
        (
            "to a viewer, in a second",
            bytes as f64 / seconds,
            "B",
            Goal::AtMost(200.0),
        ),
        ("delivery, p50", median(&late), "ms", Goal::Shown),
        (
            "delivery, p99",
            quantile(&late, 0.99),
            "ms",
            Goal::AtMost(100.0),
        ),
    ];
    for (name, value, unit, goal) in rows {
        report.add(&format!("{when}: {name}"), value, unit, goal);
    }
}

type Socket = tokio_tungstenite::WebSocketStream<TcpStream>;

async fn open(port: u16, cookie: &str) -> Outcome<Socket> {
    let mut request = format!("ws://{HOST}{PATH}").into_client_request()?;
    let headers = request.headers_mut();
    headers.insert("origin", format!("http://{HOST}").parse()?);
    headers.insert("cookie", cookie.parse()?);
    let stream = TcpStream::connect(("127.0.0.1", port)).await?;
    let (socket, _) = client_async(request, stream)
        .await
        .map_err(|error| format!("no socket: {error}; each needs a file, see `ulimit -n`"))?;
    Ok(socket)
}

/// Takes samples until the server closes.
async fn take(mut socket: Socket, told: mpsc::UnboundedSender<Taken>) {
    while let Some(Ok(message)) = socket.next().await {
        let Message::Text(text) = message else {
            continue;
        };
        let Some(at) = text.strip_prefix(r#"{"t":"s","v":["#) else {
            continue;
        };
        let at = at.split(',').next().and_then(|at| at.parse::<i64>().ok());
        let late = at.map(|at| SystemClock.now().as_millis() - at);
        let taken = Taken {
            late: late.unwrap_or_default() as f64,
            // A head of two bytes up to 125, of four beyond.
            bytes: text.len() + if text.len() > 125 { 4 } else { 2 },
        };
        if told.send(taken).is_err() {
            report::note("nobody counts any more");
            return;
        }
    }
}

/// Megabytes that a process holds in memory.
fn resident(pid: u32) -> Outcome<f64> {
    let text = fs::read_to_string(format!("/proc/{pid}/statm"))?;
    let pages = text.split(' ').nth(1).ok_or("no resident pages")?;
    Ok(pages.parse::<f64>()? * page_size() as f64 / 1e6)
}

/// Seconds of processor that a process has used.
fn busy(pid: u32) -> Outcome<f64> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name of the program stands in brackets and may hold blanks.
    let (_, rest) = text.rsplit_once(')').ok_or("no state")?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let ticks = |index: usize| -> Outcome<f64> {
        fields
            .get(index)
            .ok_or("no time")?
            .parse::<f64>()
            .map_err(Into::into)
    };
    let used: Outcome<f64> = ticks(11);
    let system: Outcome<f64> = ticks(12);
    Ok((used? + system?) / clock_ticks_per_second() as f64)
}
