//! What the second factor asks of accounts: the row held, and a note beside it that every page reads.

use concierge_core::{
    account::{AccountId, AccountView},
    time::Timestamp,
};

use super::{service::Accounts, store};
use crate::store::{StoreError, Tx, feed::Change};

impl Accounts {
    /// Like [`Accounts::hold`], with the account as it is from then on; nothing when it is locked or gone.
    pub async fn held(
        &self,
        tx: &mut Tx,
        id: AccountId,
    ) -> Result<Option<AccountView>, StoreError> {
        if !self.hold(tx, id).await? {
            return Ok(None);
        }
        Ok(store::find_by_id(tx, id).await?.map(|account| account.view))
    }

    /// Holds the row of an account that has a second factor until the transaction ends; `false` when it has none.
    pub async fn hold_second_factor(&self, tx: &mut Tx, id: AccountId) -> Result<bool, StoreError> {
        store::mark_factor_held(tx, id).await
    }

    /// Notes that a second factor was set up, or removed. Announce [`Accounts::change_of`] last, and hear it after the
    /// commit.
    pub async fn mark_second_factor(
        &self,
        tx: &mut Tx,
        id: AccountId,
        at: Option<Timestamp>,
    ) -> Result<bool, StoreError> {
        store::mark_second_factor(tx, id, at).await
    }

    /// The change that makes every copy of an account go.
    pub fn change_of(id: AccountId) -> Change {
        Change::Account(id.to_string())
    }
}
