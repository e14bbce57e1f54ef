//! The letters in English.

use concierge_core::link::Page;

use super::words::{Letters, Text, Then};

/// All of them.
pub(super) static LETTERS: Letters = Letters {
    confirm_address: Text {
        subject: "Confirm your e-mail address",
        what: "Somebody, most likely you, registered at {host} with this address.",
        next: (
            "Confirm that the address is yours, and your account is ready.",
            Then::Follow("Confirm the address"),
        ),
        not_me: (
            "If it was not you, there is nothing to do: without this confirmation the account is never opened.",
            Then::Nothing,
        ),
    },
    address_taken: Text {
        subject: "You already have an account",
        what: "Somebody, perhaps you, tried to register at {host} with this address. You already have an account here, so no second one was made.",
        next: (
            "Sign in as usual. If you have forgotten your password, you can ask for a new one on that page.",
            Then::Open(Page::SignIn),
        ),
        not_me: (
            "If it was not you, there is nothing to do: your account is unchanged, and whoever tried was not told that it exists.",
            Then::Nothing,
        ),
    },
    reset_password: Text {
        subject: "Set a new password",
        what: "Somebody, most likely you, asked for a new password for your account at {host}.",
        next: (
            "Choose it here. Every session of the account ends with it, and you sign in again.",
            Then::Follow("Set a new password"),
        ),
        not_me: (
            "If it was not you, there is nothing to do: your password stays as it is.",
            Then::Nothing,
        ),
    },
    password_changed: Text {
        subject: "Your password was changed",
        what: "The password of your account at {host} was changed.",
        next: ("If it was you, there is nothing to do.", Then::Nothing),
        not_me: (
            "If it was not you, set a new password at once: that also ends every session of the account.",
            Then::Open(Page::Forgot),
        ),
    },
    new_device: Text {
        subject: "New sign-in to your account",
        what: "Somebody signed in to your account at {host} from a device that was never seen before: {device}, from the address {address}, at {at}.",
        next: ("If it was you, there is nothing to do.", Then::Nothing),
        not_me: (
            "If it was not you, say so here: every session of the account ends, and it asks for a new password.",
            Then::Follow("It was not me"),
        ),
    },
    confirm_new_address: Text {
        subject: "Confirm your new e-mail address",
        what: "Somebody, most likely you, wants to use this address for an account at {host}.",
        next: (
            "Confirm that the address is yours; until then the account keeps its old one.",
            Then::Follow("Confirm the address"),
        ),
        not_me: (
            "If it was not you, there is nothing to do: without this confirmation the address is not used.",
            Then::Nothing,
        ),
    },
    address_changed: Text {
        subject: "Your e-mail address was changed",
        what: "Your account at {host} has another e-mail address now. This is the last letter to this one.",
        next: ("If it was you, there is nothing to do.", Then::Nothing),
        not_me: (
            "If it was not you, somebody else can get into your account. Ask for help at once:",
            Then::Open(Page::Help),
        ),
    },
    recovery_code_used: Text {
        subject: "A recovery code was used",
        what: "A recovery code of your account at {host} was used. {left}",
        next: (
            "If it was you, make new codes before they run out.",
            Then::Open(Page::Security),
        ),
        not_me: (
            "If it was not you, somebody knows your password and one of your codes. Set a new password at once, then make new codes.",
            Then::Open(Page::Forgot),
        ),
    },
    second_factor_added: Text {
        subject: "Your second factor was set up",
        what: "Your account at {host} now asks for a code from your phone or your authenticator at each sign-in.",
        next: (
            "Keep your recovery codes where you find them without it: they let you in when it is lost.",
            Then::Nothing,
        ),
        not_me: (
            "If it was not you, somebody else can get into your account. Set a new password at once, then ask for help.",
            Then::Open(Page::Forgot),
        ),
    },
    second_factor_removed: Text {
        subject: "Your second factor was removed",
        what: "Your account at {host} no longer asks for a code at sign-in: the password alone opens it.",
        next: (
            "If it was you, you can set a second factor up again at any time.",
            Then::Open(Page::Security),
        ),
        not_me: (
            "If it was not you, set a new password at once, then set the second factor up again.",
            Then::Open(Page::Forgot),
        ),
    },
    account_closed: Text {
        subject: "Your account was closed",
        what: "Your account at {host} was closed, and all its sessions have ended.",
        next: (
            "If it was you, there is nothing to do. Thank you for having been here.",
            Then::Nothing,
        ),
        not_me: (
            "If it was not you, ask for help at once:",
            Then::Open(Page::Help),
        ),
    },
    alert_fired: Text {
        subject: "A security alert",
        what: "Something at {host} stands out.",
        next: (
            "See the alerts of the house and say that you have seen them:",
            Then::Open(Page::Alerts),
        ),
        not_me: (
            "You get this because an admin of {host} gave this address for alerts.",
            Then::Nothing,
        ),
    },
    alert_over: Text {
        subject: "A security alert is over",
        what: "What stood out at {host} is over.",
        next: (
            "See the alerts of the house and say that you have seen them:",
            Then::Open(Page::Alerts),
        ),
        not_me: (
            "You get this because an admin of {host} gave this address for alerts.",
            Then::Nothing,
        ),
    },
    alerts: Text {
        subject: "Several security alerts",
        what: "Several things at {host} stand out.",
        next: (
            "See the alerts of the house and say that you have seen them:",
            Then::Open(Page::Alerts),
        ),
        not_me: (
            "You get this because an admin of {host} gave this address for alerts.",
            Then::Nothing,
        ),
    },
    alert_test: Text {
        subject: "A test of the alerts",
        what: "Somebody tests the alerts of {host}.",
        next: (
            "See the alerts of the house and say that you have seen them:",
            Then::Open(Page::Alerts),
        ),
        not_me: (
            "You get this because an admin of {host} gave this address for alerts.",
            Then::Nothing,
        ),
    },
};
