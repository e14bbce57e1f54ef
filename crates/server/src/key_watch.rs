//! Takes in changed keys while serving, and says that this process lives and which keys it knows.
//!
//! A changed file or store, a SIGHUP and an announced emergency lead to the same reload. Keys that can't be taken in change
//! nothing: those of before stay in use, loudly. What the database calls revoked is refused whatever a file says.

use std::{
    path::PathBuf,
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
    sync::{Mutex, Notify, watch},
    time::{MissedTickBehavior, interval},
};

use crate::{
    audit::{self, Event, Origin},
    config::{Finding, Reading, StoreAnswer},
    key_desk::KeyDeskError,
    keys::{
        self, By, Supply, data_keys, emergency, epoch_store,
        instance::{self, Instance, InstanceKind},
    },
    platform::{
        jwt::TokenSigner,
        keyring::{KeyState, Keyrings, Ring},
        stamp::{Stamp, stamps},
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

/// Watches until the end begins, then says good-bye. Nothing here waits for a store: an emergency is heard and the beats
/// go on while one hangs. So the data keys are wrapped beside it, which asks the store once more.
pub async fn watch(services: Arc<Services>) {
    let (read, newest) = watch::channel(None);
    tokio::join!(look(&services, read), services.wrap_each(newest));
    // A row that stays is forgotten after a quarter of a minute.
    let _ = services.key_watch.instance.delete(&services.db).await;
}

/// Looks, and tells of the sealing ring that was read last.
async fn look(services: &Services, read: watch::Sender<Option<Arc<Ring>>>) {
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
        let sealing = match cause {
            Some(cause) => services.heed(cause).await,
            None => match services.due() {
                Some(cause) => services.reload(cause).await,
                None => None,
            },
        };
        if sealing.is_some() {
            read.send_replace(sealing.map(Arc::new));
        }
        if services.clock.now().since(beaten_at) >= instance::BEAT {
            beaten_at = services.clock.now();
            if let Err(error) = services.beat().await {
                tracing::warn!(%error, "this process could not say that it lives; a rotation may not wait for it");
            }
        }
    }
}

async fn next(signal: Option<&mut tokio::signal::unix::Signal>) -> Option<()> {
    match signal {
        Some(signal) => signal.recv().await,
        None => std::future::pending().await,
    }
}

impl Services {
    /// Wraps the data keys with each sealing ring that is read, until there will be no other.
    async fn wrap_each(&self, mut newest: watch::Receiver<Option<Arc<Ring>>>) {
        while newest.changed().await.is_ok() {
            let sealing = newest.borrow_and_update().clone();
            if let Some(sealing) = sealing {
                self.wrap(&sealing).await;
            }
        }
    }

    async fn wrap(&self, sealing: &Ring) {
        if let Err(error) = self.keeper.wrap_with_active(sealing).await {
            let error = KeyDeskError::from(error);
            if error.is_of_the_database() {
                self.key_watch.again.store(true, Ordering::Relaxed);
            }
            tracing::warn!(%error, "the data keys could not be wrapped with the active key");
        }
    }

    /// Reads the keys anew, as was called for. A store is asked by somebody else, which may take ten seconds: what the
    /// database calls revoked is refused at once.
    async fn heed(&self, cause: &str) -> Option<Ring> {
        if !self.keeper.supply().is_remote() {
            return self.reload(cause).await;
        }
        if let Err(error) = self.refuse_revoked().await {
            self.key_watch.again.store(true, Ordering::Relaxed);
            tracing::warn!(%error, "it is not known which keys were revoked; it is asked again at once");
        }
        self.key_watch.called_for_store.notify_one();
        None
    }

    /// Why the keys have to be read anew: one of their files or the store has changed, or the last time failed for want
    /// of the database.
    fn due(&self) -> Option<&'static str> {
        let watch = &self.key_watch;
        if watch.stamps() != **watch.seen.load() {
            Some("changed file")
        } else if !Arc::ptr_eq(&self.keeper.supply().answer(), &watch.answer.load()) {
            Some("changed store")
        } else {
            let is_again = watch.again.load(Ordering::Relaxed);
            is_again.then_some("once more")
        }
    }

    /// Reads the keys anew when that is due.
    pub async fn look_at_keys(&self) {
        if let Some(cause) = self.due() {
            self.reload_keys(cause).await;
        }
    }

    /// Reads the keys anew, and wraps the data keys with what was read.
    pub async fn reload_keys(&self, cause: &str) {
        if let Some(sealing) = self.reload(cause).await {
            self.wrap(&sealing).await;
        }
    }

    /// Reads the keys anew and takes them in; those of before stay where the new ones are not fit. A database that does
    /// not answer is no reason to go on without its word: then it is tried again. Answers the sealing ring.
    async fn reload(&self, cause: &str) -> Option<Ring> {
        let _turn = self.key_watch.turn.lock().await;
        self.key_watch.again.store(true, Ordering::Relaxed);
        if let Err(error) = self.refuse_revoked().await {
            tracing::warn!(%error, "it is not known which keys were revoked; it is asked again at once");
            return None;
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
        let (active, sealing) = outcome.map_or_else(
            |error| (Err(error), None),
            |(active, sealing)| (Ok(active), Some(sealing)),
        );
        self.tell_of_reload(cause, active).await;
        sealing
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
        let (signing, sealing) = self.take_in(reading, rings).await?;
        self.keeper.wrap_with_active(&sealing).await?;
        let details = json!({ "signing": signing, "host": self.key_watch.instance.host });
        Ok(self
            .record_about_keys(EventName::KeyLoaded, details)
            .await?)
    }

    /// Works with these rings from now on; answers the id of the key that signs, and the sealing ring.
    async fn take_in(
        &self,
        reading: &Reading,
        mut rings: Keyrings,
    ) -> Result<(String, Ring), KeyDeskError> {
        let origin = Origin::default();
        let by = By::nobody(&origin);
        // A keyring that does not open the data keys is another house's, and its emergencies are none of ours.
        data_keys::require_opened(&self.db, &rings.sealing).await?;
        if self.key_desk().finish(reading, &rings, by).await? {
            tracing::warn!(
                "an emergency of the keyring was finished in the database: every session of before is over"
            );
            self.sessions.forget_all();
            self.accounts.forget_all();
        }
        emergency::refuse_revoked(&mut rings, &epoch_store::list_revoked(&self.db).await?);
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
        self.keeper
            .supply()
            .works_with(&reading.keys().store.answer, self.clock.now(), &*self.rng);
        self.beat().await?;
        Ok((active, rings.sealing))
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
