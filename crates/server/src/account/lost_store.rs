//! SQL of the links that die when the key of their digests is lost.

use crate::store::{StoreError, Tx, sql};

/// Deletes the setup link, new addresses and registrations that wait, and invitations; answers how many. Whenever they
/// run out: the machine that takes one may have another time.
pub async fn delete_open_account_links(tx: &mut Tx) -> Result<u64, StoreError> {
    // Registrations first: they may stand on an invitation.
    let registrations = sql("DELETE FROM registration");
    let invitations = sql("DELETE FROM invitation");
    let addresses = sql("DELETE FROM email_change");
    let setup = sql("DELETE FROM setup_token WHERE used_at IS NULL");
    let mut deleted = 0;
    for statement in [registrations, invitations, addresses, setup] {
        deleted += statement.execute(&mut *tx).await?;
    }
    Ok(deleted)
}
