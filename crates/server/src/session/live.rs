//! Live sessions in memory: read through to the row, moved on with it, never believed longer than the feed allows.

use std::sync::Arc;

use concierge_core::{session::SessionId, time::Timestamp};
use zeroize::Zeroizing;

use super::{
    error::SessionError,
    refresh_token::Presented,
    service::{Actor, Sessions, actor},
    store::{self, SessionRow},
};
use crate::store::{StoreError, mirror::Epoch};

/// A live session's copy in memory: its row, and its key unsealed.
#[derive(Debug)]
pub(super) struct Live {
    pub(super) row: SessionRow,
    pub(super) key: Zeroizing<Vec<u8>>,
}

impl Sessions {
    /// Where a session stands right now: for what outlives a request. Looked up like a request's.
    pub async fn standing(&self, id: SessionId) -> Result<Actor, SessionError> {
        let live = self.live_at_least(id, 0, self.clock.now()).await?;
        Ok(self.newest(&live))
    }

    /// The same by the row itself: another instance may have renewed it.
    pub async fn renewed(&self, id: SessionId) -> Result<Actor, SessionError> {
        let live = self.load(id, self.clock.now()).await?;
        Ok(self.newest(&live))
    }

    /// The actor of the access token that came with the last rotation, which is the newest but for a few seconds.
    fn newest(&self, live: &Live) -> Actor {
        let row = &live.row;
        let expires_at = row.rotation.rotated_at.plus(self.config.access_ttl);
        let expires_at = expires_at.min(row.expires_at).min(row.idle_expires_at);
        actor(row, expires_at)
    }

    /// The live session of a presented token whose MAC is right.
    pub(super) async fn genuine(
        &self,
        presented: &Presented,
        now: Timestamp,
    ) -> Result<Arc<Live>, SessionError> {
        let live = self
            .live_at_least(presented.session, presented.generation, now)
            .await?;
        if presented.is_genuine(&live.key) {
            Ok(live)
        } else {
            Err(SessionError::Unauthenticated("refresh_bad_mac"))
        }
    }

    /// The live session, read anew when the copy can't know this generation or seems to have run out:
    /// another instance may have rotated it.
    pub(super) async fn live_at_least(
        &self,
        id: SessionId,
        generation: u64,
        now: Timestamp,
    ) -> Result<Arc<Live>, SessionError> {
        match self.mirror.get(&id, now) {
            Some(live)
                if self.lives(&live.row, now) && generation <= live.row.rotation.generation =>
            {
                Ok(live)
            }
            _ => self.load(id, now).await,
        }
    }

    pub(super) async fn load(
        &self,
        id: SessionId,
        now: Timestamp,
    ) -> Result<Arc<Live>, SessionError> {
        let began = self.mirror.epoch();
        let row = store::find_by_id(&self.db, id)
            .await?
            .filter(|row| self.lives(row, now));
        let row = row.ok_or(SessionError::Unauthenticated("no_live_session"))?;
        let key = self
            .seal
            .open_newest(&store::associated(id), &row.sealed_key)
            .map_err(|_| StoreError::corrupt("session", "sealed_key", id))?;
        // An older version goes with an emergency, and so does every session that it sealed: see `end_outdated`.
        let key = key.ok_or(SessionError::Unauthenticated("no_live_session"))?;
        let live = Arc::new(Live {
            row,
            key: Zeroizing::new(key),
        });
        self.mirror.put(id, Arc::clone(&live), began);
        Ok(live)
    }

    pub(super) async fn rotate(
        &self,
        live: &Live,
        now: Timestamp,
    ) -> Result<Option<Arc<Live>>, SessionError> {
        let (idle, _) = self.spans(live.row.is_remembered);
        let idle = idle.min(live.row.expires_at.since(now));
        let began = self.mirror.epoch();
        if !store::mark_rotated(
            &self.db,
            live.row.id,
            live.row.rotation.generation,
            idle,
            now,
        )
        .await?
        {
            return Ok(None);
        }
        let row = SessionRow {
            rotation: live.row.rotation.rotated(now),
            idle_expires_at: now.plus(idle),
            ..live.row.clone()
        };
        Ok(Some(self.remember(row, live, began)))
    }

    /// Notes that the current token is handed out again; `None` when it has come back meanwhile, or is not current.
    pub(super) async fn resend(
        &self,
        live: &Live,
        now: Timestamp,
    ) -> Result<Option<Arc<Live>>, SessionError> {
        let began = self.mirror.epoch();
        let state = live.row.rotation;
        if !store::mark_resent(&self.db, live.row.id, state.generation, now).await? {
            return Ok(None);
        }
        let row = SessionRow {
            rotation: state.resent(now),
            ..live.row.clone()
        };
        Ok(Some(self.remember(row, live, began)))
    }

    pub(super) async fn note_seen(
        &self,
        live: &Live,
        generation: u64,
        now: Timestamp,
    ) -> Result<(), SessionError> {
        let began = self.mirror.epoch();
        if store::mark_seen(&self.db, live.row.id, generation, now).await? {
            let mut row = live.row.clone();
            row.rotation.seen_generation = generation;
            self.remember(row, live, began);
        } else {
            // Somebody else noted it, rotated or ended it: the next look reads the row.
            self.mirror.forget(&live.row.id);
        }
        Ok(())
    }

    fn remember(&self, row: SessionRow, live: &Live, began: Epoch) -> Arc<Live> {
        let live = Arc::new(Live {
            row,
            key: live.key.clone(),
        });
        self.mirror.put(live.row.id, Arc::clone(&live), began);
        live
    }
}
