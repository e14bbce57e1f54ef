//! When a message that did not arrive is tried again: soon at first, in the end three times a day, then no more.

use std::time::Duration;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
/// The waits after each try that failed, in seconds.
const WAITS: [u64; 11] = [
    5,
    30,
    2 * MINUTE,
    10 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    4 * HOUR,
    8 * HOUR,
    8 * HOUR,
    8 * HOUR,
];
/// No wait is longer.
pub const LONGEST: Duration = Duration::from_secs(8 * HOUR);

/// The wait after so many tries that failed; `None`: it is given up. `chance` shortens it by up to a quarter, so that
/// a receiver that was away is not met by everybody at once.
pub fn wait(tries: u32, chance: u16) -> Option<Duration> {
    let index = usize::try_from(tries.checked_sub(1)?).ok()?;
    let base = WAITS.get(index)?.saturating_mul(1000);
    let less = base / 4 * u64::from(chance) / u64::from(u16::MAX);
    Some(Duration::from_millis(base - less).max(Duration::from_secs(WAITS[0])))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_first_wait_is_five_seconds_and_the_last_eight_hours() {
        assert_eq!(wait(1, 0), Some(Duration::from_secs(5)));
        assert_eq!(wait(11, 0), Some(LONGEST));
        assert_eq!(wait(12, 0), None);
        assert_eq!(wait(0, 0), None);
    }

    proptest! {
        #[test]
        fn waits_grow_and_stay_between_five_seconds_and_eight_hours(tries in 1_u32..11, chance: u16, other: u16) {
            let (this, next) = (wait(tries, chance).expect("a wait"), wait(tries + 1, other).expect("a wait"));
            prop_assert!(this >= Duration::from_secs(5) && next <= LONGEST);
            prop_assert!(wait(tries, chance) <= wait(tries, 0));
            // Chance is no more than a quarter.
            prop_assert!(this * 4 >= wait(tries, 0).expect("a wait") * 3);
            prop_assert!(next * 4 >= this * 3);
        }
    }
}
