//! The words of messages, English and French.

use concierge_core::{audit::Severity, locale::Locale, time::Timestamp};

use super::message::{Fact, Message, What};

/// What a message says: a line for each fact, below a heading where there are several.
pub(super) fn text(message: &Message, locale: Locale) -> String {
    match (message, message.only()) {
        (_, Some(fact)) => line(fact, locale),
        (Message::Digest { facts, more, .. }, None) => {
            let mut lines = vec![several(facts.len() as u64 + more, locale)];
            lines.extend(facts.iter().map(|fact| line(fact, locale)));
            if *more > 0 {
                lines.push(and_more(*more, locale));
            }
            lines.join("\n")
        }
        (Message::One(_) | Message::Test { .. }, None) => match locale {
            Locale::En => "This is a test. Alerts will arrive here.",
            Locale::Fr => "Ceci est un test. Les alertes arriveront ici.",
        }
        .to_owned(),
    }
}

/// On the button to the page.
pub(super) const fn open(locale: Locale) -> &'static str {
    match locale {
        Locale::En => "See the alerts",
        Locale::Fr => "Voir les alertes",
    }
}

fn several(count: u64, locale: Locale) -> String {
    match locale {
        Locale::En => format!("{count} messages together:"),
        Locale::Fr => format!("{count} messages ensemble :"),
    }
}

fn and_more(count: u64, locale: Locale) -> String {
    match locale {
        Locale::En => format!("And {count} more."),
        Locale::Fr => format!("Et {count} de plus."),
    }
}

fn line(fact: &Fact, locale: Locale) -> String {
    let mut text = format!(
        "{}: {}. {} {} ({} {})",
        heading(fact, locale),
        fact.title(locale),
        fact.watch,
        fact.value,
        fact.comparator.as_str(),
        fact.threshold,
    );
    if !fact.is_of_metric() {
        text.push_str(&within(fact.window_seconds, locale));
    }
    text.push('.');
    if let Some(latest) = &fact.latest {
        text.push_str(match locale {
            Locale::En => " Latest: ",
            Locale::Fr => " Dernier : ",
        });
        text.push_str(&moment(latest.at));
        for part in latest
            .account
            .iter()
            .chain(Some(&latest.address).filter(|address| !address.is_empty()))
        {
            text.push_str(", ");
            text.push_str(part);
        }
        text.push('.');
    }
    text
}

fn heading(fact: &Fact, locale: Locale) -> String {
    let severity = match (fact.severity, locale) {
        (Severity::Info, _) => "Info",
        (Severity::Notice, Locale::En) => "Notice",
        (Severity::Notice, Locale::Fr) => "Remarque",
        (Severity::Warning, Locale::En) => "Warning",
        (Severity::Warning, Locale::Fr) => "Avertissement",
        (Severity::Critical, Locale::En) => "Critical",
        (Severity::Critical, Locale::Fr) => "Critique",
    };
    let what = match (fact.what, locale) {
        (What::Fired, _) => "",
        (What::Repeated, Locale::En) => ", still",
        (What::Repeated, Locale::Fr) => ", toujours",
        (What::Resolved, Locale::En) => ", over",
        (What::Resolved, Locale::Fr) => ", terminé",
    };
    format!("{severity}{what}")
}

fn within(seconds: u32, locale: Locale) -> String {
    let (count, unit) = match seconds {
        seconds if seconds % 3600 == 0 => (seconds / 3600, "h"),
        seconds if seconds % 60 == 0 => (seconds / 60, "min"),
        seconds => (seconds, "s"),
    };
    match locale {
        Locale::En => format!(" within {count} {unit}"),
        Locale::Fr => format!(" en {count} {unit}"),
    }
}

/// `2027-01-15 08:00 UTC`: exact in every language.
fn moment(at: Timestamp) -> String {
    let text = at.to_rfc3339();
    format!("{} {} UTC", &text[..10], &text[11..16])
}
