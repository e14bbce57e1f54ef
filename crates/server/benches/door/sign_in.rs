//! Sign-ins beside Argon2 alone, and what a storm of them does to everybody else.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use crate::{
    Outcome, argon2_rate,
    client::{Connection, HOST},
    house, machine,
    report::{Goal, Report},
    server::{Plan, Server},
    statistics::{millis, quantile},
};

/// Clients that sign in one after the other: the worker always has the next one.
const CLIENTS: usize = 4;
/// People of each client.
const PEOPLE: usize = 50;

/// How long the storm blows.
const STORM: Duration = Duration::from_secs(10);
/// Connections of the storm: more than can wait in the queue and for the deadline.
const STORM_CLIENTS: usize = 160;
/// Connections of the people who are signed in meanwhile.
const READERS: usize = 4;
/// How often each of them asks.
const READ_EVERY: Duration = Duration::from_millis(20);

/// Measures the part.
pub fn measure(report: &mut Report) -> Outcome<()> {
    machine::require(&["taskset"])?;
    let server = Server::start(&Plan::of(1 + CLIENTS * PEOPLE))?;
    let port = server.doors.port;
    machine::as_load(sign_in_for(port, 1))?;
    let rate = argon2_rate::beside(report, "sign-ins", Goal::AtLeast(0.95), || {
        machine::as_load(sign_in_for(port, argon2_rate::SECONDS))
    })?;
    let rate = 2.0 * rate;
    let storm = machine::as_load(storm(port, rate, &server.doors.cookie))?;
    tell(report, rate, &storm);
    Ok(())
}

/// Correct sign-ins per second.
async fn sign_in_for(port: u16, seconds: u32) -> Outcome<f64> {
    let (begun, span) = (Instant::now(), Duration::from_secs(seconds.into()));
    let clients = (0..CLIENTS).map(|client| async move {
        let mut connection = Connection::open(port, HOST).await?;
        let mut done = 0_u32;
        while begun.elapsed() < span {
            let person = 1 + client * PEOPLE + done as usize % PEOPLE;
            let answer = connection
                .sign_in(&house::email(person), house::PASSWORD)
                .await?;
            if !answer.status.is_success() {
                return Err(format!("a correct sign-in was answered {}", answer.status).into());
            }
            done += 1;
        }
        Outcome::Ok(done)
    });
    let done: u32 = futures_util::future::try_join_all(clients)
        .await?
        .iter()
        .sum();
    Ok(f64::from(done) / begun.elapsed().as_secs_f64())
}

/// What came of a storm.
struct Storm {
    /// How many sign-ins got which status.
    answers: BTreeMap<u16, u32>,
    /// Answers that a client of the house must never see.
    wrong: u32,
    /// How long the profile took, in milliseconds.
    reads: Vec<f64>,
}

fn tell(report: &mut Report, rate: f64, storm: &Storm) {
    let answers: Vec<String> = storm
        .answers
        .iter()
        .map(|(status, count)| format!("{count} x {status}"))
        .collect();
    report.add("storm: sign-ins asked for", rate, "/s", Goal::Shown);
    report.add(
        "storm: profile p50",
        quantile(&storm.reads, 0.5),
        "ms",
        Goal::Shown,
    );
    report.add(
        "storm: profile p99",
        quantile(&storm.reads, 0.99),
        "ms",
        Goal::AtMost(25.0),
    );
    let name = format!("storm: other answers than {}", answers.join(", "));
    report.add(&name, f64::from(storm.wrong), "", Goal::AtMost(0.0));
}

/// Half of the sign-ins have the wrong password. Every request has its moment, whether or not the one before
/// was answered in time.
async fn storm(port: u16, rate: f64, cookie: &str) -> Outcome<Storm> {
    let begun = Instant::now() + Duration::from_millis(200);
    let every = Duration::from_secs_f64(STORM_CLIENTS as f64 / rate);
    let clients = (0..STORM_CLIENTS).map(|client| {
        let first = begun + every.mul_f64(client as f64 / STORM_CLIENTS as f64);
        sign_in_at(port, client, first, every, begun + STORM)
    });
    let readers = (0..READERS).map(|reader| {
        let first = begun + READ_EVERY.mul_f64(reader as f64 / READERS as f64);
        read_at(port, cookie, first, begun + STORM)
    });
    let (signed_in, read) = futures_util::future::try_join(
        futures_util::future::try_join_all(clients),
        futures_util::future::try_join_all(readers),
    )
    .await?;
    let mut storm = Storm {
        answers: BTreeMap::new(),
        wrong: 0,
        reads: read.into_iter().flatten().collect(),
    };
    for (status, says_when) in signed_in.into_iter().flatten() {
        *storm.answers.entry(status).or_default() += 1;
        let fits = matches!(status, 200 | 401) || (matches!(status, 429 | 503) && says_when);
        storm.wrong += u32::from(!fits);
    }
    Ok(storm)
}

async fn sign_in_at(
    port: u16,
    client: usize,
    first: Instant,
    every: Duration,
    end: Instant,
) -> Outcome<Vec<(u16, bool)>> {
    let mut connection = Connection::open(port, HOST).await?;
    let (email, mut moment, mut answers) = (house::email(1 + client), first, Vec::new());
    let password = if client.is_multiple_of(2) {
        house::PASSWORD
    } else {
        "four brass bells rang"
    };
    while moment < end {
        tokio::time::sleep_until(moment.into()).await;
        let answer = connection.sign_in(&email, password).await?;
        answers.push((answer.status.as_u16(), answer.says_when()));
        moment += every;
    }
    Ok(answers)
}

/// The milliseconds from the moment a request was due to its answer: a late start counts, too.
async fn read_at(port: u16, cookie: &str, first: Instant, end: Instant) -> Outcome<Vec<f64>> {
    let mut connection = Connection::open(port, HOST).await?;
    let (mut moment, mut took) = (first, Vec::new());
    while moment < end {
        tokio::time::sleep_until(moment.into()).await;
        let answer = connection.get("/api/profile", cookie).await?;
        if !answer.status.is_success() {
            return Err(format!("the profile was answered {} in the storm", answer.status).into());
        }
        took.push(millis(answer.head_at - moment));
        moment += READ_EVERY;
    }
    Ok(took)
}
