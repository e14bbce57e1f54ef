//! The emergency: a key is revoked, and with it ends everything that it could have made.
//!
//! Two halves: the keyring, and one transaction of the database. A keyring on this machine goes first: whoever reads it
//! finishes the other half, and one write to a disk keeps nobody waiting. A keyring in a store goes first only for a
//! sealing key, whose successor must be kept before anything is wrapped with it. **For a signing key the database goes
//! before the store**, because a store may take long or never answer, and what the database refuses is refused
//! everywhere within a second. Ended between the two, this leaves a key that opens nothing and nobody who can sign in
//! until the same revoke is given again: closed, not open. The other way round it would leave a key that opens
//! everything until some process asks the store.

use std::{path::Path, sync::Arc};

use concierge_core::{
    audit::EventName,
    keys::{
        RingName,
        api::{Incident, Revoked},
    },
    time::Timestamp,
};
use serde_json::json;

use super::{
    error::KeyDeskError,
    finish::{FOUND, is_unknown},
    incident_store,
};
use crate::{
    account,
    audit::{self, Event},
    config::{Config, Reading},
    keys::{
        self, By, Keeper, Place, Purpose, Supply,
        data_keys::{DataPurpose, renew, rewrap},
        emergency::{Halved, Target, later},
        epoch_store::{find_epoch, insert_revoked, list_revoked, mark_epoch},
        stores::Fault,
    },
    platform::{clock::Clock, keyring::Keyrings, rng::Rng},
    recovery,
    session::Sessions,
    store::{Db, StoreError, Tx, feed::Change},
};

/// How often the half of the database is tried when another transaction stands in its way.
const TRIES: u32 = 5;
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
pub(super) struct Account<'a> {
    pub(super) by: By<'a>,
    pub(super) reason: &'a str,
}

impl Desk<'_> {
    /// Revokes a key and ends everything it could have made. Repeated, it finishes what was left half done. It waits for
    /// no other change of the keys: one that is under way is given up.
    pub async fn revoke(
        &self,
        kid: &str,
        reason: &str,
        out: Option<&Path>,
        by: By<'_>,
    ) -> Result<Revoked, KeyDeskError> {
        let reason = said(reason)?;
        let lease = self.keeper.seize().await?;
        let revoked = self.revoke_alone(kid, &Account { by, reason }, out).await;
        self.keeper.give_back(&lease).await;
        revoked
    }

    async fn revoke_alone(
        &self,
        kid: &str,
        account: &Account<'_>,
        out: Option<&Path>,
    ) -> Result<Revoked, KeyDeskError> {
        let (target, silence) = self.find(kid).await?;
        if target.purpose == Purpose::Signing && self.supply.is_remote() {
            return self
                .revoke_before_the_store(target, silence, account, out)
                .await;
        }
        let reading = self.supply.read();
        let is_sealing = target.purpose == Purpose::Sealing;
        if is_sealing && target.is_active && !keys::is_writable(&reading, target.purpose, out) {
            return Err(KeyDeskError::SealingElsewhere);
        }
        if target.keys.is_empty()
            && let Some(incident) = incident_store::find_by_kid(self.db, kid).await?
        {
            // Its value is wiped: everything was done.
            let active = self.rings_now(&reading)?.sealing.active().id.clone();
            return Ok(Revoked {
                incident,
                active: Some(active),
                failure: None,
            });
        }
        let at = later(Some(find_epoch(self.db).await?), self.clock.now());
        let half = self.keeper.revoke_in_keyring(&target, out, at).await?;
        if Place::of(&reading, target.purpose, out) == Place::Store {
            self.keeper.require_in_store(half.active.as_deref()).await?;
        }
        // What the keyring says by now: the key that follows is in it.
        let rings = self.rings_now(&self.supply.read())?;
        let incident = self
            .second_half(half.epoch, &target, &rings, account)
            .await?;
        if is_sealing
            && half.active.is_some()
            && let Err(error) = self.keeper.wipe(out).await
        {
            // The revoke is done. The hourly tidying wipes, too.
            tracing::warn!(%error, "the value of the revoked key still stands where the keys live");
        }
        Ok(revoked(incident, half))
    }

    /// The key, and why the store did not say what is in it by now. Then what is known of it counts: what it said last,
    /// or what this process works with, where what it said last is no good.
    async fn find(&self, kid: &str) -> Result<(Target, Option<Fault>), KeyDeskError> {
        let now = self.clock.now();
        let mut silence = self.supply.renew_soon(now, &**self.rng).await.err();
        let known = || {
            let found = Target::find(&self.supply.read(), kid, now);
            found.or_else(|| Target::find(&self.supply.read_in_use(), kid, now))
        };
        let mut found = known();
        // A sealing key needs the store in any case, and an unknown one may be new.
        let is_enough = found
            .as_ref()
            .is_some_and(|target| target.purpose == Purpose::Signing);
        if !is_enough && silence == Some(Fault::Timeout) {
            silence = self.supply.renew(now, &**self.rng).await.err();
            found = known();
        }
        let found = found.ok_or_else(|| KeyDeskError::NoSuchKey(kid.to_owned()))?;
        Ok((found, silence))
    }

    /// Revokes a signing key whose keyring is in a store.
    async fn revoke_before_the_store(
        &self,
        mut target: Target,
        silence: Option<Fault>,
        account: &Account<'_>,
        out: Option<&Path>,
    ) -> Result<Revoked, KeyDeskError> {
        // What the store holds by now may be no keyring at all, and what this process works with always is one.
        let reading = self.supply.read_in_use();
        let rings = self.rings_now(&reading)?;
        let known = find_epoch(self.db).await?;
        // Said again, it only finishes the half of the store: who has signed in since stays.
        let at = match is_unknown(&target.keys, &list_revoked(self.db).await?) {
            true => later(Some(known.max(rings.epoch)), self.clock.now()),
            false => known,
        };
        let incident = self.second_half(at, &target, &rings, account).await?;
        let at = find_epoch(self.db).await?;
        // Nothing that the database refuses may stay active: another key of these may have become so since.
        target.keys = list_revoked(self.db).await?;
        let is_there = Place::of(&reading, target.purpose, out) == Place::Store;
        let half = match silence {
            // A store that was only slow gets its time now, and what is not in it does not wait for it.
            Some(fault) if is_there && fault != Fault::Timeout => {
                Halved::in_no_place(at, format!("{}: {fault}", self.supply.name()))
            }
            _ => match self.keeper.revoke_in_keyring(&target, out, at).await {
                Ok(half) => half,
                Err(error) => Halved::in_no_place(at, error.to_string()),
            },
        };
        Ok(revoked(incident, half))
    }

    /// The half of the database. Somebody else's transaction may stand in the way once; not for ever.
    async fn second_half(
        &self,
        epoch: Timestamp,
        target: &Target,
        rings: &Keyrings,
        account: &Account<'_>,
    ) -> Result<Incident, KeyDeskError> {
        let mut tries = 0;
        loop {
            tries += 1;
            match self.second_half_once(epoch, target, rings, account).await {
                Err(KeyDeskError::Store(StoreError::Conflict | StoreError::Unavailable(_)))
                    if tries < TRIES => {}
                done => return done,
            }
        }
    }

    async fn second_half_once(
        &self,
        epoch: Timestamp,
        target: &Target,
        rings: &Keyrings,
        account: &Account<'_>,
    ) -> Result<Incident, KeyDeskError> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        // First, as [`Desk::finish`] does, lest one waits for the other; it is the same time in the keyring.
        mark_epoch(&mut tx, epoch).await?;
        // What began while the keyring was written ends, too.
        let incident = self
            .finish_in(&mut tx, epoch.max(now), target, rings, account)
            .await?;
        tx.announce(&[Change::Everything], now).await?;
        tx.commit().await?;
        Ok(incident)
    }

    /// The half of the database; the caller announces it. Where it was done before, answers the incident of that time.
    pub(super) async fn finish_in(
        &self,
        tx: &mut Tx,
        epoch: Timestamp,
        target: &Target,
        rings: &Keyrings,
        account: &Account<'_>,
    ) -> Result<Incident, KeyDeskError> {
        let now = self.clock.now();
        let mut is_new = false;
        for key in &target.keys {
            is_new |= insert_revoked(tx, target.purpose, key, now).await?;
        }
        if let (false, Some(known)) = (
            is_new,
            incident_store::find_by_kid(&mut *tx, &target.kid).await?,
        ) {
            return self.tell(tx, known, &target.kid, account).await;
        }
        if target.purpose == Purpose::Sealing {
            let active = rings.sealing.active();
            rewrap(tx, &rings.sealing, active, &**self.rng).await?;
            // Whoever had the key could open these; what they sealed is sealed anew, row by row.
            renew(tx, &DataPurpose::RENEWED, active, now, &**self.rng).await?;
        }
        mark_epoch(tx, epoch).await?;
        let (sessions_before, sessions_after) = self.end_everything(tx).await?;
        let incident = Incident {
            id: self.rng.id(now),
            at: now,
            ring: RingName::from(target.purpose),
            kid: target.kid.clone(),
            reason: account.reason.to_owned(),
            actor: named(account.by),
            host: keys::host(),
            sessions_before,
            sessions_after,
            notes: Vec::new(),
        };
        incident_store::insert(tx, &incident).await?;
        self.record(tx, &incident, account).await?;
        Ok(incident)
    }

    /// A process that saw the keyring may have been faster than whoever revoked: then the record gets their words.
    async fn tell(
        &self,
        tx: &mut Tx,
        known: Incident,
        kid: &str,
        account: &Account<'_>,
    ) -> Result<Incident, KeyDeskError> {
        if known.reason != FOUND || account.reason == FOUND {
            return Ok(known);
        }
        let incident = Incident {
            kid: kid.to_owned(),
            reason: account.reason.to_owned(),
            actor: named(account.by),
            host: keys::host(),
            ..known
        };
        incident_store::mark_told(tx, &incident).await?;
        self.record(tx, &incident, account).await?;
        Ok(incident)
    }

    async fn record(
        &self,
        tx: &mut Tx,
        incident: &Incident,
        account: &Account<'_>,
    ) -> Result<(), StoreError> {
        let details = json!({
            "incident": incident.id, "ring": incident.ring, "kid": incident.kid, "reason": incident.reason,
            "host": incident.host, "sessions_before": incident.sessions_before,
            "sessions_after": incident.sessions_after,
        });
        let event = Event {
            actor: account.by.actor,
            ..Event::anonymous(EventName::KeyRevoked, account.by.origin).with(details)
        };
        audit::record(tx, &event, self.clock.now(), &**self.rng).await
    }

    pub(super) async fn end_everything(&self, tx: &mut Tx) -> Result<(u64, u64), KeyDeskError> {
        account::delete_open_account_links(tx).await?;
        // Links of "not me", too: queued mails hold them, and whoever opens those could close passwords.
        recovery::delete_open_links(tx).await?;
        Ok(self.sessions.end_everything(tx).await?)
    }

    fn rings_now(&self, reading: &Reading) -> Result<Keyrings, KeyDeskError> {
        keys::open(reading, self.clock.now()).map_err(|findings| {
            let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
            KeyDeskError::Keeper(keys::KeeperError::File(lines.join("\n")))
        })
    }
}

fn revoked(incident: Incident, half: Halved) -> Revoked {
    if let Some(failure) = &half.failure {
        tracing::error!(
            "the key is refused by the database only, and nothing can be signed until it is replaced where it stands: {failure}"
        );
    }
    Revoked {
        incident,
        active: half.active,
        failure: half.failure,
    }
}

pub(super) fn said(text: &str) -> Result<&str, KeyDeskError> {
    let text = text.trim();
    let is_plain = !text.chars().any(char::is_control);
    ((1..=LONGEST).contains(&text.chars().count()) && is_plain)
        .then_some(text)
        .ok_or(KeyDeskError::Reason)
}

pub(super) fn named(by: By<'_>) -> String {
    by.actor
        .map_or_else(|| "command line".to_owned(), |id| id.to_string())
}
