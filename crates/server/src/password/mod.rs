//! Passwords: judged by policy, kept as Argon2id hashes, never anything else.
//!
//! The policy's length and own-name rules are `concierge_core::password::policy`; here the estimator has its say.

mod store;

pub use store::{find_by_account, insert, mark_rehashed};

use concierge_core::{
    account::{Email, Name},
    password::policy,
    problem::FieldCode,
    sensitive::Sensitive,
};

/// Under this zxcvbn score a password falls to 10^8 guesses.
const MIN_SCORE: zxcvbn::Score = zxcvbn::Score::Three;

/// Judges a new password for a person: length, own names, and how easily it is guessed.
/// `house` are the names of the product and its host.
pub fn judge(
    password: &Sensitive,
    email: &Email,
    name: &Name,
    house: &[String],
) -> Result<(), FieldCode> {
    let mut own: Vec<String> = name.words().map(str::to_lowercase).collect();
    own.push(email.local_part().to_lowercase());
    own.extend(house.iter().cloned());
    policy::check(password.expose(), &own, str::to_lowercase)?;
    let own: Vec<&str> = own.iter().map(String::as_str).collect();
    // The estimator's time grows with the length: the first 100 characters tell enough.
    let head: String = password.expose().chars().take(100).collect();
    if zxcvbn::zxcvbn(&head, &own).score() < MIN_SCORE {
        return Err(FieldCode::PasswordGuessable);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asvs_6_2_4_common_and_guessable_passwords_are_refused() {
        let email: Email = "ada@example.org".parse().expect("valid");
        let name: Name = "Ada".parse().expect("valid");
        let judge = |text: &str| judge(&Sensitive::new(text), &email, &name, &[]);
        for guessable in [
            "passwordpassword",
            "aaaaaaaaaaaaaaaa",
            "123456789012345678",
            "qwertyuiopasdfgh",
        ] {
            assert_eq!(
                judge(guessable),
                Err(FieldCode::PasswordGuessable),
                "{guessable}"
            );
        }
        for good in [
            "four brass bells ring",
            "correct horse battery staple",
            "k7#fQz!9pLw2@vXr",
        ] {
            assert_eq!(judge(good), Ok(()), "{good}");
        }
    }
}
