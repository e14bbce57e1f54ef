//! The languages of the house, and which one a reader gets.

use serde::{Deserialize, Serialize};

/// A language in which every text exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Locale {
    /// English.
    #[default]
    En,
    /// French.
    Fr,
}

impl Locale {
    /// All of them, in the order a menu shows them.
    pub const ALL: [Self; 2] = [Self::En, Self::Fr];

    /// The language tag (BCP 47), as in `<html lang>` and on the wire.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Fr => "fr",
        }
    }

    /// The language's name in itself.
    pub const fn name(self) -> &'static str {
        match self {
            Self::En => "English",
            Self::Fr => "Français",
        }
    }

    /// The language of a tag; regions are ignored, so `fr-CA` is French.
    pub fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next()?.trim();
        Self::ALL
            .into_iter()
            .find(|locale| locale.tag().eq_ignore_ascii_case(primary))
    }

    /// The best language of an `Accept-Language` header (RFC 9110 section 12.5.4):
    /// the highest weight wins, the first named among equals, and weight 0 excludes.
    pub fn from_accept_language(header: &str) -> Option<Self> {
        let mut best: Option<(Self, f32)> = None;
        for part in header.split(',').take(32) {
            let mut pieces = part.split(';');
            let Some(locale) = pieces.next().and_then(Self::from_tag) else {
                continue;
            };
            let weight = pieces
                .find_map(|piece| piece.trim().strip_prefix("q="))
                .map_or(1.0, |q| q.trim().parse().unwrap_or(0.0));
            if weight > 0.0 && best.is_none_or(|(_, held)| weight > held) {
                best = Some((locale, weight));
            }
        }
        best.map(|(locale, _)| locale)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_heaviest_known_language_wins() {
        let table = [
            ("fr", Some(Locale::Fr)),
            ("fr-CA,en;q=0.8", Some(Locale::Fr)),
            ("de,en;q=0.5,fr;q=0.7", Some(Locale::Fr)),
            ("en,fr", Some(Locale::En)),
            ("fr;q=0,en;q=0.1", Some(Locale::En)),
            ("de", None),
            ("", None),
            ("fr;q=x", None),
        ];
        for (header, expected) in table {
            assert_eq!(Locale::from_accept_language(header), expected, "{header}");
        }
    }
}
