//! SQL of the links that die when the key of their digests is lost.

use concierge_core::time::Timestamp;

use crate::store::{StoreError, Tx, sql};

/// Deletes the setup link, new addresses and registrations that wait, and open invitations; answers how many.
pub async fn delete_open_account_links(tx: &mut Tx, now: Timestamp) -> Result<u64, StoreError> {
    let now = now.as_millis();
    // Registrations first: they may stand on an invitation.
    let registrations = sql("DELETE FROM registration WHERE expires_at > $1").bind(now);
    let invitations = sql("DELETE FROM invitation WHERE expires_at > $1").bind(now);
    let addresses = sql("DELETE FROM email_change WHERE expires_at > $1").bind(now);
    let setup = sql("DELETE FROM setup_token WHERE expires_at > $1 AND used_at IS NULL").bind(now);
    let mut deleted = 0;
    for statement in [registrations, invitations, addresses, setup] {
        deleted += statement.execute(&mut *tx).await?;
    }
    Ok(deleted)
}
