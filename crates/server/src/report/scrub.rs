//! Text from a browser, cut down to what can hold no secret.

use concierge_core::link::Page;
use url::Url;

/// Characters of a message at most.
const LONGEST: usize = 300;
/// And of a word in it.
const LONGEST_WORD: usize = 120;
/// Letters and digits in a row from which on a word may be a token.
const TOKEN: usize = 20;
/// Stands for what was cut out.
const CUT: &str = "…";

/// The page of a path; what is none is `other`.
pub(super) fn page(path: &str) -> &'static str {
    Page::of(path).map_or("other", Page::path)
}

/// Scheme, host and port; the scheme alone where there is no host to be had, or where the host is somebody's own.
pub(super) fn origin(url: &Url) -> String {
    if !matches!(url.scheme(), "http" | "https" | "ws" | "wss") {
        return url.scheme().chars().take(40).collect();
    }
    let origin = url.origin().ascii_serialization();
    origin.chars().take(120).collect()
}

/// A message without addresses, mail addresses and what may be a token.
pub(super) fn message(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    let words = words.filter(|word| !word.is_empty()).map(word);
    let mut message = String::new();
    for word in words {
        if message.chars().count() + word.chars().count() >= LONGEST {
            break;
        }
        if !message.is_empty() {
            message.push(' ');
        }
        message.push_str(&word);
    }
    message
}

fn word(word: &str) -> String {
    if let Some(at) = word.find("://") {
        let begin = word[..at]
            .rfind(|c: char| !c.is_ascii_alphanumeric())
            .map_or(0, |before| before + 1);
        return Url::parse(&word[begin..]).map_or_else(|_| CUT.to_owned(), |url| origin(&url));
    }
    // Behind either stand a query and a fragment, and around the third a mail address.
    let word = match word.find(['?', '#']) {
        Some(at) => &word[..at],
        None => word,
    };
    if word.chars().count() > LONGEST_WORD {
        return CUT.to_owned();
    }
    let is_tokenish =
        |part: &str| part.chars().count() >= TOKEN && part.contains(|c: char| c.is_ascii_digit());
    let mut parts = word.split(|c: char| !c.is_alphanumeric() && c != '-' && c != '_');
    if word.contains('@') || parts.any(is_tokenish) {
        return CUT.to_owned();
    }
    word.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_stays_readable() {
        let text = "panicked at crates/app/src/page/admin/keys.rs:12:5:\ncalled `Option::unwrap()` on a `None` value";
        let expected = text.replace('\n', " ");
        assert_eq!(message(text), expected);
    }

    #[test]
    fn what_may_be_secret_is_cut_out() {
        for (text, kept) in [
            (
                "at https://desk.example.org/reset?token=hunter2#x end",
                "at https://desk.example.org end",
            ),
            (
                "(https://u:hunter2@desk.example.org/x)",
                "https://desk.example.org",
            ),
            ("/reset?token=hunter2 failed", "/reset failed"),
            ("ada@example.org is unknown", "… is unknown"),
            ("key=eyJhbGciOiJIUzI1NiIsImtpZCI6 x", "… x"),
            ("acc_01890a5d-ac96-774b-bcce-b302099a8057", "…"),
            ("::// \u{0}\u{7}a", "… a"),
        ] {
            assert_eq!(message(text), kept, "{text}");
        }
        assert!(message(&"word ".repeat(1000)).chars().count() <= LONGEST);
        assert_eq!(message(&"x".repeat(10_000)), CUT);
    }

    #[test]
    fn a_page_is_one_of_ours_or_other() {
        assert_eq!(page("/admin/keys"), "/admin/keys");
        assert_eq!(page("/admin/accounts/acc_1"), "other");
    }
}
