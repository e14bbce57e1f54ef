//! A backup of the keys: the sealing ring and the data keys, in a file that a passphrase opens.
//!
//! It brings back whatever is sealed in the database. The signing ring is not in it: who steals a backup can sign
//! nobody in, and after a restore everybody signs in anew. Inside is a small TOML text, so that the stock `age`
//! tool and an editor are enough to read it.

use std::fmt::Write as _;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use concierge_core::{audit::EventName, sensitive::Sensitive, time::Timestamp};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::{
    Purpose, Stored, StoredRing, StoredState,
    age_file::{self, AgeError},
    data_keys::{self, DataKeyError},
    fact_store::mark_fact,
    keyring_file::{self, Section},
    store::{self, WrappedKey},
    wrapping::{associated, cipher_of},
};
use crate::{
    audit::{self, Event, Origin},
    config::Environment,
    platform::{
        keyring::{Algorithm, KeyState, Ring},
        rng::Rng,
        seal::sha256,
    },
    store::{Db, StoreError},
};

/// The form of the text inside. A later program reads this one; this program reads no later one.
const FORMAT: i64 = 1;

/// One data key in plain.
pub struct DataKey {
    /// What it is for, and which version of it: `totp/1`.
    pub name: String,
    /// The key.
    pub key: Zeroizing<[u8; 32]>,
}

/// What a backup holds.
pub struct Backup {
    /// Where the keys are used.
    pub environment: Environment,
    /// When it was made.
    pub made_at: Timestamp,
    /// The keys that wrap the data keys.
    pub sealing: StoredRing,
    /// Every data key of the database.
    pub keys: Vec<DataKey>,
}

/// What texts of every format have.
#[derive(Deserialize)]
struct Head {
    format: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    format: i64,
    environment: String,
    #[serde(deserialize_with = "keyring_file::time")]
    made_at: Option<Timestamp>,
    /// Tells at a glance, and with nothing but the `age` tool, which state of the database it belongs to.
    database: String,
    data_keys: Vec<Entry>,
    sealing: StoredRing,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    purpose: String,
    version: i64,
    key: Sensitive,
}

/// Why a backup can't be made or recorded.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The ring in use does not open a data key.
    #[error(transparent)]
    DataKey(#[from] DataKeyError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A data key of the database opens with no key that is in use.
    #[error(
        "the data key {0} opens with none of the sealing keys in use; a backup without it would restore nothing that it sealed"
    )]
    Unopened(String),
}

impl Backup {
    /// Gathers what a database and the ring in use have. A data key that does not exist yet is made first, so that
    /// a backup made on the first day is whole.
    pub async fn take(
        db: &Db,
        environment: Environment,
        ring: &Ring,
        now: Timestamp,
        rng: &dyn Rng,
    ) -> Result<Self, BackupError> {
        data_keys::load(db, ring, now, rng).await?;
        Ok(Self {
            environment,
            made_at: now,
            sealing: stored(ring),
            keys: in_use(db, ring).await?,
        })
    }

    /// The file of it.
    pub fn seal(&self, passphrase: &Sensitive, work_factor: u8) -> Result<Vec<u8>, AgeError> {
        age_file::seal(self.text().as_bytes(), passphrase, work_factor)
    }

    /// Reads a file. The error is one line and shows nothing of what is inside.
    pub fn open(file: &[u8], passphrase: &Sensitive) -> Result<Self, String> {
        let plain = age_file::open(file, passphrase).map_err(|error| error.to_string())?;
        let text = std::str::from_utf8(&plain).map_err(|_| none())?;
        Self::parse(text)
    }

    fn text(&self) -> Zeroizing<String> {
        // Large enough for every ring: text that moves leaves copies behind.
        let mut text = Zeroizing::new(String::with_capacity(64 * 1024));
        // Writing into memory can't fail.
        let _ = write!(
            text,
            "# A backup of the keys of Concierge: `concierge key restore`. Whoever reads this can open what is sealed.\n\
             format = {FORMAT}\nenvironment = \"{}\"\nmade_at = {}\ndatabase = \"{}\"\n\n",
            self.environment,
            self.made_at.to_rfc3339(),
            self.fingerprint(),
        );
        for one in &self.keys {
            let (purpose, version) = one.parts();
            let key = Zeroizing::new(STANDARD.encode(*one.key));
            let _ = write!(
                text,
                "[[data_keys]]\npurpose = \"{purpose}\"\nversion = {version}\nkey = \"{}\"\n\n",
                *key
            );
        }
        let _ = write!(text, "{}", Section(Purpose::Sealing, &self.sealing));
        text
    }

    fn parse(text: &str) -> Result<Self, String> {
        let head: Head = toml::from_str(text).map_err(|_| none())?;
        if head.format > FORMAT {
            return Err("it was made by a later version of concierge".to_owned());
        }
        let document: Document = toml::from_str(text).map_err(|_| none())?;
        document
            .sealing
            .validate(Purpose::Sealing)
            .map_err(|_| none())?;
        let keys: Option<Vec<DataKey>> = document.data_keys.iter().map(Entry::key).collect();
        let backup = Self {
            environment: Environment::from_text(&document.environment).ok_or_else(none)?,
            made_at: document.made_at.ok_or_else(none)?,
            sealing: document.sealing,
            keys: keys.ok_or_else(none)?,
        };
        // Somebody who edited it by hand shall learn now that a key got lost, not in the hour of need.
        match document.format == FORMAT && document.database == backup.fingerprint() {
            true => Ok(backup),
            false => Err("its data keys are not those it was made with".to_owned()),
        }
    }

    /// Stands for the set of data keys, and tells none of them.
    pub fn fingerprint(&self) -> String {
        let lines = self
            .keys
            .iter()
            .map(|one| format!("{} {}\n", one.name, one.digest()));
        hex::encode(sha256(lines.collect::<String>().as_bytes()))
    }

    /// The key of a name.
    pub fn find(&self, name: &str) -> Option<&DataKey> {
        self.keys.iter().find(|one| one.name == name)
    }

    /// Why the backup would not bring back everything that the database has, as lines; none when it would.
    pub async fn lacks(&self, db: &Db, ring: &Ring) -> Result<Vec<String>, BackupError> {
        let present = in_use(db, ring).await?;
        let lines = present.iter().filter_map(|one| match self.find(&one.name) {
            None => Some(format!("{}: not in the backup, which is older", one.name)),
            Some(kept) if *kept.key != *one.key => Some(format!(
                "{}: another key; it is of another database",
                one.name
            )),
            Some(_) => None,
        });
        Ok(lines.collect())
    }

    /// Writes down that the backup was made or verified, and what its data keys are by digest: a restore knows by
    /// them that a key belongs to the database also where nothing opens the wrapped one any more.
    pub async fn record(
        &self,
        db: &Db,
        (name, fact): (EventName, &str),
        now: Timestamp,
        rng: &dyn Rng,
    ) -> Result<(), StoreError> {
        let mut tx = db.begin().await?;
        let fingerprint = self.fingerprint();
        mark_fact(&mut tx, fact, &fingerprint, now).await?;
        for one in &self.keys {
            mark_fact(&mut tx, &fact_of(&one.name), &one.digest(), now).await?;
        }
        let origin = Origin::default();
        let event = Event::anonymous(name, &origin).with(serde_json::json!({
            "kid": self.sealing.active,
            "made_at": self.made_at.to_rfc3339(),
            "database": fingerprint,
        }));
        audit::record(&mut tx, &event, now, rng).await?;
        tx.commit().await
    }
}

impl DataKey {
    /// Tells keys apart without telling them. Of 32 random bytes nobody finds the key to a digest.
    pub(super) fn digest(&self) -> String {
        let bytes = Zeroizing::new([b"data key\0".as_slice(), &*self.key].concat());
        hex::encode(sha256(&bytes))
    }

    /// Purpose and version.
    pub(super) fn parts(&self) -> (&str, i64) {
        let (purpose, version) = self.name.rsplit_once('/').unwrap_or((&self.name, "1"));
        (purpose, version.parse().unwrap_or(1))
    }
}

impl Entry {
    fn key(&self) -> Option<DataKey> {
        let is_name = |c: char| c.is_ascii_lowercase() || c == '_' || c == '-';
        let mut key = Zeroizing::new([0; 32]);
        let bytes = Zeroizing::new(STANDARD.decode(self.key.expose()).ok()?);
        if bytes.len() != key.len() || self.version < 1 || !self.purpose.chars().all(is_name) {
            return None;
        }
        key.copy_from_slice(&bytes);
        let name = format!("{}/{}", self.purpose, self.version);
        Some(DataKey { name, key })
    }
}

impl WrappedKey {
    pub(super) fn name(&self) -> String {
        format!("{}/{}", self.purpose, self.version)
    }

    /// The data key, opened with any of these texts of sealing keys.
    pub(super) fn open<'a>(
        &self,
        mut secrets: impl Iterator<Item = &'a [u8]>,
    ) -> Option<Zeroizing<[u8; 32]>> {
        let associated = associated(&self.purpose, self.version);
        let open = |secret| cipher_of(secret).open(&associated, &self.wrapped).ok();
        let plain = Zeroizing::new(secrets.find_map(open)?);
        let mut key = Zeroizing::new([0; 32]);
        (plain.len() == key.len()).then(|| key.copy_from_slice(&plain))?;
        Some(key)
    }
}

/// The fact that holds the digest of a data key.
pub(super) fn fact_of(name: &str) -> String {
    format!("data_key {name}")
}

fn none() -> String {
    "it holds no backup of keys".to_owned()
}

/// All data keys of a database, opened with the ring in use.
async fn in_use(db: &Db, ring: &Ring) -> Result<Vec<DataKey>, BackupError> {
    let rows = store::list_wrapped(db).await?;
    let open = |row: &WrappedKey| {
        let secrets = ring.keys().map(|key| key.secret.as_slice());
        let name = row.name();
        match row.open(secrets) {
            Some(key) => Ok(DataKey { name, key }),
            None => Err(BackupError::Unopened(name)),
        }
    };
    rows.iter().map(open).collect()
}

/// A ring in memory as it stands in a file.
fn stored(ring: &Ring) -> StoredRing {
    let keys = ring.keys().map(|key| Stored {
        id: key.id.clone(),
        // The one this ring has.
        alg: Algorithm::Hs256,
        // The text of a key came from text.
        value: Sensitive::new(String::from_utf8_lossy(&key.secret)),
        state: match key.state {
            KeyState::Active => StoredState::Active,
            KeyState::Pending => StoredState::Pending,
            KeyState::Grace { .. } => StoredState::Grace,
            KeyState::Retired => StoredState::Retired,
            KeyState::Revoked => StoredState::Revoked,
        },
        created_at: None,
        not_before: None,
        verify_until: match key.state {
            KeyState::Grace { until } => Some(until),
            _ => None,
        },
    });
    StoredRing {
        active: ring.active().id.clone(),
        keys: keys.collect(),
    }
}
