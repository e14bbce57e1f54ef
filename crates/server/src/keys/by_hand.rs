//! The lines to set by hand where a ring comes from a place that this program can't write.

use concierge_core::{sensitive::Sensitive, time::Timestamp};

use super::{
    Document, Draft, Form, Format, Purpose, StoredRing, draft, keyring_file::Stored, keyring_path,
    load,
};
use crate::{
    config::Reading,
    platform::{keyring::KeyState, rng::Rng},
};

/// A new key and those before it, as the text of a `.env`; `None` when the source of randomness is broken. The key
/// of now verifies until the given time.
pub fn lines_for_hand(
    reading: &Reading,
    purpose: Purpose,
    verify_until: Timestamp,
    now: Timestamp,
    rng: &dyn Rng,
) -> Option<Sensitive> {
    let path = keyring_path(reading.keys(), reading.environment, &reading.data);
    let held = load::gather(reading.keys(), reading.environment, &path, now).keys;
    let new = draft(Format::Hex, reading.environment, now, rng)?;
    let mut ring = StoredRing::of(&new, now);
    for key in held.iter().filter(|key| key.purpose == purpose) {
        let until = match key.state {
            KeyState::Active => verify_until,
            KeyState::Grace { until } => until,
            KeyState::Pending | KeyState::Retired | KeyState::Revoked => continue,
        };
        let before = Draft {
            id: key.id.clone(),
            algorithm: key.algorithm,
            value: Sensitive::new(key.text.expose()),
        };
        ring.keys.push(Stored::in_grace(&before, now, until));
    }
    let empty = Document::parse(Form::Dotenv, "", reading.environment).ok()?;
    let mut contents = empty.contents().clone();
    contents.set(purpose, ring);
    empty.rewritten(&contents).ok()
}
