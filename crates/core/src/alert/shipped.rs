//! The rules that come with the house. What they watch stands on the server; here are their names.

use super::words;
use crate::locale::Locale;
use serde::{Deserialize, Serialize};

words! {
    /// A rule that comes with the house.
    Shipped {
        /// Bursts of `authn_login_fail`.
        LoginFailures = "login_failures",
        /// Many accounts from one address.
        PasswordSpraying = "password_spraying",
        /// One account from many addresses.
        CredentialStuffing = "credential_stuffing",
        /// A success after many failures.
        SuccessAfterFailures = "success_after_failures",
        /// An old refresh token.
        TokenReuse = "token_reuse",
        /// A session from many addresses.
        SessionAddresses = "session_addresses",
        /// A session whose browser changes.
        SessionBrowser = "session_browser",
        /// A second step is closed by guesses.
        SecondStepClosed = "second_step_closed",
        /// The sign-in of an admin is closed by guesses.
        AdminShutOut = "admin_shut_out",
        /// An admin's account was locked.
        AdminLock = "admin_lock",
        /// Bad signatures.
        BadSignatures = "bad_signatures",
        /// Tokens of a revoked key.
        RevokedKid = "revoked_kid",
        /// Tokens of another environment.
        WrongEnvironment = "wrong_env",
        /// Tokens that name a key nobody has.
        UnknownKid = "unknown_kid",
        /// Tokens with another algorithm than their key's.
        WrongAlgorithm = "alg_mismatch",
        /// Refresh tokens that nobody here made.
        ForgedRefresh = "forged_refresh",
        /// Far more tokens signed than usual.
        SigningRate = "signing_rate",
        /// A channel whose receiver is gone.
        ChannelGone = "channel_gone",
        /// A message that its receiver never took.
        MessageGivenUp = "message_given_up",
        /// The chain of the events is broken.
        ChainBroken = "chain_broken",
        /// A mail that could not be delivered.
        MailFailed = "mail_failed",
        /// A key that is due.
        KeyOverdue = "key_overdue",
        /// No verified backup.
        KeyBackupStale = "key_backup_stale",
        /// Little room on the disk.
        DiskFull = "disk_full",
        /// Little memory left.
        MemoryFull = "memory_full",
        /// Many 5xx.
        ServerErrors = "server_errors",
    }
}

macro_rules! titles {
    ($($name:ident: $en:literal, $fr:literal;)+) => {
        impl Shipped {
            /// What people call it.
            pub const fn title(self, locale: Locale) -> &'static str {
                match (self, locale) {
                    $((Self::$name, Locale::En) => $en, (Self::$name, Locale::Fr) => $fr,)+
                }
            }
        }
    };
}

titles! {
    LoginFailures: "Many failed sign-ins", "Nombreux échecs de connexion";
    PasswordSpraying: "One address tries many accounts", "Une adresse essaie de nombreux comptes";
    CredentialStuffing: "Many addresses try one account", "De nombreuses adresses essaient un compte";
    SuccessAfterFailures: "A sign-in after many failures", "Une connexion après de nombreux échecs";
    TokenReuse: "An old token was used again", "Un ancien jeton a été réutilisé";
    SessionAddresses: "One session from many addresses", "Une session depuis de nombreuses adresses";
    SessionBrowser: "One session from two browsers", "Une session depuis deux navigateurs";
    SecondStepClosed: "Guesses have closed a second step", "Des essais ont fermé une deuxième étape";
    AdminShutOut: "Guesses have closed an admin’s sign-in", "Des essais ont fermé la connexion d’un admin";
    AdminLock: "An admin was locked", "Un admin a été verrouillé";
    BadSignatures: "Forged tokens", "Jetons falsifiés";
    RevokedKid: "Tokens of a revoked key", "Jetons d’une clé révoquée";
    WrongEnvironment: "Tokens of another environment", "Jetons d’un autre environnement";
    UnknownKid: "Tokens of an unknown key", "Jetons d’une clé inconnue";
    WrongAlgorithm: "Tokens with another algorithm", "Jetons avec un autre algorithme";
    ForgedRefresh: "Forged refresh tokens", "Jetons de renouvellement falsifiés";
    SigningRate: "Far more tokens signed than usual", "Bien plus de jetons signés que d’habitude";
    ChannelGone: "A receiver of alerts is gone", "Un destinataire d’alertes n’existe plus";
    MessageGivenUp: "The message of an alert never arrived", "Le message d’une alerte n’est jamais arrivé";
    ChainBroken: "The record of events was changed", "Le journal des événements a été modifié";
    MailFailed: "A mail could not be delivered", "Un message n’a pas pu être remis";
    KeyOverdue: "A key is overdue", "Une clé est à renouveler";
    KeyBackupStale: "No recent backup of the keys", "Pas de sauvegarde récente des clés";
    DiskFull: "The disk is nearly full", "Le disque est presque plein";
    MemoryFull: "Memory is nearly full", "La mémoire est presque pleine";
    ServerErrors: "Many requests end in an error", "De nombreuses requêtes échouent";
}
