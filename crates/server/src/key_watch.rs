//! Takes in changed keys while serving, and says that this process lives and which keys it knows.
//!
//! A changed file, a SIGHUP and an announced emergency lead to the same reload. Keys that can't be taken in change
//! nothing: those of before stay in use, loudly. What the database calls revoked is refused whatever a file says.

use std::{
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use arc_swap::ArcSwap;
use concierge_core::{audit::EventName, id::Id, time::Timestamp};
use serde_json::json;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::Notify,
    time::{MissedTickBehavior, interval},
};

use crate::{
    audit::{self, Event, Origin},
    config::Finding,
    key_desk::{KeyDeskError, refuse_revoked},
    keys::{
        self, By, Supply, epoch_store,
        instance::{self, Instance, InstanceKind},
    },
    platform::{jwt::TokenSigner, keyring::Keyrings},
    services::Services,
    store::StoreError,
};

/// How often the files are looked at: a change counts within a second.
const LOOK: Duration = Duration::from_millis(250);

/// What a process knows of the keys, and tells others.
pub struct KeyWatch {
    /// This process.
    pub instance: Instance,
    called: Notify,
    /// The files whose change changes the keys.
    files: ArcSwap<Vec<PathBuf>>,
    /// How they looked when they were read.
    seen: ArcSwap<Vec<Stamp>>,
    /// The keys that this process knows.
    known: ArcSwap<String>,
}

impl KeyWatch {
    /// Of a process that begins with these rings.
    pub fn new(
        supply: &Supply,
        rings: &Keyrings,
        id: Id<InstanceKind>,
        started_at: Timestamp,
    ) -> Self {
        let files = keys::watched(&supply.read());
        Self {
            instance: Instance {
                id,
                host: keys::host(),
                started_at,
            },
            called: Notify::new(),
            seen: ArcSwap::from_pointee(stamps(&files)),
            files: ArcSwap::from_pointee(files),
            known: ArcSwap::from_pointee(instance::known(rings)),
        }
    }

    /// Calls for the keys to be read anew.
    pub fn call(&self) {
        self.called.notify_one();
    }

    fn stamps(&self) -> Vec<Stamp> {
        stamps(&self.files.load())
    }
}

/// Watches until the end begins, then says good-bye.
pub async fn watch(services: Arc<Services>) {
    let mut look = interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut hangup = signal(SignalKind::hangup()).ok();
    let mut beaten_at = services.clock.now();
    while !services.shutdown.has_begun() {
        let cause = tokio::select! {
            () = services.shutdown.begun() => break,
            () = services.key_watch.called.notified() => Some("announcement"),
            Some(()) = next(hangup.as_mut()) => Some("signal"),
            _ = look.tick() => None,
        };
        if let Some(cause) = cause {
            services.reload_keys(cause).await;
        } else {
            services.look_at_keys().await;
        }
        if services.clock.now().since(beaten_at) >= instance::BEAT {
            beaten_at = services.clock.now();
            if let Err(error) = services.beat().await {
                tracing::warn!(%error, "this process could not say that it lives; a rotation may not wait for it");
            }
        }
    }
    // A row that stays is forgotten after a quarter of a minute.
    let _ = services.key_watch.instance.delete(&services.db).await;
}

async fn next(signal: Option<&mut tokio::signal::unix::Signal>) -> Option<()> {
    match signal {
        Some(signal) => signal.recv().await,
        None => std::future::pending().await,
    }
}

/// What tells one state of a file from another: a file written anew has another inode, one written in place another
/// time or length.
type Stamp = (PathBuf, Option<(u64, i64, i64, u64)>);

fn stamps(files: &[PathBuf]) -> Vec<Stamp> {
    files.iter().map(|path| stamp(path)).collect()
}

fn stamp(path: &Path) -> Stamp {
    let facts = path.symlink_metadata().ok();
    let facts = facts.map(|facts| (facts.ino(), facts.mtime(), facts.mtime_nsec(), facts.len()));
    (path.to_owned(), facts)
}

impl Services {
    /// Reads the keys anew when one of their files has changed.
    pub async fn look_at_keys(&self) {
        if self.key_watch.stamps() != **self.key_watch.seen.load() {
            self.reload_keys("changed file").await;
        }
    }

    /// Reads the keys anew and takes them in; those of before stay where the new ones are not fit.
    pub async fn reload_keys(&self, cause: &str) {
        let now = self.clock.now();
        // Looked at before they are read: what is written in between is seen the next time.
        let seen = self.key_watch.stamps();
        let reading = self.keeper.supply().read();
        let outcome = match keys::read(&reading, now) {
            Ok((rings, _)) => self.take_in(rings).await.map_err(|error| error.to_string()),
            Err(findings) => Err(lines(&findings)),
        };
        let files = keys::watched(&reading);
        let is_other = files != **self.key_watch.files.load();
        let seen = if is_other { stamps(&files) } else { seen };
        self.key_watch.files.store(Arc::new(files));
        self.key_watch.seen.store(Arc::new(seen));
        let (name, details) = match &outcome {
            Ok(active) => (
                EventName::KeyReloaded,
                json!({ "cause": cause, "signing": active, "host": self.key_watch.instance.host }),
            ),
            Err(error) => (
                EventName::KeyReloadFailed,
                json!({ "cause": cause, "error": error, "host": self.key_watch.instance.host }),
            ),
        };
        match &outcome {
            Ok(active) => tracing::info!(cause, active, "the keys were read anew"),
            Err(error) => tracing::error!(
                cause,
                "changed keys could not be taken in; those of before stay in use: {error}"
            ),
        }
        if let Err(error) = self.record_about_keys(name, details).await {
            tracing::warn!(%error, "an event about the keys could not be written down");
        }
    }

    /// Takes the keys of the start in.
    pub async fn begin_with(&self, rings: Keyrings) -> Result<(), KeyDeskError> {
        let signing = self.take_in(rings).await?;
        let details = json!({ "signing": signing, "host": self.key_watch.instance.host });
        Ok(self
            .record_about_keys(EventName::KeyLoaded, details)
            .await?)
    }

    /// Works with these rings from now on; answers the id of the key that signs.
    pub async fn take_in(&self, mut rings: Keyrings) -> Result<String, KeyDeskError> {
        let origin = Origin::default();
        let by = By {
            actor: None,
            origin: &origin,
        };
        if self.key_desk().finish(&rings, by).await? {
            tracing::warn!(
                "an emergency of the keyring was finished in the database: every session of before is over"
            );
            self.sessions.forget_all();
            self.accounts.forget_all();
        }
        refuse_revoked(&mut rings, &epoch_store::list_revoked(&self.db).await?);
        let epoch = epoch_store::find_epoch(&self.db).await?.max(rings.epoch);
        self.keys.reload(&self.db, &rings.sealing).await?;
        let active = rings.signing.active().id.clone();
        let known = instance::known(&rings);
        let signer = TokenSigner::new(rings.signing, self.config.public_url.origin());
        self.sessions.take_in(signer, epoch);
        self.key_watch.known.store(Arc::new(known));
        self.beat().await?;
        Ok(active)
    }

    async fn beat(&self) -> Result<(), StoreError> {
        let known = self.key_watch.known.load_full();
        let instance = &self.key_watch.instance;
        instance.mark_seen(&self.db, &known, self.clock.now()).await
    }

    async fn record_about_keys(
        &self,
        name: EventName,
        details: serde_json::Value,
    ) -> Result<(), StoreError> {
        let origin = Origin::default();
        let mut tx = self.db.begin().await?;
        let event = Event::anonymous(name, &origin).with(details);
        audit::record(&mut tx, &event, self.clock.now(), &*self.rng).await?;
        tx.commit().await
    }
}

fn lines(findings: &[Finding]) -> String {
    let errors = findings.iter().filter(|finding| finding.is_error());
    let lines: Vec<String> = errors.map(ToString::to_string).collect();
    lines.join("; ")
}
