//! The words of the letters, English and French.
//!
//! Each letter says what happened, what to do next, and what to do if it was not the reader. Subjects are fixed
//! words: a header holds nothing that anybody chose.

use std::time::Duration;

use concierge_core::{link::Page, locale::Locale, time::Timestamp};

use super::{Letter, Tiding, english, french, letter::cleaned};

/// What follows a paragraph.
#[derive(Clone, Copy)]
pub(super) enum Then {
    /// The next one.
    Nothing,
    /// The address of a page.
    Open(Page),
    /// The letter's link, under this label.
    Follow(&'static str),
}

/// A paragraph.
pub(super) struct Part {
    pub(super) text: String,
    pub(super) then: Then,
}

/// The words of one letter.
pub(super) struct Words {
    pub(super) subject: &'static str,
    pub(super) parts: Vec<Part>,
}

/// Words that every letter shares.
pub(super) struct Common {
    pub(super) hello: &'static str,
    /// With the reader's name.
    pub(super) hello_name: &'static str,
    /// With the address of the page that takes the token.
    pub(super) paste: &'static str,
    /// With the contact.
    pub(super) contact: &'static str,
    /// With the host.
    pub(super) from: &'static str,
}

/// The shared words in a language.
pub(super) const fn common(locale: Locale) -> Common {
    match locale {
        Locale::En => Common {
            hello: "Hello,",
            hello_name: "Hello {},",
            paste: "If the link does not open, go to {} and paste this code:",
            contact: "Need help? {}",
            from: "Concierge at {}",
        },
        Locale::Fr => Common {
            hello: "Bonjour,",
            hello_name: "Bonjour {},",
            paste: "Si le lien ne s’ouvre pas, allez sur {} et collez-y ce code :",
            contact: "Besoin d’aide ? {}",
            from: "Concierge, {}",
        },
    }
}

/// How long a link works, as a sentence.
pub(super) fn life(life: Duration, locale: Locale) -> String {
    const HOUR: u64 = 3_600;
    const DAY: u64 = 24 * HOUR;
    let (count, unit) = match life.as_secs() {
        seconds if seconds < HOUR => (seconds / 60, ["minutes", "minutes"]),
        seconds if seconds <= DAY => (seconds / HOUR, ["hours", "heures"]),
        seconds => (seconds / DAY, ["days", "jours"]),
    };
    match locale {
        Locale::En => format!("The link works once, for {count} {}.", unit[0]),
        Locale::Fr => format!(
            "Le lien fonctionne une seule fois, pendant {count} {}.",
            unit[1]
        ),
    }
}

/// The letter's words; `host` is the house.
pub(super) fn letter(letter: &Letter, locale: Locale, host: &str) -> Words {
    let text = match locale {
        Locale::En => english::LETTERS.of(letter),
        Locale::Fr => french::LETTERS.of(letter),
    };
    let what = text.what.replace("{host}", host);
    // What a device calls itself goes in last: nothing is filled into it.
    let what = match letter {
        Letter::NewDevice {
            browser,
            system,
            address,
            at,
            ..
        } => what
            .replace("{at}", &moment(*at))
            .replace("{address}", &cleaned(address, 60))
            .replace("{device}", &device(browser, system, locale)),
        Letter::RecoveryCodeUsed { left } => what.replace("{left}", &left_over(*left, locale)),
        _ => what,
    };
    let part = |(text, then): (&str, Then)| Part {
        text: text.replace("{host}", host),
        then,
    };
    let told = |text| Part {
        text,
        then: Then::Nothing,
    };
    let mut parts = vec![told(what)];
    if let Letter::Alert { text, .. } = letter {
        parts.extend(text.lines().map(|line| told(cleaned(line, 500))));
    }
    parts.extend([part(text.next), part(text.not_me)]);
    Words {
        subject: text.subject,
        parts,
    }
}

/// A device in words; browsers and systems that we do not know have no name.
fn device(browser: &str, system: &str, locale: Locale) -> String {
    let (browser, system) = (cleaned(browser, 60), cleaned(system, 60));
    match (browser.is_empty(), system.is_empty(), locale) {
        (false, false, Locale::En) => format!("{browser} on {system}"),
        (false, false, Locale::Fr) => format!("{browser} sous {system}"),
        (true, true, Locale::En) => "an unknown program".to_owned(),
        (true, true, Locale::Fr) => "un programme inconnu".to_owned(),
        _ => browser + &system,
    }
}

/// `2027-01-15 08:00 UTC`: exact in every language. The reader's time zone is not known here.
fn moment(at: Timestamp) -> String {
    let text = at.to_rfc3339();
    format!("{} {} UTC", &text[..10], &text[11..16])
}

fn left_over(left: u32, locale: Locale) -> String {
    match (left, locale) {
        (0, Locale::En) => "None is left.".to_owned(),
        (1, Locale::En) => "One is left.".to_owned(),
        (left, Locale::En) => format!("{left} are left."),
        (0, Locale::Fr) => "Il n’en reste aucun.".to_owned(),
        (1, Locale::Fr) => "Il en reste un.".to_owned(),
        (left, Locale::Fr) => format!("Il en reste {left}."),
    }
}

/// A letter before its places are filled.
pub(super) struct Text {
    pub(super) subject: &'static str,
    /// What happened.
    pub(super) what: &'static str,
    /// What to do next.
    pub(super) next: (&'static str, Then),
    /// What to do if it was not the reader.
    pub(super) not_me: (&'static str, Then),
}

/// The letters of a language: none can be left out.
pub(super) struct Letters {
    pub(super) confirm_address: Text,
    pub(super) address_taken: Text,
    pub(super) reset_password: Text,
    pub(super) password_changed: Text,
    pub(super) new_device: Text,
    pub(super) confirm_new_address: Text,
    pub(super) address_changed: Text,
    pub(super) recovery_code_used: Text,
    pub(super) second_factor_added: Text,
    pub(super) second_factor_removed: Text,
    pub(super) account_closed: Text,
    pub(super) alert_fired: Text,
    pub(super) alert_over: Text,
    pub(super) alerts: Text,
    pub(super) alert_test: Text,
}

impl Letters {
    fn of(&self, letter: &Letter) -> &Text {
        match letter {
            Letter::ConfirmAddress { .. } => &self.confirm_address,
            Letter::AddressTaken => &self.address_taken,
            Letter::ResetPassword { .. } => &self.reset_password,
            Letter::PasswordChanged => &self.password_changed,
            Letter::NewDevice { .. } => &self.new_device,
            Letter::ConfirmNewAddress { .. } => &self.confirm_new_address,
            Letter::AddressChanged => &self.address_changed,
            Letter::RecoveryCodeUsed { .. } => &self.recovery_code_used,
            Letter::SecondFactorAdded => &self.second_factor_added,
            Letter::SecondFactorRemoved => &self.second_factor_removed,
            Letter::AccountClosed => &self.account_closed,
            Letter::Alert { tiding, .. } => match tiding {
                Tiding::Fired => &self.alert_fired,
                Tiding::Over => &self.alert_over,
                Tiding::Several => &self.alerts,
                Tiding::Test => &self.alert_test,
            },
        }
    }
}
