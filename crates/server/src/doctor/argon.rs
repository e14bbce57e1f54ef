//! The cost of a password hash on this host, measured, and what it could be. Never more than a proposal.
//!
//! A hash should cost a thief with the database as much as people at the door can bear: memory first, because that is
//! what a thief's hardware has least of, and time after it.

use std::time::{Duration, Instant};

use argon2::Params;

use super::{Area, Outcome};
use crate::{
    config::{ARGON2_FLOOR, HashConfig},
    platform::{argon::Memory, memory},
};

/// Memory in KiB that may be proposed, the floor first.
const MEMORY: [u32; 8] = [
    ARGON2_FLOOR.0,
    32_768,
    47_104,
    65_536,
    98_304,
    131_072,
    196_608,
    262_144,
];
/// A proposal takes no longer for one hash.
const MOST: Duration = Duration::from_millis(250);
/// What it aims at: below the limit, for a busy host is slower than a measured one.
const AIM: Duration = Duration::from_millis(150);
/// A faster hash gets a third pass where memory has ended.
const LEAST: Duration = Duration::from_millis(50);
/// How long one set of parameters is measured.
const MEASURED: Duration = Duration::from_millis(250);
/// All hashing threads together may take this part of the host's memory.
const SHARE: u64 = 8;

/// Memory in KiB, passes and lanes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cost {
    memory: u32,
    time: u32,
    lanes: u32,
}

/// Measures what is set and what could be, for about a second.
pub(super) fn examine(config: &HashConfig) -> Outcome {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let current = Cost {
        memory: config.memory_kib,
        time: config.time,
        lanes: config.lanes,
    };
    let floor = Cost {
        memory: ARGON2_FLOOR.0,
        time: ARGON2_FLOOR.1,
        lanes: 1,
    };
    let mut memory = Memory::default();
    let floor_takes = measure(&mut memory, floor);
    let most = memory::total().map_or(u64::MAX, |bytes| bytes / 1024 / SHARE / threads as u64);
    let (mut proposed, mut takes) = (propose(floor_takes, most), floor_takes);
    if proposed != floor {
        takes = measure(&mut memory, proposed);
    }
    // Larger memory falls out of the caches: what was worked out may be too hopeful.
    while takes > MOST && proposed != floor {
        proposed = next_smaller(proposed);
        takes = measure(&mut memory, proposed);
    }
    let current_takes = match current {
        same if same == proposed => takes,
        same if same == floor => floor_takes,
        other => measure(&mut memory, other),
    };
    word(current, current_takes, proposed, takes, threads)
}

fn word(
    current: Cost,
    current_takes: Duration,
    proposed: Cost,
    takes: Duration,
    threads: usize,
) -> Outcome {
    let now = described(current, current_takes);
    let outcome = |message| Outcome::ok(Area::Argon2, "CONCIERGE_ARGON2_*", message);
    if current == proposed {
        return outcome(format!(
            "{now} on each of {threads} threads; that suits this host"
        ));
    }
    let message = format!(
        "{now} on each of {threads} threads; this host could bear {}",
        described(proposed, takes)
    );
    Outcome {
        remedy: Some(format!(
            "a proposal: CONCIERGE_ARGON2_MEMORY_KIB={} CONCIERGE_ARGON2_TIME={} CONCIERGE_ARGON2_LANES={}",
            proposed.memory, proposed.time, proposed.lanes
        )),
        ..outcome(message)
    }
}

fn described(cost: Cost, takes: Duration) -> String {
    format!(
        "m={} t={} p={}: {:.1} ms a hash, {:.1} a second",
        cost.memory,
        cost.time,
        cost.lanes,
        takes.as_secs_f64() * 1_000.0,
        1.0 / takes.as_secs_f64().max(f64::EPSILON)
    )
}

/// What one hash takes on one thread, on average.
fn measure(memory: &mut Memory, cost: Cost) -> Duration {
    let Ok(params) = Params::new(cost.memory, cost.time, cost.lanes, None) else {
        return Duration::ZERO;
    };
    let mut hash = || memory.hash(&params, b"nobody's password", b"sixteen bytes of");
    // The first one makes the kernel find the memory.
    hash();
    let started = Instant::now();
    let mut count = 0;
    while count == 0 || started.elapsed() < MEASURED {
        hash();
        count += 1;
    }
    started.elapsed() / count
}

/// The most that aims well, worked out from what the floor takes: the time grows with memory and with passes.
/// `most` is the memory in KiB that one thread may have.
fn propose(floor_takes: Duration, most: u64) -> Cost {
    let (floor, passes) = ARGON2_FLOOR;
    let predicted = |memory: u32, time: u32| {
        let work = f64::from(memory) * f64::from(time);
        floor_takes.mul_f64(work / (f64::from(floor) * f64::from(passes)))
    };
    let memory = MEMORY
        .into_iter()
        .rev()
        .find(|memory| u64::from(*memory) <= most && predicted(*memory, passes) <= AIM)
        .unwrap_or(floor);
    let time = match predicted(memory, passes) < LEAST {
        true => passes + 1,
        false => passes,
    };
    Cost {
        memory,
        time,
        lanes: 1,
    }
}

/// One step down, the third pass first.
fn next_smaller(cost: Cost) -> Cost {
    let smaller = MEMORY
        .into_iter()
        .rev()
        .find(|memory| *memory < cost.memory);
    if cost.time > ARGON2_FLOOR.1 {
        return Cost {
            time: cost.time - 1,
            ..cost
        };
    }
    Cost {
        memory: smaller.unwrap_or(ARGON2_FLOOR.0),
        ..cost
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Level;

    fn proposed(millis: u64, most: u64) -> (u32, u32) {
        let cost = propose(Duration::from_millis(millis), most);
        assert_eq!(cost.lanes, 1);
        (cost.memory, cost.time)
    }

    #[test]
    fn memory_comes_first_and_nothing_is_under_the_floor() {
        let plenty = u64::MAX;
        // A slow host stays at the floor, however long it takes.
        for slow in [90, 200, 2_000] {
            assert_eq!(proposed(slow, plenty), (19_456, 2), "{slow}");
        }
        assert_eq!(proposed(30, plenty), (65_536, 2));
        assert_eq!(proposed(12, plenty), (196_608, 2));
        // Where memory ends, a third pass.
        assert_eq!(proposed(1, plenty), (262_144, 3));
        assert_eq!(proposed(12, 0), (19_456, 3));
        assert_eq!(proposed(30, 50_000), (47_104, 2));
    }

    #[test]
    fn every_proposal_takes_what_people_can_bear() {
        for millis in 13..75 {
            let (memory, time) = proposed(millis, u64::MAX);
            let work = u64::from(memory) * u64::from(time);
            let takes = millis * work / (u64::from(ARGON2_FLOOR.0) * 2);
            assert!((50..=250).contains(&takes), "{millis}: {takes}");
        }
    }

    #[test]
    fn steps_down_end_at_the_floor() {
        let mut cost = propose(Duration::from_millis(1), u64::MAX);
        for _ in 0..MEMORY.len() {
            cost = next_smaller(cost);
        }
        assert_eq!((cost.memory, cost.time), ARGON2_FLOOR);
    }

    #[test]
    fn the_host_is_measured_and_the_lines_are_shown() {
        let config = HashConfig {
            memory_kib: 256,
            time: 1,
            lanes: 1,
            sign_in_deadline: Duration::ZERO,
        };
        let outcome = examine(&config);
        assert_eq!(outcome.level, Level::Ok);
        assert!(
            outcome.message.starts_with("m=256 t=1 p=1: "),
            "{outcome:?}"
        );
        assert_eq!(outcome.message.matches(" a second").count(), 2);
        let remedy = outcome.remedy.unwrap();
        for line in ["CONCIERGE_ARGON2_MEMORY_KIB=", "CONCIERGE_ARGON2_TIME="] {
            assert!(remedy.contains(line), "{remedy}");
        }
        assert!(memory::total().is_some_and(|bytes| bytes > 64 * 1024 * 1024));
    }
}
