//! SQL of what ends when the sealing key is lost: every session, every second step under way, every known device.

use concierge_core::{session::EndReason, time::Timestamp};

use crate::store::{StoreError, Tx, sql};

/// Ends every session; answers how many lived until now. The caller announces that everything changed.
pub async fn mark_every_session_ended(tx: &mut Tx, now: Timestamp) -> Result<u64, StoreError> {
    // Those that ran out are over anyway, and are no loss.
    sql("UPDATE session SET ended_at = $1, end_reason = $2
         WHERE ended_at IS NULL AND idle_expires_at > $1 AND expires_at > $1")
    .bind(now.as_millis())
    .bind(EndReason::Admin.as_str())
    .execute(tx)
    .await
}

/// Kills the tickets. Whenever they run out: the machine that made one may have another time.
pub async fn delete_every_ticket(tx: &mut Tx) -> Result<u64, StoreError> {
    sql("DELETE FROM ticket").execute(tx).await
}

/// Forgets every device: a digest of theirs can't be made any more.
pub async fn delete_every_device(tx: &mut Tx) -> Result<u64, StoreError> {
    sql("DELETE FROM device").execute(tx).await
}
