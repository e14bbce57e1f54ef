//! Errors as the outside sees them: stable codes, problem bodies (RFC 9457), titles in both languages.

use serde::{Deserialize, Serialize};

use crate::locale::Locale;

macro_rules! error_codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $en:literal, $fr:literal;)+) => {
        /// What went wrong. The text form is part of the contract and never changes.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        pub enum ErrorCode { $($(#[$doc])* #[serde(rename = $text)] $name,)+ }

        impl ErrorCode {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The stable text of the code.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// One sentence for a person, in their language.
            pub const fn title(self, locale: Locale) -> &'static str {
                match (self, locale) { $((Self::$name, Locale::En) => $en, (Self::$name, Locale::Fr) => $fr,)+ }
            }
        }
    };
}

error_codes! {
    /// Malformed request: syntax, unknown fields, duplicate keys or cookies.
    BadRequest = "bad_request", "The request could not be read.", "La requête n’a pas pu être lue.";
    /// Well-formed, but a field has a value that is not allowed.
    InvalidFields = "invalid_fields", "Please check the marked fields.", "Veuillez vérifier les champs signalés.";
    /// Neither JSON nor, where allowed, a form.
    UnsupportedMediaType = "unsupported_media_type", "This kind of content is not accepted here.", "Ce type de contenu n’est pas accepté ici.";
    /// Over the size limit.
    PayloadTooLarge = "payload_too_large", "The request is too large.", "La requête est trop volumineuse.";
    /// No such path or thing.
    NotFound = "not_found", "There is nothing here.", "Il n’y a rien ici.";
    /// The path exists, the method does not.
    MethodNotAllowed = "method_not_allowed", "This action does not exist here.", "Cette action n’existe pas ici.";
    /// No valid session.
    Unauthenticated = "unauthenticated", "Please sign in.", "Veuillez vous connecter.";
    /// The access token is genuine and its session lives, but its time is up: refresh.
    TokenExpired = "token_expired", "The session needs to be renewed.", "La session doit être renouvelée.";
    /// Asked for under another host than the public URL's.
    WrongOrigin = "wrong_origin", "Concierge is at another address.", "Concierge se trouve à une autre adresse.";
    /// The address or the password is wrong; never says which.
    BadCredentials = "bad_credentials", "The e-mail address or the password is not right.", "L’adresse e-mail ou le mot de passe est incorrect.";
    /// A second-factor or recovery code is wrong.
    BadCode = "bad_code", "The code is not right.", "Le code est incorrect.";
    /// A one-time token is used, expired or unknown.
    TicketExpired = "ticket_expired", "This link or step has expired. Please start again.", "Ce lien ou cette étape a expiré. Veuillez recommencer.";
    /// The policy demands a second factor.
    SecondFactorRequired = "second_factor_required", "A second factor is needed for this.", "Un second facteur est nécessaire pour cela.";
    /// Signed in, but not allowed.
    Forbidden = "forbidden", "You may not do this.", "Vous n’avez pas le droit de faire cela.";
    /// The last proof of identity is too old for this act.
    FreshSignInRequired = "fresh_sign_in_required", "Please confirm that it is you.", "Veuillez confirmer votre identité.";
    /// The request did not come from one of our pages.
    CsrfRefused = "csrf_refused", "The request did not come from this site.", "La requête ne vient pas de ce site.";
    /// The state changed meanwhile.
    Conflict = "conflict", "This has changed meanwhile. Please try again.", "Ceci a changé entre-temps. Veuillez réessayer.";
    /// The address has an account already.
    EmailTaken = "email_taken", "This e-mail address already has an account.", "Cette adresse e-mail a déjà un compte.";
    /// Registration is not open.
    RegistrationClosed = "registration_closed", "Sign-up is closed. Please ask the person who runs this service.", "L’inscription est fermée. Adressez-vous à la personne qui gère ce service.";
    /// Too many tries; `retry_after` says how long to wait.
    Throttled = "throttled", "Too many tries. Please wait a moment.", "Trop d’essais. Veuillez patienter un moment.";
    /// More work than the machine can take right now.
    Overloaded = "overloaded", "Very busy right now. Please try again in a moment.", "Trop de demandes en ce moment. Veuillez réessayer dans un instant.";
    /// A part that is needed is not there, such as the database.
    Unavailable = "unavailable", "Not available right now. Please try again in a moment.", "Indisponible pour le moment. Veuillez réessayer dans un instant.";
    /// A fault of ours.
    Internal = "internal", "Something went wrong on our side.", "Une erreur est survenue de notre côté.";
}

macro_rules! field_codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $en:literal, $fr:literal;)+) => {
        /// What is wrong with one field. Stable, like [`ErrorCode`].
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        pub enum FieldCode { $($(#[$doc])* #[serde(rename = $text)] $name,)+ }

        impl FieldCode {
            /// The code of a stable text, as it comes back in a form's redirect.
            pub fn from_code(code: &str) -> Option<Self> {
                match code { $($text => Some(Self::$name),)+ _ => None }
            }

            /// The stable text of the code.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// One sentence beside the field, in the reader's language.
            pub const fn title(self, locale: Locale) -> &'static str {
                match (self, locale) { $((Self::$name, Locale::En) => $en, (Self::$name, Locale::Fr) => $fr,)+ }
            }
        }
    };
}

field_codes! {
    /// Empty where something is needed.
    Required = "required", "Please fill this in.", "Veuillez remplir ce champ.";
    /// Not an e-mail address.
    EmailInvalid = "email_invalid", "This does not look like an e-mail address.", "Ceci ne ressemble pas à une adresse e-mail.";
    /// Not one of the words that are known.
    Unknown = "unknown", "This is not known here.", "Ceci n’est pas connu ici.";
    /// Not an `https` address without a password in it.
    UrlInvalid = "url_invalid", "Please give an address that begins with https://, without a password in it.", "Veuillez donner une adresse qui commence par https://, sans mot de passe.";
    /// Over the maximum length.
    TooLong = "too_long", "This is too long.", "Ceci est trop long.";
    /// A number that is too small or too large.
    OutOfRange = "out_of_range", "This number is too small or too large.", "Ce nombre est trop petit ou trop grand.";
    /// Control or direction-changing characters.
    ControlCharacters = "control_characters", "Invisible control characters are not allowed.", "Les caractères de contrôle invisibles ne sont pas admis.";
    /// Under the minimum length (15 characters).
    PasswordShort = "password_short", "At least 15 characters, please. A few words in a row do well.", "Au moins 15 caractères, s’il vous plaît. Quelques mots à la suite conviennent bien.";
    /// Over 128 characters or 1024 bytes.
    PasswordLong = "password_long", "At most 128 characters, please.", "Au plus 128 caractères, s’il vous plaît.";
    /// Contains the person's own name, address, or the name of the product or host.
    PasswordOwnName = "password_own_name", "Please leave out your name, your address and the name of this service.", "Veuillez ne pas y mettre votre nom, votre adresse ou le nom de ce service.";
    /// On the list of common passwords, or easily guessed.
    PasswordGuessable = "password_guessable", "This is easy to guess. Add a few words that have nothing to do with each other.", "Ceci est facile à deviner. Ajoutez quelques mots sans rapport entre eux.";
}

/// One field that is not right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FieldError {
    /// The field's name on the wire.
    pub name: String,
    /// What is wrong with it.
    pub code: FieldCode,
}

impl FieldError {
    /// An error of the field of this name.
    pub fn new(name: &str, code: FieldCode) -> Self {
        Self {
            name: name.to_owned(),
            code,
        }
    }
}

/// The body of every error answer (RFC 9457, `application/problem+json`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Problem {
    /// Always `about:blank`: the code carries the meaning.
    #[serde(rename = "type")]
    pub kind: String,
    /// A sentence in the reader's language; may change.
    pub title: String,
    /// The HTTP status again.
    pub status: u16,
    /// The stable code.
    pub code: ErrorCode,
    /// Field errors, empty unless the code is `invalid_fields` or names a field.
    #[serde(default)]
    pub fields: Vec<FieldError>,
    /// Quote this when asking for help; the log knows it.
    pub request_id: String,
    /// Seconds to wait, where waiting helps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
    /// The cause of a 5xx, in development only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl Problem {
    /// A problem that arose on this side of the wire, such as a lost connection.
    pub fn local(code: ErrorCode, locale: Locale) -> Self {
        Self {
            kind: "about:blank".to_owned(),
            title: code.title(locale).to_owned(),
            status: 0,
            code,
            fields: Vec::new(),
            request_id: String::new(),
            retry_after: None,
            detail: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wire_text_and_as_str_are_one() {
        for code in ErrorCode::ALL {
            let wire = serde_json::to_string(code).expect("a code serialises");
            assert_eq!(wire, format!("\"{}\"", code.as_str()));
        }
    }

    #[test]
    fn every_code_speaks_both_languages() {
        for code in ErrorCode::ALL {
            assert_ne!(code.title(Locale::En), code.title(Locale::Fr), "{code:?}");
        }
    }
}
