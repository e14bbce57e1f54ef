//! SQL of the `event` table. There is no update and no delete.

use concierge_core::{id::Id, time::Timestamp};

use super::{Event, EventKind};
use crate::store::{StoreError, Tx, sql};

pub(super) async fn insert(
    tx: &mut Tx,
    id: Id<EventKind>,
    event: &Event<'_>,
    now: Timestamp,
) -> Result<(), StoreError> {
    sql("INSERT INTO event (id, at, name, severity, account_id, actor_id, address, user_agent, request_id, details)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)")
        .bind(id.to_string())
        .bind(now.as_millis())
        .bind(event.name.as_str())
        .bind(event.name.severity().as_str())
        .bind(event.account.map(|id| id.to_string()))
        .bind(event.actor.map(|id| id.to_string()))
        .bind(event.origin.address.as_str())
        .bind(event.origin.user_agent.as_str())
        .bind(event.origin.request_id.as_str())
        .bind(event.details.to_string())
        .execute(tx)
        .await
        .map(|_| ())
}
