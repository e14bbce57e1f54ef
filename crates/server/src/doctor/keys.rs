//! The keys: what `key check` finds, and where each key comes from.

use std::path::Path;

use concierge_core::time::Timestamp;

use super::{Area, Outcome};
use crate::{
    config::Environment,
    keys::{self, KeySettings},
};

/// Every finding about the keys, and the source of each; never a value.
pub(super) fn examine(
    settings: &KeySettings,
    environment: Environment,
    data: &Path,
    now: Timestamp,
) -> Vec<Outcome> {
    let findings = keys::check(settings, environment, data, now);
    let origins = keys::origins(settings, environment, data, now);
    let mut outcomes: Vec<Outcome> = origins
        .iter()
        .map(|origin| {
            let message = format!("{} from {}", origin.id, origin.source);
            Outcome::ok(Area::Keys, origin.variable, message)
        })
        .collect();
    // Where it is deployed, having none is a finding.
    if findings.is_empty() {
        let message = match origins.is_empty() {
            true => "there are none yet; in development the first start makes them",
            false => "strength, files, environment and other copies: nothing wrong",
        };
        outcomes.push(Outcome::ok(Area::Keys, "check", message));
    }
    outcomes.extend(
        findings
            .iter()
            .map(|finding| Outcome::found(Area::Keys, finding)),
    );
    outcomes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::{Given, Source},
        doctor::Level,
    };

    fn signing(text: &str) -> KeySettings {
        let mut settings = KeySettings::default();
        settings.signing.keys = vec![Given::new(text, Source::Environment)];
        settings
    }

    fn examined(settings: &KeySettings, environment: Environment) -> Vec<Outcome> {
        let folder = tempfile::tempdir().unwrap();
        let now = Timestamp::from_millis(0);
        examine(settings, environment, folder.path(), now)
    }

    #[test]
    fn a_weak_key_is_named_with_its_source_and_without_its_value() {
        let weak = "hunter2hunter2hunter2hunter2";
        let outcomes = examined(&signing(weak), Environment::Production);
        let text = format!("{outcomes:?}");
        assert!(!text.contains("hunter2"), "{text}");
        let finding = outcomes.iter().find(|one| one.message.contains("weak"));
        assert_eq!(finding.unwrap().level, Level::Error);
        assert!(text.contains("from environment"), "{text}");
    }

    #[test]
    fn no_key_is_well_only_in_development() {
        let none = KeySettings::default();
        let levels = |environment| {
            examined(&none, environment)
                .into_iter()
                .map(|one| one.level)
        };
        assert!(levels(Environment::Development).all(|level| level == Level::Ok));
        assert_eq!(levels(Environment::Production).max(), Some(Level::Error));
    }

    #[test]
    fn the_pair_of_the_tests_is_named_as_such() {
        let outcomes = examined(&KeySettings::default(), Environment::Test);
        let pair = outcomes
            .iter()
            .filter(|one| one.message.contains("fixed pair"));
        assert_eq!(pair.count(), 2, "{outcomes:?}");
    }
}
