//! Both rings in the lines of a `.env` file: the active key, its id, and the keys before it that still verify.

use std::time::Duration;

use concierge_core::{sensitive::Sensitive, time::Timestamp};

use super::{
    KeyringContents as Contents, Purpose, Stored, StoredRing, StoredState, generate::implicit_id,
    previous,
};
use crate::{
    config::{Environment, dotenv::Dotenv},
    platform::keyring::Algorithm,
};

/// How long a pending key verifies that nobody promotes.
const PENDING: Duration = Duration::from_hours(30 * 24);

/// What the file says. The error shows no value.
pub(super) fn read(text: &str, environment: Environment) -> Result<Contents, String> {
    let file = parse(text)?;
    let mut contents = Contents::default();
    for purpose in Purpose::ALL {
        let (variable, before) = (purpose.variable(), purpose.previous_variable());
        let previous = file.get(before).unwrap_or_default();
        let Some(value) = file.get(variable) else {
            if previous.is_empty() {
                continue;
            }
            return Err(format!(
                "{before} is set and {variable} is not; set it, too"
            ));
        };
        let id = file.get(purpose.id_variable()).map(str::to_owned);
        let id = id.unwrap_or_else(|| implicit_id(environment, value));
        let active = key(id.clone(), Algorithm::Hs256, value, None);
        let entries = previous::parse(previous).map_err(|error| format!("{before}: {error}"))?;
        let entries = entries
            .into_iter()
            .map(|one| key(one.id, one.algorithm, one.key.expose(), Some(one.until)));
        let ring = StoredRing {
            active: id,
            keys: std::iter::once(active).chain(entries).collect(),
        };
        ring.validate(purpose)
            .map_err(|error| format!("{variable}: {error}"))?;
        contents.set(purpose, ring);
    }
    Ok(contents)
}

fn key(id: String, alg: Algorithm, value: &str, verify_until: Option<Timestamp>) -> Stored {
    Stored {
        id,
        alg,
        value: Sensitive::new(value),
        state: match verify_until {
            Some(_) => StoredState::Grace,
            None => StoredState::Active,
        },
        created_at: None,
        not_before: None,
        verify_until,
    }
}

/// What of these rings a `.env` has a place for: the active key, and keys that verify until a whole second.
///
/// A pending key has no place of its own. It must be known to every instance before it signs, so it stands among
/// the keys that verify, for 30 days from its making, and is read back as one of them. The epoch is not there
/// either: the database holds it.
pub(super) fn narrowed(contents: &Contents) -> Result<Contents, String> {
    let mut narrowed = Contents::default();
    for purpose in Purpose::ALL {
        let Some(ring) = contents.ring(purpose) else {
            continue;
        };
        let mut keys = Vec::new();
        for one in &ring.keys {
            let until = match one.state {
                StoredState::Active => None,
                StoredState::Grace => one.verify_until,
                StoredState::Pending => one.created_at.map(|made| made.plus(PENDING)),
                StoredState::Retired | StoredState::Revoked => continue,
            };
            if one.state == StoredState::Active && one.alg == Algorithm::Ed25519 {
                return Err(format!(
                    "{} is an Ed25519 key and {} says no algorithm; keep it in a keyring file, secrets.<env>.toml",
                    one.id,
                    purpose.variable()
                ));
            }
            if one.state != StoredState::Active && until.is_none() {
                return Err(format!(
                    "the key {} says no time, and a .env needs one",
                    one.id
                ));
            }
            keys.push(key(
                one.id.clone(),
                one.alg,
                one.value.expose(),
                until.map(whole_second),
            ));
        }
        let active = ring.active.clone();
        narrowed.set(purpose, StoredRing { active, keys });
    }
    Ok(narrowed)
}

/// The next whole second: a key never verifies for less long than was promised.
fn whole_second(time: Timestamp) -> Timestamp {
    Timestamp::from_millis(time.plus(Duration::from_millis(999)).as_seconds() * 1000)
}

/// The text with these rings in their lines; lines that say the same already are not touched.
pub(super) fn edit(
    text: &str,
    contents: &Contents,
    environment: Environment,
) -> Result<Sensitive, String> {
    let mut file = parse(text)?;
    for purpose in Purpose::ALL {
        let ring = contents.ring(purpose);
        let active = ring.and_then(StoredRing::active_key);
        let value = active.map_or("", |active| active.value.expose());
        let id = active.map_or("", |active| active.id.as_str());
        put(&mut file, purpose.variable(), value);
        let is_implied = id == implicit_id(environment, value);
        if !is_implied || file.get(purpose.id_variable()).is_some() {
            put(&mut file, purpose.id_variable(), id);
        }
        let others = ring.into_iter().flat_map(|ring| &ring.keys);
        let others = others.filter_map(|key| Some((key, key.verify_until?)));
        put(
            &mut file,
            purpose.previous_variable(),
            &previous::text(others),
        );
    }
    Ok(Sensitive::new(file.to_string()))
}

/// A line that becomes empty stays: comments about it keep their place, and the next rotation fills it again.
fn put(file: &mut Dotenv, name: &str, value: &str) {
    if file.get(name).unwrap_or_default() != value {
        file.set(name, value);
    }
}

fn parse(text: &str) -> Result<Dotenv, String> {
    Dotenv::parse(text).map_err(|faults| {
        let first = faults.into_iter().next();
        first.map_or_else(String::new, |fault| {
            format!("line {}: {}; {}", fault.line, fault.message, fault.remedy)
        })
    })
}
