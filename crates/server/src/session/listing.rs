//! The live sessions of an account, as its owner and an admin see them.

use concierge_core::{
    account::AccountId,
    session::{SessionId, api::SessionView},
};

use super::{error::SessionError, service::Sessions, store};

impl Sessions {
    /// The live sessions of an account, the newest first.
    pub async fn list(
        &self,
        account: AccountId,
        current: Option<SessionId>,
    ) -> Result<Vec<SessionView>, SessionError> {
        let mut tx = self.db.begin().await?;
        let mut views = Vec::new();
        for id in store::list_live(&mut tx, account, self.clock.now()).await? {
            if let Some(row) = store::find_by_id(&mut tx, id).await? {
                views.push(SessionView {
                    id,
                    browser: String::new(),
                    system: String::new(),
                    address: row.address,
                    created_at: row.created_at,
                    last_seen_at: row.rotation.rotated_at,
                    current: current == Some(id),
                });
            }
        }
        views.reverse();
        Ok(views)
    }
}
