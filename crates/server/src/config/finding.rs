//! What is wrong with the configuration or the keys, always with the way out.
//!
//! Findings are collected, never thrown one by one: whoever mends a configuration sees the whole
//! list at once. A finding never holds the value of a secret.

use std::fmt;

use concierge_core::keys::api::CheckLine;
use serde::Serialize;

/// Whether the server starts in spite of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// It does not start.
    Error,
    /// It starts, and says so in the log.
    Warning,
}

/// One problem and its remedy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub level: Level,
    /// The variable or file it is about.
    pub key: String,
    /// Where the value came from, in words.
    pub source: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub remedy: String,
    /// Which of the eight things about the keys it speaks against, where it is about keys.
    #[serde(skip)]
    pub against: Box<[CheckLine]>,
}

impl Finding {
    /// A finding that keeps the server from starting.
    pub fn error(
        key: impl Into<String>,
        source: impl fmt::Display,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            level: Level::Error,
            key: key.into(),
            source: source.to_string(),
            message: message.into(),
            remedy: remedy.into(),
            against: Box::default(),
        }
    }

    /// The same finding, which speaks against these lines of the checklist.
    pub fn against(self, lines: impl Into<Box<[CheckLine]>>) -> Self {
        Self {
            against: lines.into(),
            ..self
        }
    }

    /// The same finding as a warning.
    pub fn warning(self) -> Self {
        Self {
            level: Level::Warning,
            ..self
        }
    }

    /// The same finding: an error where `strict`, else a warning.
    pub fn strict(self, strict: bool) -> Self {
        if strict { self } else { self.warning() }
    }

    /// Whether it keeps the server from starting.
    pub fn is_error(&self) -> bool {
        self.level == Level::Error
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = match self.level {
            Level::Error => "error",
            Level::Warning => "warning",
        };
        writeln!(
            f,
            "{level}: {} ({}): {}",
            self.key, self.source, self.message
        )?;
        write!(f, "  remedy: {}", self.remedy)
    }
}
