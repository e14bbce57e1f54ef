//! SQL that removes an account.

use concierge_core::account::AccountId;

use crate::store::{StoreError, Tx, sql};

/// Deletes an account and what hangs on it; its sessions are gone by now. What came after the first tables goes with
/// the account's row by itself.
pub(super) async fn delete(tx: &mut Tx, id: AccountId) -> Result<(), StoreError> {
    for statement in [
        sql("DELETE FROM device WHERE account_id = $1"),
        sql("DELETE FROM password WHERE account_id = $1"),
        sql("DELETE FROM account WHERE id = $1"),
    ] {
        statement.bind(id.to_string()).execute(&mut *tx).await?;
    }
    Ok(())
}
