//! Where the key settings come from, to be read again whenever a file or the store has changed.
//!
//! A store is asked when somebody has a reason to, not at each reading: what it said last is kept here, and as the last
//! good copy on the disk. What is no keyring takes the place of neither. Nobody waits for a store longer than ten
//! seconds, and who is in a hurry two, be it that another's question hangs.

use std::{fmt, sync::Arc};

use arc_swap::ArcSwap;
use concierge_core::time::Timestamp;
use tokio::sync::Mutex;

use super::stores::{BRIEF, Fault, Fetched, KeyStore, Named, Version, ask, within};
use crate::{
    config::{Config, LoadArgs, Reading, StoreAnswer},
    platform::rng::Rng,
};

/// Reads the surroundings anew each time: files change while the program runs, its environment does not.
#[derive(Clone)]
pub struct Supply {
    read: Arc<dyn Fn() -> Reading + Send + Sync>,
    shelf: Arc<Shelf>,
}

/// What a store said last.
#[derive(Default)]
struct Shelf {
    answer: ArcSwap<StoreAnswer>,
    /// What this process works with: the last of them that was fit.
    in_use: ArcSwap<StoreAnswer>,
    /// One question at a time: an older answer never takes the place of a newer one.
    turn: Mutex<()>,
}

impl Supply {
    /// The surroundings of this process, with what its command line said.
    pub fn of(args: &LoadArgs) -> Self {
        let args = args.clone();
        Self::new(move || Config::read(&args))
    }

    /// Whatever the function answers.
    pub fn new(read: impl Fn() -> Reading + Send + Sync + 'static) -> Self {
        Self {
            read: Arc::new(read),
            shelf: Arc::default(),
        }
    }

    /// What is given right now.
    pub fn read(&self) -> Reading {
        self.read_with(self.answer())
    }

    /// The same with the keyring that this process works with, whatever the store has said since.
    pub fn read_in_use(&self) -> Reading {
        self.read_with(self.shelf.in_use.load_full())
    }

    fn read_with(&self, answer: Arc<StoreAnswer>) -> Reading {
        let mut reading = (self.read)();
        let store = &mut reading.keys_mut().store;
        if store.kind.is_remote() {
            store.answer = answer;
        }
        reading
    }

    /// What the store said last.
    pub fn answer(&self) -> Arc<StoreAnswer> {
        self.shelf.answer.load_full()
    }

    /// Begins with what the store said to somebody else of this process, and which opens the data keys.
    pub fn begin_with(&self, answer: &Arc<StoreAnswer>, now: Timestamp, rng: &dyn Rng) {
        self.shelf.answer.store(Arc::clone(answer));
        self.works_with(answer, now, rng);
    }

    /// Says that this process works with an answer from now on: then it is good, and its copy is kept. What only looks
    /// like a keyring of ours must not take the place of the last good copy.
    pub fn works_with(&self, answer: &Arc<StoreAnswer>, now: Timestamp, rng: &dyn Rng) {
        self.shelf.in_use.store(Arc::clone(answer));
        let reading = self.read_in_use();
        Named::of(&reading).keep(&reading, now, rng);
    }

    /// Whether the keyring lives in a store.
    pub fn is_remote(&self) -> bool {
        (self.read)().keys().store.kind.is_remote()
    }

    /// Store and secret, for people.
    pub fn name(&self) -> String {
        Named::of(&self.read()).source(None).to_string()
    }

    /// Asks the store; `None` where it has no keyring. Whatever it says is kept, unless it fails or holds no keyring.
    pub async fn fetch(&self, now: Timestamp, rng: &dyn Rng) -> Result<Option<Fetched>, Fault> {
        // Also the wait for one's turn counts: the question before may hang.
        within(async {
            let _turn = self.shelf.turn.lock().await;
            let reading = self.read();
            let fetched = ask(&reading).await?;
            if let Some(found) = &fetched {
                let reading = self.shelve(reading, found.text.expose());
                if is_same(&reading.keys().store.answer, &self.shelf.in_use.load()) {
                    // The same as before is as good as new.
                    Named::of(&reading).keep(&reading, now, rng);
                }
            }
            Ok(fetched)
        })
        .await
    }

    /// The same for whom the latest is good enough without a version; without a store there is nothing to ask.
    pub async fn renew(&self, now: Timestamp, rng: &dyn Rng) -> Result<(), Fault> {
        if self.is_remote() {
            self.fetch(now, rng).await?;
        }
        Ok(())
    }

    /// The same for whom what is known is good enough, if the store is slow.
    pub async fn renew_soon(&self, now: Timestamp, rng: &dyn Rng) -> Result<(), Fault> {
        let renewed = tokio::time::timeout(BRIEF, self.renew(now, rng)).await;
        renewed.unwrap_or(Err(Fault::Timeout))
    }

    /// Replaces the keyring in the store, when it still has the expected version.
    pub async fn replace(
        &self,
        text: &str,
        expected: Option<&Version>,
        now: Timestamp,
        rng: &dyn Rng,
    ) -> Result<(), Fault> {
        let _turn = within(async { Ok(self.shelf.turn.lock().await) }).await?;
        let reading = self.read();
        let settings = &reading.keys().store;
        let store = KeyStore::of(settings.kind, settings, reading.environment)?;
        if let Err(fault) = store.replace(text, expected).await {
            // What was done may have had its answer lost, or been asked for twice: the text that stands there says it.
            let is_done = fault.leaves_open()
                && matches!(store.fetch().await, Ok(Some(found)) if found.text.expose() == text);
            if !is_done {
                return Err(fault);
            }
        }
        // Made of what is in use, by us.
        let reading = self.shelve(reading, text);
        Named::of(&reading).keep(&reading, now, rng);
        Ok(())
    }

    /// What the store said last; the same text leaves the same answer in place: nothing is new then.
    fn shelve(&self, mut reading: Reading, text: &str) -> Reading {
        let mut answer = self.answer();
        if !matches!(&*answer, StoreAnswer::Keyring(given) if given.text.expose() == text) {
            answer = Arc::new(StoreAnswer::Keyring(Named::of(&reading).gave(text, None)));
            self.shelf.answer.store(Arc::clone(&answer));
        }
        reading.keys_mut().store.answer = answer;
        reading
    }
}

/// Whether a store said the same twice.
fn is_same(one: &StoreAnswer, other: &StoreAnswer) -> bool {
    match (one, other) {
        (
            StoreAnswer::Keyring(one) | StoreAnswer::Copy(one, _),
            StoreAnswer::Keyring(other) | StoreAnswer::Copy(other, _),
        ) => one.text.expose() == other.text.expose(),
        _ => false,
    }
}

impl fmt::Debug for Supply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Supply")
    }
}
