//! The release binary as a person meets it: how soon it is there, how much a first visit loads, how it feels.

use std::{
    io,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use crate::{
    Outcome,
    client::Connection,
    house, machine,
    report::{Goal, Report},
    statistics::{median, millis, quantile},
};

/// Starts with a database that exists already.
const STARTS: usize = 10;
/// Pages asked for.
const PAGES: usize = 500;
/// Visits and Lighthouse runs of which the median counts.
const VISITS: usize = 5;
/// After this long without a request a server is idle.
const IDLE: Duration = Duration::from_secs(3);

/// Measures the part.
pub fn measure(report: &mut Report) -> Outcome<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()?;
    let binary = root.join("target/release/concierge");
    if !binary.is_file() {
        return Err("there is no target/release/concierge; run `make build` first".into());
    }
    let size = std::fs::metadata(&binary)?.len() as f64 / 1e6;
    report.add("binary", size, "MB", Goal::AtMost(40.0));
    let house = Release::new(binary)?;
    machine::on_all_cores(starts(report, &house))?;
    let running = machine::on_all_cores(house.start())?;
    machine::on_all_cores(pages(report, &running))?;
    let browser = root.join("end2end");
    if !browser.join("node_modules/.bin/lighthouse").is_file() {
        return Err("the browser tools are not installed; run `make tools` first".into());
    }
    visits(report, &browser, &running)?;
    lighthouse(report, &browser, &running)
}

/// The release binary with a folder and an address of its own.
struct Release {
    binary: PathBuf,
    folder: TempDir,
    port: u16,
}

/// The binary while it serves; dropping it ends it.
struct Running {
    child: Child,
    port: u16,
    ready_after: Duration,
}

impl Release {
    fn new(binary: PathBuf) -> Outcome<Self> {
        let free = std::net::TcpListener::bind("127.0.0.1:0")?;
        Ok(Self {
            binary,
            folder: house::folder()?,
            port: free.local_addr()?.port(),
        })
    }

    /// Starts it and waits until `/readyz` says yes.
    async fn start(&self) -> Outcome<Running> {
        let begun = Instant::now();
        let child = Command::new(&self.binary)
            .arg("serve")
            .current_dir(self.folder.path())
            .env("CONCIERGE_LISTEN", format!("127.0.0.1:{}", self.port))
            .env(
                "CONCIERGE_PUBLIC_URL",
                format!("http://localhost:{}", self.port),
            )
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let mut running = Running {
            child,
            port: self.port,
            ready_after: Duration::ZERO,
        };
        while !running.is_ready().await {
            if running.child.try_wait()?.is_some() || begun.elapsed() > Duration::from_secs(20) {
                return Err("the release binary does not become ready".into());
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        running.ready_after = begun.elapsed();
        Ok(running)
    }
}

impl Running {
    fn host(&self) -> String {
        format!("localhost:{}", self.port)
    }

    async fn is_ready(&self) -> bool {
        let asked = async {
            let mut connection = Connection::open(self.port, &self.host()).await?;
            connection.get("/readyz", "").await
        };
        asked.await.is_ok_and(|answer| answer.status.is_success())
    }

    /// Resident memory in megabytes.
    fn resident(&self) -> Outcome<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let kilobytes: f64 = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix("kB"))
            .ok_or("the kernel does not tell the memory of a process")?
            .trim()
            .parse()?;
        Ok(kilobytes * 1024.0 / 1e6)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        // As under systemd; one that has ended by itself needs no signal.
        let _ = pid.map(|pid| kill_process(pid, Signal::TERM));
        let _ = self.child.wait();
    }
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
        let told = json(
            Command::new("node_modules/.bin/lighthouse")
                .current_dir(browser)
                .env("CHROME_PATH", "/usr/bin/chromium")
                .arg(&url)
                .args([
                    "--quiet",
                    "--output=json",
                    "--chrome-flags=--headless=new --no-sandbox",
                ])
                .arg(format!("--only-categories={categories}")),
        )?;
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
