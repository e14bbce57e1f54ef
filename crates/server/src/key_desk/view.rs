//! The key desk as its page shows it.

use concierge_core::keys::api::KeyDesk;

use super::{error::KeyDeskError, incident_store, revoke::Desk};
use crate::keys::{
    self,
    checklist::{Facts, Known, Watching, checklist},
    data_keys, due, instance,
};

/// Incidents shown.
const SHOWN: i64 = 20;

impl Desk<'_> {
    /// Both rings and what stands around them.
    pub async fn view(&self) -> Result<KeyDesk, KeyDeskError> {
        let reading = self.supply.read();
        let now = self.clock.now();
        let wrappers = match keys::open(&reading, now) {
            Ok(rings) => data_keys::needed_by(self.db, &rings.sealing).await?,
            Err(_) => Vec::new(),
        };
        let findings = keys::check(reading.keys(), reading.environment, &reading.data, now);
        let unplanned = due::unplanned(reading.keys(), reading.environment, &reading.data, now);
        let checklist = checklist(&Known {
            environment: reading.environment,
            findings: &findings,
            due: &unplanned,
            watching: Some(Watching::of(self.config)),
            facts: Some(Facts::find(self.db).await?),
            now,
        });
        let instances = instance::list_live(self.db, now).await?.len();
        Ok(KeyDesk {
            checklist,
            rings: keys::status(&reading, &wrappers, now),
            instances: u32::try_from(instances).unwrap_or(u32::MAX),
            live_sessions: self.sessions.count_live().await?,
            incidents: incident_store::list_newest(self.db, SHOWN).await?,
        })
    }
}
