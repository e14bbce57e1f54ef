//! Passphrases by chance: five words out of 2,048, which are 55 bits. Made on request and kept nowhere.

use bip39::Language;
use concierge_core::sensitive::Sensitive;

use super::{error::AccountError, service::Accounts};
use crate::platform::{limit::AddressKey, rng::Rng};

const WORDS: usize = 5;

impl Accounts {
    /// A passphrase for who wants one; limited like the judging of passwords.
    pub fn suggest_passphrase(&self, key: &AddressKey) -> Result<Sensitive, AccountError> {
        self.count(&self.judgements, key)?;
        Ok(make(&*self.parts.rng))
    }
}

fn make(rng: &dyn Rng) -> Sensitive {
    let list = Language::English.word_list();
    let words = (0..WORDS).map(|_| {
        // 65,536 is a multiple of 2,048: every word is as likely as another.
        let chance = usize::from(u16::from_be_bytes(rng.bytes()));
        list[chance % list.len()]
    });
    Sensitive::new(words.collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{password, platform::rng::OsRng};

    #[test]
    fn a_passphrase_has_five_words_and_passes_the_policy() {
        assert_eq!(Language::English.word_list().len(), 2048);
        for _ in 0..5 {
            let made = make(&OsRng);
            assert_eq!(made.expose().split(' ').count(), WORDS);
            assert_eq!(password::check(&made, &["concierge".to_owned()]), Ok(()));
            assert!(
                !password::is_guessable(made.expose(), &[]),
                "{}",
                made.expose()
            );
        }
    }
}
