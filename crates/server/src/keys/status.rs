//! Both rings as people see them: ids, states, times and what needs each key; never a value.

use concierge_core::{
    keys::{
        KeyStanding, RingName,
        api::{KeyView, RingView},
    },
    time::Timestamp,
};

use super::{
    Place, Purpose,
    data_keys::Wrapper,
    due, keyring_path,
    load::{self, Held},
};
use crate::{config::Reading, platform::keyring::KeyState};

/// Both rings; `wrappers` says what the sealing keys are still needed for.
pub fn status(reading: &Reading, wrappers: &[Wrapper], now: Timestamp) -> Vec<RingView> {
    let path = keyring_path(reading.keys(), reading.environment, &reading.data);
    let mut held = load::gather(reading.keys(), reading.environment, &path, now).keys;
    held.sort_by_key(|key| {
        (
            key.state != KeyState::Active,
            std::cmp::Reverse(key.created_at),
        )
    });
    let ring = |purpose: Purpose| {
        let remedy = Place::of(reading, purpose, None).remedy(purpose);
        let keys = held.iter().filter(|key| key.purpose == purpose);
        RingView {
            ring: RingName::from(purpose),
            is_writable: remedy.is_none(),
            remedy,
            due_at: due::due_of(reading, purpose, now).map(|due| due.at),
            keys: keys.map(|key| view(key, wrappers)).collect(),
        }
    };
    Purpose::ALL.map(ring).into()
}

fn view(key: &Held, wrappers: &[Wrapper]) -> KeyView {
    let (standing, verify_until) = match key.state {
        KeyState::Pending => (KeyStanding::Pending, None),
        KeyState::Active => (KeyStanding::Active, None),
        KeyState::Grace { until } => (KeyStanding::Grace, Some(until)),
        KeyState::Retired => (KeyStanding::Retired, None),
        KeyState::Revoked => (KeyStanding::Revoked, None),
    };
    let verifies = !matches!(standing, KeyStanding::Retired | KeyStanding::Revoked);
    KeyView {
        id: key.id.clone(),
        alg: key.algorithm.as_str().to_owned(),
        standing,
        source: key.source.to_string(),
        created_at: key.created_at,
        verify_until,
        needed_by: match key.purpose {
            Purpose::Signing if verifies => vec!["tokens".to_owned()],
            Purpose::Signing => Vec::new(),
            Purpose::Sealing => wrappers
                .iter()
                .filter(|wrapper| wrapper.kid == key.id)
                .flat_map(|wrapper| wrapper.purposes.clone())
                .collect(),
        },
    }
}
