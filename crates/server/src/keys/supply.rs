//! Where the key settings come from, to be read again whenever a file or the store has changed.
//!
//! A store is asked when somebody has a reason to, not at each reading: what it said last is kept here, and as the last
//! good copy on the disk.

use std::{fmt, sync::Arc};

use arc_swap::ArcSwap;
use concierge_core::time::Timestamp;
use tokio::sync::Mutex;

use super::stores::{Fault, Fetched, KeyStore, Named, Version};
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
        let mut reading = (self.read)();
        let store = &mut reading.keys_mut().store;
        if store.kind.is_remote() {
            store.answer = self.answer();
        }
        reading
    }

    /// What the store said last.
    pub fn answer(&self) -> Arc<StoreAnswer> {
        self.shelf.answer.load_full()
    }

    /// Begins with what the store said to somebody else of this process.
    pub fn begin_with(&self, answer: &Arc<StoreAnswer>) {
        self.shelf.answer.store(Arc::clone(answer));
    }

    /// Whether the keyring lives in a store.
    pub fn is_remote(&self) -> bool {
        (self.read)().keys().store.kind.is_remote()
    }

    /// Store and secret, for people.
    pub fn name(&self) -> String {
        Named::of(&self.read()).source(None).to_string()
    }

    /// Asks the store; `None` where it has no keyring. Whatever it says is kept, unless it fails.
    pub async fn fetch(&self, now: Timestamp, rng: &dyn Rng) -> Result<Option<Fetched>, Fault> {
        let _turn = self.shelf.turn.lock().await;
        let reading = self.read();
        let fetched = store_of(&reading)?.fetch().await?;
        if let Some(found) = &fetched {
            self.keep(&reading, found.text.expose(), now, rng);
        }
        Ok(fetched)
    }

    /// The same for whom the latest is good enough without a version; without a store there is nothing to ask.
    pub async fn renew(&self, now: Timestamp, rng: &dyn Rng) -> Result<(), Fault> {
        if self.is_remote() {
            self.fetch(now, rng).await?;
        }
        Ok(())
    }

    /// Replaces the keyring in the store, when it still has the expected version.
    pub async fn replace(
        &self,
        text: &str,
        expected: Option<&Version>,
        now: Timestamp,
        rng: &dyn Rng,
    ) -> Result<(), Fault> {
        let _turn = self.shelf.turn.lock().await;
        let reading = self.read();
        store_of(&reading)?.replace(text, expected).await?;
        self.keep(&reading, text, now, rng);
        Ok(())
    }

    /// The same text leaves the same answer in place: nothing is new then.
    fn keep(&self, reading: &Reading, text: &str, now: Timestamp, rng: &dyn Rng) {
        let named = Named::of(reading);
        named.keep(text, now, rng);
        let is_known =
            matches!(&*self.answer(), StoreAnswer::Keyring(given) if given.text.expose() == text);
        if !is_known {
            let given = named.gave(text, None);
            self.shelf
                .answer
                .store(Arc::new(StoreAnswer::Keyring(given)));
        }
    }
}

fn store_of(reading: &Reading) -> Result<KeyStore, Fault> {
    let settings = &reading.keys().store;
    KeyStore::of(settings.kind, settings, reading.environment)
}

impl fmt::Debug for Supply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Supply")
    }
}
