//! What is done to the keys by the calendar, by one process of all: due keys are rotated, keys nobody rotates are
//! reminded of, keys whose time is over are destroyed.

use std::time::Duration;

use concierge_core::{audit::EventName, time::Timestamp};
use serde_json::json;

use crate::{
    audit::{self, Event, Origin},
    config::Reading,
    keys::{self, By, Purpose, Rotation, due, fact_store},
    services::Services,
    store::StoreError,
};

/// For so long a process keeps the others from doing the same.
const TURN: Duration = Duration::from_secs(50 * 60);
/// A reminder comes back after so long.
const AGAIN: Duration = Duration::from_secs(24 * 3600);
/// A backup that nobody has opened for so long may not open any more.
const BACKUP_LIFE: Duration = Duration::from_secs(90 * 24 * 3600);

impl Services {
    /// Does what the calendar says, unless another process has just done so.
    pub async fn keep_keys(&self) -> Result<(), StoreError> {
        let now = self.clock.now();
        let holder = self.key_watch.instance.id.to_string();
        if !self
            .db
            .take_lease("key schedule", &holder, TURN, now)
            .await?
        {
            return Ok(());
        }
        let reading = self.keeper.supply().read();
        for purpose in Purpose::ALL {
            if let Some(due) = due::due_of(&reading, purpose, now) {
                self.keep_ring(&reading, purpose, due, now).await?;
            }
        }
        if keys::due::life(reading.environment).is_some() {
            self.remind_of_backup(now).await?;
        }
        let origin = Origin::default();
        if let Err(error) = self.keeper.tidy(By::nobody(&origin)).await {
            tracing::warn!(%error, "keys whose time is over could not be tidied away; it is tried again in an hour");
        }
        Ok(())
    }

    async fn keep_ring(
        &self,
        reading: &Reading,
        purpose: Purpose,
        due: due::Due,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let ring = purpose.as_str();
        if now < due.soon {
            return Ok(());
        }
        let details = json!({ "ring": ring, "due_at": due.at });
        if now < due.at {
            return self.remind(EventName::KeyDueSoon, ring, details).await;
        }
        if self.config.rotates_keys && keys::is_writable(reading, purpose, None) {
            let origin = Origin::default();
            let rotation = Rotation::of(purpose);
            let rotated = self
                .keeper
                .rotate(rotation, By::nobody(&origin), &|_| {})
                .await;
            match rotated {
                Ok(rotated) => {
                    tracing::info!(
                        ring,
                        active = rotated.active,
                        "the key was due and has been rotated"
                    );
                    return Ok(());
                }
                Err(error) => {
                    tracing::error!(ring, %error, "the key is due and could not be rotated")
                }
            }
        }
        self.remind(EventName::KeyOverdue, ring, details).await
    }

    async fn remind_of_backup(&self, now: Timestamp) -> Result<(), StoreError> {
        let verified = fact_store::find_fact(&self.db, "backup_verified").await?;
        if verified.is_some_and(|at| now.since(at) < BACKUP_LIFE) {
            return Ok(());
        }
        let details = json!({ "verified_at": verified });
        self.remind(EventName::KeyBackupStale, "backup", details)
            .await
    }

    /// Records a reminder, once a day.
    async fn remind(
        &self,
        name: EventName,
        what: &str,
        details: serde_json::Value,
    ) -> Result<(), StoreError> {
        let now = self.clock.now();
        let fact = format!("{} {what}", name.as_str());
        let mut tx = self.db.begin().await?;
        if !fact_store::mark_fact_unless_since(&mut tx, &fact, now.minus(AGAIN), now).await? {
            return Ok(());
        }
        let origin = Origin::default();
        let event = Event::anonymous(name, &origin).with(details);
        audit::record(&mut tx, &event, now, &*self.rng).await?;
        tx.commit().await
    }
}
