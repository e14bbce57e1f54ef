//! SQL of the tables `incident` and `incident_note`.

use concierge_core::{
    id::{Id, Kind},
    keys::{
        IncidentId, RingName,
        api::{Incident, IncidentNote},
    },
    time::Timestamp,
};

use crate::store::{Db, On, Row, StoreError, Tx, sql};

/// Marks the ids of notes.
#[derive(Debug)]
pub enum NoteKind {}
impl Kind for NoteKind {
    const PREFIX: &'static str = "not_";
}

pub(super) async fn insert(tx: &mut Tx, incident: &Incident) -> Result<(), StoreError> {
    let int = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    sql("INSERT INTO incident (id, at, ring, kid, reason, actor, host, sessions_before, sessions_after)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)")
        .bind(incident.id.to_string())
        .bind(incident.at.as_millis())
        .bind(incident.ring.as_str())
        .bind(incident.kid.as_str())
        .bind(incident.reason.as_str())
        .bind(incident.actor.as_str())
        .bind(incident.host.as_str())
        .bind(int(incident.sessions_before))
        .bind(int(incident.sessions_after))
        .execute(tx)
        .await
        .map(|_| ())
}

/// Puts the words of whoever revoked in the place of those of the process that found it.
pub(super) async fn mark_told(tx: &mut Tx, incident: &Incident) -> Result<(), StoreError> {
    sql("UPDATE incident SET kid = $1, reason = $2, actor = $3, host = $4 WHERE id = $5")
        .bind(incident.kid.as_str())
        .bind(incident.reason.as_str())
        .bind(incident.actor.as_str())
        .bind(incident.host.as_str())
        .bind(incident.id.to_string())
        .execute(tx)
        .await
        .map(|_| ())
}

pub(super) async fn insert_note(
    tx: &mut Tx,
    id: Id<NoteKind>,
    incident: IncidentId,
    note: &IncidentNote,
) -> Result<(), StoreError> {
    sql("INSERT INTO incident_note (id, incident_id, at, author, note) VALUES ($1, $2, $3, $4, $5)")
        .bind(id.to_string())
        .bind(incident.to_string())
        .bind(note.at.as_millis())
        .bind(note.author.as_str())
        .bind(note.text.as_str())
        .execute(tx)
        .await
        .map(|_| ())
}

/// The newest incidents with their notes.
pub async fn list_newest(db: &Db, most: i64) -> Result<Vec<Incident>, StoreError> {
    let rows = sql("SELECT id, at, ring, kid, reason, actor, host, sessions_before, sessions_after FROM incident
                    ORDER BY at DESC, id DESC LIMIT $1")
        .bind(most)
        .fetch_all(db)
        .await?;
    let mut incidents = Vec::new();
    for row in &rows {
        incidents.push(with_notes(db, read(row)?).await?);
    }
    Ok(incidents)
}

/// One incident with its notes.
pub async fn find_by_id(db: &Db, id: IncidentId) -> Result<Option<Incident>, StoreError> {
    let row = sql("SELECT id, at, ring, kid, reason, actor, host, sessions_before, sessions_after FROM incident
                   WHERE id = $1")
        .bind(id.to_string())
        .fetch_optional(db)
        .await?;
    match row {
        Some(row) => Ok(Some(with_notes(db, read(&row)?).await?)),
        None => Ok(None),
    }
}

/// The incident in which a key was revoked, by itself or with the one that it names: they share their time.
pub(super) async fn find_by_kid<'a>(
    on: impl Into<On<'a>>,
    kid: &str,
) -> Result<Option<Incident>, StoreError> {
    let row = sql("SELECT id, at, ring, kid, reason, actor, host, sessions_before, sessions_after FROM incident
                   WHERE kid = $1 OR EXISTS
                       (SELECT 1 FROM revoked_key WHERE revoked_key.kid = $1 AND revoked_key.ring = incident.ring
                                                    AND revoked_key.revoked_at = incident.at)
                   ORDER BY at DESC LIMIT 1")
        .bind(kid)
        .fetch_optional(on)
        .await?;
    row.as_ref().map(read).transpose()
}

async fn with_notes(db: &Db, incident: Incident) -> Result<Incident, StoreError> {
    let rows =
        sql("SELECT at, author, note FROM incident_note WHERE incident_id = $1 ORDER BY at, id")
            .bind(incident.id.to_string())
            .fetch_all(db)
            .await?;
    let read = |row: &Row| {
        Ok(IncidentNote {
            at: Timestamp::from_millis(row.int("at")?),
            author: row.text("author")?,
            text: row.text("note")?,
        })
    };
    let notes = rows.iter().map(read).collect::<Result<_, StoreError>>()?;
    Ok(Incident { notes, ..incident })
}

fn read(row: &Row) -> Result<Incident, StoreError> {
    let id = row.text("id")?;
    let corrupt = |column| StoreError::corrupt("incident", column, &id);
    let count = |column| {
        let count = row.int(column)?;
        u64::try_from(count).map_err(|_| corrupt(column))
    };
    Ok(Incident {
        at: Timestamp::from_millis(row.int("at")?),
        ring: row
            .text("ring")?
            .parse::<RingName>()
            .map_err(|_| corrupt("ring"))?,
        kid: row.text("kid")?,
        reason: row.text("reason")?,
        actor: row.text("actor")?,
        host: row.text("host")?,
        sessions_before: count("sessions_before")?,
        sessions_after: count("sessions_after")?,
        notes: Vec::new(),
        id: id.parse().map_err(|_| corrupt("id"))?,
    })
}
