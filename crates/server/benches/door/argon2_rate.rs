//! Argon2 alone: how many hashes of the default cost one thread computes in a second, and what is measured beside it.

use std::{
    io::Write as _,
    time::{Duration, Instant},
};

use argon2::{
    Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version,
    password_hash::phc::PasswordHash,
};

use crate::{
    Outcome, house, machine,
    report::{Goal, Report},
    statistics::median,
};

/// The hidden argument of the child process.
pub const ARGUMENT: &str = "--argon2";

/// Rounds of what is measured and of Argon2 alone, in turns.
pub const ROUNDS: usize = 5;
/// How long a turn is.
pub const SECONDS: u32 = 4;

/// Measures something that costs one hash each time in turns with Argon2 alone; answers its rate.
pub fn beside(
    report: &mut Report,
    name: &str,
    goal: Goal,
    mut turn: impl FnMut() -> Outcome<f64>,
) -> Outcome<f64> {
    let (mut rates, mut raw) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        raw.push(measure(SECONDS)?);
        rates.push(turn()?);
    }
    let ratios: Vec<f64> = rates
        .iter()
        .zip(&raw)
        .map(|(rate, raw)| rate / raw)
        .collect();
    report.add(name, median(&rates), "/s", Goal::Shown);
    report.add("Argon2 alone", median(&raw), "/s", Goal::Shown);
    report.add(&format!("{name} / Argon2"), median(&ratios), "", goal);
    Ok(median(&rates))
}

/// Hashes per second on the server's core, measured for that long.
fn measure(seconds: u32) -> Outcome<f64> {
    let child = machine::on_server_core(&machine::ourselves()?)
        .args([ARGUMENT, &seconds.to_string()])
        .output()?;
    Ok(String::from_utf8(child.stdout)?.trim().parse()?)
}

/// The child: computes and prints the rate.
pub fn run(seconds: &str) -> Outcome<()> {
    let argon2 = argon2()?;
    let phc = hash()?;
    let phc = PasswordHash::new(&phc).map_err(|error| error.to_string())?;
    let (span, begun) = (Duration::from_secs(seconds.parse()?), Instant::now());
    let mut hashes = 0_u32;
    while begun.elapsed() < span {
        argon2
            .verify_password(house::PASSWORD.as_bytes(), &phc)
            .map_err(|error| error.to_string())?;
        hashes += 1;
    }
    let rate = f64::from(hashes) / begun.elapsed().as_secs_f64();
    writeln!(std::io::stdout(), "{rate}")?;
    Ok(())
}

/// The hash of the password that everybody in the bench has.
pub fn hash() -> Outcome<String> {
    let hash = argon2()?.hash_password_with_salt(house::PASSWORD.as_bytes(), &[7; 16]);
    Ok(hash.map_err(|error| error.to_string())?.to_string())
}

fn argon2() -> Outcome<Argon2<'static>> {
    let cost = house::COST;
    let params = Params::new(cost.memory_kib, cost.time, cost.lanes, None)
        .map_err(|error| error.to_string())?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}
