//! The keyring file, `secrets.<env>.toml`: both rings, each with its keys and the id of the active one.

use std::fmt;

use concierge_core::{sensitive::Sensitive, time::Timestamp};
use serde::{Deserialize, Deserializer, de::Error as _};
use toml::Value;

use super::{Draft, Purpose, is_id};
use crate::platform::keyring::{Algorithm, KeyState, Scheme};

/// A whole file. A ring that is missing is made or asked for, not an error.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contents {
    /// Nothing that began at or before this counts any more; set by a revoke and by a restore.
    #[serde(default, deserialize_with = "time")]
    pub epoch: Option<Timestamp>,
    /// The signing ring.
    pub signing: Option<StoredRing>,
    /// The sealing ring.
    pub sealing: Option<StoredRing>,
}

/// One ring of the file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredRing {
    /// The id of the key that signs or seals.
    pub active: String,
    /// All its keys, in any order.
    pub keys: Vec<Stored>,
}

/// One key of the file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stored {
    /// The `kid`.
    pub id: String,
    /// How it signs: `HS256` or, in the signing ring, `Ed25519`.
    #[serde(deserialize_with = "algorithm")]
    pub alg: Algorithm,
    /// The key's text; of `Ed25519` its seed, 64 small hex characters.
    pub value: Sensitive,
    /// What it may do.
    pub state: StoredState,
    /// When it was made.
    #[serde(default, deserialize_with = "time")]
    pub created_at: Option<Timestamp>,
    /// When it may sign at the earliest.
    #[serde(default, deserialize_with = "time")]
    pub not_before: Option<Timestamp>,
    /// Until when it verifies; of keys in grace.
    #[serde(default, deserialize_with = "time")]
    pub verify_until: Option<Timestamp>,
}

/// The states of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StoredState {
    /// Verifies, signs nowhere yet.
    Pending,
    /// Signs or seals.
    Active,
    /// Verifies until `verify_until`.
    Grace,
    /// Refused.
    Retired,
    /// Refused at once.
    Revoked,
}

impl Contents {
    /// Reads a file. The error says where and what, and shows no value.
    pub fn parse(text: &str) -> Result<Self, String> {
        let contents: Self = toml::from_str(text).map_err(|error| {
            let offset = error.span().map_or(0, |span| span.start);
            let line = text.bytes().take(offset).filter(|b| *b == b'\n').count() + 1;
            format!("line {line}: {}", redacted(error.message()))
        })?;
        for purpose in Purpose::ALL {
            if let Some(ring) = contents.ring(purpose) {
                ring.validate(purpose)
                    .map_err(|error| format!("[{}]: {error}", purpose.as_str()))?;
            }
        }
        Ok(contents)
    }

    /// The ring of a purpose.
    pub fn ring(&self, purpose: Purpose) -> Option<&StoredRing> {
        match purpose {
            Purpose::Signing => self.signing.as_ref(),
            Purpose::Sealing => self.sealing.as_ref(),
        }
    }

    /// Takes the place of a ring.
    pub fn set(&mut self, purpose: Purpose, ring: StoredRing) {
        match purpose {
            Purpose::Signing => self.signing = Some(ring),
            Purpose::Sealing => self.sealing = Some(ring),
        }
    }
}

impl StoredRing {
    /// A ring of one new key.
    pub fn of(draft: &Draft, now: Timestamp) -> Self {
        Self {
            active: draft.id.clone(),
            keys: vec![Stored::of(draft, now)],
        }
    }

    /// The text of the active key.
    pub fn active_value(&self) -> Option<&str> {
        self.active_key().map(|key| key.value.expose())
    }

    pub(super) fn active_key(&self) -> Option<&Stored> {
        self.keys.iter().find(|key| key.id == self.active)
    }

    pub(super) fn validate(&self, purpose: Purpose) -> Result<(), String> {
        for (index, key) in self.keys.iter().enumerate() {
            if !is_id(&key.id) {
                return Err(format!(
                    "the id of key {} is not 1 to 64 letters, digits, dashes, dots or underscores",
                    index + 1
                ));
            }
            if self.keys[..index].iter().any(|other| other.id == key.id) {
                return Err(format!("the id {} is there twice", key.id));
            }
            let is_wiped = key.state == StoredState::Revoked && key.value.expose().is_empty();
            unfit(purpose, key.alg, key.value.expose())
                .filter(|_| !is_wiped)
                .map_or(Ok(()), |fault| Err(format!("key {}: {fault}", key.id)))?;
            if (key.state == StoredState::Active) != (key.id == self.active) {
                return Err(format!(
                    "key {}: exactly the key named by `active` has the state active",
                    key.id
                ));
            }
            if key.state == StoredState::Grace && key.verify_until.is_none() {
                return Err(format!(
                    "key {} is in grace and has no verify_until",
                    key.id
                ));
            }
        }
        match self.active_value() {
            Some(_) => Ok(()),
            None => Err("`active` names no key of the ring".to_owned()),
        }
    }
}

/// Why a text is no key of an algorithm in a ring.
pub(super) fn unfit(purpose: Purpose, algorithm: Algorithm, text: &str) -> Option<&'static str> {
    if purpose == Purpose::Sealing && algorithm == Algorithm::Ed25519 {
        return Some("Ed25519 signs and seals nothing; keys of this ring have the algorithm HS256");
    }
    let fits = Scheme::of(algorithm, text).is_some();
    (!fits).then_some("an Ed25519 key is given as its seed, 32 bytes in 64 small hex characters")
}

impl Stored {
    /// What the key may do at this time.
    pub fn state_at(&self, now: Timestamp) -> KeyState {
        match (self.state, self.verify_until) {
            (StoredState::Active, _) => KeyState::Active,
            (StoredState::Pending, _) => KeyState::Pending,
            (StoredState::Grace, Some(until)) if now < until => KeyState::Grace { until },
            (StoredState::Grace | StoredState::Retired, _) => KeyState::Retired,
            (StoredState::Revoked, _) => KeyState::Revoked,
        }
    }
}

impl StoredState {
    /// The word of the file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::Grace => "grace",
            Self::Retired => "retired",
            Self::Revoked => "revoked",
        }
    }
}

/// A section as it stands in the file.
pub(super) struct Section<'a>(pub(super) Purpose, pub(super) &'a StoredRing);

impl fmt::Display for Section<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(purpose, ring) = self;
        let name = purpose.as_str();
        writeln!(f, "[{name}]\nactive = {}", quoted(&ring.active))?;
        for key in &ring.keys {
            writeln!(f, "\n[[{name}.keys]]\nid = {}", quoted(&key.id))?;
            writeln!(f, "alg = {}", quoted(key.alg.as_str()))?;
            writeln!(f, "value = {}", quoted(key.value.expose()))?;
            writeln!(f, "state = {}", quoted(key.state.as_str()))?;
            for (name, time) in [
                ("created_at", key.created_at),
                ("not_before", key.not_before),
                ("verify_until", key.verify_until),
            ] {
                if let Some(time) = time {
                    writeln!(f, "{name} = {}", time.to_rfc3339())?;
                }
            }
        }
        Ok(())
    }
}

impl fmt::Display for Contents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(epoch) = self.epoch {
            writeln!(f, "epoch = {}\n", epoch.to_rfc3339())?;
        }
        let rings = Purpose::ALL.map(|purpose| (purpose, self.ring(purpose)));
        for (index, (purpose, ring)) in rings.into_iter().enumerate() {
            if let Some(ring) = ring {
                let gap = if index > 0 { "\n" } else { "" };
                write!(f, "{gap}{}", Section(purpose, ring))?;
            }
        }
        Ok(())
    }
}

fn quoted(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}

/// Serde quotes the value it did not expect; in this file that may be a key. Names of fields may
/// be shown.
fn redacted(message: &str) -> &str {
    let message = message.lines().next().unwrap_or_default();
    match message.find(['"', '`']) {
        Some(quote) if !message.contains(" field ") => message[..quote].trim_end(),
        _ => message,
    }
}

fn algorithm<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Algorithm, D::Error> {
    Algorithm::from_text(&String::deserialize(deserializer)?)
        .ok_or_else(|| D::Error::custom("the algorithms are HS256 and Ed25519"))
}

/// A TOML date-time, or the same in quotes.
pub(super) fn time<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Timestamp>, D::Error> {
    let text = match Value::deserialize(deserializer)? {
        Value::Datetime(time) => time.to_string(),
        Value::String(text) => text,
        _ => return Err(D::Error::custom("not a time")),
    };
    Timestamp::parse_rfc3339(&text)
        .map(Some)
        .ok_or_else(|| D::Error::custom("not an RFC 3339 time"))
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::*, sample::Index};

    use super::*;

    const FILE: &str = "
# ours
[signing]
active = 'dev-1'
[[signing.keys]]
id = 'dev-1'
alg = 'HS256'
value = 'hunter2'
state = 'active'
created_at = 2026-11-20T00:00:00Z
[[signing.keys]]
id = 'dev-0'
alg = 'HS256'
value = 'hunter1'
state = 'grace'
verify_until = '1970-01-01T00:00:10Z'
";

    #[test]
    fn the_file_becomes_a_ring_and_the_ring_a_file() {
        let contents = Contents::parse(FILE).unwrap();
        let ring = contents.signing.as_ref().unwrap();
        assert_eq!(ring.active_value(), Some("hunter2"));
        let until = Timestamp::from_millis(10_000);
        let state = |millis| ring.keys[1].state_at(Timestamp::from_millis(millis));
        assert_eq!(state(9_999), KeyState::Grace { until });
        assert_eq!(state(10_000), KeyState::Retired);
        let again = Contents::parse(&contents.to_string()).unwrap();
        assert_eq!(again.to_string(), contents.to_string());
    }

    #[test]
    fn any_key_text_survives_the_file() {
        let mut contents = Contents::default();
        let value = "q\"'\\$#!é\u{7f}";
        let draft = Draft {
            id: "dev-1".into(),
            algorithm: Algorithm::Hs256,
            value: Sensitive::new(value),
        };
        contents.set(
            Purpose::Sealing,
            StoredRing::of(&draft, Timestamp::from_millis(0)),
        );
        let again = Contents::parse(&contents.to_string()).unwrap();
        assert_eq!(again.sealing.unwrap().active_value(), Some(value));
    }

    #[test]
    fn every_broken_file_is_refused_without_showing_a_value() {
        for (from, to) in [
            ("active = 'dev-1'", "active = 'dev-9'"),
            ("id = 'dev-0'", "id = 'dev-1'"),
            ("id = 'dev-0'", "id = 'dev 0'"),
            ("'HS256'", "'none'"),
            ("'HS256'", "'EdDSA'"),
            ("'HS256'", "'Ed25519'"),
            ("state = 'grace'", "state = 'active'"),
            ("state = 'active'", "state = 'pending'"),
            ("state = 'active'", "state = 'hunter2'"),
            ("state = 'active'", "stat = 'active'"),
            ("verify_until = '1970-01-01T00:00:10Z'", ""),
            ("value = 'hunter2'", "value = 'hunter2"),
            ("value = 'hunter2'", "value = 2"),
            ("alg = 'HS256'", "alg = 'HS256'\nhunter2 = 1"),
            (
                "created_at = 2026-11-20T00:00:00Z",
                "created_at = 'hunter2'",
            ),
        ] {
            let error = Contents::parse(&FILE.replacen(from, to, 1)).unwrap_err();
            let shown = to.contains("\nhunter2");
            assert!(shown || !error.contains("hunter"), "{to}: {error}");
        }
    }

    #[test]
    fn a_file_cut_anywhere_is_refused_or_lacks_the_end_only() {
        for end in 0..FILE.len() {
            if let Ok(contents) = Contents::parse(&FILE[..end])
                && let Some(ring) = contents.signing
            {
                assert_eq!(ring.active_value(), Some("hunter2"));
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_text_is_refused_or_read(text in any::<String>()) {
            let _ = Contents::parse(&text);
        }

        #[test]
        fn a_changed_file_is_refused_or_says_what_it_now_says(
            at in any::<Index>(), length in 0_usize..12, new in "[ -~\n]{0,12}",
        ) {
            let at = at.index(FILE.len());
            let end = (at + length).min(FILE.len());
            let changed = format!("{}{new}{}", &FILE[..at], &FILE[end..]);
            if let Ok(contents) = Contents::parse(&changed) {
                let again = Contents::parse(&contents.to_string());
                prop_assert_eq!(again.map(|again| again.to_string()), Ok(contents.to_string()));
                let ring = contents.signing.iter().chain(&contents.sealing);
                prop_assert!(ring.clone().all(|ring| ring.active_value().is_some()), "{}", changed);
            }
        }
    }
}
