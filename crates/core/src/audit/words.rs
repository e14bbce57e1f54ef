//! The names of the events in words, English first, French second. An event that has none does not compile.

use super::EventName;
use crate::locale::Locale;

macro_rules! words {
    ($($name:ident: $en:literal, $fr:literal;)+) => {
        impl EventName {
            /// What happened, in a few words of the reader's language.
            pub const fn title(self, locale: Locale) -> &'static str {
                match (self, locale) {
                    $((Self::$name, Locale::En) => $en, (Self::$name, Locale::Fr) => $fr,)+
                }
            }
        }
    };
}

words! {
    LoginSuccess: "Signed in", "Connexion";
    LoginFail: "Sign-in with a wrong password", "Connexion avec un mauvais mot de passe";
    LoginFailMax: "Too many wrong passwords", "Trop de mauvais mots de passe";
    LoginLock: "Sign-in to a locked account refused", "Connexion à un compte verrouillé refusée";
    TokenReuse: "Copy of a session used", "Copie d’une session utilisée";
    TokenRevoked: "Session ended", "Session fermée";
    SessionUseAfterExpire: "Ended session used", "Session terminée utilisée";
    AuthzFail: "Access refused", "Accès refusé";
    InputValidationFail: "Malformed request refused", "Requête mal formée refusée";
    Excess404: "Unknown addresses asked for", "Adresses inconnues demandées";
    RegistrationRequested: "Account asked for", "Compte demandé";
    UserCreated: "Account created", "Compte créé";
    UserUpdated: "Account changed", "Compte modifié";
    PrivilegeChanged: "Role changed", "Rôle modifié";
    PasswordRehash: "Password hash renewed", "Empreinte du mot de passe renouvelée";
    MfaEnabled: "Second factor set up", "Second facteur configuré";
    MfaDisabled: "Second factor removed", "Second facteur retiré";
    MfaFail: "Wrong code", "Mauvais code";
    MfaReuse: "Code used twice", "Code utilisé deux fois";
    MfaFailMax: "Too many wrong codes", "Trop de mauvais codes";
    RecoveryCodesMade: "New recovery codes made", "Nouveaux codes de secours créés";
    RecoveryCodeUsed: "Recovery code used", "Code de secours utilisé";
    RecoveryCodeFail: "Wrong recovery code", "Mauvais code de secours";
    StepUp: "Identity confirmed", "Identité confirmée";
    StepUpFail: "Identity not confirmed", "Identité non confirmée";
    NewDevice: "Sign-in from a new device", "Connexion depuis un nouvel appareil";
    NotMe: "Owner reported a sign-in as foreign", "Le titulaire a signalé une connexion étrangère";
    PasswordChange: "Password changed", "Mot de passe changé";
    PasswordChangeFail: "Password change refused", "Changement de mot de passe refusé";
    PasswordResetRequested: "Link to a new password made", "Lien pour un nouveau mot de passe créé";
    PasswordReset: "Password set with a link", "Mot de passe défini par un lien";
    EmailChangeRequested: "New address asked for", "Nouvelle adresse demandée";
    EmailChanged: "Address changed", "Adresse modifiée";
    UserDeleted: "Account closed", "Compte fermé";
    UserExported: "Own data taken along", "Données personnelles emportées";
    InvitationMade: "Invitation made", "Invitation créée";
    InvitationRevoked: "Invitation taken back", "Invitation retirée";
    MailFailed: "Mail not delivered", "Message non remis";
    KeyLoaded: "Keys read at the start", "Clés lues au démarrage";
    KeyRead: "Keys read by a command", "Clés lues par une commande";
    KeyReloaded: "Keys read anew", "Clés relues";
    KeyReloadFailed: "Changed keys refused", "Clés modifiées refusées";
    KeyImported: "Key imported", "Clé importée";
    KeyRotated: "Key rotated", "Clé remplacée";
    KeyRotationUndone: "Rotation undone", "Remplacement annulé";
    KeyRotationFailed: "Rotation failed", "Échec du remplacement";
    KeyRevoked: "Key revoked", "Clé révoquée";
    KeyDestroyed: "Key destroyed", "Clé détruite";
    KeyDueSoon: "Key due soon", "Clé bientôt à remplacer";
    KeyOverdue: "Key due or overdue", "Clé à remplacer ou en retard";
    KeyFileUnsafe: "Key file unsafe", "Fichier de clés en danger";
    KeyExported: "Copy of keys taken", "Copie des clés emportée";
    KeyBackedUp: "Keys backed up", "Clés sauvegardées";
    KeyBackupVerified: "Backup of the keys verified", "Sauvegarde des clés vérifiée";
    KeyBackupStale: "No backup of the keys verified lately", "Aucune sauvegarde des clés vérifiée récemment";
    KeyRestored: "Keys restored", "Clés restaurées";
    KeyPushed: "Keys sent to a store", "Clés envoyées à un coffre";
    KeyPulled: "Keys fetched from a store", "Clés reprises d’un coffre";
    KeyStoreDown: "Key store out of reach", "Coffre à clés injoignable";
    KeyLostReplaced: "Lost key replaced", "Clé perdue remplacée";
    KeyAbuse: "Tokens refused as in an attack", "Jetons refusés comme lors d’une attaque";
    PasswordSpraying: "One address tried many accounts", "Une adresse a essayé de nombreux comptes";
    CredentialStuffing: "Many addresses tried one account", "De nombreuses adresses ont essayé un compte";
    SuccessAfterFailures: "Signed in after many failures", "Connexion après de nombreux échecs";
    SessionManyAddresses: "One session from many addresses", "Une session depuis de nombreuses adresses";
    SessionBrowserChanged: "One session from another browser", "Une session depuis un autre navigateur";
    AlertRuleChanged: "Rule of the alerts changed", "Règle d’alerte modifiée";
    AlertChannelChanged: "Channel of the alerts changed", "Destination d’alerte modifiée";
    AlertChannelGone: "Receiver of alerts gone", "Destinataire d’alertes disparu";
    AlertGivenUp: "Message of an alert given up", "Message d’alerte abandonné";
    AlertAcknowledged: "Alert seen", "Alerte vue";
    RateLimit: "Too many requests", "Trop de requêtes";
    MaliciousCsrf: "Request from another site refused", "Requête d’un autre site refusée";
    AuditExported: "Events exported", "Événements exportés";
    AuditPurged: "Old events deleted", "Anciens événements supprimés";
    AuditChainBroken: "Events changed in the database", "Événements modifiés dans la base";
    SysStartup: "Program started", "Programme démarré";
    SysShutdown: "Program stopped", "Programme arrêté";
}
