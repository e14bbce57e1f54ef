//! SQL of the `registration` table.

use concierge_core::{
    account::{Email, Name},
    admin::InvitationId,
    locale::Locale,
    time::Timestamp,
};

use crate::store::{Db, On, Row, StoreError, Tx, sql};

/// A registration whose address waits to be confirmed. It has no `Debug`: it holds a hash.
pub(super) struct Pending {
    pub(super) email: Email,
    pub(super) name: Name,
    pub(super) locale: Locale,
    /// The hash of the password, in PHC form.
    pub(super) phc: String,
    /// The browser that asked.
    pub(super) device_digest: String,
    /// The invitation that it came with.
    pub(super) invitation: Option<InvitationId>,
}

/// Keeps a registration until its address is confirmed.
pub(super) async fn insert(
    tx: &mut Tx,
    digest: &str,
    pending: &Pending,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    sql(
        "INSERT INTO registration (digest, email, name, locale, phc, device_digest, invitation_id, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(digest)
    .bind(pending.email.as_str())
    .bind(pending.name.as_str())
    .bind(pending.locale.tag())
    .bind(pending.phc.as_str())
    .bind(pending.device_digest.as_str())
    .bind(pending.invitation.map(|id| id.to_string()))
    .bind(expires_at.as_millis())
    .execute(tx)
    .await
    .map(|_| ())
}

/// The registration of a token, while it may be confirmed.
pub(super) async fn find_by_digest(
    db: &Db,
    digest: &str,
    now: Timestamp,
) -> Result<Option<Pending>, StoreError> {
    let row = sql(
        "SELECT digest, email, name, locale, phc, device_digest, invitation_id FROM registration
                   WHERE digest = $1 AND expires_at > $2",
    )
    .bind(digest)
    .bind(now.as_millis())
    .fetch_optional(db)
    .await?;
    row.map(|row| read(&row)).transpose()
}

/// Takes a registration, once; `false` when somebody else has.
pub(super) async fn delete_claimed(tx: &mut Tx, digest: &str) -> Result<bool, StoreError> {
    let deleted = sql("DELETE FROM registration WHERE digest = $1")
        .bind(digest)
        .execute(tx)
        .await?;
    Ok(deleted == 1)
}

/// Deletes registrations that nobody confirmed in time.
pub(super) async fn delete_expired(db: &Db, now: Timestamp) -> Result<u64, StoreError> {
    sql("DELETE FROM registration WHERE expires_at <= $1")
        .bind(now.as_millis())
        .execute(On::Write(db))
        .await
}

fn read(row: &Row) -> Result<Pending, StoreError> {
    let digest = row.text("digest")?;
    let corrupt = |column| StoreError::corrupt("registration", column, &digest);
    let invitation = row.text_or_null("invitation_id")?;
    let invitation = invitation.map(|id| id.parse().map_err(|_| corrupt("invitation_id")));
    Ok(Pending {
        email: row.text("email")?.parse().map_err(|_| corrupt("email"))?,
        name: row.text("name")?.parse().map_err(|_| corrupt("name"))?,
        locale: Locale::from_tag(&row.text("locale")?).ok_or_else(|| corrupt("locale"))?,
        phc: row.text("phc")?,
        device_digest: row.text("device_digest")?,
        invitation: invitation.transpose()?,
    })
}
