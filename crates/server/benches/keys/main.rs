//! A million keys of each kind: `make soak`, or `cargo bench --bench keys -- 1000000`.
//!
//! What `key generate` makes passes the strength check, always. What other programs draw passes but for a handful in a
//! million, and every trap fails: a random key that was cut, doubled, filled up, lower-cased or mixed with a word.
//! The exit code is 1 when a promise breaks.

#[path = "../soak/argument.rs"]
mod argument;

use std::{
    process::ExitCode,
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::Instant,
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use concierge_core::time::Timestamp;
use concierge_server::{
    config::Environment,
    keys::{self, Format, weaknesses},
    platform::rng::{OsRng, Rng},
};

/// Raw draws of a million that may be refused: `key generate` draws again, other programs do not.
const HEX_REFUSED: u64 = 10;
const BASE64_REFUSED: u64 = 150;

fn main() -> ExitCode {
    match argument::number("keys [COUNT]", 1_000_000) {
        Ok(count) => weighed(count),
        Err(usage) => refused(&usage),
    }
}

#[expect(clippy::print_stderr, reason = "a bench tells why it did not run")]
fn refused(usage: &str) -> ExitCode {
    eprintln!("error: {usage}");
    ExitCode::FAILURE
}

fn weighed(count: u64) -> ExitCode {
    let mut told = Told {
        begun: Instant::now(),
        is_kept: true,
    };
    for (name, format) in [
        ("hex", Format::Hex),
        ("base64url", Format::Base64url),
        ("symbols", Format::Symbols),
    ] {
        let refused = counted(count, || generated(format).is_none_or(|key| is_weak(&key)));
        told.line(&format!("generated, {name}, refused"), refused, count, 0);
    }
    let allowed = |of_a_million: u64| (of_a_million * count).div_ceil(1_000_000);
    let refused = counted(count, || is_weak(&raw_hex()));
    told.line("raw, hex, refused", refused, count, allowed(HEX_REFUSED));
    let refused = counted(count, || is_weak(&raw_base64()));
    let most = allowed(BASE64_REFUSED);
    told.line("raw, base64url, refused", refused, count, most);
    for (name, trap) in TRAPS {
        let passed = counted(count / 10, || !is_weak(&trap(&raw_hex(), &raw_base64())));
        told.line(&format!("trap, {name}, passed"), passed, count / 10, 0);
    }
    ExitCode::from(u8::from(!told.is_kept))
}

/// A way to spoil a key; it is given one of each kind.
type Trap = fn(&str, &str) -> String;

const TRAPS: [(&str, Trap); 9] = [
    ("half of it twice", |hex, _| hex[..32].repeat(2)),
    ("a quarter four times", |_, base64| base64[..16].repeat(4)),
    ("one digit short", |hex, _| hex[1..].to_owned()),
    ("128 bits", |hex, _| hex[..32].to_owned()),
    ("a run", |_, base64| {
        format!("{}aaaaaaaaaa{}", &base64[..27], &base64[37..])
    }),
    ("counting", |hex, _| {
        format!("{}0123456789{}", &hex[..27], &hex[37..])
    }),
    ("lower case", |_, base64| base64.to_ascii_lowercase()),
    ("a word", |_, base64| {
        format!("{}password{}", &base64[..28], &base64[36..])
    }),
    ("few characters", |hex, _| {
        let few = |digit: char| {
            digit
                .to_digit(16)
                .map_or(digit, |digit| char::from(b'a' + (digit % 6) as u8))
        };
        hex.chars().map(few).collect()
    }),
];

fn generated(format: Format) -> Option<String> {
    let draft = keys::draft(
        format,
        Environment::Production,
        Timestamp::from_millis(0),
        &OsRng,
    )?;
    Some(draft.value.expose().to_owned())
}

fn raw_hex() -> String {
    let rng: &dyn Rng = &OsRng;
    hex::encode(rng.bytes::<32>())
}

fn raw_base64() -> String {
    let rng: &dyn Rng = &OsRng;
    URL_SAFE_NO_PAD.encode(rng.bytes::<48>())
}

fn is_weak(key: &str) -> bool {
    !weaknesses(key).is_empty()
}

/// How often something happens, tried on every processor.
fn counted(count: u64, happens: impl Fn() -> bool + Sync) -> u64 {
    let workers = thread::available_parallelism().map_or(1, |workers| workers.get() as u64);
    let happened = AtomicU64::new(0);
    thread::scope(|scope| {
        for worker in 0..workers {
            let (happened, happens) = (&happened, &happens);
            scope.spawn(move || {
                let share = (worker..count).step_by(workers as usize);
                let mine = share.filter(|_| happens()).count();
                happened.fetch_add(mine as u64, Ordering::Relaxed);
            });
        }
    });
    happened.into_inner()
}

/// The figures, told as they come.
struct Told {
    begun: Instant,
    is_kept: bool,
}

impl Told {
    #[expect(clippy::print_stdout, reason = "a bench tells its figures")]
    fn line(&mut self, what: &str, happened: u64, count: u64, most: u64) {
        let seconds = self.begun.elapsed().as_secs();
        let mark = if happened <= most { "ok  " } else { "FAIL" };
        println!("{mark}  {what:<38} {happened:>6} of {count} (at most {most}), {seconds} s");
        self.is_kept &= happened <= most;
    }
}
