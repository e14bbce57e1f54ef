//! What other processes changed: the copies of those accounts in memory go.

use super::service::Accounts;
use crate::store::feed::Change;

impl Accounts {
    /// Takes in a change that the feed announced.
    pub fn hear(&self, change: &Change) {
        if let Change::Account(id) = change
            && let Ok(id) = id.parse()
        {
            self.mirror.forget(&id);
        }
    }

    /// Drops every copy: news may have been missed.
    pub fn forget_all(&self) {
        self.mirror.forget_all();
    }
}
