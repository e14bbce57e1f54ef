//! Putting a backup of the keys back.
//!
//! First it is judged whether the backup fits the database: each wrapped data key opens with a sealing key of the
//! backup, or the database knows the digest of the backup's data key, which is then wrapped anew. A backup of
//! another database is refused, or it would take the place of keys that nothing could bring back.
//!
//! Then there are two writes: the keyring file, and one transaction of the database. The new keyring keeps the
//! present sealing keys as retired ones, so what is on the disk between the two loads as well as before. The same
//! command, given again, finishes what was begun.

use concierge_core::{audit::EventName, sensitive::Sensitive, time::Timestamp};

use super::{
    Document, Draft, Form, Home, KeyringContents as Contents, Stored, StoredRing, StoredState,
    backup::{Backup, DataKey, fact_of},
    backup_store::list_facts,
    emergency::later,
    epoch_store::{find_epoch, list_revoked},
    fingerprint,
    generate::implicit_id,
    store::{self, WrappedKey},
    wrapping::{associated, cipher_of},
};
use crate::{
    audit::{self, Event, Origin},
    config::Environment,
    platform::rng::Rng,
    store::{Db, StoreError, feed::Change},
};

/// Why nothing, or not everything, was restored.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The backup is not of this database; each line says why.
    #[error("the backup does not fit the database:\n{}", .0.join("\n"))]
    Unfit(Vec<String>),
    /// Somebody else wrote data keys in the meantime.
    #[error("the data key {0} changed in the meantime; give the same command again")]
    Changed(String),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A backup that fits a database, and what is to be done.
pub struct Restore<'a> {
    backup: &'a Backup,
    /// Data keys that the sealing keys of the backup open as they are.
    pub opened: Vec<String>,
    /// Data keys whose wrapping key is lost, and their rows.
    anew: Vec<(&'a DataKey, WrappedKey)>,
    /// Data keys that the database lacks.
    missing: Vec<&'a DataKey>,
    /// The time at or before which nothing counts, as the database knows it.
    epoch: Timestamp,
}

impl<'a> Restore<'a> {
    /// Judges a backup; changes nothing.
    pub async fn plan(
        db: &Db,
        backup: &'a Backup,
        environment: Environment,
    ) -> Result<Self, RestoreError> {
        let mut plan = Self {
            backup,
            opened: Vec::new(),
            anew: Vec::new(),
            missing: Vec::new(),
            epoch: find_epoch(db).await?,
        };
        let mut reasons = Vec::new();
        if backup.environment != environment {
            reasons.push(format!(
                "it is of {}, this is {environment}",
                backup.environment
            ));
        }
        let active = backup.sealing.active_value().unwrap_or_default();
        let print = fingerprint(active);
        let revoked = list_revoked(db).await?;
        if revoked.iter().any(|key| key.fingerprint == print) {
            reasons.push(format!(
                "its sealing key {} was revoked",
                backup.sealing.active
            ));
        }
        let rows = store::list_wrapped(db).await?;
        let digests = list_facts(db, &fact_of("")).await?;
        let is_known = |key: &DataKey| digests.get(&fact_of(&key.name)) == Some(&key.digest());
        let is_foreign =
            |key: &DataKey| digests.contains_key(&fact_of(&key.name)) && !is_known(key);
        for key in &backup.keys {
            if rows.iter().any(|row| row.name() == key.name) {
                continue;
            }
            match is_foreign(key) {
                true => reasons.push(format!("{}: of another database", key.name)),
                false => plan.missing.push(key),
            }
        }
        for row in rows {
            let (name, by) = (row.name(), &row.wrapped_by);
            let secrets = backup.sealing.keys.iter();
            let secrets = secrets.map(|key| key.value.expose().as_bytes());
            match backup.find(&name) {
                _ if row.open(secrets).is_some() => plan.opened.push(name),
                Some(key) if is_known(key) => plan.anew.push((key, row)),
                Some(_) => reasons.push(format!(
                    "{name}: wrapped by {by}, which is not in the backup, and nothing proves that the backup is of this database"
                )),
                None => reasons.push(format!(
                    "{name}: wrapped by {by}, and neither of them is in the backup, which is older"
                )),
            }
        }
        match reasons.is_empty() {
            true => Ok(plan),
            false => Err(RestoreError::Unfit(reasons)),
        }
    }

    /// The data keys that are wrapped anew, and by what they were.
    pub fn anew(&self) -> impl Iterator<Item = (&str, &str)> {
        let rows = self.anew.iter();
        rows.map(|(key, row)| (key.name.as_str(), row.wrapped_by.as_str()))
    }

    /// The data keys that the database lacks.
    pub fn missing(&self) -> impl Iterator<Item = &str> {
        self.missing.iter().map(|key| key.name.as_str())
    }

    /// The first write: the keyring with the sealing keys of the backup, a new signing key, and the time
    /// before which nothing counts.
    pub async fn write_keyring(
        &self,
        home: &Home,
        signing: &Draft,
        now: Timestamp,
        rng: &dyn Rng,
    ) -> Result<(), String> {
        let before = home.read(now, rng).await?;
        let text = before.as_ref().map_or("", |found| found.text.expose());
        let environment = self.backup.environment;
        let document = Document::parse(Form::Keyring, text, environment).map_err(|error| {
            let name = home.name();
            format!("{name}: {error}; mend it or move it away first: it is not overwritten")
        })?;
        let present = document.contents();
        let mut contents = Contents {
            // Later than what keyring and database say: whoever reads it ends everything from before.
            epoch: Some(later(present.epoch.max(Some(self.epoch)), now)),
            signing: Some(StoredRing::of(signing, now)),
            sealing: Some(self.merged(present.sealing.as_ref())),
        };
        contents.keep_revoked_of(present)?;
        let text = match before {
            Some(_) => document.rewritten(&contents)?,
            None => Sensitive::new(contents.to_string()),
        };
        let written = home.write(text.expose(), before.as_ref(), now, rng);
        written.await?;
        match home.read(now, rng).await? {
            Some(found) if found.text.expose() == text.expose() => Ok(()),
            _ => Err(format!(
                "{} was changed by somebody else; give the same command again",
                home.name()
            )),
        }
    }

    /// The sealing ring of the backup, with those keys retired that are in use and not in it: older copies of the
    /// database need them.
    fn merged(&self, present: Option<&StoredRing>) -> StoredRing {
        let mut ring = StoredRing {
            active: self.backup.sealing.active.clone(),
            keys: self.backup.sealing.keys.clone(),
        };
        for key in present.map(|ring| ring.keys.as_slice()).unwrap_or_default() {
            let text = key.value.expose();
            let is_same = |other: &Stored| match text.is_empty() {
                true => other.id == key.id,
                false => other.value.expose() == text,
            };
            if ring.keys.iter().any(is_same) {
                continue;
            }
            let mut key = key.clone();
            if key.state != StoredState::Revoked {
                key.state = StoredState::Retired;
            }
            if ring.keys.iter().any(|other| other.id == key.id) {
                key.id = implicit_id(self.backup.environment, text);
            }
            ring.keys.push(key);
        }
        ring
    }

    /// The second write: the data keys, the time before which nothing counts, the event.
    pub async fn write_database(
        &self,
        db: &Db,
        now: Timestamp,
        rng: &dyn Rng,
    ) -> Result<(), RestoreError> {
        let mut tx = db.begin().await?;
        for (key, row) in &self.anew {
            if !store::mark_wrapped(&mut tx, &row.wrapped, self.wrapped(key, rng)).await? {
                return Err(RestoreError::Changed(key.name.clone()));
            }
        }
        for key in &self.missing {
            store::insert(&mut tx, self.wrapped(key, rng), now).await?;
        }
        let origin = Origin::default();
        let event = Event::anonymous(EventName::KeyRestored, &origin).with(serde_json::json!({
            "kid": self.backup.sealing.active,
            "made_at": self.backup.made_at.to_rfc3339(),
            "database": self.backup.fingerprint(),
            "wrapped_anew": self.anew().map(|(name, _)| name).collect::<Vec<_>>(),
            "written": self.missing().collect::<Vec<_>>(),
        }));
        audit::record(&mut tx, &event, now, rng).await?;
        tx.announce(&[Change::Everything], now).await?;
        tx.commit().await?;
        Ok(())
    }

    /// A data key as a row, wrapped by the active sealing key of the backup.
    fn wrapped(&self, key: &DataKey, rng: &dyn Rng) -> WrappedKey {
        let (purpose, version) = key.parts();
        let secret = self.backup.sealing.active_value().unwrap_or_default();
        let associated = associated(purpose, version);
        WrappedKey {
            wrapped: cipher_of(secret.as_bytes()).seal(rng, &associated, &*key.key),
            wrapped_by: self.backup.sealing.active.clone(),
            purpose: purpose.to_owned(),
            version,
        }
    }
}
