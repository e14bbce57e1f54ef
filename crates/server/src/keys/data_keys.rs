//! Data keys: one random key per purpose, wrapped by the sealing key and kept in the database.
//!
//! `SECRET_KEY` wraps and derives nothing, so rotating it re-wraps these few rows and touches no other. A data key
//! has versions: the newest seals, the older ones open what they sealed until it is sealed anew. New versions reach
//! a running server through [`DataKeys::reload`]; whoever holds a key sees them at once.

use std::collections::{BTreeMap, BTreeSet};

use arc_swap::ArcSwap;
use concierge_core::{sensitive::Sensitive, time::Timestamp};
use tokio::sync::{Mutex, Notify};

use super::{
    store,
    wrapping::{Plain, draw, unwrap},
};
pub use super::{
    store::delete_older,
    wrapping::{Wrapper, needed_by, renew, rewrap},
};
use crate::{
    platform::{
        keyring::Ring,
        rng::Rng,
        seal::{MacKeys, SealKey, SealKeys, mac},
    },
    store::{Db, On, StoreError, Tx},
};

/// What a data key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DataPurpose {
    /// Seals the keys of sessions.
    Session,
    /// Digests sign-in names and one-time tokens.
    Digest,
    /// Digests device cookies.
    Device,
    /// Seals the seeds of second factors, and recovery codes until their owner has kept them.
    Totp,
    /// Seals mails that wait to be sent.
    Mail,
    /// Makes the MACs of the audit chain.
    Audit,
    /// Seals where alerts are sent, and the secrets that sign them.
    Alert,
}

impl DataPurpose {
    /// All.
    pub const ALL: [Self; 7] = [
        Self::Session,
        Self::Digest,
        Self::Device,
        Self::Totp,
        Self::Mail,
        Self::Audit,
        Self::Alert,
    ];
    /// Those that get a new key when a sealing key is revoked. The key of digests stays: whoever has it learns from a
    /// digest at most a name that they guessed, and tokens are random.
    pub const RENEWED: [Self; 6] = [
        Self::Session,
        Self::Device,
        Self::Totp,
        Self::Mail,
        Self::Audit,
        Self::Alert,
    ];

    /// The stable text.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Digest => "digest",
            Self::Device => "device",
            Self::Totp => "totp",
            Self::Mail => "mail",
            Self::Audit => "audit",
            Self::Alert => "alert",
        }
    }
}

/// The data keys, unwrapped. They are the same for everybody who holds them, also after a reload.
pub struct DataKeys {
    /// Seals the keys of sessions.
    pub session: SealKeys,
    /// Seals the seeds of second factors, and recovery codes until their owner has kept them.
    pub totp: SealKeys,
    /// Seals mails that wait to be sent.
    pub mail: SealKeys,
    /// Makes the MACs of the audit chain.
    pub audit: MacKeys,
    /// Seals where alerts are sent, and the secrets that sign them.
    pub alert: SealKeys,
    digest: ArcSwap<Plain>,
    device: ArcSwap<Plain>,
    /// Newest first. Held while they are exchanged: of two reloads the later one wins.
    versions: Mutex<Versions>,
    renewed: Notify,
}

type Versions = BTreeMap<DataPurpose, Vec<i64>>;

impl DataKeys {
    /// What is kept of a sign-in name, known or not.
    pub fn name_digest(&self, normalised: &str) -> String {
        let parts: [&[u8]; 2] = [b"sign-in name\0", normalised.as_bytes()];
        hex::encode(mac(&**self.digest.load().as_ref(), &parts))
    }

    /// What is kept of a one-time token: worth nothing to who reads the database, and never that of another purpose.
    /// White space around a token that was pasted does not count.
    pub fn token_digest(&self, purpose: &str, token: &Sensitive) -> String {
        let token = token.expose().trim().as_bytes();
        let parts = [purpose.as_bytes(), b"\0", token];
        hex::encode(mac(&**self.digest.load().as_ref(), &parts))
    }

    /// What is kept of a device cookie.
    pub fn device_digest(&self, device: &str) -> String {
        hex::encode(mac(&**self.device.load().as_ref(), &[device.as_bytes()]))
    }

    /// Takes in the versions that the database has now; answers whether they are others than before. When one can't be
    /// opened, all stay as they are.
    pub async fn reload(&self, db: &Db, sealing: &Ring) -> Result<bool, DataKeyError> {
        let mut versions = self.versions.lock().await;
        let unwrapped = Unwrapped::find(db, sealing).await?;
        let found = unwrapped.versions();
        // Everything is at hand before anything is exchanged.
        let session = unwrapped.ciphers(DataPurpose::Session)?;
        let totp = unwrapped.ciphers(DataPurpose::Totp)?;
        let mail = unwrapped.ciphers(DataPurpose::Mail)?;
        let alert = unwrapped.ciphers(DataPurpose::Alert)?;
        let digest = unwrapped.newest(DataPurpose::Digest)?;
        let device = unwrapped.newest(DataPurpose::Device)?;
        self.session.swap(session.0, session.1);
        self.totp.swap(totp.0, totp.1);
        self.mail.swap(mail.0, mail.1);
        self.audit.swap(unwrapped.all(DataPurpose::Audit));
        self.alert.swap(alert.0, alert.1);
        self.digest.store(digest.into());
        self.device.store(device.into());
        let are_others = *versions != found;
        *versions = found;
        if are_others {
            self.renewed.notify_one();
        }
        Ok(are_others)
    }

    /// Resolves when a reload has brought other versions since the last time.
    pub async fn renewed(&self) {
        self.renewed.notified().await;
    }

    /// The purposes that have older versions, each with its newest.
    pub async fn outdated(&self) -> Vec<(DataPurpose, i64)> {
        let versions = self.versions.lock().await;
        let newest = |(purpose, versions): (&DataPurpose, &Vec<i64>)| match versions[..] {
            [newest, _, ..] => Some((*purpose, newest)),
            _ => None,
        };
        versions.iter().filter_map(newest).collect()
    }

    /// Forgets the older versions that the database does not have any more.
    pub async fn forget_deleted(&self, db: &Db) -> Result<(), StoreError> {
        let mut versions = self.versions.lock().await;
        let rows = store::list_wrapped(db).await?;
        for (purpose, versions) in versions.iter_mut() {
            let there = rows.iter().filter(|row| row.purpose == purpose.as_str());
            if there.map(|row| row.version).eq(versions.first().copied()) {
                versions.truncate(1);
                match purpose {
                    DataPurpose::Session => self.session.keep_newest(),
                    DataPurpose::Totp => self.totp.keep_newest(),
                    DataPurpose::Mail => self.mail.keep_newest(),
                    DataPurpose::Audit => self.audit.keep_newest(),
                    DataPurpose::Alert => self.alert.keep_newest(),
                    // Only the newest was ever held.
                    DataPurpose::Digest | DataPurpose::Device => {}
                }
            }
        }
        Ok(())
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
        purpose: String,
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
    let rows = store::list_wrapped(db).await?;
    for purpose in DataPurpose::ALL {
        if rows.iter().all(|row| row.purpose != purpose.as_str()) {
            // Of several instances that start at once, one inserts; all read what is there afterwards.
            store::insert_if_absent(db, draw(purpose, 1, sealing.active(), rng), now).await?;
        }
    }
    Ok(Unwrapped::find(db, sealing).await?.into_keys()?)
}

/// The key of the audit chain, for whoever checks it, and the versions that no sealing key at hand opens. Nothing is
/// made.
pub async fn find_audit_keys(db: &Db, sealing: &Ring) -> Result<(MacKeys, Vec<i64>), StoreError> {
    let (mut found, mut lost) = (BTreeMap::new(), Vec::new());
    let rows = store::list_wrapped(db).await?.into_iter();
    for row in rows.filter(|row| row.purpose == DataPurpose::Audit.as_str()) {
        match unwrap(&row, sealing.keys()) {
            Ok((_, plain)) => {
                found.insert(row.version, plain);
            }
            Err(_) => lost.push(row.version),
        }
    }
    Ok((MacKeys::new(found), lost))
}

/// Makes new data keys for every purpose where a sealing key is lost, inside a transaction, and deletes those that it
/// wrapped. Answers the ids of the lost keys and what there is from then on; nothing when all can be opened.
pub async fn replace_lost(
    tx: &mut Tx,
    sealing: &Ring,
    now: Timestamp,
    rng: &dyn Rng,
) -> Result<Option<(Vec<String>, DataKeys)>, DataKeyError> {
    let rows = store::list_wrapped(&mut *tx).await?;
    let is_lost = |row: &store::WrappedKey| unwrap(row, sealing.keys()).is_err();
    let gone: Vec<_> = rows.into_iter().filter(is_lost).collect();
    if gone.is_empty() {
        return Ok(None);
    }
    // First the new ones: no version number comes back with another key.
    renew(tx, &DataPurpose::ALL, sealing.active(), now, rng).await?;
    let mut lost = BTreeSet::new();
    for row in gone {
        store::delete_version(tx, &row).await?;
        lost.insert(row.wrapped_by);
    }
    rewrap(tx, sealing, sealing.active(), rng).await?;
    let keys = Unwrapped::find(tx, sealing).await?.into_keys()?;
    Ok(Some((lost.into_iter().collect(), keys)))
}

/// Refuses a ring that does not open every data key.
pub async fn require_opened(db: &Db, sealing: &Ring) -> Result<(), DataKeyError> {
    Unwrapped::find(db, sealing).await.map(drop)
}

/// Every version of every data key.
struct Unwrapped(BTreeMap<DataPurpose, Vec<(i64, Plain)>>);

impl Unwrapped {
    async fn find<'a>(on: impl Into<On<'a>>, sealing: &Ring) -> Result<Self, DataKeyError> {
        let mut found = Self(BTreeMap::new());
        for row in store::list_wrapped(on).await? {
            let mut known = DataPurpose::ALL.into_iter();
            // Another purpose is that of a newer program.
            if let Some(purpose) = known.find(|purpose| purpose.as_str() == row.purpose) {
                let (_, plain) = unwrap(&row, sealing.keys())?;
                let versions = found.0.entry(purpose).or_default();
                versions.push((row.version, plain));
            }
        }
        Ok(found)
    }

    fn into_keys(self) -> Result<DataKeys, StoreError> {
        let keys = |purpose| {
            let (newest, older) = self.ciphers(purpose)?;
            Ok::<_, StoreError>(SealKeys::new(newest, older))
        };
        Ok(DataKeys {
            session: keys(DataPurpose::Session)?,
            totp: keys(DataPurpose::Totp)?,
            mail: keys(DataPurpose::Mail)?,
            audit: MacKeys::new(self.all(DataPurpose::Audit)),
            alert: keys(DataPurpose::Alert)?,
            digest: ArcSwap::from_pointee(self.newest(DataPurpose::Digest)?),
            device: ArcSwap::from_pointee(self.newest(DataPurpose::Device)?),
            versions: Mutex::new(self.versions()),
            renewed: Notify::new(),
        })
    }

    fn versions(&self) -> Versions {
        let numbers = |keys: &Vec<(i64, _)>| keys.iter().map(|(number, _)| *number).collect();
        let each = self.0.iter();
        each.map(|(purpose, keys)| (*purpose, numbers(keys)))
            .collect()
    }

    fn all(&self, purpose: DataPurpose) -> BTreeMap<i64, Plain> {
        let versions = self.0.get(&purpose).into_iter().flatten();
        versions.cloned().collect()
    }

    fn newest(&self, purpose: DataPurpose) -> Result<Plain, StoreError> {
        let keys = self.0.get(&purpose).and_then(|keys| keys.first());
        let newest = keys.map(|(_, plain)| plain.clone());
        newest.ok_or_else(|| StoreError::corrupt("data_key", "purpose", purpose.as_str()))
    }

    fn ciphers(&self, purpose: DataPurpose) -> Result<(SealKey, Vec<SealKey>), StoreError> {
        let newest = SealKey::new(&*self.newest(purpose)?);
        let older = self.0.get(&purpose).into_iter().flatten().skip(1);
        let older = older.map(|(_, plain)| SealKey::new(plain)).collect();
        Ok((newest, older))
    }
}

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::*;
    use crate::platform::{
        keyring::{Key, KeyState, Scheme},
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
        let sealed = made.session.seal(&OsRng, "row", b"secret");
        let renamed = || key("b", "one secret", KeyState::Active);
        let previous = || key("c", "one secret", KeyState::Grace { until: NOW });
        // The last: another key took the old name.
        for ring in [
            Ring::new(renamed(), vec![]),
            Ring::new(key("n", "a new one", KeyState::Active), vec![previous()]),
            Ring::new(key("a", "a new one", KeyState::Active), vec![previous()]),
        ] {
            let opened = load(&db, &ring).await.expect("opened");
            assert!(opened.session.open("row", &sealed).is_ok());
        }
        let stranger = Ring::new(key("a", "a new one", KeyState::Active), vec![]);
        let refused = load(&db, &stranger).await.err().expect("refused");
        assert!(refused.to_string().contains("`a`"), "{refused}");
    }
}
