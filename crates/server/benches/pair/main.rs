//! Two processes of the release binary on one PostgreSQL and one keyring, under traffic, while the keys are rotated:
//! `make soak`, or `scripts/postgres.sh cargo bench --bench pair -- 5` for five rotations.
//!
//! Nobody whose session is valid may be told 401, whichever process answers, while keys become pending, active, in
//! grace and retired. The exit code is 1 when somebody was.

#[path = "../soak/argument.rs"]
mod argument;
#[path = "../door/client.rs"]
#[expect(dead_code, reason = "the other bench uses the rest")]
mod client;
#[path = "../door/report.rs"]
#[expect(dead_code, reason = "the other bench uses the rest")]
mod report;
#[path = "../door/statistics.rs"]
#[expect(dead_code, reason = "the other bench uses the rest")]
mod statistics;

mod house;
mod people;

use std::{
    process::ExitCode,
    rc::Rc,
    time::{Duration, Instant},
};

use house::House;
use people::{Person, Tally};
use report::{Goal, Report, note};
use statistics::quantile;

/// A figure, or why there is none.
type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// The life of an access token: short, so that a run sees many.
const ACCESS: Duration = Duration::from_secs(20);
/// The shortest grace that there is with it.
const GRACE: Duration = Duration::from_secs(25);
/// Between two rotations, so that each old key retires under the traffic.
const PAUSE: Duration = Duration::from_secs(28);
/// How many people there are, and how often each asks.
const PEOPLE: usize = 100;
const EVERY: Duration = Duration::from_secs(2);
/// What PEOPLE and EVERY come to, but for what the machine is too slow for.
const RATE: f64 = 45.0;

fn main() -> ExitCode {
    let outcome = argument::number("pair [ROTATIONS]", 5)
        .map_err(Into::into)
        .and_then(run);
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            note(&format!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn run(rotations: usize) -> Outcome<bool> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(soak(rotations))
}

/// Whether every promise was kept over so many rotations.
async fn soak(rotations: usize) -> Outcome<bool> {
    let house = House::open().await?;
    let tally = Rc::new(Tally::default());
    let mut people = Vec::new();
    for number in 0..PEOPLE {
        people.push(Person::enter(&house.ports(), number, Rc::clone(&tally)).await?);
        if (number + 1).is_multiple_of(25) {
            note(&format!("{} of {PEOPLE} people are signed in", number + 1));
        }
    }
    tally.begin_anew();
    let (begun, local) = (Instant::now(), tokio::task::LocalSet::new());
    let rotated = local.run_until(async {
        for (number, person) in people.into_iter().enumerate() {
            let after = EVERY.mul_f64(number as f64 / PEOPLE as f64);
            tokio::task::spawn_local(person.live(after));
        }
        rotate(&house, &tally, rotations).await
    });
    let rotated = rotated.await?;
    let seconds = begun.elapsed().as_secs_f64();
    drop(local);
    print(&tally, seconds, &rotated)
}

/// Rotates again and again; how long each took, in seconds.
async fn rotate(house: &House, tally: &Tally, rotations: usize) -> Outcome<Vec<f64>> {
    let mut took = Vec::new();
    tokio::time::sleep(PAUSE / 4).await;
    for number in 1..=rotations {
        let begun = Instant::now();
        house.rotate(GRACE).await?;
        took.push(begun.elapsed().as_secs_f64());
        tokio::time::sleep(PAUSE).await;
        note(&format!(
            "rotation {number} of {rotations}: {}",
            tally.line()
        ));
    }
    Ok(took)
}

fn print(tally: &Tally, seconds: f64, rotated: &[f64]) -> Outcome<bool> {
    let (mut report, mut is_kept) = (Report::default(), true);
    let mut add = |name: &str, value: f64, unit: &str, goal: Goal| {
        is_kept &= goal.is_reached(value);
        report.add(name, value, unit, goal);
    };
    let counts = tally.counts();
    let mut all = 0;
    for (what, took) in &counts.took {
        all += took.len();
        add(what, took.len() as f64, "", Goal::Shown);
        add("  median", quantile(took, 0.5), "ms", Goal::Shown);
        add("  p99", quantile(took, 0.99), "ms", Goal::Shown);
    }
    let rate = all as f64 / seconds;
    add("requests in a second", rate, "", Goal::AtLeast(RATE));
    let slowest = rotated.iter().copied().fold(0.0, f64::max);
    let signers = counts.signers.len() as f64;
    add("rotations", rotated.len() as f64, "", Goal::Shown);
    add("slowest rotation", slowest, "s", Goal::AtMost(5.0));
    let least = rotated.len() as f64 + 1.0;
    add("keys that signed", signers, "", Goal::AtLeast(least));
    let later = counts.asked_to_wait as f64;
    add("503 that says when", later, "", Goal::Shown);
    let expired = counts.expired as f64;
    add("401 to an expired token", expired, "", Goal::Shown);
    let wronged = counts.wronged.len() as f64;
    add("401 to a valid session", wronged, "", Goal::AtMost(0.0));
    let failed = counts.failed.len() as f64;
    add("other failures", failed, "", Goal::AtMost(0.0));
    let broken: Vec<_> = counts
        .wronged
        .iter()
        .chain(&counts.failed)
        .take(10)
        .cloned()
        .collect();
    report.print(&broken.join("\n"))?;
    Ok(is_kept)
}
