//! Password hashing (Argon2id, RFC 9106) on a bounded pool of its own threads.
//!
//! Sign-in is the cheapest way to exhaust a host, so at most as many hashes run as there are workers, a bounded
//! number wait, and everybody else is told to come back. The threads run at a lower priority than those that
//! answer requests: a storm of sign-ins makes sign-in slow, and nothing else.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    time::Instant,
};

use argon2::{Params, password_hash::phc::PasswordHash};
use base64::{Engine as _, prelude::BASE64_STANDARD_NO_PAD};
use concierge_core::sensitive::Sensitive;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use zeroize::Zeroizing;

use super::{
    argon::Memory,
    hash_threads::{self, Job},
    rng::Rng,
};
use crate::config::HashConfig;

/// How many sign-ins may wait per worker: about a second of work.
const WAITING_PER_WORKER: usize = 32;

/// The pool is full; come back in a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many passwords wait to be hashed")]
pub struct Busy;

/// How busy the pool is.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// How many wait for a slot.
    pub waiting: usize,
    /// How many may.
    pub waiting_most: usize,
    /// How many slots are taken.
    pub busy: usize,
    /// How many there are.
    pub busy_most: usize,
}

/// What a verification found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The password is right.
    Match,
    /// It is right, and the hash was made with weaker parameters than today's.
    MatchButWeak,
    /// It is wrong.
    Mismatch,
}

/// Hashes and verifies passwords. Cheap to clone.
#[derive(Clone)]
pub struct Hasher {
    jobs: mpsc::Sender<Job>,
    slots: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
    limit: usize,
    places: usize,
    params: Params,
}

/// The right to hash one password. Taken before the account is looked up, so that the wait for it says
/// nothing about the account.
pub struct Slot {
    hasher: Hasher,
    /// When the slot was got: deadlines count from here.
    pub taken_at: Instant,
    _permit: OwnedSemaphorePermit,
}

impl Hasher {
    /// Starts the pool with this many threads.
    pub fn start(config: &HashConfig, workers: usize) -> std::io::Result<Self> {
        let params = Params::new(config.memory_kib, config.time, config.lanes, None)
            .map_err(|error| std::io::Error::other(error.to_string()))?;
        // Twice the workers: while one looks up its account, another one hashes.
        let places = workers * 2;
        Ok(Self {
            jobs: hash_threads::start(workers)?,
            slots: Arc::new(Semaphore::new(places)),
            places,
            waiting: Arc::new(AtomicUsize::new(0)),
            limit: workers * WAITING_PER_WORKER,
            params,
        })
    }

    /// Waits for a turn, or says at once that too many wait already.
    pub async fn slot(&self) -> Result<Slot, Busy> {
        let waiting = Waiting::enter(&self.waiting, self.limit)?;
        let permit = Arc::clone(&self.slots)
            .acquire_owned()
            .await
            .map_err(|_| Busy)?;
        drop(waiting);
        Ok(Slot {
            hasher: self.clone(),
            taken_at: Instant::now(),
            _permit: permit,
        })
    }

    /// How busy the pool is right now.
    pub fn load(&self) -> Load {
        Load {
            waiting: self.waiting.load(Ordering::Relaxed),
            waiting_most: self.limit,
            busy: self.places - self.slots.available_permits(),
            busy_most: self.places,
        }
    }

    /// A hash in PHC form that no password matches, of today's parameters: verifying against it takes as long
    /// as against a real one.
    pub fn decoy(&self, rng: &dyn Rng) -> String {
        let params = &self.params;
        format!(
            "$argon2id$v=19$m={},t={},p={}${}${}",
            params.m_cost(),
            params.t_cost(),
            params.p_cost(),
            BASE64_STANDARD_NO_PAD.encode(rng.bytes::<16>()),
            BASE64_STANDARD_NO_PAD.encode(rng.bytes::<32>()),
        )
    }

    async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Memory) -> T + Send + 'static,
    ) -> Result<T, Busy> {
        let (answer, result) = oneshot::channel();
        // A caller that went away no longer wants the answer: else whoever hangs up at once could keep the threads
        // busy for everybody behind.
        let job: Job = Box::new(move |memory| {
            if !answer.is_closed() {
                drop(answer.send(job(memory)));
            }
        });
        self.jobs.send(job).map_err(|_| Busy)?;
        result.await.map_err(|_| Busy)
    }
}

impl Slot {
    /// Compares a password with a hash in PHC form.
    pub async fn verify(&self, password: &Sensitive, phc: &str) -> Result<Verdict, Busy> {
        let password = Zeroizing::new(password.expose().to_owned());
        let (phc, hasher) = (phc.to_owned(), self.hasher.clone());
        self.hasher
            .run(move |memory| hasher.verdict(memory, &password, &phc))
            .await
    }

    /// Does other slow work in the slot, on the same threads.
    pub async fn work<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Busy> {
        self.hasher.run(|_| job()).await
    }

    /// Hashes short secrets that are random, with one salt for all and little memory; the answers are in PHC form.
    pub async fn hash_random(
        &self,
        secrets: Vec<Zeroizing<String>>,
        params: Params,
        salt: Vec<u8>,
    ) -> Result<Vec<String>, Busy> {
        let hashes = self.hasher.run(move |memory| {
            let mut hash =
                |secret: &Zeroizing<String>| memory.hash(&params, secret.as_bytes(), &salt);
            secrets.iter().map(&mut hash).collect::<Option<Vec<_>>>()
        });
        hashes.await?.ok_or(Busy)
    }

    /// The hash of another secret with the parameters and the salt of one that was kept; nothing when that is no hash.
    pub async fn hash_like(
        &self,
        secret: Zeroizing<String>,
        kept: &str,
    ) -> Result<Option<String>, Busy> {
        let Ok(hash) = PasswordHash::new(kept) else {
            return Ok(None);
        };
        let (Ok(params), Some(salt)) = (Params::try_from(&hash), &hash.salt) else {
            return Ok(None);
        };
        let hashes = self
            .hash_random(vec![secret], params, salt.to_vec())
            .await?;
        Ok(hashes.into_iter().next())
    }

    /// Hashes a new password; the answer is in PHC form.
    pub async fn hash(&self, password: &Sensitive, rng: &dyn Rng) -> Result<String, Busy> {
        let password = Zeroizing::new(password.expose().to_owned());
        let (salt, params) = (rng.bytes::<16>(), self.hasher.params.clone());
        let hash = self
            .hasher
            .run(move |memory| memory.hash(&params, password.as_bytes(), &salt));
        // There is none only for lengths that the policy has refused before.
        hash.await?.ok_or(Busy)
    }
}

impl Hasher {
    fn verdict(&self, memory: &mut Memory, password: &str, phc: &str) -> Verdict {
        let Ok(hash) = PasswordHash::new(phc) else {
            return Verdict::Mismatch;
        };
        if !memory.matches(password.as_bytes(), &hash) {
            return Verdict::Mismatch;
        }
        match Params::try_from(&hash) {
            Ok(held)
                if held.m_cost() >= self.params.m_cost()
                    && held.t_cost() >= self.params.t_cost() =>
            {
                Verdict::Match
            }
            _ => Verdict::MatchButWeak,
        }
    }
}

/// Counts somebody who waits, until dropped.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn enter(count: &'a AtomicUsize, limit: usize) -> Result<Self, Busy> {
        let entered = Self(count);
        if count.fetch_add(1, Ordering::Relaxed) >= limit {
            Err(Busy)
        } else {
            Ok(entered)
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::rng::OsRng;

    fn small(time: u32) -> Hasher {
        let config = HashConfig {
            memory_kib: 64,
            time,
            lanes: 1,
            sign_in_deadline: std::time::Duration::ZERO,
        };
        Hasher::start(&config, 1).expect("the pool starts")
    }

    #[tokio::test]
    async fn a_hash_matches_its_password_and_no_other() {
        let hasher = small(1);
        let slot = hasher.slot().await.expect("a slot");
        let phc = slot
            .hash(&Sensitive::new("right"), &OsRng)
            .await
            .expect("hashed");
        assert_eq!(
            slot.verify(&Sensitive::new("right"), &phc).await,
            Ok(Verdict::Match)
        );
        assert_eq!(
            slot.verify(&Sensitive::new("wrong"), &phc).await,
            Ok(Verdict::Mismatch)
        );
        assert_eq!(
            slot.verify(&Sensitive::new("right"), "not a hash").await,
            Ok(Verdict::Mismatch)
        );
    }

    #[tokio::test]
    async fn a_hash_of_weaker_parameters_asks_for_a_new_one() {
        let phc = small(1)
            .slot()
            .await
            .expect("a slot")
            .hash(&Sensitive::new("x"), &OsRng)
            .await
            .expect("hashed");
        let slot = small(2).slot().await.expect("a slot");
        assert_eq!(
            slot.verify(&Sensitive::new("x"), &phc).await,
            Ok(Verdict::MatchButWeak)
        );
    }

    #[tokio::test]
    async fn nothing_matches_the_decoy() {
        let hasher = small(1);
        let decoy = hasher.decoy(&OsRng);
        assert!(PasswordHash::new(&decoy).is_ok());
        let slot = hasher.slot().await.expect("a slot");
        assert_eq!(
            slot.verify(&Sensitive::new(""), &decoy).await,
            Ok(Verdict::Mismatch)
        );
    }

    #[tokio::test]
    async fn who_hangs_up_costs_no_hash() {
        let hasher = small(1);
        let (release, held) = mpsc::channel::<()>();
        let (begin, begun) = tokio::sync::oneshot::channel::<()>();
        let busy = tokio::spawn({
            let hasher = hasher.clone();
            let work = move |_: &mut _| begin.send(()).is_ok() && held.recv().is_ok();
            async move { hasher.run(work).await }
        });
        // The only thread is busy from here on.
        begun.await.expect("it begins");
        let ran = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&ran);
        let mut given_up = Box::pin(hasher.run(move |_| count.fetch_add(1, Ordering::Relaxed)));
        assert!(futures_util::poll!(&mut given_up).is_pending());
        drop(given_up);
        release.send(()).expect("the thread waits");
        assert_eq!(busy.await.expect("it ends"), Ok(true));
        assert_eq!(hasher.run(|_| ()).await, Ok(()));
        assert_eq!(ran.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn beyond_the_queue_nobody_waits() {
        let count = AtomicUsize::new(0);
        let held: Vec<_> = (0..3).map(|_| Waiting::enter(&count, 3)).collect();
        assert!(held.iter().all(Result::is_ok));
        assert!(Waiting::enter(&count, 3).is_err());
        drop(held);
        assert!(Waiting::enter(&count, 3).is_ok());
    }
}
