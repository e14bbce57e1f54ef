//! Verifying a token with ten keys in the ring, beside verifying it with one.

use std::{hint::black_box, time::Instant};

use concierge_core::time::Timestamp;
use concierge_server::{
    config::Environment,
    keys::{self, Format},
    platform::{
        clock::{Clock as _, SystemClock},
        jwt::TokenSigner,
        keyring::{Key, KeyState, Ring, Scheme},
        rng::{OsRng, Rng},
    },
};

use crate::{
    Outcome,
    report::{Goal, Report},
    statistics::median,
};

const ROUNDS: usize = 41;
/// Verifications of one turn.
const TIMES: usize = 5_000;

/// Measures the part.
pub fn measure(report: &mut Report) -> Outcome<()> {
    let now = SystemClock.now();
    let keys = (0..10).map(|_| key(now)).collect::<Outcome<Vec<_>>>()?;
    let one = signer(&keys[..1], 0);
    let ten = signer(&keys, 0);
    // The same ring when its last key still signed.
    let before = signer(&keys, 9);
    let rng: &dyn Rng = &OsRng;
    let sign = |signer: &TokenSigner| {
        let until = Timestamp::from_millis(now.as_millis() + 600_000);
        signer.sign(rng.id(now), rng.id(now), 1, now, until)
    };
    let (token, old) = (sign(&one)?, sign(&before)?);
    let (mut newest, mut oldest) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let alone = turn(&one, &token, now)?;
        newest.push(turn(&ten, &token, now)? / alone);
        oldest.push(turn(&ten, &old, now)? / alone);
    }
    let name = "verify: ten keys in the ring / one";
    report.add(name, median(&newest), "", Goal::AtMost(1.05));
    let name = "verify: ten keys, token of the oldest / one";
    report.add(name, median(&oldest), "", Goal::Shown);
    Ok(())
}

/// Seconds of one turn.
fn turn(signer: &TokenSigner, token: &str, now: Timestamp) -> Outcome<f64> {
    let begun = Instant::now();
    for _ in 0..TIMES {
        let verified = signer.verify(black_box(token), now);
        black_box(verified.map_err(|rejection| rejection.as_str())?);
    }
    Ok(begun.elapsed().as_secs_f64())
}

fn key(now: Timestamp) -> Outcome<keys::Draft> {
    let draft = keys::draft(Format::Hex, Environment::Production, now, &OsRng);
    draft.ok_or_else(|| "the source of randomness is broken".into())
}

/// A signer with these keys, of which this one is active.
fn signer(drafts: &[keys::Draft], active: usize) -> TokenSigner {
    let until = Timestamp::from_millis(i64::MAX);
    let key = |at: usize| Key {
        id: format!("{}-{at}", drafts[at].id),
        secret: drafts[at].value.expose().as_bytes().to_vec().into(),
        scheme: Scheme::Hs256,
        state: if at == active {
            KeyState::Active
        } else {
            KeyState::Grace { until }
        },
    };
    let others = (0..drafts.len()).filter(|at| *at != active).map(key);
    TokenSigner::new(Ring::new(key(active), others.collect()), "https://bench")
}
