//! The emergency: a key is revoked, and with it ends everything that it could have made.

use std::{path::Path, sync::Arc};

use concierge_core::{
    audit::EventName,
    keys::{
        IncidentId, RingName,
        api::{Incident, IncidentNote, Revoked},
    },
    time::Timestamp,
};
use serde_json::json;

use super::{
    error::KeyDeskError,
    incident_store::{self, NoteKind},
};
use crate::{
    account::delete_all_offers,
    audit::{self, Event},
    config::{Config, Reading},
    keys::{
        self, By, Keeper, Purpose, Supply,
        data_keys::{DataPurpose, renew, rewrap},
        emergency::{Target, revoked_in},
        epoch_store::{RevokedKey, find_epoch, insert_revoked, mark_epoch},
    },
    platform::{clock::Clock, keyring::Keyrings, rng::Rng},
    recovery::delete_all_links,
    session::Sessions,
    store::{Db, Tx, feed::Change},
};

/// The longest reason or note.
const LONGEST: usize = 500;

/// The desk, made of what it acts through.
#[derive(Clone, Copy)]
pub struct Desk<'a> {
    /// The database.
    pub db: &'a Db,
    /// The time.
    pub clock: &'a Arc<dyn Clock>,
    /// Chance.
    pub rng: &'a Arc<dyn Rng>,
    /// Where the keys come from.
    pub supply: &'a Supply,
    /// Changes the keyrings.
    pub keeper: &'a Keeper,
    /// The configuration.
    pub config: &'a Config,
    /// The sessions.
    pub sessions: &'a Sessions,
}

/// Who revokes, as the incident names them.
struct Account<'a> {
    by: By<'a>,
    reason: &'a str,
}

impl Desk<'_> {
    /// Revokes a key and ends everything it could have made. Repeated, it finishes what was left half done.
    pub async fn revoke(
        &self,
        kid: &str,
        reason: &str,
        out: Option<&Path>,
        by: By<'_>,
    ) -> Result<Revoked, KeyDeskError> {
        let reason = said(reason)?;
        let lease = self.keeper.lease().await?;
        let revoked = self.revoke_alone(kid, Account { by, reason }, out).await;
        self.keeper.give_back(&lease).await?;
        revoked
    }

    async fn revoke_alone(
        &self,
        kid: &str,
        account: Account<'_>,
        out: Option<&Path>,
    ) -> Result<Revoked, KeyDeskError> {
        let reading = self.supply.read();
        let now = self.clock.now();
        let target = Target::find(&reading, kid, now)
            .ok_or_else(|| KeyDeskError::NoSuchKey(kid.to_owned()))?;
        let is_sealing = target.purpose == Purpose::Sealing;
        if is_sealing && target.is_active && !keys::is_writable(&reading, target.purpose, out) {
            return Err(KeyDeskError::SealingElsewhere);
        }
        let half = self.keeper.revoke_in_keyring(&target, out)?;
        let rings = self.rings_now(&reading)?;
        let mut tx = self.db.begin().await?;
        let incident = self
            .finish_in(&mut tx, half.epoch, &target, &rings, &account)
            .await?;
        tx.commit().await?;
        if is_sealing && half.active.is_some() {
            // Nothing is wrapped by it any more: whoever finds this file later finds nothing.
            self.keeper.wipe(kid, out)?;
        }
        Ok(Revoked {
            incident,
            active: half.active,
        })
    }

    /// Finishes what a keyring says and the database does not know yet: a revoke that was broken off, or a database
    /// from before it. Whether there was anything to do.
    pub async fn finish(&self, rings: &Keyrings, by: By<'_>) -> Result<bool, KeyDeskError> {
        if find_epoch(self.db).await? >= rings.epoch {
            return Ok(false);
        }
        let reading = self.supply.read();
        let revoked = keys::contents(&reading).map(|contents| revoked_in(&contents));
        let mut tx = self.db.begin().await?;
        let reason = "found in the keyring: a revoke or a restore that this database had not seen";
        for (purpose, key) in revoked.unwrap_or_default() {
            let target = Target {
                purpose,
                key,
                is_active: false,
            };
            self.finish_in(
                &mut tx,
                rings.epoch,
                &target,
                rings,
                &Account { by, reason },
            )
            .await?;
        }
        self.end_everything(&mut tx, rings.epoch).await?;
        tx.announce(&[Change::Everything], self.clock.now()).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// The half of the database, in one transaction; where it was done before, answers the incident of that time.
    async fn finish_in(
        &self,
        tx: &mut Tx,
        epoch: Timestamp,
        target: &Target,
        rings: &Keyrings,
        account: &Account<'_>,
    ) -> Result<Incident, KeyDeskError> {
        let now = self.clock.now();
        let is_new = insert_revoked(tx, target.purpose, &target.key, now).await?;
        let known = incident_store::find_by_kid(&mut *tx, &target.key.kid).await?;
        if let (false, Some(incident)) = (is_new, known) {
            return Ok(incident);
        }
        if target.purpose == Purpose::Sealing {
            let active = rings.sealing.active();
            rewrap(tx, &rings.sealing, active, &**self.rng).await?;
            // Whoever had the key could open these; what they sealed is sealed anew, row by row.
            renew(tx, &DataPurpose::RENEWED, active, now, &**self.rng).await?;
        }
        let (sessions_before, sessions_after) = self.end_everything(tx, epoch).await?;
        let incident = Incident {
            id: self.rng.id(now),
            at: now,
            ring: RingName::from(target.purpose),
            kid: target.key.kid.clone(),
            reason: account.reason.to_owned(),
            actor: named(account.by),
            host: keys::host(),
            sessions_before,
            sessions_after,
            notes: Vec::new(),
        };
        incident_store::insert(tx, &incident).await?;
        let details = json!({
            "incident": incident.id, "ring": incident.ring, "kid": incident.kid, "reason": incident.reason,
            "host": incident.host, "sessions_before": sessions_before, "sessions_after": sessions_after,
        });
        let event = Event {
            actor: account.by.actor,
            ..Event::anonymous(EventName::KeyRevoked, account.by.origin).with(details)
        };
        audit::record(tx, &event, now, &**self.rng).await?;
        tx.announce(&[Change::Everything], now).await?;
        Ok(incident)
    }

    async fn end_everything(
        &self,
        tx: &mut Tx,
        epoch: Timestamp,
    ) -> Result<(u64, u64), KeyDeskError> {
        mark_epoch(tx, epoch).await?;
        delete_all_offers(tx).await?;
        delete_all_links(tx).await?;
        Ok(self.sessions.end_everything(tx, epoch).await?)
    }

    fn rings_now(&self, reading: &Reading) -> Result<Keyrings, KeyDeskError> {
        keys::open(reading, self.clock.now()).map_err(|findings| {
            let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
            KeyDeskError::Keeper(keys::KeeperError::File(lines.join("\n")))
        })
    }

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

fn said(text: &str) -> Result<&str, KeyDeskError> {
    let text = text.trim();
    let is_plain = !text.chars().any(char::is_control);
    ((1..=LONGEST).contains(&text.chars().count()) && is_plain)
        .then_some(text)
        .ok_or(KeyDeskError::Reason)
}

fn named(by: By<'_>) -> String {
    by.actor
        .map_or_else(|| "command line".to_owned(), |id| id.to_string())
}

/// Which keys a database calls revoked, applied to rings in memory.
pub fn refuse_revoked(rings: &mut Keyrings, revoked: &[RevokedKey]) {
    let is_revoked = |secret: &[u8]| {
        let print = keys::fingerprint(&String::from_utf8_lossy(secret));
        revoked.iter().any(|key| key.fingerprint == print)
    };
    rings.signing.revoke_where(is_revoked);
    rings.sealing.revoke_where(is_revoked);
}
