//! What people write down about an incident afterwards.

use concierge_core::keys::{IncidentId, api::IncidentNote};

use super::{
    error::KeyDeskError,
    incident_store::{self, NoteKind},
    revoke::{Desk, named, said},
};
use crate::keys::By;

impl Desk<'_> {
    /// Adds a note to an incident.
    pub async fn note(&self, id: IncidentId, text: &str, by: By<'_>) -> Result<(), KeyDeskError> {
        let text = said(text)?;
        incident_store::find_by_id(self.db, id)
            .await?
            .ok_or(KeyDeskError::NoSuchIncident)?;
        let now = self.clock.now();
        let note = IncidentNote {
            at: now,
            author: named(by),
            text: text.to_owned(),
        };
        let mut tx = self.db.begin().await?;
        let note_id = self.rng.id::<NoteKind>(now);
        incident_store::insert_note(&mut tx, note_id, id, &note).await?;
        tx.commit().await?;
        Ok(())
    }
}
