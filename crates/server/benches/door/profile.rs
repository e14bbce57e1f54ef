//! `GET /api/profile` with a session, beside the same answer without one and beside no layer at all.

use std::process::Command;

use crate::{
    Outcome,
    machine::{self, require},
    report::{Goal, Report},
    server::{BARE, LAYERED, Plan, Server},
    statistics::median,
};

/// Rounds; in each every route has its turn, so that what slows the machine slows all of them.
const ROUNDS: usize = 5;
/// How long a turn is.
const SECONDS: u32 = 5;

/// What `wrk` found, in requests per second and milliseconds.
struct Turn {
    rate: f64,
    p99: f64,
}

/// Measures the part.
pub fn measure(report: &mut Report) -> Outcome<()> {
    require(&["wrk", "taskset"])?;
    let server = Server::start(&Plan::of(1))?;
    let doors = &server.doors;
    let routes = [
        (doors.port, "/api/profile"),
        (doors.port, LAYERED),
        (doors.bare, BARE),
    ];
    for (port, path) in routes {
        load(port, path, &doors.cookie, 1)?;
    }
    let mut turns: [Vec<Turn>; 3] = Default::default();
    for round in 0..ROUNDS {
        for step in 0..routes.len() {
            // Each round begins with another route: nobody always comes first.
            let at = (round + step) % routes.len();
            let (port, path) = routes[at];
            turns[at].push(load(port, path, &doors.cookie, SECONDS)?);
        }
    }
    tell(report, &turns);
    Ok(())
}

fn tell(report: &mut Report, turns: &[Vec<Turn>; 3]) {
    let of = |at: usize, figure: fn(&Turn) -> f64| -> Vec<f64> {
        turns[at].iter().map(figure).collect()
    };
    // Ratios of the turns of one round, then their median: rounds may differ, the turns of one hardly.
    let ratio = |one: usize, other: usize, figure: fn(&Turn) -> f64| {
        let pairs = of(one, figure).into_iter().zip(of(other, figure));
        median(&pairs.map(|(one, other)| one / other).collect::<Vec<_>>())
    };
    for (at, name) in ["GET /api/profile", "same layers, no session", "no layer"]
        .into_iter()
        .enumerate()
    {
        let (rate, p99) = (
            median(&of(at, |turn| turn.rate)),
            median(&of(at, |turn| turn.p99)),
        );
        report.add(name, rate, "req/s", Goal::Shown);
        report.add(&format!("{name}, p99"), p99, "ms", Goal::Shown);
    }
    report.add(
        "profile / same layers",
        ratio(0, 1, |turn| turn.rate),
        "",
        Goal::AtLeast(0.8),
    );
    report.add(
        "profile / no layer",
        ratio(0, 2, |turn| turn.rate),
        "",
        Goal::AtLeast(0.35),
    );
    report.add(
        "profile p99 / same layers p99",
        ratio(0, 1, |turn| turn.p99),
        "",
        Goal::AtMost(2.0),
    );
}

fn load(port: u16, path: &str, cookie: &str, seconds: u32) -> Outcome<Turn> {
    let mut wrk: Command = machine::on_load_core("wrk");
    wrk.args(["-t1", "-c32", &format!("-d{seconds}s"), "--latency"])
        .args(["-H", &format!("Host: {}", crate::client::HOST)])
        .args(["-H", &format!("Cookie: {cookie}")])
        .arg(format!("http://127.0.0.1:{port}{path}"));
    let said = String::from_utf8(wrk.output()?.stdout)?;
    let is_wrong = |line: &&str| line.contains("Non-2xx") || line.contains("Socket errors");
    if let Some(line) = said.lines().find(is_wrong) {
        return Err(format!("{path} did not always answer 200: {}", line.trim()).into());
    }
    Ok(Turn {
        rate: after(&said, "Requests/sec:")
            .and_then(|text| text.parse().ok())
            .ok_or("wrk said no rate")?,
        p99: after(&said, "99%")
            .and_then(span)
            .ok_or("wrk said no latency")?,
    })
}

/// The word behind a label.
fn after<'a>(text: &'a str, label: &str) -> Option<&'a str> {
    text.split_once(label)?.1.split_whitespace().next()
}

/// `wrk`'s spans (`812.00us`, `1.23ms`, `2.00s`) in milliseconds.
fn span(text: &str) -> Option<f64> {
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let value: f64 = text.strip_suffix(unit)?.parse().ok()?;
    match unit {
        "us" => Some(value / 1000.0),
        "ms" => Some(value),
        "s" => Some(value * 1000.0),
        _ => None,
    }
}
