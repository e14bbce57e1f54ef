//! The processes that serve: each says every few seconds that it lives and which keys it knows.
//!
//! A key signs only once every one of them knows it, so that none refuses what another signed.

use std::time::Duration;

use concierge_core::{
    id::{Id, Kind},
    time::Timestamp,
};

use super::{Purpose, fingerprint};
use crate::{
    platform::keyring::{Keyrings, Ring},
    store::{Db, On, Row, StoreError, sql},
};

/// How often a process says that it lives.
pub const BEAT: Duration = Duration::from_secs(5);
/// One that has been silent for so long is gone. Longer silence also means that it heard of no sign-out, and a
/// process that does not hear the feed asks the database about each request.
const GONE: Duration = Duration::from_secs(15);

/// Marks the ids of instances.
#[derive(Debug)]
pub enum InstanceKind {}
impl Kind for InstanceKind {
    const PREFIX: &'static str = "ins_";
}

/// A process that serves.
#[derive(Debug, Clone)]
pub struct Instance {
    /// Identifies it until its end.
    pub id: Id<InstanceKind>,
    /// Its machine and process id, for people.
    pub host: String,
    /// When it started.
    pub started_at: Timestamp,
}

/// The name of this machine and this process, for people.
pub fn host() -> String {
    let name = rustix::system::uname();
    let name = name.nodename().to_string_lossy();
    format!("{name} (process {})", std::process::id())
}

/// Another process, as the table knows it.
#[derive(Debug)]
pub struct Live {
    /// Its machine and process id.
    pub host: String,
    keys: String,
}

impl Live {
    /// Whether it knows this key, by id and value.
    pub fn knows(&self, purpose: Purpose, id: &str, value: &str) -> bool {
        let entry = entry(purpose, id, value.as_bytes());
        self.keys.split(' ').any(|known| known == entry)
    }
}

/// `ring:kid:fingerprint`: half a digest is enough to tell keys apart, and tells nothing of 256 random bits.
fn entry(purpose: Purpose, id: &str, value: &[u8]) -> String {
    let print = fingerprint(&String::from_utf8_lossy(value));
    format!("{}:{id}:{}", purpose.as_str(), &print[..32])
}

/// What a process says of the rings it works with.
pub fn known(rings: &Keyrings) -> String {
    let of = |purpose: Purpose, ring: &Ring| -> Vec<String> {
        ring.keys()
            .map(|key| entry(purpose, &key.id, &key.secret))
            .collect()
    };
    [
        of(Purpose::Signing, &rings.signing),
        of(Purpose::Sealing, &rings.sealing),
    ]
    .concat()
    .join(" ")
}

impl Instance {
    /// Says that it lives and what it knows.
    pub async fn mark_seen(&self, db: &Db, keys: &str, now: Timestamp) -> Result<(), StoreError> {
        sql(
            "INSERT INTO instance (id, host, started_at, seen_at, keys) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (id) DO UPDATE SET seen_at = $4, keys = $5",
        )
        .bind(self.id.to_string())
        .bind(self.host.as_str())
        .bind(self.started_at.as_millis())
        .bind(now.as_millis())
        .bind(keys)
        .execute(On::Write(db))
        .await
        .map(|_| ())
    }

    /// Says good-bye.
    pub async fn delete(&self, db: &Db) -> Result<(), StoreError> {
        sql("DELETE FROM instance WHERE id = $1")
            .bind(self.id.to_string())
            .execute(On::Write(db))
            .await
            .map(|_| ())
    }
}

/// Who serves right now.
pub async fn list_live(db: &Db, now: Timestamp) -> Result<Vec<Live>, StoreError> {
    let rows = sql("SELECT host, keys FROM instance WHERE seen_at > $1 ORDER BY started_at, id")
        .bind(now.minus(GONE).as_millis())
        .fetch_all(db)
        .await?;
    let read = |row: &Row| {
        Ok(Live {
            host: row.text("host")?,
            keys: row.text("keys")?,
        })
    };
    rows.iter().map(read).collect()
}

/// Forgets those that ended without a word.
pub async fn delete_gone(db: &Db, now: Timestamp) -> Result<u64, StoreError> {
    sql("DELETE FROM instance WHERE seen_at <= $1")
        .bind(now.minus(GONE).as_millis())
        .execute(On::Write(db))
        .await
}
