//! SQL of the `ticket` table.

use concierge_core::{account::AccountId, session::Transport, sign_in::api::Step, time::Timestamp};

use super::ticket::{NewTicket, Ticket, digest_of};
use crate::store::{Db, On, Row, StoreError, TIDIED_AT_ONCE, Tx, sql};

pub(super) async fn insert(
    tx: &mut Tx,
    digest: &str,
    new: &NewTicket<'_>,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    sql("INSERT INTO ticket (digest, account_id, step, transport, remembered_at, device_digest, tries, created_at,
                             expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8)")
        .bind(digest)
        .bind(new.account.to_string())
        .bind(text_of(new.step))
        .bind(new.transport.as_str())
        .bind(new.remember.then_some(now.as_millis()))
        .bind(new.device.map(digest_of))
        .bind(now.as_millis())
        .bind(expires_at.as_millis())
        .execute(tx)
        .await
        .map(|_| ())
}

/// A ticket that still opens its step.
pub(super) async fn find_by_digest(
    db: &Db,
    digest: &str,
    tries: i64,
    now: Timestamp,
) -> Result<Option<Ticket>, StoreError> {
    let row = sql(
        "SELECT digest, account_id, step, transport, remembered_at, device_digest FROM ticket
                   WHERE digest = $1 AND used_at IS NULL AND tries < $2 AND expires_at > $3",
    )
    .bind(digest)
    .bind(tries)
    .bind(now.as_millis())
    .fetch_optional(db)
    .await?;
    row.map(|row| read(&row)).transpose()
}

/// Counts a try, if there is one left. One statement: parallel tries get no more than the rest.
pub(super) async fn mark_tried(
    db: &Db,
    digest: &str,
    tries: i64,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let changed = sql("UPDATE ticket SET tries = tries + 1
                       WHERE digest = $1 AND used_at IS NULL AND tries < $2 AND expires_at > $3")
    .bind(digest)
    .bind(tries)
    .bind(now.as_millis())
    .execute(On::Write(db))
    .await?;
    Ok(changed == 1)
}

/// Uses a ticket up; `false` when it was used or killed before.
pub(super) async fn mark_used(
    tx: &mut Tx,
    digest: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let changed = sql(
        "UPDATE ticket SET used_at = $1 WHERE digest = $2 AND used_at IS NULL AND expires_at > $1",
    )
    .bind(now.as_millis())
    .bind(digest)
    .execute(tx)
    .await?;
    Ok(changed == 1)
}

/// Kills every ticket of an account.
pub(super) async fn delete_of_account(tx: &mut Tx, account: AccountId) -> Result<(), StoreError> {
    sql("DELETE FROM ticket WHERE account_id = $1")
        .bind(account.to_string())
        .execute(tx)
        .await
        .map(|_| ())
}

/// Deletes tickets that ran out, used or not.
pub(super) async fn delete_expired(db: &Db, now: Timestamp) -> Result<u64, StoreError> {
    sql("DELETE FROM ticket WHERE digest IN
             (SELECT digest FROM ticket WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)")
    .bind(now.as_millis())
    .bind(TIDIED_AT_ONCE)
    .execute(On::Write(db))
    .await
}

const fn text_of(step: Step) -> &'static str {
    match step {
        Step::SecondFactor => "second_factor",
        Step::EnrolSecondFactor => "enrol_second_factor",
    }
}

fn read(row: &Row) -> Result<Ticket, StoreError> {
    let digest = row.text("digest")?;
    let corrupt = |column| StoreError::corrupt("ticket", column, &digest);
    let step = row.text("step")?;
    let step = [Step::SecondFactor, Step::EnrolSecondFactor]
        .into_iter()
        .find(|known| text_of(*known) == step);
    Ok(Ticket {
        account: row
            .text("account_id")?
            .parse()
            .map_err(|_| corrupt("account_id"))?,
        step: step.ok_or_else(|| corrupt("step"))?,
        transport: Transport::from_text(&row.text("transport")?)
            .ok_or_else(|| corrupt("transport"))?,
        remember: row.int_or_null("remembered_at")?.is_some(),
        device_digest: row.text_or_null("device_digest")?,
        digest,
    })
}
