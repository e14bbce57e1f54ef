//! What the rules that come with the house watch. They are put in once; from then on they are the admin's.

use concierge_core::{
    alert::{Comparator, Metric, Rule, Shipped},
    audit::{EventName, Severity},
};

const MINUTE: u32 = 60;
const HOUR: u32 = 60 * MINUTE;
const DAY: u32 = 24 * HOUR;

/// The rule as it comes.
pub(super) fn rule(shipped: Shipped) -> Rule {
    use Shipped as S;
    match shipped {
        S::LoginFailures => Rule {
            threshold: 30,
            window_seconds: 5 * MINUTE,
            ..any(EventName::LoginFail)
        },
        S::PasswordSpraying => any(EventName::PasswordSpraying),
        S::CredentialStuffing => any(EventName::CredentialStuffing),
        S::SuccessAfterFailures => any(EventName::SuccessAfterFailures),
        S::TokenReuse => any(EventName::TokenReuse),
        S::SessionAddresses => any(EventName::SessionManyAddresses),
        S::SessionBrowser => any(EventName::SessionBrowserChanged),
        S::SecondStepClosed => any(EventName::MfaFailMax),
        S::AdminShutOut => with(EventName::LoginFailMax, "role=admin"),
        S::AdminLock => with(EventName::UserUpdated, "locked=true,role=admin"),
        S::BadSignatures => with(EventName::KeyAbuse, "pattern=bad_signature"),
        S::RevokedKid => with(EventName::KeyAbuse, "pattern=revoked_kid"),
        S::WrongEnvironment => with(EventName::KeyAbuse, "pattern=wrong_env"),
        S::UnknownKid => with(EventName::KeyAbuse, "pattern=unknown_kid"),
        S::WrongAlgorithm => with(EventName::KeyAbuse, "pattern=alg_mismatch"),
        S::ForgedRefresh => with(EventName::KeyAbuse, "pattern=refresh_bad_mac"),
        // Told of again each hour while it lasts.
        S::SigningRate => Rule {
            window_seconds: HOUR + 15 * MINUTE,
            ..with(EventName::KeyAbuse, "pattern=signing_rate")
        },
        S::ChannelGone => any(EventName::AlertChannelGone),
        // Told over the other channels. What tells of it raises it no more, see `deliver`.
        S::MessageGivenUp => any(EventName::AlertGivenUp),
        S::ChainBroken => any(EventName::AuditChainBroken),
        S::MailFailed => any(EventName::MailFailed),
        // Recorded once a day while it lasts: so long it counts, and a little longer.
        S::KeyOverdue => daily(EventName::KeyOverdue),
        S::KeyBackupStale => daily(EventName::KeyBackupStale),
        S::DiskFull => Rule {
            comparator: Comparator::Below,
            threshold: 10,
            ..measured(Metric::DiskFree)
        },
        S::MemoryFull => Rule {
            comparator: Comparator::Above,
            threshold: 90,
            ..measured(Metric::MemoryUsed)
        },
        S::ServerErrors => Rule {
            comparator: Comparator::AtLeast,
            threshold: 5,
            ..measured(Metric::ServerErrors)
        },
    }
}

/// One is enough. Patterns are recorded again each ten minutes while they last, so the window is longer.
fn any(name: EventName) -> Rule {
    Rule {
        name: String::new(),
        watch: name.as_str().to_owned(),
        detail: None,
        comparator: Comparator::AtLeast,
        threshold: 1,
        window_seconds: 15 * MINUTE,
        for_seconds: 0,
        severity: name.severity().max(Severity::Warning),
        channels: Vec::new(),
        repeat_seconds: 4 * HOUR,
        tells_end: false,
        quiet: None,
        enabled: true,
    }
}

fn with(name: EventName, detail: &str) -> Rule {
    Rule {
        detail: Some(detail.to_owned()),
        severity: Severity::Critical,
        ..any(name)
    }
}

fn daily(name: EventName) -> Rule {
    Rule {
        window_seconds: 25 * HOUR,
        repeat_seconds: DAY,
        tells_end: true,
        ..any(name)
    }
}

fn measured(metric: Metric) -> Rule {
    Rule {
        watch: metric.as_str().to_owned(),
        window_seconds: 0,
        for_seconds: 2 * MINUTE,
        severity: Severity::Critical,
        repeat_seconds: 4 * HOUR,
        tells_end: true,
        ..any(EventName::SysStartup)
    }
}
