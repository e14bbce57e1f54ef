//! SQL of the `session` table.

use std::time::Duration;

use concierge_core::{
    account::AccountId,
    session::{
        EndReason, SessionId, Transport,
        api::SessionView,
        device::Device,
        refresh::{OVERLAP, Rotation},
    },
    time::Timestamp,
};

use crate::store::{Db, On, Row, StoreError, Tx, reseal::RESEALED_AT_ONCE, sql};

/// A session as the table holds it.
#[derive(Debug, Clone)]
pub(super) struct SessionRow {
    pub(super) id: SessionId,
    pub(super) account: AccountId,
    pub(super) transport: Transport,
    pub(super) is_remembered: bool,
    pub(super) sealed_key: Vec<u8>,
    pub(super) rotation: Rotation,
    pub(super) created_at: Timestamp,
    pub(super) idle_expires_at: Timestamp,
    pub(super) expires_at: Timestamp,
    pub(super) ended_at: Option<Timestamp>,
    pub(super) end_reason: Option<EndReason>,
    /// When its owner last proved who they are.
    pub(super) fresh_at: Timestamp,
    /// When they last did so with a second factor.
    pub(super) second_factor_at: Option<Timestamp>,
    pub(super) address: String,
    pub(super) user_agent: String,
}

impl SessionRow {
    /// Whether it is neither ended nor run out.
    pub(super) fn is_live(&self, now: Timestamp) -> bool {
        self.ended_at.is_none() && now < self.idle_expires_at && now < self.expires_at
    }
}

pub(super) async fn insert(tx: &mut Tx, row: &SessionRow) -> Result<(), StoreError> {
    sql("INSERT INTO session (id, account_id, transport, remembered_at, sealed_key, generation, rotated_at, seen_generation,
                              created_at, last_seen_at, idle_expires_at, expires_at, address, user_agent,
                              fresh_at, second_factor_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)")
        .bind(row.id.to_string())
        .bind(row.account.to_string())
        .bind(row.transport.as_str())
        .bind(row.is_remembered.then_some(row.created_at.as_millis()))
        .bind(row.sealed_key.clone())
        .bind(int(row.rotation.generation))
        .bind(row.rotation.rotated_at.as_millis())
        .bind(int(row.rotation.seen_generation))
        .bind(row.created_at.as_millis())
        .bind(row.created_at.as_millis())
        .bind(row.idle_expires_at.as_millis())
        .bind(row.expires_at.as_millis())
        .bind(row.address.as_str())
        .bind(row.user_agent.as_str())
        .bind(row.fresh_at.as_millis())
        .bind(row.second_factor_at.map(Timestamp::as_millis))
        .execute(tx)
        .await
        .map(|_| ())
}

pub(super) async fn find_by_id<'a>(
    on: impl Into<On<'a>>,
    id: SessionId,
) -> Result<Option<SessionRow>, StoreError> {
    let row = sql("SELECT id, account_id, transport, remembered_at, sealed_key, generation, rotated_at, seen_generation,
                          created_at, idle_expires_at, expires_at, ended_at, end_reason, address, user_agent, fresh_at,
                          second_factor_at
                   FROM session WHERE id = $1")
        .bind(id.to_string())
        .fetch_optional(on)
        .await?;
    row.map(|row| read(&row)).transpose()
}

/// The live sessions of an account, oldest first.
pub(super) async fn list_live(
    tx: &mut Tx,
    account: AccountId,
    now: Timestamp,
) -> Result<Vec<SessionId>, StoreError> {
    let rows = sql("SELECT id FROM session
                    WHERE account_id = $1 AND ended_at IS NULL AND idle_expires_at > $2 AND expires_at > $2
                    ORDER BY created_at, id")
        .bind(account.to_string())
        .bind(now.as_millis())
        .fetch_all(tx)
        .await?;
    rows.iter().map(|row| parse_id(&row.text("id")?)).collect()
}

/// Some of the live sessions with their sealed keys, in the order of their ids.
pub(super) async fn list_sealed(
    db: &Db,
    after: &str,
    now: Timestamp,
) -> Result<Vec<(SessionId, Vec<u8>)>, StoreError> {
    let rows = sql("SELECT id, sealed_key FROM session
                    WHERE id > $1 AND ended_at IS NULL AND idle_expires_at > $2 AND expires_at > $2
                    ORDER BY id LIMIT $3")
    .bind(after)
    .bind(now.as_millis())
    .bind(RESEALED_AT_ONCE)
    .fetch_all(db)
    .await?;
    let read = |row: &Row| Ok((parse_id(&row.text("id")?)?, row.bytes("sealed_key")?));
    rows.iter().map(read).collect()
}

/// Deletes the sessions of an account, the ended ones, too.
pub(super) async fn delete_by_account(tx: &mut Tx, account: AccountId) -> Result<(), StoreError> {
    sql("DELETE FROM session WHERE account_id = $1")
        .bind(account.to_string())
        .execute(tx)
        .await
        .map(|_| ())
}

/// The live sessions of an account as its owner sees them, the newest first.
pub(super) async fn list_views(
    db: &Db,
    account: AccountId,
    current: Option<SessionId>,
    now: Timestamp,
) -> Result<Vec<SessionView>, StoreError> {
    let rows = sql("SELECT id, address, user_agent, created_at, last_seen_at FROM session
                    WHERE account_id = $1 AND ended_at IS NULL AND idle_expires_at > $2 AND expires_at > $2
                    ORDER BY created_at DESC, id DESC")
        .bind(account.to_string())
        .bind(now.as_millis())
        .fetch_all(db)
        .await?;
    let view = |row: &Row| {
        let id = parse_id(&row.text("id")?)?;
        let device = Device::of(&row.text("user_agent")?);
        Ok(SessionView {
            id,
            browser: device.browser.to_owned(),
            system: device.system.to_owned(),
            address: row.text("address")?,
            created_at: Timestamp::from_millis(row.int("created_at")?),
            last_seen_at: Timestamp::from_millis(row.int("last_seen_at")?),
            current: current == Some(id),
        })
    };
    rows.iter().map(view).collect()
}

/// Makes the next generation, if the session is live, still in this one, and it is old enough.
/// One statement: two instances can't both rotate, and an ended session can't.
pub(super) async fn mark_rotated(
    db: &Db,
    id: SessionId,
    generation: u64,
    idle: Duration,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let changed = sql("UPDATE session
                       SET generation = generation + 1, rotated_at = $1, seen_generation = $2, last_seen_at = $1,
                           idle_expires_at = $3
                       WHERE id = $4 AND generation = $2 AND rotated_at <= $5
                         AND ended_at IS NULL AND idle_expires_at > $1 AND expires_at > $1")
        .bind(now.as_millis())
        .bind(int(generation))
        .bind(now.plus(idle).as_millis())
        .bind(id.to_string())
        .bind(now.minus(OVERLAP).as_millis())
        .execute(On::Write(db))
        .await?;
    Ok(changed == 1)
}

/// Notes that the current token is handed out again, if the session is live and the token has never come back.
/// One statement: no rotation can slip in between, for which the wait begins anew.
pub(super) async fn mark_resent(
    db: &Db,
    id: SessionId,
    generation: u64,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let changed = sql("UPDATE session SET rotated_at = $1, last_seen_at = $1
                       WHERE id = $2 AND generation = $3 AND seen_generation < $3
                         AND ended_at IS NULL AND idle_expires_at > $1 AND expires_at > $1")
    .bind(now.as_millis())
    .bind(id.to_string())
    .bind(int(generation))
    .execute(On::Write(db))
    .await?;
    Ok(changed == 1)
}

/// Notes that a token of this generation came back.
pub(super) async fn mark_seen(
    db: &Db,
    id: SessionId,
    generation: u64,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let changed = sql("UPDATE session SET seen_generation = $1, last_seen_at = $2
                       WHERE id = $3 AND generation >= $1 AND seen_generation < $1 AND ended_at IS NULL")
        .bind(int(generation))
        .bind(now.as_millis())
        .bind(id.to_string())
        .execute(On::Write(db))
        .await?;
    Ok(changed == 1)
}

/// Notes that the owner of a live session proved who they are, and with a second factor if they did.
pub(super) async fn mark_fresh(
    tx: &mut Tx,
    id: SessionId,
    second_factor: bool,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let changed = sql("UPDATE session SET fresh_at = $1, second_factor_at = COALESCE($2, second_factor_at)
                       WHERE id = $3 AND ended_at IS NULL AND idle_expires_at > $1 AND expires_at > $1")
        .bind(now.as_millis())
        .bind(second_factor.then_some(now.as_millis()))
        .bind(id.to_string())
        .execute(tx)
        .await?;
    Ok(changed == 1)
}

/// The live sessions that passed no second factor, and whose they are.
pub(super) async fn list_unproven(
    tx: &mut Tx,
    now: Timestamp,
) -> Result<Vec<(SessionId, AccountId)>, StoreError> {
    let rows = sql("SELECT id, account_id FROM session
                    WHERE second_factor_at IS NULL AND ended_at IS NULL AND idle_expires_at > $1 AND expires_at > $1")
        .bind(now.as_millis())
        .fetch_all(tx)
        .await?;
    rows.iter()
        .map(|row| {
            let id = parse_id(&row.text("id")?)?;
            let account = row.text("account_id")?.parse();
            Ok((
                id,
                account.map_err(|_| StoreError::corrupt("session", "account_id", id))?,
            ))
        })
        .collect()
}

/// Ends a session; `false` when it had ended before.
pub(super) async fn mark_ended(
    tx: &mut Tx,
    id: SessionId,
    reason: EndReason,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let changed =
        sql("UPDATE session SET ended_at = $1, end_reason = $2 WHERE id = $3 AND ended_at IS NULL")
            .bind(now.as_millis())
            .bind(reason.as_str())
            .bind(id.to_string())
            .execute(tx)
            .await?;
    Ok(changed == 1)
}

/// Deletes sessions that ended or ran out before a time, the oldest first, so many at most. A session never runs
/// out after its `expires_at`: `idle_expires_at` is the nearer of the two. It began before it was over, which the
/// index knows; but for those that began after now, because a clock that was ahead had set the epoch.
pub(super) async fn delete_over_before(
    db: &Db,
    time: Timestamp,
    now: Timestamp,
    most: i64,
) -> Result<u64, StoreError> {
    let usual = sql("DELETE FROM session WHERE id IN
             (SELECT id FROM session WHERE created_at < $1 AND (ended_at < $1 OR idle_expires_at < $1)
              ORDER BY created_at LIMIT $2)")
        .bind(time.as_millis())
        .bind(most);
    let ahead = sql("DELETE FROM session WHERE id IN
             (SELECT id FROM session WHERE created_at > $3 AND (ended_at < $1 OR idle_expires_at < $1)
              ORDER BY created_at LIMIT $2)")
        .bind(time.as_millis())
        .bind(most)
        .bind(now.as_millis());
    Ok(usual.execute(On::Write(db)).await? + ahead.execute(On::Write(db)).await?)
}

fn read(row: &Row) -> Result<SessionRow, StoreError> {
    let id = parse_id(&row.text("id")?)?;
    let corrupt = |column| StoreError::corrupt("session", column, id);
    let time = |column: &str| row.int(column).map(Timestamp::from_millis);
    let generation =
        |column: &'static str| u64::try_from(row.int(column)?).map_err(|_| corrupt(column));
    Ok(SessionRow {
        id,
        account: row
            .text("account_id")?
            .parse()
            .map_err(|_| corrupt("account_id"))?,
        transport: Transport::from_text(&row.text("transport")?)
            .ok_or_else(|| corrupt("transport"))?,
        is_remembered: row.int_or_null("remembered_at")?.is_some(),
        sealed_key: row.bytes("sealed_key")?,
        rotation: Rotation {
            generation: generation("generation")?,
            rotated_at: time("rotated_at")?,
            seen_generation: generation("seen_generation")?,
        },
        created_at: time("created_at")?,
        idle_expires_at: time("idle_expires_at")?,
        expires_at: time("expires_at")?,
        ended_at: row.int_or_null("ended_at")?.map(Timestamp::from_millis),
        end_reason: row
            .text_or_null("end_reason")?
            .and_then(|text| EndReason::from_text(&text)),
        fresh_at: time("fresh_at")?,
        second_factor_at: row
            .int_or_null("second_factor_at")?
            .map(Timestamp::from_millis),
        address: row.text("address")?,
        user_agent: row.text("user_agent")?,
    })
}

fn parse_id(text: &str) -> Result<SessionId, StoreError> {
    text.parse()
        .map_err(|_| StoreError::corrupt("session", "id", text))
}

/// Generations stay far below 2^63: one every twenty seconds.
fn int(generation: u64) -> i64 {
    i64::try_from(generation).unwrap_or(i64::MAX)
}

/// What a sealed value belongs to: copied into another row it does not open.
pub(super) fn associated(id: SessionId) -> String {
    format!("session/{id}")
}
