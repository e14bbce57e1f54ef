//! One rotation, step by step, so that nobody notices: pending, tried, known everywhere, active.
//!
//! A kill at any step leaves a ring that loads: the old one, or the new one, or the old one with a pending key that the
//! next rotation takes up.

use std::{path::Path, time::Duration};

use concierge_core::{audit::EventName, keys::api::Rotated, time::Timestamp};
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::{
    By, Draft, Keeper, KeeperError, LifeError, Purpose, Stored, StoredRing,
    home::{Opened, refuse_a_second_home},
    instance,
    keeper::{in_memory, rotated},
};
use crate::{
    config::Reading,
    platform::{
        jwt::TokenSigner,
        keyring::Algorithm,
        rng::Rng,
        seal::{SealKey, sha256},
    },
};

/// How often a rotation looks whether everybody knows the new key.
const LOOK: Duration = Duration::from_millis(100);
/// Other services keep the published keys for so long (`Cache-Control` of the JWK set), and must know a key before it
/// signs.
const PUBLISHED: Duration = Duration::from_secs(60);

/// Longer than anybody plans; also keeps times from running over.
const LONGEST_GRACE: Duration = Duration::from_secs(365 * 24 * 3600);

/// What to rotate, and how.
#[derive(Debug, Clone, Copy)]
pub struct Rotation<'a> {
    /// Which ring.
    pub purpose: Purpose,
    /// For how long the old key verifies; the usual time unless said otherwise.
    pub grace: Option<Duration>,
    /// The algorithm of the new key; the old one's unless said otherwise.
    pub algorithm: Option<Algorithm>,
    /// The `.env` file that may be changed, when the ring lives in one.
    pub out: Option<&'a Path>,
}

impl Rotation<'_> {
    /// The usual rotation of a ring.
    pub const fn of(purpose: Purpose) -> Self {
        Self {
            purpose,
            grace: None,
            algorithm: None,
            out: None,
        }
    }
}

/// How far a rotation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The new key is written and was tried.
    Written,
    /// So many of so many processes know it.
    Known(usize, usize),
    /// It is published to other services, which need some time.
    Published(Duration),
}

/// Is told how far a rotation is.
pub type Progress<'a> = &'a (dyn Fn(Step) + Send + Sync);

impl Keeper {
    /// Rotates a ring.
    pub async fn rotate(
        &self,
        rotation: Rotation<'_>,
        by: By<'_>,
        progress: Progress<'_>,
    ) -> Result<Rotated, KeeperError> {
        if rotation
            .grace
            .is_some_and(|grace| grace < self.shortest_grace)
        {
            return Err(KeeperError::GraceTooShort(self.shortest_grace));
        }
        if rotation.grace.is_some_and(|grace| grace > LONGEST_GRACE) {
            return Err(KeeperError::GraceTooLong);
        }
        let lease = self.lease().await?;
        let rotated = self.rotate_alone(&lease, &rotation, by, progress).await;
        if let Err(error) = &rotated {
            let ring = rotation.purpose.as_str();
            let details = json!({ "ring": ring, "error": error.to_string() });
            // What stood in the way is worth knowing; that it can't be written down must not hide it.
            let _ = self.record(EventName::KeyRotationFailed, by, details).await;
        }
        self.give_back(&lease).await;
        rotated
    }

    async fn rotate_alone(
        &self,
        lease: &str,
        rotation: &Rotation<'_>,
        by: By<'_>,
        progress: Progress<'_>,
    ) -> Result<Rotated, KeeperError> {
        let (purpose, out) = (rotation.purpose, rotation.out);
        let reading = self.supply.read();
        refuse_a_second_home(&reading, purpose)?;
        let (opened, ring) = self.open(&reading, purpose, out).await?;
        if let Some(active) = ring.active_key()
            && super::is_weak(active.value.expose())
        {
            return Err(KeeperError::Weak(active.id.clone()));
        }
        self.refuse_strangers(purpose, &ring).await?;
        let pending = self.write_pending(lease, &reading, rotation, &opened, &ring);
        let pending = pending.await?;
        // Read back from where it lives: what others will read, too.
        let (_, ring) = self.open(&reading, purpose, out).await?;
        let written = ring.keys.iter().find(|key| key.id == pending);
        let written = written.ok_or(KeeperError::Life(LifeError::NoSuchKey))?;
        probe(purpose, &ring, written, self.clock.now(), &*self.rng)?;
        progress(Step::Written);
        self.hold_on(lease).await?;
        let waited = self.wait_until_known(lease, purpose, written, progress);
        let waited = waited.await;
        if waited.is_err() && rotation.out.is_some() {
            self.forget(&reading, rotation, &pending).await?;
        }
        let instances = waited?;
        // Somebody may have changed the ring while this one waited.
        self.hold_on(lease).await?;
        let (_, ring) = self.open(&reading, purpose, out).await?;
        if purpose == Purpose::Sealing {
            self.rewrap(lease, &ring, &pending).await?;
        }
        let rotated = self.promote(lease, &reading, rotation, &pending, instances);
        let rotated = rotated.await?;
        let details = json!({
            "ring": rotated.ring, "active": rotated.active, "previous": rotated.previous,
            "verify_until": rotated.verify_until, "instances": instances,
        });
        self.record(EventName::KeyRotated, by, details).await?;
        Ok(rotated)
    }

    /// Writes a new key as pending, unless an earlier rotation left one; answers its id.
    async fn write_pending(
        &self,
        lease: &str,
        reading: &Reading,
        rotation: &Rotation<'_>,
        opened: &Opened,
        ring: &StoredRing,
    ) -> Result<String, KeeperError> {
        let is_wanted = |left: &Stored| rotation.algorithm.is_none_or(|wanted| wanted == left.alg);
        if let Some(left) = ring.pending().filter(|left| is_wanted(left)) {
            return Ok(left.id.clone());
        }
        let mut ring = ring.clone();
        ring.drop_pending();
        let draft = self.draft_like(reading, &ring)?;
        let draft = Draft {
            algorithm: rotation.algorithm.unwrap_or(draft.algorithm),
            ..draft
        };
        ring.add_pending(&draft, self.clock.now());
        self.hold_on(lease).await?;
        self.write(opened, rotation.purpose, ring).await?;
        Ok(draft.id)
    }

    /// Takes a key out of a `.env` again that nobody waits for: there it can't be told from one that signed before.
    async fn forget(
        &self,
        reading: &Reading,
        rotation: &Rotation<'_>,
        pending: &str,
    ) -> Result<(), KeeperError> {
        let opened = self.open(reading, rotation.purpose, rotation.out);
        let (opened, mut ring) = opened.await?;
        ring.drop_key(pending);
        self.write(&opened, rotation.purpose, ring).await
    }

    /// Waits until every process that serves knows the key; answers how many there are.
    async fn wait_until_known(
        &self,
        lease: &str,
        purpose: Purpose,
        key: &Stored,
        progress: Progress<'_>,
    ) -> Result<usize, KeeperError> {
        let began = Instant::now();
        let instances = loop {
            self.hold(lease).await?;
            let live = instance::list_live(&self.db, self.clock.now()).await?;
            let silent: Vec<&str> = live
                .iter()
                .filter(|one| !one.knows(purpose, &key.id, key.value.expose()))
                .map(|one| one.host.as_str())
                .collect();
            progress(Step::Known(live.len() - silent.len(), live.len()));
            if silent.is_empty() {
                break live.len();
            }
            if began.elapsed() >= self.patience {
                return Err(KeeperError::Silent(silent.join(", ")));
            }
            sleep(LOOK).await;
        };
        let published_for = key
            .created_at
            .map_or(Duration::ZERO, |at| self.clock.now().since(at));
        if key.alg == Algorithm::Ed25519 && instances > 0 && published_for < PUBLISHED {
            progress(Step::Published(PUBLISHED - published_for));
            sleep(PUBLISHED - published_for).await;
        }
        Ok(instances)
    }

    async fn promote(
        &self,
        lease: &str,
        reading: &Reading,
        rotation: &Rotation<'_>,
        pending: &str,
        instances: usize,
    ) -> Result<Rotated, KeeperError> {
        let opened = self.open(reading, rotation.purpose, rotation.out);
        let (opened, mut ring) = opened.await?;
        let now = self.clock.now();
        let verify_until = now.plus(rotation.grace.unwrap_or(self.usual_grace));
        let previous = ring.active.clone();
        ring.expect_pending(pending);
        ring.promote(pending, verify_until)?;
        ring.retire(now);
        self.hold_on(lease).await?;
        self.write(&opened, rotation.purpose, ring).await?;
        Ok(rotated(
            rotation.purpose,
            pending.to_owned(),
            previous,
            verify_until,
            instances,
        ))
    }
}

/// Tries a key that was read back: it is strong and whole, and what it makes it takes back.
fn probe(
    purpose: Purpose,
    ring: &StoredRing,
    key: &Stored,
    now: Timestamp,
    rng: &dyn Rng,
) -> Result<(), KeeperError> {
    if !super::weaknesses(key.value.expose()).is_empty() {
        return Err(KeeperError::Probe("it is weak"));
    }
    let ring = in_memory(ring, now, &key.id)?;
    let works = match purpose {
        Purpose::Signing => {
            let (account, session) = (rng.id(now), rng.id(now));
            let signer = TokenSigner::new(ring, "probe");
            let token = signer.sign(account, session, 1, now, now.plus(PUBLISHED));
            token.is_ok_and(|token| signer.verify(&token, now).is_ok())
        }
        Purpose::Sealing => {
            let cipher = SealKey::new(&sha256(&ring.active().secret));
            let sealed = cipher.seal(rng, "probe", b"probe");
            cipher.open("probe", &sealed).is_ok()
        }
    };
    if works {
        Ok(())
    } else {
        Err(KeeperError::Probe("what it makes it does not take back"))
    }
}
