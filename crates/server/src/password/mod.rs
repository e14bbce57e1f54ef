//! Passwords: judged by policy, kept as Argon2id hashes, never anything else.
//!
//! The policy's length and own-name rules are `concierge_core::password::policy`; here the estimator has its say.

mod store;

pub use store::{
    Kept, find_by_account, find_current, insert, mark_changed, mark_closed, mark_rehashed,
    mark_superseded,
};

use concierge_core::{
    account::{Email, Name},
    password::policy,
    problem::FieldCode,
    sensitive::Sensitive,
};
use zeroize::Zeroizing;

/// Under this zxcvbn score a password falls to 10^8 guesses.
const MIN_SCORE: zxcvbn::Score = zxcvbn::Score::Three;

/// The signs that the estimator takes for letters, in every combination of those that occur.
const SIGNS: &str = "4@8({[<369|1!0$5+7%2";
/// So many different ones cost no more than 60 ms for 100 characters; all of them together cost 590 ms, and 100 ms
/// for 40 characters (measured).
const MANY_SIGNS: usize = 10;

/// How many characters are estimated. The time grows with the length, and what begins with that many characters
/// that are hard to guess is hard to guess; but a cut through a repetition can hide it, so it is made late.
fn estimated(password: &str) -> usize {
    let kinds = SIGNS.chars().filter(|sign| password.contains(*sign));
    if kinds.count() > MANY_SIGNS { 40 } else { 100 }
}

/// The words that a person's password must not contain: of the name and the address, and `house`, the names of the
/// product and its host.
pub fn own_words(email: &Email, name: &Name, house: &[String]) -> Vec<String> {
    let mut own: Vec<String> = name.words().map(str::to_lowercase).collect();
    own.push(email.local_part().to_lowercase());
    own.extend(house.iter().cloned());
    own
}

/// Checks the rules that cost nothing: length and own words.
pub fn check(password: &Sensitive, own: &[String]) -> Result<(), FieldCode> {
    policy::check(password.expose(), own, str::to_lowercase)
}

/// Whether few guesses find the password. Slow: never on a thread that answers requests.
pub fn is_guessable(password: &str, own: &[String]) -> bool {
    let own: Vec<&str> = own.iter().map(String::as_str).collect();
    let head: Zeroizing<String> =
        Zeroizing::new(password.chars().take(estimated(password)).collect());
    zxcvbn::zxcvbn(&head, &own).score() < MIN_SCORE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asvs_6_2_4_common_and_guessable_passwords_are_refused() {
        for guessable in [
            "passwordpassword",
            "aaaaaaaaaaaaaaaa",
            "123456789012345678",
            "qwertyuiopasdfgh",
        ] {
            assert!(is_guessable(guessable, &[]), "{guessable}");
        }
        for good in [
            "four brass bells ring",
            "correct horse battery staple",
            "k7#fQz!9pLw2@vXr",
        ] {
            assert!(!is_guessable(good, &[]), "{good}");
        }
    }

    #[test]
    fn own_words_are_those_of_the_person_and_the_house() {
        let email: Email = "Ada.L@example.org".parse().expect("valid");
        let name: Name = "Ada Lovelace".parse().expect("valid");
        let own = own_words(&email, &name, &["concierge".to_owned()]);
        assert_eq!(own, ["ada", "lovelace", "ada.l", "concierge"]);
        let refused = check(&Sensitive::new("my lovelace machine"), &own);
        assert_eq!(refused, Err(FieldCode::PasswordOwnName));
    }

    #[test]
    fn a_repetition_is_seen_and_the_costliest_signs_are_cut() {
        for (part, times) in [
            ("passwordpassword1", 3),
            ("passwordpasswordpassword1", 2),
            ("!@#$%^&*()_+", 4),
        ] {
            assert!(is_guessable(&part.repeat(times), &[]), "{part}");
        }
        assert_eq!(
            estimated(&"four brass bells ring 1234567890".repeat(3)),
            100
        );
        assert_eq!(estimated(&SIGNS.repeat(5)), 40);
    }
}
