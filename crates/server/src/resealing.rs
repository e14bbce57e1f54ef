//! Re-sealing, across the capabilities that keep sealed values: everything moves to the newest version of its data key,
//! and a version that nothing needs any more is destroyed. Sessions do not move: what an older version sealed ends.

use std::{collections::BTreeMap, time::Duration};

use concierge_core::audit::EventName;
use serde_json::json;

use crate::{
    audit::{self, Event, Origin},
    keys::data_keys::{self, DataPurpose},
    services::Services,
    store::{StoreError, reseal::Resealed},
};

/// By then every process has taken a new version in: the feed brings it within a second, and whoever stood still for
/// longer hears of it first.
const TAKEN_IN_AFTER: Duration = Duration::from_secs(600);

/// The tables with sealed values.
#[derive(Debug, Clone, Copy)]
enum Table {
    Session,
    Totp,
    RecoveryUnkept,
    Outbox,
    AlertChannel,
}

impl Table {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Totp => "totp",
            Self::RecoveryUnkept => "recovery_unkept",
            Self::Outbox => "outbox",
            Self::AlertChannel => "alert_channel",
        }
    }

    /// What a data key seals. Digests are made with the newest version and looked for with it, so nothing moves; the
    /// links of the audit chain stay what they are.
    const fn of(purpose: DataPurpose) -> &'static [Self] {
        match purpose {
            DataPurpose::Session => &[Self::Session],
            DataPurpose::Totp => &[Self::Totp, Self::RecoveryUnkept],
            DataPurpose::Mail => &[Self::Outbox],
            DataPurpose::Alert => &[Self::AlertChannel],
            DataPurpose::Digest | DataPurpose::Device | DataPurpose::Audit => &[],
        }
    }
}

/// How many rows of which table no version opens.
pub type Unreadable = BTreeMap<&'static str, u64>;

impl Services {
    /// Moves what older versions sealed, and destroys those versions once nothing needs them. Where there is no older
    /// version nothing is read.
    pub async fn reseal(&self) -> Result<Unreadable, StoreError> {
        let (began, mut unreadable) = (self.clock.now(), Unreadable::new());
        let outdated = self.keys.outdated().await;
        for (purpose, newest) in &outdated {
            let mut overtaken = 0;
            for table in Table::of(*purpose) {
                let done = self.reseal_table(*table).await?;
                overtaken += done.overtaken;
                if done.unreadable > 0 {
                    unreadable.insert(table.as_str(), done.unreadable);
                }
            }
            let is_needed = *purpose == DataPurpose::Audit
                && audit::chain_needs_older(&self.db, *newest).await?;
            // What was changed in the meantime may need an older version still: the next pass knows.
            if overtaken == 0 && !is_needed {
                let mut tx = self.db.begin().await?;
                let made_before = began.minus(TAKEN_IN_AFTER);
                let gone = data_keys::delete_older(&mut tx, *purpose, *newest, made_before);
                for version in gone.await? {
                    let details = json!({ "purpose": purpose.as_str(), "version": version });
                    let origin = Origin::default();
                    let event = Event::anonymous(EventName::KeyDestroyed, &origin).with(details);
                    audit::record(&mut tx, &event, self.clock.now(), &*self.rng).await?;
                }
                tx.commit().await?;
            }
        }
        if !outdated.is_empty() {
            self.keys.forget_deleted(&self.db).await?;
        }
        Ok(unreadable)
    }

    async fn reseal_table(&self, table: Table) -> Result<Resealed, StoreError> {
        let mut sum = Resealed::default();
        let mut after = String::new();
        loop {
            let done = self.reseal_batch(table, &after).await?;
            sum.moved += done.moved;
            sum.overtaken += done.overtaken;
            sum.unreadable += done.unreadable;
            match done.last {
                Some(last) => after = last,
                None => return Ok(sum),
            }
        }
    }

    async fn reseal_batch(&self, table: Table, after: &str) -> Result<Resealed, StoreError> {
        match table {
            Table::Session => self.sessions.end_outdated(after).await,
            Table::Totp => self.totp.reseal(after).await,
            Table::RecoveryUnkept => self.recovery.reseal(after).await,
            Table::Outbox => self.outbox.reseal(after).await,
            Table::AlertChannel => self.alerts.reseal(after).await,
        }
    }
}
