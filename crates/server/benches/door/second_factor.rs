//! Full sign-ins, the password and then a code of an authenticator app, beside Argon2 alone: they cost one hash, too.

use std::time::Instant;

use concierge_server::platform::clock::{Clock as _, SystemClock};
use serde_json::{Value, json};
use totp_rs::{Builder, Secret};

use crate::{
    Outcome, argon2_rate,
    client::{Connection, HOST},
    house, machine,
    report::{Goal, Report},
    server::{Plan, Server},
};

/// Sign-ins of a turn, each by somebody else: a code passes once, and the next one comes half a minute later.
const TURN: usize = 150;
/// Sign-ins before the first turn.
const WARM_UP: usize = 20;
/// Clients that sign in one after the other: the worker always has the next one.
const CLIENTS: usize = 4;

/// Measures the part.
pub fn measure(report: &mut Report) -> Outcome<()> {
    machine::require(&["taskset"])?;
    // Person 0 has no second factor.
    let people = 1 + WARM_UP + argon2_rate::ROUNDS * TURN;
    let server = Server::start(&Plan {
        has_second_factor: true,
        ..Plan::of(people)
    })?;
    let port = server.doors.port;
    let all: Vec<(usize, &str)> = (1..)
        .zip(server.doors.seeds.iter().map(String::as_str))
        .collect();
    let (first, rest) = all
        .split_at_checked(WARM_UP)
        .ok_or("the house has too few people")?;
    machine::as_load(sign_in_all(port, first))?;
    let mut turns = rest.chunks(TURN);
    argon2_rate::beside(report, "full sign-ins", Goal::AtLeast(0.9), || {
        let people = turns.next().ok_or("nobody is left to sign in")?;
        machine::as_load(sign_in_all(port, people))
    })?;
    Ok(())
}

/// Full sign-ins per second, one of each person.
async fn sign_in_all(port: u16, people: &[(usize, &str)]) -> Outcome<f64> {
    let begun = Instant::now();
    let clients = (0..CLIENTS).map(|client| async move {
        let mut connection = Connection::open(port, HOST).await?;
        for (person, seed) in people.iter().skip(client).step_by(CLIENTS) {
            sign_in(&mut connection, *person, seed).await?;
        }
        Outcome::Ok(())
    });
    futures_util::future::try_join_all(clients).await?;
    Ok(people.len() as f64 / begun.elapsed().as_secs_f64())
}

async fn sign_in(connection: &mut Connection, person: usize, seed: &str) -> Outcome<()> {
    let answer = connection
        .sign_in(&house::email(person), house::PASSWORD)
        .await?;
    let next: Value = serde_json::from_slice(&answer.body)?;
    let ticket = next["ticket"]
        .as_str()
        .ok_or_else(|| format!("a right password was answered {}", answer.status))?;
    let body = json!({ "ticket": ticket, "code": code(seed)? });
    let answer = connection.post("/api/auth/login/totp", &body).await?;
    let tokens: Value = serde_json::from_slice(&answer.body)?;
    if !tokens["access_token"].is_string() {
        return Err(format!("a right code was answered {}", answer.status).into());
    }
    Ok(())
}

/// The code that an app shows now.
fn code(seed: &str) -> Outcome<String> {
    let secret = Secret::try_from_base32(seed).map_err(|error| format!("{error:?}"))?;
    let app = Builder::new().with_secret(secret).build_noncompliant();
    let seconds = u64::try_from(SystemClock.now().as_seconds())?;
    Ok(app.generate(seconds).to_string())
}
