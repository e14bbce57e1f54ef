//! The end of everything that a compromised key could have made or opened: sessions, second steps under way and
//! known devices, of everybody.

use concierge_core::{audit::EventName, session::EndReason, time::Timestamp};
use zeroize::Zeroizing;

use super::{
    lost_store::{delete_every_device, delete_every_ticket},
    service::Sessions,
    store::{associated, find_by_id, list_sealed},
};
use crate::{
    audit::Origin,
    store::{On, StoreError, Tx, reseal::Resealed, sql},
};

impl Sessions {
    /// How many sessions live.
    pub async fn count_live(&self) -> Result<u64, StoreError> {
        count_live(&self.db, self.clock.now()).await
    }

    /// Ends the live sessions after this id whose key an older version sealed; answers what became of the batch. Only an
    /// emergency makes a new version, and it ends all sessions: these were made by a process that had not heard of it
    /// yet. Whoever has the older version can read their keys, so none moves to the newest.
    pub async fn end_outdated(&self, after: &str) -> Result<Resealed, StoreError> {
        let rows = list_sealed(&self.db, after, self.clock.now()).await?;
        let mut done = Resealed {
            last: rows.last().map(|(id, _)| id.to_string()),
            ..Resealed::default()
        };
        let mut outdated = Vec::new();
        for (id, sealed) in rows {
            match self.seal.open_newest(&associated(id), &sealed) {
                Ok(Some(key)) => drop(Zeroizing::new(key)),
                Ok(None) => outdated.push(id),
                Err(_) => done.unreadable += 1,
            }
        }
        if outdated.is_empty() {
            return Ok(done);
        }
        let mut tx = self.db.begin().await?;
        for id in &outdated {
            // It may have been deleted since.
            if let Some(row) = find_by_id(&mut tx, *id).await? {
                let (reason, name) = (EndReason::KeyRevoked, EventName::TokenRevoked);
                self.end(
                    &mut tx,
                    row.account,
                    &[*id],
                    reason,
                    name,
                    &Origin::default(),
                )
                .await?;
            }
        }
        tx.commit().await?;
        self.forget(&outdated);
        Ok(done)
    }

    /// Ends every session, ticket and device; answers how many sessions lived before and after. One event tells of all
    /// of them: it is the caller's, as is the announcement.
    pub async fn end_everything(&self, tx: &mut Tx) -> Result<(u64, u64), StoreError> {
        let now = self.clock.now();
        let before = count_live(&mut *tx, now).await?;
        // In the order of a sign-in, which uses up its ticket, notes its device and then ends the session before it.
        delete_every_ticket(tx).await?;
        delete_every_device(tx).await?;
        // Whenever they began: the clock of the machine that made one may be ahead of ours.
        sql("UPDATE session SET ended_at = $1, end_reason = $2 WHERE ended_at IS NULL")
            .bind(now.as_millis())
            .bind(EndReason::KeyRevoked.as_str())
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
