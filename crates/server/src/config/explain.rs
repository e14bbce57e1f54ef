//! Each setting with the value that counts and where it came from; secrets masked.

use serde::Serialize;

use super::{
    Environment,
    database_url::masked,
    load::Sources,
    settings::{Preset, SETTINGS, Setting},
};

/// One line of `concierge config explain`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explained {
    /// The environment variable.
    pub variable: &'static str,
    /// The key in `concierge.toml`, where it has one.
    pub key: Option<&'static str>,
    /// The value as text; what a secret is, is never shown.
    pub value: String,
    /// Where it came from.
    pub source: String,
}

impl Explained {
    /// All settings in the order of their table.
    pub(super) fn all(sources: &Sources, environment: Environment) -> Vec<Self> {
        SETTINGS
            .iter()
            .map(|setting| Self::one(setting, sources, environment))
            .collect()
    }

    fn one(setting: &'static Setting, sources: &Sources, environment: Environment) -> Self {
        let (value, source) = match sources.given(setting).first() {
            Some(given) => (
                shown(setting, given.text.expose()),
                given.source.to_string(),
            ),
            None => (preset(setting, environment), "default".to_owned()),
        };
        Self {
            variable: setting.variable,
            key: setting.key,
            value,
            source,
        }
    }
}

fn shown(setting: &Setting, text: &str) -> String {
    match (setting.secret, setting.variable) {
        (false, _) => text.to_owned(),
        (true, "DATABASE_URL") => masked(text),
        (true, _) => "(set, hidden)".to_owned(),
    }
}

fn preset(setting: &Setting, environment: Environment) -> String {
    match setting.preset {
        Preset::Unset => "(not set)".to_owned(),
        Preset::Derived(how) => format!("({})", how.replace('`', "")),
        Preset::Fixed(_) | Preset::ByEnvironment(_) => setting
            .default_in(environment)
            .unwrap_or_default()
            .to_owned(),
    }
}
