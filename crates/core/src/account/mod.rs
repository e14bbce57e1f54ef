//! Accounts: who somebody is. Parsed values; what parses is valid everywhere.

pub mod api;

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    id::{Id, Kind},
    locale::Locale,
    problem::FieldCode,
    time::Timestamp,
};

/// Marks the ids of accounts.
#[derive(Debug)]
pub enum AccountKind {}
impl Kind for AccountKind {
    const PREFIX: &'static str = "acc_";
}
/// Identifies an account, for good.
pub type AccountId = Id<AccountKind>;

/// What an account may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Looks after their own account.
    Member,
    /// Looks after the house.
    Admin,
}

impl Role {
    /// The stable text.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Admin => "admin",
        }
    }

    /// The role of a stable text.
    pub fn from_text(text: &str) -> Option<Self> {
        [Self::Member, Self::Admin]
            .into_iter()
            .find(|role| role.as_str() == text)
    }
}

/// What the account's owner sees of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AccountView {
    /// Identifies the account.
    pub id: AccountId,
    /// The address as it was typed.
    pub email: String,
    /// The name to greet with; may be empty.
    pub name: String,
    /// The language of pages and mails.
    pub locale: Locale,
    /// What it may do.
    pub role: Role,
    /// Whether a second factor is set up.
    pub second_factor: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

/// An e-mail address that can be written to: kept as typed, compared in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email(String);

impl Email {
    /// As it was typed.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form by which two addresses are one account.
    pub fn normalised(&self) -> String {
        self.0.to_lowercase()
    }

    /// The part before the `@`.
    pub fn local_part(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(local, _)| local)
    }
}

impl FromStr for Email {
    type Err = FieldCode;

    /// Accepts what a browser's e-mail field accepts (WHATWG HTML, "valid e-mail address"), and a dot in
    /// the domain or `localhost`; white space around it is cut off, because phones add it.
    fn from_str(text: &str) -> Result<Self, FieldCode> {
        let text = text.trim_matches(' ');
        if text.is_empty() {
            return Err(FieldCode::Required);
        }
        if text.len() > 254 {
            return Err(FieldCode::TooLong);
        }
        let (local, domain) = text.rsplit_once('@').ok_or(FieldCode::EmailInvalid)?;
        let local_ok = !local.is_empty()
            && local.len() <= 64
            && local
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&b));
        let label_ok = |label: &str| {
            !label.is_empty()
                && label.len() <= 63
                && label
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        let domain_ok =
            domain.split('.').all(label_ok) && (domain.contains('.') || domain == "localhost");
        if local_ok && domain_ok {
            Ok(Self(text.to_owned()))
        } else {
            Err(FieldCode::EmailInvalid)
        }
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A name for greeting: 100 characters at most, no invisible control or direction characters
/// (they can make a name read as another in lists, mails and logs). May be empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name(String);

impl Name {
    /// The name; may be empty.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The words of the name: what stands between spaces and punctuation.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.0
            .split(|c: char| c.is_whitespace() || c.is_ascii_punctuation() || c == '’')
            .filter(|word| !word.is_empty())
    }
}

impl FromStr for Name {
    type Err = FieldCode;

    fn from_str(text: &str) -> Result<Self, FieldCode> {
        let text = text.trim();
        if text.chars().count() > 100 {
            return Err(FieldCode::TooLong);
        }
        if text
            .chars()
            .any(|c| c.is_control() || is_invisible_control(c))
        {
            return Err(FieldCode::ControlCharacters);
        }
        Ok(Self(text.to_owned()))
    }
}

/// Zero-width and bidirectional formatting characters (Unicode TR 36), line and paragraph separators,
/// and the byte order mark. The zero-width joiners stay: names in several scripts need them.
fn is_invisible_control(c: char) -> bool {
    matches!(c, '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{61C}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_by_table() {
        for good in [
            "ada@example.org",
            " ada@example.org ",
            "a.b+c@sub.example.org",
            "x@localhost",
            "O'Neil@example.ie",
        ] {
            assert!(good.parse::<Email>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "ada",
            "@example.org",
            "ada@",
            "ada@example",
            "a b@example.org",
            "ada@-x.org",
            "ada@x..org",
            "ada@example.org\r\nBcc: eve@example.org",
            "ada@exa\u{202e}mple.org",
            "ada@@example.org",
        ] {
            assert!(bad.parse::<Email>().is_err(), "{bad:?}");
        }
        assert_eq!(
            format!("{}@x.org", "a".repeat(65)).parse::<Email>(),
            Err(FieldCode::EmailInvalid)
        );
    }

    #[test]
    fn case_does_not_make_another_account() {
        let one = "Ada@Example.org".parse::<Email>().expect("valid");
        assert_eq!(one.normalised(), "ada@example.org");
        assert_eq!(one.as_str(), "Ada@Example.org");
    }

    #[test]
    fn hostile_names_are_refused() {
        for bad in ["a\u{0}b", "a\nb", "\u{202e}evil", "zero\u{200b}width"] {
            assert_eq!(
                bad.parse::<Name>(),
                Err(FieldCode::ControlCharacters),
                "{bad:?}"
            );
        }
        assert_eq!("x".repeat(10_000).parse::<Name>(), Err(FieldCode::TooLong));
    }

    #[test]
    fn names_of_the_world_are_kept() {
        for good in [
            "",
            "Ada Lovelace",
            "Nguyễn Thị",
            "محمد",
            "Jean-François d’Arc",
            "می‌خواهم",
        ] {
            assert_eq!(
                good.parse::<Name>()
                    .map(|n| n.as_str().to_owned())
                    .as_deref(),
                Ok(good)
            );
        }
    }
}
