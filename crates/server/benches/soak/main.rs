//! Minutes of mixed load on the release binary: `make soak`, or `cargo bench --bench soak -- 5` for five minutes.
//!
//! All of it stays on this machine and ends by itself. While it runs no promise may break: no 5xx but a 503 that
//! says when to come back, a sign-out that takes effect at once, memory and open files within bounds; and at the
//! end a graceful stop and a sound database. The exit code is 1 when one did.

#[path = "../door/client.rs"]
#[expect(dead_code, reason = "the other bench uses the rest")]
mod client;
#[path = "../door/release.rs"]
mod release;
#[path = "../door/report.rs"]
#[expect(dead_code, reason = "the other bench uses the rest")]
mod report;
#[path = "../door/statistics.rs"]
#[expect(dead_code, reason = "the other bench uses the rest")]
mod statistics;

mod argument;
mod browser;
mod end;
mod people;
mod strangers;
mod tally;
mod watch;

use std::{
    pin::Pin,
    process::ExitCode,
    time::{Duration, Instant},
};

use release::{Release, Running};
use report::{Goal, Report};
use tally::Tally;
use watch::Readings;

/// A figure, or why there is none.
type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// One of those who make the load.
type Role<'a> = Pin<Box<dyn Future<Output = Outcome<()>> + 'a>>;

/// Those who stay, at once.
const STAYING: usize = 32;
/// Those who come and go, at once.
const PASSING: usize = 6;
/// Guessers, readers and senders of nonsense, each.
const OTHERS: usize = 3;
/// All of them come from one address.
const SETTINGS: [(&str, &str); 1] = [("CONCIERGE_ADDRESS_LIMIT_FACTOR", "100000")];

fn main() -> ExitCode {
    let soaked = argument::number("soak [MINUTES]", 5.0_f64)
        .map_err(Into::into)
        .and_then(|minutes| soak(Duration::from_secs_f64(minutes.clamp(0.5, 600.0) * 60.0)));
    match soaked {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            report::note(&format!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// Whether every promise was kept for this long.
fn soak(span: Duration) -> Outcome<bool> {
    let house = Release::new(&SETTINGS)?;
    let tally = Tally::default();
    // The load needs one thread; the server has the rest of the machine.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let (readings, end) = runtime.block_on(async {
        let mut running = house.start().await?;
        let readings = load(&running, &tally, span).await?;
        let end = end::end(&mut running, house.folder.path(), &readings, &tally).await?;
        Outcome::Ok((readings, end))
    })?;
    Table::default().print(&tally, &readings, &end)
}

/// The load itself, watched.
async fn load(running: &Running, tally: &Tally, span: Duration) -> Outcome<Readings> {
    let (port, until) = (running.port, Instant::now() + span);
    let mut roles: Vec<Role<'_>> = vec![Box::pin(strangers::crowd(port, tally, until))];
    for number in 0..STAYING {
        let name = format!("stays-{number}");
        roles.push(Box::pin(async move {
            people::stay(port, tally, &name, until).await
        }));
    }
    for number in 0..PASSING {
        let name = format!("passes-{number}");
        roles.push(Box::pin(async move {
            people::come_and_go(port, tally, &name, until).await
        }));
    }
    for number in 0..OTHERS {
        let name = format!("victim-{number}");
        roles.push(Box::pin(async move {
            strangers::guess(port, tally, &name, until).await
        }));
        roles.push(Box::pin(people::read(port, tally, until)));
        roles.push(Box::pin(strangers::malform(port, tally, until)));
        roles.push(Box::pin(strangers::make_noise(port, tally, until)));
    }
    let roles = roles.into_iter().map(|role| async move {
        if let Err(error) = role.await {
            tally.breaks(format!("a connection failed: {error}"));
        }
    });
    let (readings, _) = tokio::join!(
        watch::watch(running, tally, span),
        futures_util::future::join_all(roles)
    );
    readings
}

/// The table, and whether all of it is as it should be.
#[derive(Default)]
struct Table {
    report: Report,
    is_short: bool,
}

impl Table {
    fn add(&mut self, name: &str, value: f64, unit: &str, goal: Goal) {
        self.is_short |= !goal.is_reached(value);
        self.report.add(name, value, unit, goal);
    }

    fn print(mut self, tally: &Tally, readings: &Readings, end: &end::End) -> Outcome<bool> {
        let counts = tally.counts();
        for (what, answers) in &counts.answers {
            self.add(what, *answers as f64, "", Goal::Shown);
        }
        let (throttled, overloaded) = (counts.throttled as f64, counts.overloaded as f64);
        self.add("of these 429, told when", throttled, "", Goal::Shown);
        self.add("of these 503, told when", overloaded, "", Goal::Shown);
        let p99 = statistics::quantile(&counts.profile, 0.99);
        self.add("profile, p99", p99, "ms", Goal::AtMost(100.0));
        readings.add_to(&mut self);
        end.add_to(&mut self);
        let breaks = counts.breaks as f64;
        self.add("broken promises", breaks, "", Goal::AtMost(0.0));
        self.report.print(&counts.broken.join("\n"))?;
        Ok(!self.is_short)
    }
}
