//! How two keyrings differ, by ids and the first eight hex digits of fingerprints.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::keys::{self, KeyringContents, Purpose};

/// A key on one of the two sides, without its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Side {
    pub(super) fingerprint: String,
    pub(super) state: &'static str,
}

/// A key the two sides don't agree about.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Difference {
    pub(super) ring: &'static str,
    pub(super) id: String,
    pub(super) here: Option<Side>,
    pub(super) there: Option<Side>,
}

pub(super) fn differences(here: &KeyringContents, there: &KeyringContents) -> Vec<Difference> {
    let mut differences = Vec::new();
    for purpose in Purpose::ALL {
        let (mut here, mut there) = (sides(here, purpose), sides(there, purpose));
        let ids: BTreeSet<String> = here.keys().chain(there.keys()).cloned().collect();
        differences.extend(ids.into_iter().filter_map(|id| {
            let (here, there) = (here.remove(&id), there.remove(&id));
            (here != there).then_some(Difference {
                ring: purpose.as_str(),
                id,
                here,
                there,
            })
        }));
    }
    differences
}

fn sides(contents: &KeyringContents, purpose: Purpose) -> BTreeMap<String, Side> {
    let keys = contents
        .ring(purpose)
        .into_iter()
        .flat_map(|ring| &ring.keys);
    keys.map(|key| {
        let side = Side {
            fingerprint: keys::fingerprint(key.value.expose())[..8].to_owned(),
            state: key.state.as_str(),
        };
        (key.id.clone(), side)
    })
    .collect()
}

/// Whether both have a ring, and another key is active in it.
pub(super) fn is_other(here: &KeyringContents, there: &KeyringContents, purpose: Purpose) -> bool {
    match (here.ring(purpose), there.ring(purpose)) {
        (Some(here), Some(there)) => here.active_value() != there.active_value(),
        _ => false,
    }
}
