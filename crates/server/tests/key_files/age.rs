//! `key check` and the calendar: 0, a word, 3.

use concierge_core::time::Timestamp;
use concierge_server::platform::clock::{Clock as _, SystemClock};

use super::*;

const DAY: i64 = 86_400_000;

fn days_ago(days: i64) -> Timestamp {
    Timestamp::from_millis(SystemClock.now().as_millis() - days * DAY)
}

/// The check of a keyring file whose keys were made that many days ago.
fn checked(environment: &str, days: i64, key: &str) -> Ended {
    let folder = tempfile::tempdir().expect("a folder");
    let made = days_ago(days).to_rfc3339();
    let ring = |name: &str, key: &str| {
        format!(
            "[{name}]\nactive = 'a'\n[[{name}.keys]]\nid = 'a'\nalg = 'HS256'\nvalue = '{key}'\nstate = 'active'\ncreated_at = {made}\n"
        )
    };
    let path = folder.path().join("keyring.toml");
    write(&path, &(ring("signing", key) + &ring("sealing", OTHER)));
    let variables = [
        ("CONCIERGE_ENV", environment),
        ("CONCIERGE_KEYRING", "keyring.toml"),
    ];
    run(folder.path(), "key check", &variables, "")
}

#[test]
fn an_old_key_warns_from_two_thirds_on_and_is_overdue_at_its_end() {
    for (environment, days, code, words) in [
        ("production", 119, 0, ""),
        ("production", 121, 0, "is due to be rotated on"),
        ("production", 181, 3, "was due to be rotated on"),
        ("staging", 59, 0, ""),
        ("staging", 61, 0, "is due to be rotated on"),
        ("staging", 91, 3, "was due to be rotated on"),
        ("development", 9_000, 0, ""),
        ("test", 9_000, 0, ""),
    ] {
        let done = checked(environment, days, GOOD);
        assert_eq!(
            done.code,
            Some(code),
            "{environment} {days}: {}",
            done.error
        );
        assert_eq!(done.error.is_empty(), words.is_empty(), "{}", done.error);
        assert!(done.error.contains(words), "{}", done.error);
    }
}

#[test]
fn what_is_wrong_counts_for_more_than_age() {
    assert_eq!(checked("production", 181, "short").code, Some(1));
}

#[test]
fn the_day_in_an_id_is_a_keys_age_too() {
    let folder = tempfile::tempdir().expect("a folder");
    for (days, code) in [(10, 0), (181, 3)] {
        let day: String = days_ago(days)
            .to_rfc3339()
            .chars()
            .take(10)
            .filter(|c| *c != '-')
            .collect();
        let id = format!("prod-{day}-9f3a");
        let done = run(
            folder.path(),
            "key check",
            &[
                ("CONCIERGE_ENV", "production"),
                ("JWT_SECRET", GOOD),
                ("JWT_SECRET_ID", &id),
                ("SECRET_KEY", OTHER),
            ],
            "",
        );
        assert_eq!(done.code, Some(code), "{}", done.error);
    }
}
