//! The letters in French.

use concierge_core::link::Page;

use super::words::{Letters, Text, Then};

/// All of them.
pub(super) static LETTERS: Letters = Letters {
    confirm_address: Text {
        subject: "Confirmez votre adresse e-mail",
        what: "Quelqu’un, sans doute vous, s’est inscrit sur {host} avec cette adresse.",
        next: (
            "Confirmez que l’adresse est la vôtre, et votre compte est prêt.",
            Then::Follow("Confirmer l’adresse"),
        ),
        not_me: (
            "Si ce n’était pas vous, vous n’avez rien à faire : sans cette confirmation, le compte n’est jamais ouvert.",
            Then::Nothing,
        ),
    },
    address_taken: Text {
        subject: "Vous avez déjà un compte",
        what: "Quelqu’un, peut-être vous, a voulu s’inscrire sur {host} avec cette adresse. Vous y avez déjà un compte ; aucun autre n’a été créé.",
        next: (
            "Connectez-vous comme d’habitude. Si vous avez oublié votre mot de passe, vous pouvez en demander un nouveau sur cette page.",
            Then::Open(Page::SignIn),
        ),
        not_me: (
            "Si ce n’était pas vous, vous n’avez rien à faire : votre compte est inchangé, et son existence n’a été révélée à personne.",
            Then::Nothing,
        ),
    },
    reset_password: Text {
        subject: "Choisissez un nouveau mot de passe",
        what: "Quelqu’un, sans doute vous, a demandé un nouveau mot de passe pour votre compte sur {host}.",
        next: (
            "Choisissez-le ici. Toutes les sessions du compte prennent fin avec lui, et vous vous connectez de nouveau.",
            Then::Follow("Choisir un mot de passe"),
        ),
        not_me: (
            "Si ce n’était pas vous, vous n’avez rien à faire : votre mot de passe reste le même.",
            Then::Nothing,
        ),
    },
    password_changed: Text {
        subject: "Votre mot de passe a été modifié",
        what: "Le mot de passe de votre compte sur {host} a été modifié.",
        next: ("Si c’était vous, vous n’avez rien à faire.", Then::Nothing),
        not_me: (
            "Si ce n’était pas vous, choisissez tout de suite un nouveau mot de passe : toutes les sessions du compte prennent aussi fin.",
            Then::Open(Page::Forgot),
        ),
    },
    new_device: Text {
        subject: "Nouvelle connexion à votre compte",
        what: "Quelqu’un s’est connecté à votre compte sur {host} depuis un appareil encore jamais vu : {device}, depuis l’adresse {address}, le {at}.",
        next: ("Si c’était vous, vous n’avez rien à faire.", Then::Nothing),
        not_me: (
            "Si ce n’était pas vous, dites-le ici : toutes les sessions du compte prennent fin, et un nouveau mot de passe est demandé.",
            Then::Follow("Ce n’était pas moi"),
        ),
    },
    confirm_new_address: Text {
        subject: "Confirmez votre nouvelle adresse e-mail",
        what: "Quelqu’un, sans doute vous, veut utiliser cette adresse pour un compte sur {host}.",
        next: (
            "Confirmez que l’adresse est la vôtre ; d’ici là, le compte garde l’ancienne.",
            Then::Follow("Confirmer l’adresse"),
        ),
        not_me: (
            "Si ce n’était pas vous, vous n’avez rien à faire : sans cette confirmation, l’adresse n’est pas utilisée.",
            Then::Nothing,
        ),
    },
    address_changed: Text {
        subject: "Votre adresse e-mail a été modifiée",
        what: "Votre compte sur {host} a désormais une autre adresse e-mail. Ceci est le dernier message envoyé à celle-ci.",
        next: ("Si c’était vous, vous n’avez rien à faire.", Then::Nothing),
        not_me: (
            "Si ce n’était pas vous, quelqu’un d’autre peut accéder à votre compte. Demandez de l’aide tout de suite :",
            Then::Open(Page::Help),
        ),
    },
    recovery_code_used: Text {
        subject: "Un code de secours a été utilisé",
        what: "Un code de secours de votre compte sur {host} a été utilisé. {left}",
        next: (
            "Si c’était vous, créez de nouveaux codes avant d’en manquer.",
            Then::Open(Page::Security),
        ),
        not_me: (
            "Si ce n’était pas vous, quelqu’un connaît votre mot de passe et l’un de vos codes. Choisissez tout de suite un nouveau mot de passe, puis créez de nouveaux codes.",
            Then::Open(Page::Forgot),
        ),
    },
    second_factor_added: Text {
        subject: "Votre second facteur est configuré",
        what: "Votre compte sur {host} demande désormais, à chaque connexion, un code de votre téléphone ou de votre application d’authentification.",
        next: (
            "Gardez vos codes de secours à un endroit accessible sans lui : ils vous ouvrent la porte s’il est perdu.",
            Then::Nothing,
        ),
        not_me: (
            "Si ce n’était pas vous, quelqu’un d’autre peut accéder à votre compte. Choisissez tout de suite un nouveau mot de passe, puis demandez de l’aide.",
            Then::Open(Page::Forgot),
        ),
    },
    second_factor_removed: Text {
        subject: "Votre second facteur a été supprimé",
        what: "Votre compte sur {host} ne demande plus de code à la connexion : le mot de passe suffit.",
        next: (
            "Si c’était vous, vous pouvez configurer un second facteur de nouveau à tout moment.",
            Then::Open(Page::Security),
        ),
        not_me: (
            "Si ce n’était pas vous, choisissez tout de suite un nouveau mot de passe, puis configurez de nouveau le second facteur.",
            Then::Open(Page::Forgot),
        ),
    },
    account_closed: Text {
        subject: "Votre compte a été fermé",
        what: "Votre compte sur {host} a été fermé, et toutes ses sessions ont pris fin.",
        next: (
            "Si c’était vous, vous n’avez rien à faire. Merci d’avoir été des nôtres.",
            Then::Nothing,
        ),
        not_me: (
            "Si ce n’était pas vous, demandez de l’aide tout de suite :",
            Then::Open(Page::Help),
        ),
    },
    alert_fired: Text {
        subject: "Une alerte de sécurité",
        what: "Quelque chose sort de l’ordinaire sur {host}.",
        next: (
            "Consultez les alertes de la maison et indiquez que vous les avez vues :",
            Then::Open(Page::Alerts),
        ),
        not_me: (
            "Vous recevez ce message parce qu’un administrateur de {host} a indiqué cette adresse pour les alertes.",
            Then::Nothing,
        ),
    },
    alert_over: Text {
        subject: "Une alerte de sécurité est terminée",
        what: "Ce qui sortait de l’ordinaire sur {host} est terminé.",
        next: (
            "Consultez les alertes de la maison et indiquez que vous les avez vues :",
            Then::Open(Page::Alerts),
        ),
        not_me: (
            "Vous recevez ce message parce qu’un administrateur de {host} a indiqué cette adresse pour les alertes.",
            Then::Nothing,
        ),
    },
    alerts: Text {
        subject: "Plusieurs alertes de sécurité",
        what: "Plusieurs choses sortent de l’ordinaire sur {host}.",
        next: (
            "Consultez les alertes de la maison et indiquez que vous les avez vues :",
            Then::Open(Page::Alerts),
        ),
        not_me: (
            "Vous recevez ce message parce qu’un administrateur de {host} a indiqué cette adresse pour les alertes.",
            Then::Nothing,
        ),
    },
    alert_test: Text {
        subject: "Un test des alertes",
        what: "Quelqu’un essaie les alertes de {host}.",
        next: (
            "Consultez les alertes de la maison et indiquez que vous les avez vues :",
            Then::Open(Page::Alerts),
        ),
        not_me: (
            "Vous recevez ce message parce qu’un administrateur de {host} a indiqué cette adresse pour les alertes.",
            Then::Nothing,
        ),
    },
};
