//! SQL of the `invitation` table.

use std::time::Duration;

use concierge_core::{
    account::Role,
    admin::{InvitationId, api::Invitation},
    time::Timestamp,
};

use crate::store::{Db, On, Row, StoreError, Tx, sql};

/// A registration that began with an invitation may be confirmed until a day after the invitation's end.
const KEPT: Duration = Duration::from_secs(24 * 3600);

/// Keeps a new invitation.
pub(super) async fn insert(
    tx: &mut Tx,
    invitation: &Invitation,
    digest: &str,
) -> Result<(), StoreError> {
    sql(
        "INSERT INTO invitation (id, digest, role, note, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(invitation.id.to_string())
    .bind(digest)
    .bind(invitation.role.as_str())
    .bind(invitation.note.as_str())
    .bind(invitation.created_at.as_millis())
    .bind(invitation.expires_at.as_millis())
    .execute(tx)
    .await
    .map(|_| ())
}

/// The invitation of a token, while it works.
pub(super) async fn find_by_digest(
    db: &Db,
    digest: &str,
    now: Timestamp,
) -> Result<Option<InvitationId>, StoreError> {
    let row = sql("SELECT id FROM invitation WHERE digest = $1 AND expires_at > $2")
        .bind(digest)
        .bind(now.as_millis())
        .fetch_optional(db)
        .await?;
    row.map(|row| read_id(&row)).transpose()
}

/// Those that work, the newest first.
pub(super) async fn list_open(db: &Db, now: Timestamp) -> Result<Vec<Invitation>, StoreError> {
    sql(
        "SELECT id, role, note, created_at, expires_at FROM invitation
         WHERE expires_at > $1 ORDER BY created_at DESC, id DESC",
    )
    .bind(now.as_millis())
    .fetch_all(db)
    .await?
    .iter()
    .map(|row| {
        Ok(Invitation {
            id: read_id(row)?,
            role: read_role(row)?,
            note: row.text("note")?,
            created_at: Timestamp::from_millis(row.int("created_at")?),
            expires_at: Timestamp::from_millis(row.int("expires_at")?),
        })
    })
    .collect()
}

/// Takes an invitation, once, and answers the role that it gives.
pub(super) async fn delete_claimed(
    tx: &mut Tx,
    id: InvitationId,
) -> Result<Option<Role>, StoreError> {
    let row = sql("DELETE FROM invitation WHERE id = $1 RETURNING id, role")
        .bind(id.to_string())
        .fetch_optional(tx)
        .await?;
    row.map(|row| read_role(&row)).transpose()
}

/// Deletes those that ended and that no registration waits for any more.
pub(super) async fn delete_expired(db: &Db, now: Timestamp) -> Result<u64, StoreError> {
    sql("DELETE FROM invitation WHERE expires_at <= $1")
        .bind(now.minus(KEPT).as_millis())
        .execute(On::Write(db))
        .await
}

fn read_id(row: &Row) -> Result<InvitationId, StoreError> {
    let id = row.text("id")?;
    id.parse()
        .map_err(|_| StoreError::corrupt("invitation", "id", id))
}

fn read_role(row: &Row) -> Result<Role, StoreError> {
    let role = Role::from_text(&row.text("role")?);
    match role {
        Some(role) => Ok(role),
        None => Err(StoreError::corrupt("invitation", "role", row.text("id")?)),
    }
}
