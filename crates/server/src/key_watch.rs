//! Takes in changed keys while serving, and says that this process lives and which keys it knows.
//!
//! A changed file or store, a SIGHUP and an announced emergency lead to the same reload. Keys that can't be taken in change
//! nothing: those of before stay in use, loudly. What the database calls revoked is refused whatever a file says.

use std::{
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use arc_swap::{ArcSwap, ArcSwapOption};
use concierge_core::{audit::EventName, id::Id, time::Timestamp};
use serde_json::json;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::{Mutex, Notify},
    time::{MissedTickBehavior, interval},
};

use crate::{
    audit::{self, Event, Origin},
    config::{Finding, Reading, StoreAnswer},
    key_desk::{KeyDeskError, refuse_revoked},
    keys::{
        self, By, Supply, epoch_store,
        instance::{self, Instance, InstanceKind},
    },
    platform::{
        jwt::TokenSigner,
        keyring::{KeyState, Keyrings},
    },
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
    /// What the store had said when they were read.
    answer: ArcSwap<StoreAnswer>,
    /// Why the store does not answer, while it does not.
    fault: ArcSwapOption<String>,
    called_for_store: Notify,
    /// The keys that this process knows.
    known: ArcSwap<String>,
    /// Whether the last reload has to be done again.
    again: AtomicBool,
    /// One reload at a time.
    turn: Mutex<()>,
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
        let answer = supply.answer();
        let fault = match &*answer {
            StoreAnswer::Copy(_, fault) => Some(fault.clone()),
            _ => None,
        };
        Self {
            instance: Instance {
                id,
                host: keys::host(),
                started_at,
            },
            called: Notify::new(),
            seen: ArcSwap::from_pointee(stamps(&files)),
            files: ArcSwap::from_pointee(files),
            answer: ArcSwap::new(answer),
            fault: ArcSwapOption::from_pointee(fault),
            called_for_store: Notify::new(),
            known: ArcSwap::from_pointee(instance::known(rings)),
            again: AtomicBool::new(false),
            turn: Mutex::new(()),
        }
    }

    /// Calls for the keys to be read anew.
    pub fn call(&self) {
        self.called.notify_one();
    }

    /// Waits until somebody calls for the store to be asked.
    pub async fn called_for_store(&self) {
        self.called_for_store.notified().await;
    }

    /// Why the store does not answer, while it does not.
    pub fn fault(&self) -> Option<Arc<String>> {
        self.fault.load_full()
    }

    /// Keeps that in mind.
    pub fn set_fault(&self, fault: Option<String>) {
        self.fault.store(fault.map(Arc::new));
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
        match cause {
            Some(cause) => services.heed(cause).await,
            None => services.look_at_keys().await,
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
    /// Reads the keys anew, as was called for. A store is asked by somebody else, which may take ten seconds: what the
    /// database calls revoked is refused at once.
    async fn heed(&self, cause: &str) {
        if !self.keeper.supply().is_remote() {
            return self.reload_keys(cause).await;
        }
        if let Err(error) = self.refuse_revoked().await {
            self.key_watch.again.store(true, Ordering::Relaxed);
            tracing::warn!(%error, "it is not known which keys were revoked; it is asked again at once");
        }
        self.key_watch.called_for_store.notify_one();
    }

    /// Reads the keys anew when one of their files or the store has changed, or when the last time failed for want of the
    /// database.
    pub async fn look_at_keys(&self) {
        let watch = &self.key_watch;
        if watch.stamps() != **watch.seen.load() {
            self.reload_keys("changed file").await;
        } else if !Arc::ptr_eq(&self.keeper.supply().answer(), &watch.answer.load()) {
            self.reload_keys("changed store").await;
        } else if watch.again.load(Ordering::Relaxed) {
            self.reload_keys("once more").await;
        }
    }

    /// Reads the keys anew and takes them in; those of before stay where the new ones are not fit. A database that does
    /// not answer is no reason to go on without its word: then it is tried again.
    pub async fn reload_keys(&self, cause: &str) {
        let _turn = self.key_watch.turn.lock().await;
        self.key_watch.again.store(true, Ordering::Relaxed);
        if let Err(error) = self.refuse_revoked().await {
            tracing::warn!(%error, "it is not known which keys were revoked; it is asked again at once");
            return;
        }
        // Looked at before they are read: what is written in between is seen the next time.
        let (seen, answer) = (self.key_watch.stamps(), self.keeper.supply().answer());
        let (reading, read) = self.read_keys().await;
        let files = keys::watched(&reading);
        let is_other = files != **self.key_watch.files.load();
        let seen = if is_other { stamps(&files) } else { seen };
        self.key_watch.files.store(Arc::new(files));
        self.key_watch.seen.store(Arc::new(seen));
        self.key_watch.answer.store(answer);
        let outcome = match read {
            Ok((rings, _)) => self.take_in(&reading, rings).await,
            Err(findings) => Err(unfit(&findings)),
        };
        let is_worth_another_try = outcome
            .as_ref()
            .is_err_and(KeyDeskError::is_of_the_database);
        self.key_watch
            .again
            .store(is_worth_another_try, Ordering::Relaxed);
        self.tell_of_reload(cause, outcome).await;
    }

    /// An encrypted keyring takes a second of work to open, which keeps no request waiting.
    async fn read_keys(&self) -> (Reading, Result<(Keyrings, Vec<Finding>), Vec<Finding>>) {
        let (supply, now) = (self.keeper.supply().clone(), self.clock.now());
        let read = move || {
            let reading = supply.read();
            let rings = keys::read(&reading, now);
            (reading, rings)
        };
        match tokio::task::spawn_blocking(read).await {
            Ok(read) => read,
            // Only at the end of the runtime.
            Err(_) => (self.keeper.supply().read(), Err(Vec::new())),
        }
    }

    /// What the database says of the keys counts first, whatever becomes of the files.
    async fn refuse_revoked(&self) -> Result<(), StoreError> {
        let revoked = epoch_store::list_revoked(&self.db).await?;
        let prints: Vec<String> = revoked.into_iter().map(|key| key.fingerprint).collect();
        let epoch = epoch_store::find_epoch(&self.db).await?;
        self.sessions.refuse(&prints, epoch);
        Ok(())
    }

    async fn tell_of_reload(&self, cause: &str, outcome: Result<String, KeyDeskError>) {
        let host = &self.key_watch.instance.host;
        let (name, details) = match outcome {
            Ok(active) => {
                tracing::info!(cause, active, "the keys were read anew");
                let details = json!({ "cause": cause, "signing": active, "host": host });
                (EventName::KeyReloaded, details)
            }
            Err(error) => {
                tracing::error!(
                    cause,
                    "changed keys could not be taken in; those of before stay in use: {error}"
                );
                let details = json!({ "cause": cause, "error": error.to_string(), "host": host });
                (EventName::KeyReloadFailed, details)
            }
        };
        if let Err(error) = self.record_about_keys(name, details).await {
            tracing::warn!(%error, "an event about the keys could not be written down");
        }
    }

    /// Takes the keys of the start in.
    pub async fn begin_with(&self, reading: &Reading, rings: Keyrings) -> Result<(), KeyDeskError> {
        let signing = self.take_in(reading, rings).await?;
        let details = json!({ "signing": signing, "host": self.key_watch.instance.host });
        Ok(self
            .record_about_keys(EventName::KeyLoaded, details)
            .await?)
    }

    /// Works with these rings from now on; answers the id of the key that signs.
    async fn take_in(
        &self,
        reading: &Reading,
        mut rings: Keyrings,
    ) -> Result<String, KeyDeskError> {
        let origin = Origin::default();
        let by = By::nobody(&origin);
        if self.key_desk().finish(reading, &rings, by).await? {
            tracing::warn!(
                "an emergency of the keyring was finished in the database: every session of before is over"
            );
            self.sessions.forget_all();
            self.accounts.forget_all();
        }
        refuse_revoked(&mut rings, &epoch_store::list_revoked(&self.db).await?);
        if rings.signing.active().state == KeyState::Revoked && !self.sessions.is_revoked() {
            // An old file, put back: the key that signs now is better.
            return Err(KeyDeskError::Unfit(format!(
                "{} was revoked",
                rings.signing.active().id
            )));
        }
        let epoch = epoch_store::find_epoch(&self.db).await?.max(rings.epoch);
        if self.keys.reload(&self.db, &rings.sealing).await? {
            // A copy may be of a session that an older version sealed, which does not count any more.
            self.sessions.forget_all();
        }
        let active = rings.signing.active().id.clone();
        let known = instance::known(&rings);
        let signer = TokenSigner::new(rings.signing, self.config.public_url.origin());
        self.sessions.take_in(signer, epoch);
        self.key_watch.known.store(Arc::new(known));
        self.beat().await?;
        self.keeper.wrap_with_active(&rings.sealing).await?;
        Ok(active)
    }

    async fn beat(&self) -> Result<(), StoreError> {
        let known = self.key_watch.known.load_full();
        let instance = &self.key_watch.instance;
        instance.mark_seen(&self.db, &known, self.clock.now()).await
    }

    pub(crate) async fn record_about_keys(
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

fn unfit(findings: &[Finding]) -> KeyDeskError {
    let errors = findings.iter().filter(|finding| finding.is_error());
    let lines: Vec<String> = errors.map(ToString::to_string).collect();
    KeyDeskError::Unfit(lines.join("; "))
}
