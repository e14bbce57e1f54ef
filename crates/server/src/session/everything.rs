//! The end of everything that a compromised key could have made or opened: sessions, second steps under way and
//! known devices, of everybody.

use concierge_core::{session::EndReason, time::Timestamp};

use super::{
    lost_store::{delete_every_device, delete_open_tickets},
    service::Sessions,
};
use crate::store::{On, StoreError, Tx, sql};

impl Sessions {
    /// How many sessions live.
    pub async fn count_live(&self) -> Result<u64, StoreError> {
        count_live(&self.db, self.clock.now()).await
    }

    /// Ends every session that began at or before `epoch`, and every ticket and device; answers how many sessions
    /// lived before and after. One event tells of all of them: it is the caller's, as is the announcement.
    pub async fn end_everything(
        &self,
        tx: &mut Tx,
        epoch: Timestamp,
    ) -> Result<(u64, u64), StoreError> {
        let now = self.clock.now();
        let before = count_live(&mut *tx, now).await?;
        // In the order of a sign-in, which uses up its ticket, notes its device and then ends the session before it.
        delete_open_tickets(tx, now).await?;
        delete_every_device(tx, now).await?;
        sql("UPDATE session SET ended_at = $1, end_reason = $2 WHERE ended_at IS NULL AND created_at <= $3")
            .bind(now.as_millis())
            .bind(EndReason::KeyRevoked.as_str())
            .bind(epoch.as_millis())
            .execute(&mut *tx)
            .await?;
        let after = count_live(tx, now).await?;
        Ok((before, after))
    }
}

async fn count_live<'a>(on: impl Into<On<'a>>, now: Timestamp) -> Result<u64, StoreError> {
    let live = sql("SELECT COUNT(*) AS n FROM session
                    WHERE ended_at IS NULL AND idle_expires_at > $1 AND expires_at > $1")
    .bind(now.as_millis())
    .fetch_one(on)
    .await?
    .int("n")?;
    Ok(u64::try_from(live).unwrap_or_default())
}
