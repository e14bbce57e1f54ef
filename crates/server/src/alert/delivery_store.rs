//! SQL of the `alert_delivery` table: the messages that wait, and the log of those that do not.

use concierge_core::{
    alert::{ChannelId, MessageId, api::DeliveryView},
    time::Timestamp,
};

use super::message::Message;
use crate::store::{Db, On, Row, StoreError, Tx, sql};

/// A message on its way.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) id: MessageId,
    pub(super) channel: ChannelId,
    pub(super) tries: i64,
}

/// What came of a try.
#[derive(Debug)]
pub(super) struct Outcome<'a> {
    pub(super) state: &'static str,
    pub(super) code: Option<u16>,
    pub(super) answer: &'a str,
    pub(super) next_try_at: Option<Timestamp>,
}

/// A message to be sent.
pub(super) struct New<'a> {
    pub(super) id: MessageId,
    pub(super) channel: ChannelId,
    pub(super) kind: &'static str,
    pub(super) body: &'a str,
    /// `None`: whoever writes it tries it itself, once.
    pub(super) next_try_at: Option<Timestamp>,
}

pub(super) async fn insert(tx: &mut Tx, new: &New<'_>, now: Timestamp) -> Result<(), StoreError> {
    sql(
        "INSERT INTO alert_delivery (id, channel_id, kind, body, state, created_at, due_at, next_try_at, tries, answer)
         VALUES ($1, $2, $3, $4, 'waiting', $5, $6, $7, $8, '')",
    )
    .bind(new.id.to_string())
    .bind(new.channel.to_string())
    .bind(new.kind)
    .bind(new.body)
    .bind(now.as_millis())
    .bind(new.next_try_at.unwrap_or(now).as_millis())
    .bind(new.next_try_at.map(Timestamp::as_millis))
    .bind(i64::from(new.next_try_at.is_none()))
    .execute(tx)
    .await
    .map(|_| ())
}

/// How many single messages of alerts were written for a channel since a time. What is held back is in digests, and so
/// not among them.
pub(super) async fn count_since(
    tx: &mut Tx,
    channel: ChannelId,
    since: Timestamp,
) -> Result<i64, StoreError> {
    sql("SELECT COUNT(*) AS n FROM alert_delivery
         WHERE channel_id = $1 AND created_at > $2 AND kind NOT IN ('alert.digest', 'alert.test')")
    .bind(channel.to_string())
    .bind(since.as_millis())
    .fetch_one(tx)
    .await?
    .int("n")
}

/// The digest of a channel that leaves in a span of time, the last moment included, and has not left yet.
pub(super) async fn find_open_digest(
    tx: &mut Tx,
    channel: ChannelId,
    after: Timestamp,
    until: Timestamp,
) -> Result<Option<(MessageId, String)>, StoreError> {
    let row = sql("SELECT id, body FROM alert_delivery
                   WHERE channel_id = $1 AND next_try_at > $2 AND next_try_at <= $3 AND kind = 'alert.digest'
                     AND state = 'waiting' AND tries = 0
                   ORDER BY next_try_at LIMIT 1")
        .bind(channel.to_string())
        .bind(after.as_millis())
        .bind(until.as_millis())
        .fetch_optional(tx)
        .await?;
    row.map(|row| Ok((parse_id(&row.text("id")?)?, row.text("body")?)))
        .transpose()
}

/// Adds to a digest, unless it has left in the meantime.
pub(super) async fn mark_extended(
    tx: &mut Tx,
    id: MessageId,
    body: &str,
) -> Result<bool, StoreError> {
    let changed = sql(
        "UPDATE alert_delivery SET body = $1 WHERE id = $2 AND tries = 0 AND state = 'waiting'",
    )
    .bind(body)
    .bind(id.to_string())
    .execute(tx)
    .await?;
    Ok(changed == 1)
}

/// A few of those whose time has come, the longest waiting first.
pub(super) async fn list_due(db: &Db, now: Timestamp) -> Result<Vec<Waiting>, StoreError> {
    let rows = sql(
        "SELECT id, channel_id, tries FROM alert_delivery WHERE next_try_at <= $1
         ORDER BY next_try_at, created_at, id LIMIT 16",
    )
    .bind(now.as_millis())
    .fetch_all(db)
    .await?;
    let read = |row: &Row| {
        let id = row.text("id")?;
        let channel = row.text("channel_id")?.parse();
        Ok(Waiting {
            id: parse_id(&id)?,
            channel: channel
                .map_err(|_| StoreError::corrupt("alert_delivery", "channel_id", &id))?,
            tries: row.int("tries")?,
        })
    };
    rows.iter().map(read).collect()
}

/// Claims a try and answers the body: of several instances that saw the same row, the count of tries lets one through.
/// Whoever dies with it leaves it to be tried again from then on. The body is that of the claim: until then a digest
/// grows, from then on it does not.
pub(super) async fn mark_claimed<'a>(
    on: impl Into<On<'a>>,
    waiting: &Waiting,
    until: Timestamp,
) -> Result<Option<String>, StoreError> {
    let row = sql(
        "UPDATE alert_delivery SET tries = tries + 1, next_try_at = $1
                       WHERE id = $2 AND tries = $3 AND state = 'waiting' RETURNING id, body",
    )
    .bind(until.as_millis())
    .bind(waiting.id.to_string())
    .bind(waiting.tries)
    .fetch_optional(on)
    .await?;
    row.map(|row| row.text("body")).transpose()
}

/// Writes what came of the latest try.
pub(super) async fn mark_answered<'a>(
    on: impl Into<On<'a>>,
    id: MessageId,
    outcome: &Outcome<'_>,
    now: Timestamp,
) -> Result<(), StoreError> {
    sql("UPDATE alert_delivery SET state = $1, answered_at = $2, code = $3, answer = $4, next_try_at = $5
         WHERE id = $6")
        .bind(outcome.state)
        .bind(now.as_millis())
        .bind(outcome.code.map(i64::from))
        .bind(outcome.answer)
        .bind(outcome.next_try_at.map(Timestamp::as_millis))
        .bind(id.to_string())
        .execute(on)
        .await
        .map(|_| ())
}

/// When the message was to leave that has waited the longest.
pub(super) async fn find_longest_waiting(db: &Db) -> Result<Option<Timestamp>, StoreError> {
    // The bound is none: it lets an engine begin in the index of what waits.
    let row = sql("SELECT MIN(due_at) AS since FROM alert_delivery WHERE next_try_at >= $1")
        .bind(i64::MIN)
        .fetch_one(db)
        .await?;
    let since = row.int_or_null("since")?;
    Ok(since.map(Timestamp::from_millis))
}

/// The latest messages since a time.
pub(super) async fn list_latest(
    db: &Db,
    since: Timestamp,
    most: i64,
) -> Result<Vec<DeliveryView>, StoreError> {
    let rows = sql(
        "SELECT id, channel_id, kind, body, state, created_at, tries, next_try_at, answered_at, code, answer
         FROM alert_delivery WHERE created_at > $1 ORDER BY created_at DESC LIMIT $2",
    )
    .bind(since.as_millis())
    .bind(most)
    .fetch_all(db)
    .await?;
    rows.iter().map(view).collect()
}

pub(super) async fn delete_by_channel(tx: &mut Tx, channel: ChannelId) -> Result<(), StoreError> {
    sql("DELETE FROM alert_delivery WHERE channel_id = $1")
        .bind(channel.to_string())
        .execute(tx)
        .await
        .map(|_| ())
}

/// Deletes what arrived or was given up and was written before a time.
pub(super) async fn delete_over_before(db: &Db, time: Timestamp) -> Result<u64, StoreError> {
    sql("DELETE FROM alert_delivery WHERE created_at < $1 AND next_try_at IS NULL")
        .bind(time.as_millis())
        .execute(On::Write(db))
        .await
}

fn parse_id(text: &str) -> Result<MessageId, StoreError> {
    text.parse()
        .map_err(|_| StoreError::corrupt("alert_delivery", "id", text))
}

fn view(row: &Row) -> Result<DeliveryView, StoreError> {
    let id = row.text("id")?;
    let corrupt = |column| StoreError::corrupt("alert_delivery", column, &id);
    let message = serde_json::from_str::<Message>(&row.text("body")?).ok();
    let only = message.as_ref().and_then(Message::only);
    Ok(DeliveryView {
        id: parse_id(&id)?,
        channel: row
            .text("channel_id")?
            .parse()
            .map_err(|_| corrupt("channel_id"))?,
        kind: row.text("kind")?,
        rule: only.map(|fact| fact.rule),
        state: row.text("state")?,
        created_at: Timestamp::from_millis(row.int("created_at")?),
        tries: u32::try_from(row.int("tries")?).map_err(|_| corrupt("tries"))?,
        next_try_at: row.int_or_null("next_try_at")?.map(Timestamp::from_millis),
        answered_at: row.int_or_null("answered_at")?.map(Timestamp::from_millis),
        code: row
            .int_or_null("code")?
            .map(u16::try_from)
            .transpose()
            .map_err(|_| corrupt("code"))?,
        answer: row.text("answer")?,
    })
}
