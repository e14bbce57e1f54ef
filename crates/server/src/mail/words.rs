//! The words of the letters, English and French.
//!
//! Each letter says what happened, what to do next, and what to do if it was not the reader. Subjects are fixed
//! words: a header holds nothing that anybody chose.

use std::time::Duration;

use concierge_core::{link::Page, locale::Locale, time::Timestamp};

use super::{Letter, letter::cleaned};

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
        Locale::En => english(letter),
        Locale::Fr => french(letter),
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
    let what = Part {
        text: what,
        then: Then::Nothing,
    };
    Words {
        subject: text.subject,
        parts: vec![what, part(text.next), part(text.not_me)],
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
struct Text {
    subject: &'static str,
    what: &'static str,
    next: (&'static str, Then),
    not_me: (&'static str, Then),
}

const fn text(
    subject: &'static str,
    what: &'static str,
    next: (&'static str, Then),
    not_me: (&'static str, Then),
) -> Text {
    Text {
        subject,
        what,
        next,
        not_me,
    }
}

const fn english(letter: &Letter) -> Text {
    match letter {
        Letter::ConfirmAddress { .. } => text(
            "Confirm your e-mail address",
            "Somebody, most likely you, registered at {host} with this address.",
            (
                "Confirm that the address is yours, and your account is ready.",
                Then::Follow("Confirm the address"),
            ),
            (
                "If it was not you, there is nothing to do: without this confirmation the account is never opened.",
                Then::Nothing,
            ),
        ),
        Letter::AddressTaken => text(
            "You already have an account",
            "Somebody, perhaps you, tried to register at {host} with this address. You already have an account here, so no second one was made.",
            (
                "Sign in as usual. If you have forgotten your password, you can ask for a new one on that page.",
                Then::Open(Page::SignIn),
            ),
            (
                "If it was not you, there is nothing to do: your account is unchanged, and whoever tried was not told that it exists.",
                Then::Nothing,
            ),
        ),
        Letter::ResetPassword { .. } => text(
            "Set a new password",
            "Somebody, most likely you, asked for a new password for your account at {host}.",
            (
                "Choose it here. Every session of the account ends with it, and you sign in again.",
                Then::Follow("Set a new password"),
            ),
            (
                "If it was not you, there is nothing to do: your password stays as it is.",
                Then::Nothing,
            ),
        ),
        Letter::PasswordChanged => text(
            "Your password was changed",
            "The password of your account at {host} was changed.",
            ("If it was you, there is nothing to do.", Then::Nothing),
            (
                "If it was not you, set a new password at once: that also ends every session of the account.",
                Then::Open(Page::Forgot),
            ),
        ),
        Letter::NewDevice { .. } => text(
            "New sign-in to your account",
            "Somebody signed in to your account at {host} from a device that was never seen before: {device}, from the address {address}, at {at}.",
            ("If it was you, there is nothing to do.", Then::Nothing),
            (
                "If it was not you, say so here: every session of the account ends, and it asks for a new password.",
                Then::Follow("It was not me"),
            ),
        ),
        Letter::ConfirmNewAddress { .. } => text(
            "Confirm your new e-mail address",
            "Somebody, most likely you, wants to use this address for an account at {host}.",
            (
                "Confirm that the address is yours; until then the account keeps its old one.",
                Then::Follow("Confirm the address"),
            ),
            (
                "If it was not you, there is nothing to do: without this confirmation the address is not used.",
                Then::Nothing,
            ),
        ),
        Letter::AddressChanged => text(
            "Your e-mail address was changed",
            "Your account at {host} has another e-mail address now. This is the last letter to this one.",
            ("If it was you, there is nothing to do.", Then::Nothing),
            (
                "If it was not you, somebody else can get into your account. Ask for help at once:",
                Then::Open(Page::Help),
            ),
        ),
        Letter::RecoveryCodeUsed { .. } => text(
            "A recovery code was used",
            "A recovery code of your account at {host} was used. {left}",
            (
                "If it was you, make new codes before they run out.",
                Then::Open(Page::Security),
            ),
            (
                "If it was not you, somebody knows your password and one of your codes. Set a new password at once, then make new codes.",
                Then::Open(Page::Forgot),
            ),
        ),
        Letter::SecondFactorAdded => text(
            "Your second factor was set up",
            "Your account at {host} now asks for a code from your phone or your authenticator at each sign-in.",
            (
                "Keep your recovery codes where you find them without it: they let you in when it is lost.",
                Then::Nothing,
            ),
            (
                "If it was not you, somebody else can get into your account. Set a new password at once, and ask for help there.",
                Then::Open(Page::Forgot),
            ),
        ),
        Letter::SecondFactorRemoved => text(
            "Your second factor was removed",
            "Your account at {host} no longer asks for a code at sign-in: the password alone opens it.",
            (
                "If it was you, you can set a second factor up again at any time.",
                Then::Open(Page::Security),
            ),
            (
                "If it was not you, set a new password at once, then set the second factor up again.",
                Then::Open(Page::Forgot),
            ),
        ),
        Letter::AccountClosed => text(
            "Your account was closed",
            "Your account at {host} was closed, and all its sessions have ended.",
            (
                "If it was you, there is nothing to do. Thank you for having been here.",
                Then::Nothing,
            ),
            (
                "If it was not you, ask for help at once:",
                Then::Open(Page::Help),
            ),
        ),
    }
}

const fn french(letter: &Letter) -> Text {
    match letter {
        Letter::ConfirmAddress { .. } => text(
            "Confirmez votre adresse e-mail",
            "Quelqu’un, sans doute vous, s’est inscrit sur {host} avec cette adresse.",
            (
                "Confirmez que l’adresse est la vôtre, et votre compte est prêt.",
                Then::Follow("Confirmer l’adresse"),
            ),
            (
                "Si ce n’était pas vous, vous n’avez rien à faire : sans cette confirmation, le compte n’est jamais ouvert.",
                Then::Nothing,
            ),
        ),
        Letter::AddressTaken => text(
            "Vous avez déjà un compte",
            "Quelqu’un, peut-être vous, a voulu s’inscrire sur {host} avec cette adresse. Vous y avez déjà un compte ; aucun autre n’a été créé.",
            (
                "Connectez-vous comme d’habitude. Si vous avez oublié votre mot de passe, vous pouvez en demander un nouveau sur cette page.",
                Then::Open(Page::SignIn),
            ),
            (
                "Si ce n’était pas vous, vous n’avez rien à faire : votre compte est inchangé, et son existence n’a été révélée à personne.",
                Then::Nothing,
            ),
        ),
        Letter::ResetPassword { .. } => text(
            "Choisissez un nouveau mot de passe",
            "Quelqu’un, sans doute vous, a demandé un nouveau mot de passe pour votre compte sur {host}.",
            (
                "Choisissez-le ici. Toutes les sessions du compte prennent fin avec lui, et vous vous connectez de nouveau.",
                Then::Follow("Choisir un mot de passe"),
            ),
            (
                "Si ce n’était pas vous, vous n’avez rien à faire : votre mot de passe reste le même.",
                Then::Nothing,
            ),
        ),
        Letter::PasswordChanged => text(
            "Votre mot de passe a été modifié",
            "Le mot de passe de votre compte sur {host} a été modifié.",
            ("Si c’était vous, vous n’avez rien à faire.", Then::Nothing),
            (
                "Si ce n’était pas vous, choisissez tout de suite un nouveau mot de passe : toutes les sessions du compte prennent aussi fin.",
                Then::Open(Page::Forgot),
            ),
        ),
        Letter::NewDevice { .. } => text(
            "Nouvelle connexion à votre compte",
            "Quelqu’un s’est connecté à votre compte sur {host} depuis un appareil encore jamais vu : {device}, depuis l’adresse {address}, le {at}.",
            ("Si c’était vous, vous n’avez rien à faire.", Then::Nothing),
            (
                "Si ce n’était pas vous, dites-le ici : toutes les sessions du compte prennent fin, et un nouveau mot de passe est demandé.",
                Then::Follow("Ce n’était pas moi"),
            ),
        ),
        Letter::ConfirmNewAddress { .. } => text(
            "Confirmez votre nouvelle adresse e-mail",
            "Quelqu’un, sans doute vous, veut utiliser cette adresse pour un compte sur {host}.",
            (
                "Confirmez que l’adresse est la vôtre ; d’ici là, le compte garde l’ancienne.",
                Then::Follow("Confirmer l’adresse"),
            ),
            (
                "Si ce n’était pas vous, vous n’avez rien à faire : sans cette confirmation, l’adresse n’est pas utilisée.",
                Then::Nothing,
            ),
        ),
        Letter::AddressChanged => text(
            "Votre adresse e-mail a été modifiée",
            "Votre compte sur {host} a désormais une autre adresse e-mail. Ceci est le dernier message envoyé à celle-ci.",
            ("Si c’était vous, vous n’avez rien à faire.", Then::Nothing),
            (
                "Si ce n’était pas vous, quelqu’un d’autre peut accéder à votre compte. Demandez de l’aide tout de suite :",
                Then::Open(Page::Help),
            ),
        ),
        Letter::RecoveryCodeUsed { .. } => text(
            "Un code de secours a été utilisé",
            "Un code de secours de votre compte sur {host} a été utilisé. {left}",
            (
                "Si c’était vous, créez de nouveaux codes avant d’en manquer.",
                Then::Open(Page::Security),
            ),
            (
                "Si ce n’était pas vous, quelqu’un connaît votre mot de passe et l’un de vos codes. Choisissez tout de suite un nouveau mot de passe, puis créez de nouveaux codes.",
                Then::Open(Page::Forgot),
            ),
        ),
        Letter::SecondFactorAdded => text(
            "Votre second facteur est configuré",
            "Votre compte sur {host} demande désormais, à chaque connexion, un code de votre téléphone ou de votre application d’authentification.",
            (
                "Gardez vos codes de secours à un endroit accessible sans lui : ils vous ouvrent la porte s’il est perdu.",
                Then::Nothing,
            ),
            (
                "Si ce n’était pas vous, quelqu’un d’autre peut accéder à votre compte. Choisissez tout de suite un nouveau mot de passe, puis demandez de l’aide.",
                Then::Open(Page::Forgot),
            ),
        ),
        Letter::SecondFactorRemoved => text(
            "Votre second facteur a été supprimé",
            "Votre compte sur {host} ne demande plus de code à la connexion : le mot de passe suffit.",
            (
                "Si c’était vous, vous pouvez configurer un second facteur de nouveau à tout moment.",
                Then::Open(Page::Security),
            ),
            (
                "Si ce n’était pas vous, choisissez tout de suite un nouveau mot de passe, puis configurez de nouveau le second facteur.",
                Then::Open(Page::Forgot),
            ),
        ),
        Letter::AccountClosed => text(
            "Votre compte a été fermé",
            "Votre compte sur {host} a été fermé, et toutes ses sessions ont pris fin.",
            (
                "Si c’était vous, vous n’avez rien à faire. Merci d’avoir été des nôtres.",
                Then::Nothing,
            ),
            (
                "Si ce n’était pas vous, demandez de l’aide tout de suite :",
                Then::Open(Page::Help),
            ),
        ),
    }
}
