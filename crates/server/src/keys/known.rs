//! Keys that everybody knows, and words that no random key contains.
//!
//! The list is kept as text where the text is printed in public anyway; one sample is listed by its
//! digest alone. The fixed pair of the test environment is in it for every other environment.

use super::fingerprint;

/// The fixed signing key of the test environment.
pub const TEST_SIGNING_KEY: &str =
    "9c41f7d06be2853ac8107e5f92d4b36a0fe8751cb3a92d640e7fc58d13b6a42f";
/// The fixed sealing key of the test environment.
pub const TEST_SEALING_KEY: &str =
    "52e8a3097bd16fc4f03d92c5e86b147a9df25c0b71e348a6c90f6d3b84a21e57";

/// SHA-256 of a key printed in public whose text is not repeated here.
const KNOWN_DIGEST: &str = "c1efc1279cd026acc4961d9ddd51bb4335511732e4f86af4567587a0aad9f087";

/// Keys of public documentation, samples and default configurations.
const KNOWN: &[&str] = &[
    TEST_SIGNING_KEY,
    TEST_SEALING_KEY,
    "your-256-bit-secret",
    "your-384-bit-secret",
    "your-512-bit-secret",
    "a-string-secret-at-least-256-bits-long",
    "your_very_secure_random_secret_key",
    "your-generated-secret",
    "your-secret-key",
    "your_jwt_secret",
    "dev-secret-key-for-testing-only",
    "staging-secret-key-2024",
    "changeme",
    "change-me",
    "secret",
    "supersecret",
    // The defaults of CVE-2023-27524.
    "\u{2}\u{1}thisismyscretkey\u{1}\u{2}\\e\\y\\y\\h",
    "\\2\\1thisismyscretkey\\1\\2\\e\\y\\y\\h",
    "\\x02\\x01thisismyscretkey\\x01\\x02\\\\e\\\\y\\\\y\\\\h",
    "CHANGE_ME_TO_A_COMPLEX_RANDOM_SECRET",
    "thisISaSECRET_1234",
    "YOUR_OWN_RANDOM_GENERATED_SECRET_KEY",
    "TEST_NON_DEV_SECRET",
    // RFC 7515, appendix A.1.
    "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
    // RFC 8037, appendix A, and RFC 8032, section 7.1: seeds of Ed25519.
    "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
    "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
    "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
    "f5e5767cf153319517630f226876b86c8160cc583bc013744c6bf255f5cc0ee5",
    "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
    // A tutorial of FastAPI, copied into many programs.
    "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
    // Tutorials for Spring, likewise.
    "3cfa76ef14937c1c0ea519f8fc057a80fcd04a7420f8e8bcd0a7567c272e007b",
    "9a4f2c8d3b7a1e6f45c8a0b3f267d8b1d4e6f3c8a9d2b5f8e3a9c8b5f6v8a3d9",
    // An article on strong keys.
    "a3F$k9#mP2@nQ8!xZ5&wR7*vT1^yU6%sL4",
];

/// 128 bits each of a public generator's fixed output, which tutorials cut into keys of many lengths.
const KNOWN_PIECES: &[&str] = &[
    "413F4428472B4B6250645367566B5970",
    "337336763979244226452948404D6351",
    "5367566B59703373367639792F423F45",
];

/// English and French words of five letters and more. Few have five: in random base64 a word of
/// five letters comes once in millions of keys, and each listed one adds to that.
const WORDS: &[&str] = &[
    "admin",
    "token",
    "login",
    "hello",
    "super",
    "jeton",
    "secret",
    "secrete",
    "secrets",
    "password",
    "passwort",
    "passphrase",
    "motdepasse",
    "change",
    "changeme",
    "changez",
    "changer",
    "exemple",
    "example",
    "azerty",
    "qwerty",
    "qwertz",
    "default",
    "defaut",
    "testing",
    "tester",
    "sample",
    "insecure",
    "private",
    "privee",
    "public",
    "random",
    "aleatoire",
    "production",
    "development",
    "developpement",
    "staging",
    "concierge",
    "signing",
    "sealing",
    "session",
    "cookie",
    "server",
    "serveur",
    "account",
    "compte",
    "utilisateur",
    "administrator",
    "administrateur",
    "database",
    "generated",
    "generate",
    "placeholder",
    "replace",
    "remplacer",
    "temporary",
    "temporaire",
    "security",
    "securite",
    "secure",
    "welcome",
    "bienvenue",
    "bonjour",
    "soleil",
    "maison",
    "monkey",
    "dragon",
    "football",
    "letmein",
    "sunshine",
    "princess",
    "princesse",
    "master",
    "company",
    "entreprise",
    "service",
    "application",
    "website",
    "internet",
    "computer",
    "ordinateur",
    "localhost",
    "domain",
    "domaine",
    "document",
    "complex",
    "complexe",
    "simple",
    "always",
    "toujours",
    "please",
    "string",
    "strong",
    "length",
    "minimum",
    "anything",
    "something",
    "really",
    "number",
    "nombre",
    "letter",
    "lettre",
    "hidden",
    "nobody",
    "personne",
    "knows",
    "correct",
    "horse",
    "battery",
    "staple",
    "christmas",
    "summer",
    "winter",
    "spring",
    "autumn",
    "printemps",
    "automne",
    "france",
    "english",
    "francais",
];

/// Whether the text is a key that stands in public, or what is left of one after a reader replaced
/// `$name` in it.
pub(super) fn is_known(text: &str) -> bool {
    let large = text.to_ascii_uppercase();
    KNOWN
        .iter()
        .any(|known| *known == text || substituted(known) == text)
        || KNOWN_PIECES.iter().any(|piece| large.contains(piece))
        || fingerprint(text) == KNOWN_DIGEST
}

/// A text after shell-like substitution of names that are not set.
fn substituted(text: &str) -> String {
    let mut pieces = text.split('$');
    let mut kept = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        kept += piece.trim_start_matches(is_name);
    }
    kept
}

/// The first listed word in the text, written small, LARGE or Capitalised: in any mixture it is
/// likelier chance than a word.
pub(super) fn dictionary_word(text: &str) -> Option<&'static str> {
    WORDS.iter().copied().find(|word| {
        let large = word.to_ascii_uppercase();
        let capitalised = format!("{}{}", &large[..1], &word[1..]);
        [*word, &large, &capitalised]
            .iter()
            .any(|form| text.contains(form))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_keys_are_known_and_what_substitution_leaves_of_them() {
        for key in [
            "your-256-bit-secret",
            "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
            "404E635266556A586E3272357538782F413F4428472B4B6250645367566B5970",
            "404e635266556a586e3272357538782f413f4428472b4b6250645367566b5970",
            "a3F#mP2@nQ8!xZ5&wR7*vT1^yU6%sL4",
            TEST_SIGNING_KEY,
        ] {
            assert!(is_known(key), "{key}");
        }
        assert!(!is_known("b1946ac92492d2347c6235b4d2611184"));
    }

    #[test]
    fn words_are_found_small_large_and_capitalised() {
        assert_eq!(dictionary_word("xxMotdepasse9"), Some("motdepasse"));
        assert_eq!(dictionary_word("xxAZERTY9"), Some("azerty"));
        assert_eq!(dictionary_word("aZeRtY"), None);
    }
}
