//! The wrapping of data keys: how the sealing ring holds them, changes hands, and what it is still needed for.
//!
//! A key that opens a wrapping is the key that made it, whatever either is called: ids are text that people
//! change, and the cipher knows. `wrapped_by` names the id that held when it was wrapped.

use std::collections::{BTreeMap, BTreeSet};

use concierge_core::time::Timestamp;
use zeroize::Zeroizing;

use super::{
    data_keys::{DataKeyError, DataPurpose},
    store::{self, WrappedKey},
};
use crate::{
    platform::{
        keyring::{Key, Ring},
        rng::Rng,
        seal::{SealKey, sha256},
    },
    store::{Db, StoreError, Tx},
};

/// The bytes of a data key.
pub(super) type Plain = Zeroizing<[u8; 32]>;

/// A sealing key that wraps data keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrapper {
    /// Its id.
    pub kid: String,
    /// What the keys it wraps are for.
    pub purposes: Vec<String>,
}

/// Wraps a data key.
pub(super) fn wrap(
    purpose: &str,
    version: i64,
    plain: &Plain,
    key: &Key,
    rng: &dyn Rng,
) -> WrappedKey {
    WrappedKey {
        wrapped: cipher(key).seal(rng, &associated(purpose, version), &**plain),
        purpose: purpose.to_owned(),
        version,
        wrapped_by: key.id.clone(),
    }
}

/// A new data key, wrapped.
pub(super) fn draw(purpose: DataPurpose, version: i64, key: &Key, rng: &dyn Rng) -> WrappedKey {
    let plain = Zeroizing::new(rng.bytes::<32>());
    wrap(purpose.as_str(), version, &plain, key, rng)
}

/// The data key in a wrapping, with the key that wrapped it.
pub(super) fn unwrap<'a>(
    row: &WrappedKey,
    mut keys: impl Iterator<Item = &'a Key>,
) -> Result<(&'a Key, Plain), DataKeyError> {
    let associated = associated(&row.purpose, row.version);
    // A wiped key is no key, though its nothing could be hashed to one.
    let opened = keys.find_map(|key| {
        if key.secret.is_empty() {
            return None;
        }
        let plain = cipher(key).open(&associated, &row.wrapped).ok()?;
        Some((key, Zeroizing::new(plain)))
    });
    let (key, plain) = opened.ok_or_else(|| DataKeyError::WrongSealingKey {
        purpose: row.purpose.clone(),
        wrapped_by: row.wrapped_by.clone(),
    })?;
    let plain = <[u8; 32]>::try_from(plain.as_slice())
        .map_err(|_| StoreError::corrupt("data_key", "wrapped", &row.purpose))?;
    Ok((key, Zeroizing::new(plain)))
}

/// Keys come as text of any length; the cipher wants 32 bytes.
fn cipher(key: &Key) -> SealKey {
    cipher_of(&key.secret)
}

pub(super) fn cipher_of(secret: &[u8]) -> SealKey {
    SealKey::new(&sha256(secret))
}

pub(super) fn associated(purpose: &str, version: i64) -> String {
    format!("data_key/{purpose}/{version}")
}

/// Wraps every data key with another sealing key; answers how many were not yet. The data keys stay what they are,
/// so no other table is touched. One that no key at hand opens refuses all of it: it would be lost with the old key.
pub async fn rewrap(
    tx: &mut Tx,
    sealing: &Ring,
    new: &Key,
    rng: &dyn Rng,
) -> Result<usize, DataKeyError> {
    let mut rewrapped = 0;
    for row in store::list_wrapped(&mut *tx).await? {
        let keys = std::iter::once(new).chain(sealing.keys());
        let (wrapper, plain) = unwrap(&row, keys)?;
        if wrapper.secret == new.secret && row.wrapped_by == new.id {
            continue;
        }
        let wrapped = wrap(&row.purpose, row.version, &plain, new, rng);
        if !store::mark_wrapped(tx, &row.wrapped, wrapped).await? {
            return Err(StoreError::Conflict.into());
        }
        rewrapped += 1;
    }
    Ok(rewrapped)
}

/// Makes a new version of the data keys of these purposes. The older ones stay until nothing is sealed with them.
pub async fn renew(
    tx: &mut Tx,
    purposes: &[DataPurpose],
    active: &Key,
    now: Timestamp,
    rng: &dyn Rng,
) -> Result<(), StoreError> {
    let rows = store::list_wrapped(&mut *tx).await?;
    for purpose in purposes {
        let versions = rows.iter().filter(|row| row.purpose == purpose.as_str());
        let version = versions.map(|row| row.version).max().unwrap_or(0) + 1;
        store::insert(tx, draw(*purpose, version, active, rng), now).await?;
    }
    Ok(())
}

/// Which sealing keys still wrap something, by the ring's own names where it has the key.
pub async fn needed_by(db: &Db, sealing: &Ring) -> Result<Vec<Wrapper>, StoreError> {
    let mut wrappers = BTreeMap::<String, BTreeSet<String>>::new();
    for row in store::list_wrapped(db).await? {
        let kid = match unwrap(&row, sealing.keys()) {
            Ok((key, _)) => key.id.clone(),
            Err(_) => row.wrapped_by,
        };
        wrappers.entry(kid).or_default().insert(row.purpose);
    }
    let wrapper = |(kid, purposes): (_, BTreeSet<_>)| Wrapper {
        kid,
        purposes: purposes.into_iter().collect(),
    };
    Ok(wrappers.into_iter().map(wrapper).collect())
}
