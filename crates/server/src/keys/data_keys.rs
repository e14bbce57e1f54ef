//! Data keys: one random key per purpose, wrapped by the sealing key and kept in the database.
//!
//! `SECRET_KEY` wraps and derives nothing, so rotating it re-wraps these few rows and touches no other.

use concierge_core::{sensitive::Sensitive, time::Timestamp};
use zeroize::Zeroizing;

use super::store;
use crate::{
    platform::{
        keyring::{Key, Ring},
        rng::Rng,
        seal::{SealKey, mac, sha256},
    },
    store::{Db, StoreError},
};

/// The data keys, unwrapped.
pub struct DataKeys {
    /// Seals the keys of sessions.
    pub session: Zeroizing<[u8; 32]>,
    /// Digests sign-in names and one-time tokens.
    pub digest: Zeroizing<[u8; 32]>,
    /// Digests device cookies.
    pub device: Zeroizing<[u8; 32]>,
    /// Seals the seeds of second factors, and recovery codes until their owner has kept them.
    pub totp: Zeroizing<[u8; 32]>,
    /// Seals mails that wait to be sent.
    pub mail: Zeroizing<[u8; 32]>,
}

impl DataKeys {
    /// What is kept of a sign-in name, known or not.
    pub fn name_digest(&self, normalised: &str) -> String {
        let parts: [&[u8]; 2] = [b"sign-in name\0", normalised.as_bytes()];
        hex::encode(mac(&*self.digest, &parts))
    }

    /// What is kept of a one-time token: worth nothing to who reads the database, and never that of another purpose.
    /// White space around a token that was pasted does not count.
    pub fn token_digest(&self, purpose: &str, token: &Sensitive) -> String {
        let token = token.expose().trim().as_bytes();
        hex::encode(mac(&*self.digest, &[purpose.as_bytes(), b"\0", token]))
    }

    /// What is kept of a device cookie.
    pub fn device_digest(&self, device: &str) -> String {
        hex::encode(mac(&*self.device, &[device.as_bytes()]))
    }
}

/// A data key that can't be had.
#[derive(Debug, thiserror::Error)]
pub enum DataKeyError {
    /// The sealing key that wrapped it is not in the ring.
    #[error(
        "the data key `{purpose}` was wrapped by the sealing key `{wrapped_by}`, which is not at hand; give it back as SECRET_KEY or in SECRET_KEY_PREVIOUS, or in the keyring file"
    )]
    WrongSealingKey {
        /// What the key is for.
        purpose: &'static str,
        /// The id of the sealing key.
        wrapped_by: String,
    },
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Loads the data keys, making those that do not exist yet.
pub async fn load(
    db: &Db,
    sealing: &Ring,
    now: Timestamp,
    rng: &dyn Rng,
) -> Result<DataKeys, DataKeyError> {
    Ok(DataKeys {
        session: load_one(db, sealing, "session", now, rng).await?,
        digest: load_one(db, sealing, "digest", now, rng).await?,
        device: load_one(db, sealing, "device", now, rng).await?,
        totp: load_one(db, sealing, "totp", now, rng).await?,
        mail: load_one(db, sealing, "mail", now, rng).await?,
    })
}

async fn load_one(
    db: &Db,
    sealing: &Ring,
    purpose: &'static str,
    now: Timestamp,
    rng: &dyn Rng,
) -> Result<Zeroizing<[u8; 32]>, DataKeyError> {
    if store::find_newest(db, purpose).await?.is_none() {
        let plain = Zeroizing::new(rng.bytes::<32>());
        let key = sealing.active();
        let wrapped = wrapping(key).seal(rng, &associated(purpose, 1), &*plain);
        // Of several instances that start at once, one inserts; all read what is there afterwards.
        store::insert_if_absent(db, purpose, 1, wrapped, &key.id, now).await?;
    }
    let row = store::find_newest(db, purpose)
        .await?
        .ok_or_else(|| StoreError::corrupt("data_key", "purpose", purpose))?;
    let wrong = || DataKeyError::WrongSealingKey {
        purpose,
        wrapped_by: row.wrapped_by.clone(),
    };
    // Whatever it is called now: a key that opens it is the key, and the cipher knows.
    let associated = associated(purpose, row.version);
    let plain = sealing
        .keys()
        .find_map(|key| wrapping(key).open(&associated, &row.wrapped).ok())
        .ok_or_else(wrong)?;
    let plain = Zeroizing::new(plain);
    let bytes = <[u8; 32]>::try_from(plain.as_slice())
        .map_err(|_| StoreError::corrupt("data_key", "wrapped", purpose))?;
    Ok(Zeroizing::new(bytes))
}

/// Keys come as text of any length; the cipher wants 32 bytes.
fn wrapping(key: &Key) -> SealKey {
    wrapping_with(&key.secret)
}

pub(super) fn wrapping_with(secret: &[u8]) -> SealKey {
    SealKey::new(&sha256(secret))
}

pub(super) fn associated(purpose: &str, version: i64) -> String {
    format!("data_key/{purpose}/{version}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::{
        keyring::{KeyState, Scheme},
        rng::OsRng,
    };

    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    fn key(id: &str, secret: &str, state: KeyState) -> Key {
        Key {
            id: id.to_owned(),
            secret: Zeroizing::new(secret.as_bytes().to_vec()),
            scheme: Scheme::Hs256,
            state,
        }
    }

    async fn load(db: &Db, sealing: &Ring) -> Result<DataKeys, DataKeyError> {
        super::load(db, sealing, NOW, &OsRng).await
    }

    #[tokio::test]
    async fn the_key_that_wrapped_opens_under_any_name() {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite:{}", folder.path().join("keys.db").display());
        let db = Db::connect(&url).await.expect("a database");
        db.migrate().await.expect("migrated");
        let first = Ring::new(key("a", "one secret", KeyState::Active), vec![]);
        let made = load(&db, &first).await.expect("made");
        let renamed = || key("b", "one secret", KeyState::Active);
        let previous = || key("c", "one secret", KeyState::Grace { until: NOW });
        // The last: another key took the old name.
        for ring in [
            Ring::new(renamed(), vec![]),
            Ring::new(key("n", "a new one", KeyState::Active), vec![previous()]),
            Ring::new(key("a", "a new one", KeyState::Active), vec![previous()]),
        ] {
            let opened = load(&db, &ring).await.expect("opened");
            assert_eq!(*opened.session, *made.session);
        }
        let stranger = Ring::new(key("a", "a new one", KeyState::Active), vec![]);
        let refused = load(&db, &stranger).await.err().expect("refused");
        assert!(refused.to_string().contains("`a`"), "{refused}");
    }
}
