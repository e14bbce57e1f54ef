//! Identifiers: a UUIDv7 written as text with a prefix per kind, so that the wrong kind does not parse.
//!
//! An id is never a secret: it may stand in logs, URLs and pages.

use std::{fmt, marker::PhantomData, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Visitor};
use uuid::Uuid;

/// What an [`Id`] identifies; the prefix is part of the public contract and never changes.
pub trait Kind {
    /// Text before the underscore-terminated prefix, such as `acc_`.
    const PREFIX: &'static str;
}

/// An identifier of one kind: `PREFIX` and 32 lower-case hex digits.
pub struct Id<K> {
    uuid: Uuid,
    kind: PhantomData<fn() -> K>,
}

impl<K> Id<K> {
    /// A UUIDv7 of the given time (milliseconds since 1970) and ten random bytes.
    pub fn from_parts(millis: u64, random: &[u8; 10]) -> Self {
        Self::from_uuid(uuid::Builder::from_unix_timestamp_millis(millis, random).into_uuid())
    }

    /// The id of these 16 bytes, as they stand in a refresh token.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self::from_uuid(Uuid::from_bytes(bytes))
    }

    /// The 16 bytes of the id.
    pub fn as_bytes(&self) -> &[u8; 16] {
        self.uuid.as_bytes()
    }

    fn from_uuid(uuid: Uuid) -> Self {
        Self {
            uuid,
            kind: PhantomData,
        }
    }
}

/// The text is not an id of this kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id of this kind")]
pub struct InvalidId;

impl<K: Kind> FromStr for Id<K> {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let hex = text.strip_prefix(K::PREFIX).ok_or(InvalidId)?;
        let canonical =
            hex.len() == 32 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if !canonical {
            return Err(InvalidId);
        }
        Uuid::try_parse(hex)
            .map(Self::from_uuid)
            .map_err(|_| InvalidId)
    }
}

impl<K: Kind> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", K::PREFIX, self.uuid.simple())
    }
}

impl<K: Kind> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<K> Clone for Id<K> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<K> Copy for Id<K> {}
impl<K> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.uuid == other.uuid
    }
}
impl<K> Eq for Id<K> {}
impl<K> std::hash::Hash for Id<K> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.uuid.hash(state);
    }
}

impl<K: Kind> Serialize for Id<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de, K: Kind> Deserialize<'de> for Id<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Text(PhantomData))
    }
}

/// Reads an id where it stands, without a copy of its text: each request of a session reads two.
struct Text<K>(PhantomData<fn() -> K>);

impl<K: Kind> Visitor<'_> for Text<K> {
    type Value = Id<K>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an id that begins with {}", K::PREFIX)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Id<K>, E> {
        text.parse().map_err(E::custom)
    }
}

#[cfg(feature = "schema")]
impl<K: Kind> schemars::JsonSchema for Id<K> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Id".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": format!("^{}[0-9a-f]{{32}}$", K::PREFIX) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Door;
    impl Kind for Door {
        const PREFIX: &'static str = "door_";
    }
    struct Window;
    impl Kind for Window {
        const PREFIX: &'static str = "win_";
    }

    #[test]
    fn an_id_reads_back_what_it_wrote() {
        let id = Id::<Door>::from_parts(1_700_000_000_000, &[7; 10]);
        assert_eq!(id.to_string().parse::<Id<Door>>(), Ok(id));
    }

    #[test]
    fn the_wrong_kind_does_not_parse() {
        let id = Id::<Door>::from_parts(1, &[0; 10]);
        assert_eq!(id.to_string().parse::<Id<Window>>(), Err(InvalidId));
    }

    #[test]
    fn upper_case_and_hyphens_are_refused() {
        for text in [
            "door_018BCFE568007",
            "door_018bcfe5-6800-7000-8000-000000000000",
            "door_",
            "",
        ] {
            assert_eq!(text.parse::<Id<Door>>(), Err(InvalidId), "{text}");
        }
    }
}
