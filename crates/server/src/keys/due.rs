//! When a key has to be rotated.

use std::{path::Path, time::Duration};

use concierge_core::{keys::api::CheckLine, time::Timestamp};

use super::{
    KeySettings, Purpose, keyring_path,
    load::{self, Held},
};
use crate::{
    config::{Environment, Finding, Reading},
    platform::keyring::KeyState,
};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// How old an active key gets: nothing is at stake in development and tests.
pub const fn life(environment: Environment) -> Option<Duration> {
    match environment {
        Environment::Production => Some(DAY.saturating_mul(180)),
        Environment::Staging => Some(DAY.saturating_mul(90)),
        Environment::Development | Environment::Test => None,
    }
}

/// When an active key is due, and from when on it is worth a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// From then on it is due soon: two thirds of its life are over.
    pub soon: Timestamp,
    /// From then on it is overdue.
    pub at: Timestamp,
}

impl Due {
    /// Of a key that was made at this time.
    pub fn of(environment: Environment, created_at: Timestamp) -> Option<Self> {
        let life = life(environment)?;
        Some(Self {
            soon: created_at.plus(life * 2 / 3),
            at: created_at.plus(life),
        })
    }
}

/// How a key stands to its age.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Nothing to do yet.
    Fresh,
    /// Two thirds of its life are over.
    Soon,
    /// Its life is over; it still works.
    Overdue,
}

impl Due {
    /// How the key stands at this time.
    pub fn standing(self, now: Timestamp) -> Standing {
        if now >= self.at {
            Standing::Overdue
        } else if now >= self.soon {
            Standing::Soon
        } else {
            Standing::Fresh
        }
    }
}

/// What is to be said about the age of the active keys. Never an error: an old key still is a good key, and a start
/// that fails because of the calendar would be worse than it.
pub fn ages(
    settings: &KeySettings,
    environment: Environment,
    data: &Path,
    now: Timestamp,
) -> Vec<(Standing, Finding)> {
    let path = keyring_path(settings, environment, data);
    let found = load::gather(settings, environment, &path, now);
    judge(&found.keys, environment, now)
}

/// The same of keys that were gathered already.
pub(super) fn judge(
    keys: &[Held],
    environment: Environment,
    now: Timestamp,
) -> Vec<(Standing, Finding)> {
    let active = keys.iter().filter(|key| key.state == KeyState::Active);
    active
        .filter_map(|key| aged(key, environment, now))
        .collect()
}

/// What speaks against the plan to rotate: an active key that is overdue, or of which nobody knows how old it is.
pub fn unplanned(
    settings: &KeySettings,
    environment: Environment,
    data: &Path,
    now: Timestamp,
) -> Vec<Finding> {
    if life(environment).is_none() {
        return Vec::new();
    }
    let path = keyring_path(settings, environment, data);
    let found = load::gather(settings, environment, &path, now);
    let active = found
        .keys
        .iter()
        .filter(|key| key.state == KeyState::Active);
    active
        .filter_map(|key| match made_at(key) {
            None => Some(ageless(key)),
            Some(_) => aged(key, environment, now)
                .and_then(|(standing, finding)| (standing == Standing::Overdue).then_some(finding)),
        })
        .collect()
}

fn ageless(key: &Held) -> Finding {
    let (variable, id) = (key.purpose.variable(), key.purpose.id_variable());
    let message = format!("nobody knows when the key {} was made", key.id);
    let remedy = format!("set {id} with the day, such as prod-20261120-9f3a, or make a new key");
    Finding::error(variable, &key.source, message, remedy).warning()
}

fn aged(key: &Held, environment: Environment, now: Timestamp) -> Option<(Standing, Finding)> {
    let due = Due::of(environment, made_at(key)?)?;
    let standing = due.standing(now);
    let day: String = due.at.to_rfc3339().chars().take(10).collect();
    let message = match standing {
        Standing::Fresh => return None,
        Standing::Soon => format!("the key {} is due to be rotated on {day}", key.id),
        Standing::Overdue => format!("the key {} was due to be rotated on {day}", key.id),
    };
    let ring = key.purpose.as_str();
    let remedy = format!("`concierge key rotate --ring {ring}` makes a new one; nobody notices");
    let finding = Finding::error(key.purpose.variable(), &key.source, message, remedy)
        .against([CheckLine::RotationPlanned]);
    Some((standing, finding.warning()))
}

/// When the active key of a ring is due; `None` where keys do not age, or where nobody knows when it was made.
pub fn due_of(reading: &Reading, purpose: Purpose, now: Timestamp) -> Option<Due> {
    let path = keyring_path(reading.keys(), reading.environment, &reading.data);
    let found = load::gather(reading.keys(), reading.environment, &path, now);
    let active = found
        .keys
        .iter()
        .find(|key| key.purpose == purpose && key.state == KeyState::Active)?;
    Due::of(reading.environment, made_at(active)?)
}

/// When a key was made: the file says so, or its id does.
pub(super) fn made_at(key: &Held) -> Option<Timestamp> {
    key.created_at.or_else(|| day_of(&key.id))
}

/// The day in `<env>-<yyyymmdd>-<4 hex>`.
fn day_of(id: &str) -> Option<Timestamp> {
    let day = id.split('-').nth(1)?;
    let (year, rest) = day.split_at_checked(4)?;
    let (month, day) = rest.split_at_checked(2)?;
    Timestamp::parse_rfc3339(&format!("{year}-{month}-{day}T00:00:00Z"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Given, Source};

    #[test]
    fn keys_age_where_something_is_at_stake() {
        let made = day_of("prod-20260101-9f3a").unwrap();
        let days = |environment| {
            let due = Due::of(environment, made)?;
            let days = |time: Timestamp| time.since(made).as_secs() / DAY.as_secs();
            Some((days(due.soon), days(due.at)))
        };
        assert_eq!(days(Environment::Production), Some((120, 180)));
        assert_eq!(days(Environment::Staging), Some((60, 90)));
        assert_eq!(days(Environment::Development), None);
        assert_eq!(days(Environment::Test), None);
    }

    #[test]
    fn an_id_without_a_day_says_nothing() {
        for id in ["prod-00000000-9f3a", "mine", "a-b-c", "é-2026é101-x", ""] {
            assert_eq!(day_of(id), None, "{id}");
        }
    }

    #[test]
    fn an_overdue_key_and_one_of_unknown_age_speak_against_the_plan() {
        let made = day_of("prod-20260101-9f3a").unwrap();
        let folder = tempfile::tempdir().unwrap();
        let said = |id: Option<&str>, environment, days: u32| {
            let mut settings = KeySettings::default();
            let given = |text| Given::new(text, Source::Environment);
            settings.signing.keys = vec![given("a key")];
            settings.signing.id = id.map(given);
            let now = made.plus(DAY.saturating_mul(days));
            unplanned(&settings, environment, folder.path(), now)
        };
        let (id, production) = (Some("prod-20260101-9f3a"), Environment::Production);
        assert_eq!(said(id, production, 179), []);
        assert!(said(id, production, 180)[0].message.contains("was due"));
        assert!(
            said(None, production, 0)[0]
                .message
                .contains("nobody knows")
        );
        assert_eq!(said(None, Environment::Development, 900), []);
    }

    #[test]
    fn two_thirds_on_it_is_time_and_at_the_end_too_late() {
        let made = Timestamp::from_millis(0);
        let due = Due::of(Environment::Staging, made).unwrap();
        let standing = |days: u32, before| {
            let time = made.plus(DAY.saturating_mul(days));
            due.standing(time.minus(Duration::from_millis(before)))
        };
        assert_eq!(standing(60, 1), Standing::Fresh);
        assert_eq!(standing(60, 0), Standing::Soon);
        assert_eq!(standing(90, 1), Standing::Soon);
        assert_eq!(standing(90, 0), Standing::Overdue);
    }
}
