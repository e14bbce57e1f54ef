//! The waits after failed sign-ins of one account from unknown devices: guessing gets slow, nobody is locked
//! out for good (ASVS 6.1.1).

use std::time::Duration;

/// From this many failures on, the wait is a day.
pub const LAST_STEP: i64 = 100;

/// How long to wait after this many failures. The first three tries come at once.
pub const fn wait(failures: i64) -> Duration {
    match failures {
        ..3 => Duration::ZERO,
        3..9 => Duration::from_secs(1),
        9..25 => Duration::from_secs(3),
        25..50 => Duration::from_secs(5),
        50..LAST_STEP => Duration::from_secs(10),
        _ => Duration::from_secs(24 * 60 * 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ladder_by_table() {
        for (failures, seconds) in [
            (0, 0),
            (2, 0),
            (3, 1),
            (8, 1),
            (9, 3),
            (25, 5),
            (50, 10),
            (99, 10),
            (100, 86_400),
        ] {
            assert_eq!(wait(failures), Duration::from_secs(seconds), "{failures}");
        }
    }
}
