//! Length and own-name rules (NIST SP 800-63B-4 section 3.1.1, ASVS 6.2): the browser applies them while
//! typing, the server again at the submit. No composition rules, no expiry, any character, compared as received.

use crate::problem::FieldCode;

/// The fewest characters of a password that stands alone.
pub const MIN_CHARACTERS: usize = 15;
/// The most characters.
pub const MAX_CHARACTERS: usize = 128;
/// The most bytes; what a hash has to chew stays bounded.
pub const MAX_BYTES: usize = 1024;
/// Shorter words of a name are too common in ordinary phrases to forbid.
const MIN_NAME_WORD: usize = 4;

/// Judges a new password by its length and by what it contains.
///
/// `own_words` are the local part of the address, the words of the person's name, and the names of the
/// product and its host; words under four letters are not looked for.
/// `fold` gives the form in which two words are compared, lower case: browsers have that themselves, and its
/// tables weigh 4 KB in every first visit.
pub fn check(
    password: &str,
    own_words: &[String],
    fold: impl Fn(&str) -> String,
) -> Result<(), FieldCode> {
    if password.is_empty() {
        return Err(FieldCode::Required);
    }
    if password.len() > MAX_BYTES || password.chars().count() > MAX_CHARACTERS {
        return Err(FieldCode::PasswordLong);
    }
    if password.chars().count() < MIN_CHARACTERS {
        return Err(FieldCode::PasswordShort);
    }
    let folded = fold(password);
    let own = own_words
        .iter()
        .filter(|word| word.chars().count() >= MIN_NAME_WORD)
        .any(|word| folded.contains(&fold(word)));
    if own {
        return Err(FieldCode::PasswordOwnName);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_by_table() {
        let own = [
            "ada.l".to_owned(),
            "lovelace".to_owned(),
            "de".to_owned(),
            "concierge".to_owned(),
        ];
        let table = [
            ("", Err(FieldCode::Required)),
            ("fourteen chars", Err(FieldCode::PasswordShort)),
            ("fifteen charact", Ok(())),
            ("ééééééééééééééé", Ok(())),
            ("my LoveLace password", Err(FieldCode::PasswordOwnName)),
            ("open sesame ada.l now", Err(FieldCode::PasswordOwnName)),
            ("the concierge is out", Err(FieldCode::PasswordOwnName)),
            ("made of wooden desks", Ok(())),
        ];
        for (password, expected) in table {
            assert_eq!(
                check(password, &own, str::to_lowercase),
                expected,
                "{password}"
            );
        }
    }

    #[test]
    fn asvs_6_2_9_at_least_64_characters_are_allowed_and_128_is_the_end() {
        assert_eq!(check(&"x".repeat(128), &[], str::to_lowercase), Ok(()));
        assert_eq!(
            check(&"x".repeat(129), &[], str::to_lowercase),
            Err(FieldCode::PasswordLong)
        );
        assert_eq!(check(&"𝄞".repeat(128), &[], str::to_lowercase), Ok(()));
    }
}
