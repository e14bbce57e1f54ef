//! What goes when its time is over: keys are retired and destroyed, and revoked keys lose what they could open.

use std::time::Duration;

use concierge_core::{audit::EventName, time::Timestamp};
use serde_json::json;

use super::{By, Keeper, KeeperError, Purpose, epoch_store::find_epoch};

/// A retired key's use is counted for so long; then the key is destroyed.
const RETIRED_FOR: Duration = Duration::from_secs(30 * 24 * 3600);
/// The epoch of a keyring without one.
const NEVER: Timestamp = Timestamp::from_millis(0);

impl Keeper {
    /// Retires and destroys the keys whose time is over, and wipes revoked sealing keys, which whoever revoked may have
    /// left to others; answers the ids of the destroyed ones.
    pub async fn tidy(&self, by: By<'_>) -> Result<Vec<String>, KeeperError> {
        let reading = self.supply.read();
        let now = self.clock.now();
        let mut gone = Vec::new();
        for purpose in Purpose::ALL {
            let Ok((opened, mut ring)) = self.open(&reading, purpose, None).await else {
                continue;
            };
            let needed = self.needed(purpose, &ring).await?;
            let is_needed = |id: &str| needed.iter().any(|wrapper| wrapper.kid == id);
            let retired = ring.retire(now);
            let destroyed = ring.destroy(now.minus(RETIRED_FOR), is_needed);
            // Before the database knows of the revoke, the value is what tells it which key that is.
            let is_known = find_epoch(&self.db).await? >= opened.contents().epoch.unwrap_or(NEVER);
            let wiped = purpose == Purpose::Sealing && is_known && ring.wipe(is_needed);
            if !retired && !wiped && destroyed.is_empty() {
                continue;
            }
            let lease = self.lease().await?;
            let written = self.write(&opened, purpose, ring).await;
            self.give_back(&lease).await;
            written?;
            for id in &destroyed {
                let details = json!({ "ring": purpose.as_str(), "kid": id });
                self.record(EventName::KeyDestroyed, by, details).await?;
            }
            gone.extend(destroyed);
        }
        Ok(gone)
    }
}
