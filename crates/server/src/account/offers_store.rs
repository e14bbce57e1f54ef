//! SQL that takes back everything that was offered by a link or is under way: invitations, registrations, changes
//! of address, the setup link.

use crate::store::{StoreError, Tx, sql};

/// Takes all of it back, from everybody: whoever had a compromised key may have made any of it.
pub async fn delete_all_offers(tx: &mut Tx) -> Result<(), StoreError> {
    for statement in [
        "DELETE FROM registration",
        "DELETE FROM invitation",
        "DELETE FROM email_change",
        "DELETE FROM setup_token",
    ] {
        sql(statement).execute(&mut *tx).await?;
    }
    Ok(())
}
