//! SQL of the `alert_channel` table.

use concierge_core::{
    alert::{ChannelId, Way},
    locale::Locale,
    time::Timestamp,
};

use crate::{
    platform::seal::SealKeys,
    store::{On, Row, StoreError, Tx, reseal, reseal::SealedTable, sql},
};

/// A channel as the table holds it.
#[derive(Debug, Clone)]
pub(super) struct ChannelRow {
    pub(super) id: ChannelId,
    pub(super) name: String,
    pub(super) way: Way,
    pub(super) locale: Locale,
    pub(super) sealed: Vec<u8>,
    pub(super) enabled: bool,
    pub(super) gone_at: Option<Timestamp>,
}

pub(super) async fn insert(
    tx: &mut Tx,
    row: &ChannelRow,
    now: Timestamp,
) -> Result<(), StoreError> {
    sql(
        "INSERT INTO alert_channel (id, name, way, locale, sealed, enabled, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(row.id.to_string())
    .bind(row.name.as_str())
    .bind(row.way.as_str())
    .bind(row.locale.tag())
    .bind(row.sealed.clone())
    .bind(i64::from(row.enabled))
    .bind(now.as_millis())
    .execute(tx)
    .await
    .map(|_| ())
}

/// Every channel in the order in which they were made.
pub(super) async fn list_all<'a>(on: impl Into<On<'a>>) -> Result<Vec<ChannelRow>, StoreError> {
    let rows = sql(
        "SELECT id, name, way, locale, sealed, enabled, gone_at FROM alert_channel
                    ORDER BY created_at, id",
    )
    .fetch_all(on)
    .await?;
    rows.iter().map(read).collect()
}

pub(super) async fn find_by_id<'a>(
    on: impl Into<On<'a>>,
    id: ChannelId,
) -> Result<Option<ChannelRow>, StoreError> {
    let row = sql(
        "SELECT id, name, way, locale, sealed, enabled, gone_at FROM alert_channel WHERE id = $1",
    )
    .bind(id.to_string())
    .fetch_optional(on)
    .await?;
    row.map(|row| read(&row)).transpose()
}

/// Changes the name, whether messages go there, and since when the receiver is gone. Where it leads stays.
pub(super) async fn mark_changed(tx: &mut Tx, row: &ChannelRow) -> Result<(), StoreError> {
    sql("UPDATE alert_channel SET name = $1, enabled = $2, gone_at = $3 WHERE id = $4")
        .bind(row.name.as_str())
        .bind(i64::from(row.enabled))
        .bind(row.gone_at.map(Timestamp::as_millis))
        .bind(row.id.to_string())
        .execute(tx)
        .await
        .map(|_| ())
}

/// Changes where it leads, and nothing else: what is sealed may have been sealed anew since the row was read.
pub(super) async fn mark_led_elsewhere(tx: &mut Tx, row: &ChannelRow) -> Result<(), StoreError> {
    sql("UPDATE alert_channel SET sealed = $1 WHERE id = $2")
        .bind(row.sealed.clone())
        .bind(row.id.to_string())
        .execute(tx)
        .await
        .map(|_| ())
}

/// Switches a channel off whose receiver is gone; `false` when it was so already.
pub(super) async fn mark_gone(
    tx: &mut Tx,
    id: ChannelId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let changed =
        sql("UPDATE alert_channel SET enabled = 0, gone_at = $1 WHERE id = $2 AND gone_at IS NULL")
            .bind(now.as_millis())
            .bind(id.to_string())
            .execute(tx)
            .await?;
    Ok(changed == 1)
}

/// Answers the way of the channel, if there was one.
pub(super) async fn delete_by_id(tx: &mut Tx, id: ChannelId) -> Result<Option<Way>, StoreError> {
    let row = sql("DELETE FROM alert_channel WHERE id = $1 RETURNING id, way")
        .bind(id.to_string())
        .fetch_optional(tx)
        .await?;
    row.map(|row| way(&row)).transpose()
}

/// Deletes the channels that no version opens; answers their names.
pub async fn delete_unreadable_channels(
    tx: &mut Tx,
    seal: &SealKeys,
) -> Result<Vec<String>, StoreError> {
    let deleted = reseal::delete_unreadable(tx, &SEALED, seal).await?;
    deleted.iter().map(|row| row.text("name")).collect()
}

/// What a sealed value belongs to: copied into another row it does not open.
pub(super) fn associated(id: &str) -> String {
    format!("alert_channel/{id}")
}

/// How the values of the table are re-sealed.
pub(super) const SEALED: SealedTable = SealedTable {
    list: || sql("SELECT id, sealed FROM alert_channel WHERE id > $1 ORDER BY id LIMIT $2"),
    associated: |id, _| Ok(associated(id)),
    mark: || sql("UPDATE alert_channel SET sealed = $1 WHERE id = $2 AND sealed = $3"),
    delete: || sql("DELETE FROM alert_channel WHERE id = $1 AND sealed = $2 RETURNING name"),
};

fn way(row: &Row) -> Result<Way, StoreError> {
    let way = Way::from_text(&row.text("way")?);
    match way {
        Some(way) => Ok(way),
        None => Err(StoreError::corrupt("alert_channel", "way", row.text("id")?)),
    }
}

fn read(row: &Row) -> Result<ChannelRow, StoreError> {
    let id = row.text("id")?;
    let corrupt = |column| StoreError::corrupt("alert_channel", column, &id);
    Ok(ChannelRow {
        id: id.parse().map_err(|_| corrupt("id"))?,
        name: row.text("name")?,
        way: way(row)?,
        locale: Locale::from_tag(&row.text("locale")?).unwrap_or_default(),
        sealed: row.bytes("sealed")?,
        enabled: row.int("enabled")? == 1,
        gone_at: row.int_or_null("gone_at")?.map(Timestamp::from_millis),
    })
}
