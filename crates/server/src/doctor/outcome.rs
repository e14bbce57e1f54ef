//! What a check says: about what, how it is, why, and what to do.

use serde::Serialize;

use crate::config::Finding;

/// The part of the house a check looks at, in the order they are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Area {
    /// The configuration and the address to listen on.
    Boot,
    /// The signing and the sealing keys.
    Keys,
    /// The database and its files.
    Database,
    /// The time.
    Clock,
    /// The data folder's disk.
    Disk,
    /// The address people type.
    Address,
    /// What stands in front of the server.
    Proxy,
    /// The cost of a password hash.
    Argon2,
}

impl Area {
    /// The name that is shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Boot => "boot",
            Self::Keys => "keys",
            Self::Database => "database",
            Self::Clock => "clock",
            Self::Disk => "disk",
            Self::Address => "address",
            Self::Proxy => "proxy",
            Self::Argon2 => "argon2",
        }
    }
}

/// How it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// As it should be.
    Ok,
    /// It works, and should be better.
    Warning,
    /// It does not work, or must not stay so.
    Error,
}

/// One line of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// The part of the house.
    pub area: Area,
    /// How it is.
    pub level: Level,
    /// The variable, file or thing it is about.
    pub subject: String,
    /// How it is, in words.
    pub message: String,
    /// What to do; always there unless all is well, and sometimes then too.
    pub remedy: Option<String>,
}

impl Outcome {
    /// It is as it should be.
    pub fn ok(area: Area, subject: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            area,
            level: Level::Ok,
            subject: subject.into(),
            message: message.into(),
            remedy: None,
        }
    }

    /// It works, and should be better.
    pub fn warning(
        area: Area,
        subject: impl Into<String>,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            level: Level::Warning,
            ..Self::error(area, subject, message, remedy)
        }
    }

    /// It does not work, or must not stay so.
    pub fn error(
        area: Area,
        subject: impl Into<String>,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            level: Level::Error,
            remedy: Some(remedy.into()),
            ..Self::ok(area, subject, message)
        }
    }

    /// The same outcome: an error where `strict`, else a warning.
    pub fn strict(self, strict: bool) -> Self {
        let level = if strict { Level::Error } else { Level::Warning };
        Self { level, ..self }
    }

    /// A finding of the configuration or the keys.
    pub fn found(area: Area, finding: &Finding) -> Self {
        let message = format!("{} ({})", finding.message, finding.source);
        Self::error(area, &finding.key, message, &finding.remedy).strict(finding.is_error())
    }
}
