//! SQL of the `outbox` table.

use concierge_core::{id::Id, time::Timestamp};

use super::MailKind;
use crate::store::{StoreError, Tx, sql};

pub(super) async fn insert(
    tx: &mut Tx,
    id: Id<MailKind>,
    letter: &str,
    sealed: Vec<u8>,
    now: Timestamp,
) -> Result<(), StoreError> {
    sql("INSERT INTO outbox (id, letter, sealed, created_at, next_try_at, tries) VALUES ($1, $2, $3, $4, $4, 0)")
        .bind(id.to_string())
        .bind(letter)
        .bind(sealed)
        .bind(now.as_millis())
        .execute(tx)
        .await
        .map(|_| ())
}
