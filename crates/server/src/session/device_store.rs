//! SQL of the `device` table that every way in shares: which browsers an account knows.

use concierge_core::{account::AccountId, time::Timestamp};

use crate::store::{StoreError, Tx, sql};

/// Keeps a device after a complete sign-in, a registration or a reset; its failures are forgiven.
pub async fn mark_device_known(
    tx: &mut Tx,
    account: AccountId,
    digest: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    sql("INSERT INTO device (account_id, digest, failures, created_at, seen_at) VALUES ($1, $2, 0, $3, $3)
         ON CONFLICT (account_id, digest) DO UPDATE SET failures = 0, seen_at = $3, voided_at = NULL")
        .bind(account.to_string())
        .bind(digest)
        .bind(now.as_millis())
        .execute(tx)
        .await
        .map(|_| ())
}

/// Forgets every device of an account: whoever signed in from one has the waits of a stranger.
pub async fn delete_devices(tx: &mut Tx, account: AccountId) -> Result<(), StoreError> {
    sql("DELETE FROM device WHERE account_id = $1")
        .bind(account.to_string())
        .execute(tx)
        .await
        .map(|_| ())
}
