//! The release binary as a person meets it: how soon it is there, how much a first visit loads, how it feels.

use std::{
    io,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    Outcome,
    client::Connection,
    machine,
    release::{self, Release, Running},
    report::{Goal, Report},
    statistics::{median, millis, quantile},
};

/// Starts with a database that exists already.
const STARTS: usize = 10;
/// Pages asked for.
const PAGES: usize = 500;
/// Visits and Lighthouse runs of which the median counts.
const VISITS: usize = 5;
/// Tries of each Lighthouse run.
const TRIES: usize = 3;
/// After this long without a request a server is idle.
const IDLE: Duration = Duration::from_secs(3);

/// Measures the part.
pub fn measure(report: &mut Report) -> Outcome<()> {
    let house = Release::new(&[])?;
    let size = std::fs::metadata(&house.binary)?.len() as f64 / 1e6;
    report.add("binary", size, "MB", Goal::AtMost(40.0));
    machine::on_all_cores(starts(report, &house))?;
    let running = machine::on_all_cores(house.start())?;
    machine::on_all_cores(pages(report, &running))?;
    let browser = release::root()?.join("end2end");
    if !browser.join("node_modules/.bin/lighthouse").is_file() {
        return Err("the browser tools are not installed; run `make tools` first".into());
    }
    visits(report, &browser, &running)?;
    lighthouse(report, &browser, &running)
}

async fn starts(report: &mut Report, house: &Release) -> Outcome<()> {
    // The first start makes keys and the database.
    drop(house.start().await?);
    let mut took = Vec::with_capacity(STARTS);
    for _ in 0..STARTS {
        took.push(millis(house.start().await?.ready_after));
    }
    report.add(
        "start to ready, existing database, median",
        median(&took),
        "ms",
        Goal::AtMost(100.0),
    );
    let running = house.start().await?;
    tokio::time::sleep(IDLE).await;
    report.add(
        "resident memory, idle",
        running.resident()?,
        "MB",
        Goal::AtMost(30.0),
    );
    Ok(())
}

async fn pages(report: &mut Report, running: &Running) -> Outcome<()> {
    let mut connection = Connection::open(running.port, &running.host()).await?;
    let mut took = Vec::with_capacity(PAGES);
    for _ in 0..PAGES {
        let begun = Instant::now();
        let answer = connection.get("/sign-in", "").await?;
        if !answer.status.is_success() {
            return Err(format!("/sign-in answers {}", answer.status).into());
        }
        took.push(millis(answer.head_at - begun));
    }
    report.add(
        "/sign-in, time to first byte, p50",
        median(&took),
        "ms",
        Goal::Shown,
    );
    report.add(
        "/sign-in, time to first byte, p99",
        quantile(&took, 0.99),
        "ms",
        Goal::Shown,
    );
    Ok(())
}

/// What Chromium loads at a first visit, and when the form answers.
fn visits(report: &mut Report, browser: &Path, running: &Running) -> Outcome<()> {
    let url = format!("http://{}/sign-in", running.host());
    let visits = json(Command::new("node").current_dir(browser).args([
        "first_visit.mjs",
        &url,
        &VISITS.to_string(),
    ]))?;
    let visits = visits.as_array().ok_or("no visits were told")?;
    let first = visits.first().ok_or("no visit was made")?;
    let parts = first["parts"].as_object().ok_or("no parts were told")?;
    let total: f64 = parts.values().filter_map(Value::as_f64).sum();
    for (part, bytes) in parts {
        let kilobytes = bytes.as_f64().unwrap_or_default() / 1000.0;
        report.add(
            &format!("first visit: {part}"),
            kilobytes,
            "KB",
            Goal::Shown,
        );
    }
    report.add(
        "first visit: all, on the wire",
        total / 1000.0,
        "KB",
        Goal::AtMost(245.0),
    );
    report.add(
        "first visit: the same, aimed at",
        total / 1000.0,
        "KB",
        Goal::AtMost(213.0),
    );
    report.add(
        "first visit: requests",
        first["requests"].as_f64().unwrap_or(f64::MAX),
        "",
        Goal::AtMost(8.0),
    );
    for (name, label) in [
        ("painted", "first paint"),
        ("answers", "form answers in the page"),
    ] {
        let took: Vec<f64> = visits
            .iter()
            .filter_map(|visit| visit[name].as_f64())
            .collect();
        report.add(
            &format!("first visit: {label}, median"),
            median(&took),
            "ms",
            Goal::Shown,
        );
    }
    Ok(())
}

/// Lighthouse as it comes: a mid-range phone on a slow network.
fn lighthouse(report: &mut Report, browser: &Path, running: &Running) -> Outcome<()> {
    let url = format!("http://{}/sign-in", running.host());
    let goals = [
        ("performance", 98.0),
        ("accessibility", 100.0),
        ("best-practices", 100.0),
    ];
    let categories = goals.map(|(name, _)| name).join(",");
    let mut scores = goals.map(|_| Vec::new());
    for _ in 0..VISITS {
        let told = audit(browser, &url, &categories)?;
        for (at, (name, _)) in goals.into_iter().enumerate() {
            let score = told["categories"][name]["score"].as_f64();
            scores[at].push(score.ok_or("Lighthouse gave no score")? * 100.0);
        }
    }
    for (at, (name, goal)) in goals.into_iter().enumerate() {
        report.add(
            &format!("Lighthouse: {name}, median"),
            median(&scores[at]),
            "",
            Goal::AtLeast(goal),
        );
    }
    Ok(())
}

/// One run of Lighthouse. Now and then it misses the start of its own recording, says so, and asks for another try.
fn audit(browser: &Path, url: &str, categories: &str) -> Outcome<Value> {
    let mut lighthouse = Command::new("node_modules/.bin/lighthouse");
    lighthouse
        .current_dir(browser)
        .env("CHROME_PATH", "/usr/bin/chromium")
        .arg(url)
        .args([
            "--quiet",
            "--output=json",
            "--chrome-flags=--headless=new --no-sandbox",
        ])
        .arg(format!("--only-categories={categories}"));
    (1..TRIES).fold(json(&mut lighthouse), |told, _| {
        told.or_else(|_| json(&mut lighthouse))
    })
}

/// What a program writes, as JSON.
fn json(command: &mut Command) -> Outcome<Value> {
    let done = command
        .stderr(Stdio::piped())
        .output()
        .map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => "node is not installed".to_owned(),
            _ => error.to_string(),
        })?;
    serde_json::from_slice(&done.stdout).map_err(|_| {
        let said = String::from_utf8_lossy(&done.stderr);
        format!(
            "{command:?} failed: {}",
            said.lines().next().unwrap_or_default()
        )
        .into()
    })
}
