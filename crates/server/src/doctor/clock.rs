//! The time: tokens, codes and certificates are worth nothing with a wrong one.

use concierge_core::time::Timestamp;

use super::{Area, Outcome};

const SUBJECT: &str = "time";
const REMEDY: &str = "set the clock, and keep it right with NTP (`timedatectl set-ntp true`)";
/// 2026-01-01T00:00:00Z: this program is younger.
const EARLIEST: Timestamp = Timestamp::from_millis(1_767_225_600_000);
/// 2100-01-01T00:00:00Z
const LATEST: Timestamp = Timestamp::from_millis(4_102_444_800_000);
/// How far two clocks may be apart, in ms.
const APART: u64 = 5_000;

/// Whether it can be the time at all.
pub(super) fn plausible(now: Timestamp) -> Outcome {
    let text = now.to_rfc3339();
    if (EARLIEST..LATEST).contains(&now) {
        return Outcome::ok(Area::Clock, SUBJECT, text);
    }
    let message = format!("this machine says it is {text}, which can't be");
    Outcome::error(Area::Clock, SUBJECT, message, REMEDY)
}

/// Whether the database tells the same time; ours was read before and after it was asked.
pub(super) fn agrees(before: Timestamp, theirs: Timestamp, after: Timestamp) -> Outcome {
    const SUBJECT: &str = "time of the database";
    let ours = before.plus(after.since(before) / 2);
    let apart = ours.as_millis().abs_diff(theirs.as_millis());
    if apart <= APART {
        return Outcome::ok(Area::Clock, SUBJECT, format!("{apart} ms from ours"));
    }
    let message = format!("it is {} s from ours", apart / 1_000);
    let remedy = "keep both clocks right with NTP (`timedatectl set-ntp true` on each machine)";
    Outcome::warning(Area::Clock, SUBJECT, message, remedy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Level;

    #[test]
    fn a_time_before_the_program_was_written_is_an_error() {
        for (text, level) in [
            ("1970-01-01T00:00:00Z", Level::Error),
            ("2025-12-31T23:59:59Z", Level::Error),
            ("2026-01-01T00:00:00Z", Level::Ok),
            ("2099-12-31T23:59:59Z", Level::Ok),
            ("2100-01-01T00:00:00Z", Level::Error),
        ] {
            let outcome = plausible(Timestamp::parse_rfc3339(text).unwrap());
            assert_eq!(outcome.level, level, "{text}");
        }
    }

    #[test]
    fn clocks_may_be_five_seconds_apart_and_the_wait_counts_half() {
        let at = Timestamp::from_millis;
        for (theirs, level) in [
            (1_000_000, Level::Ok),
            (1_000_500 + 5_000, Level::Ok),
            (1_000_500 - 5_000, Level::Ok),
            (1_000_500 + 5_001, Level::Warning),
            (1_000_500 - 5_001, Level::Warning),
        ] {
            let outcome = agrees(at(1_000_000), at(theirs), at(1_001_000));
            assert_eq!(outcome.level, level, "{theirs}");
        }
    }
}
