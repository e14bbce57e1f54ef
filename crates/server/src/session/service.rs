//! The use cases of a live session: begin, authenticate, refresh. How it ends is in `ending`.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwap;
use concierge_core::{
    account::AccountId,
    audit::EventName,
    session::{
        EndReason, SessionId, Transport,
        refresh::{Decision, OVERLAP, Rotation, decide},
    },
    time::Timestamp,
};
use zeroize::Zeroizing;

use super::{
    error::SessionError,
    live::Live,
    refresh_token::{self, Presented},
    store::{self, SessionRow},
};
use crate::{
    audit::{self, Event, Origin},
    config::SessionConfig,
    platform::{
        clock::Clock,
        jwt::TokenSigner,
        limit::{Beyond, Limiter, Quota},
        rng::Rng,
        seal::SealKeys,
    },
    store::{
        Db, Tx,
        feed::{Change, Freshness},
        mirror::Mirror,
    },
};

/// Thirty refreshes a minute per session: an honest browser needs one in ten minutes.
const REFRESHES: Quota = Quota {
    burst: 30,
    period: Duration::from_secs(60),
    beyond: Beyond::Wait,
};

/// Who is behind a request, proven by an access token and its live session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The account.
    pub account: AccountId,
    /// The session.
    pub session: SessionId,
    /// When the access token ends.
    pub expires_at: Timestamp,
    /// When the session ends if nobody renews it.
    pub idle_expires_at: Timestamp,
    /// Until when the last proof of identity counts.
    pub fresh_until: Timestamp,
    /// Whether a second factor was passed in this session.
    pub has_second_factor: bool,
}

/// A proof of identity counts for so long.
pub const FRESH: Duration = Duration::from_secs(10 * 60);

/// The tokens of a session, fresh from the mint.
#[derive(Debug)]
pub struct Grant {
    /// Whose they are.
    pub actor: Actor,
    /// The access token.
    pub access_token: Zeroizing<String>,
    /// The refresh token.
    pub refresh_token: Zeroizing<String>,
    /// Whether this refresh token has come back before. A browser is not sent it again: an answer that comes late
    /// would undo a rotation since, and a thief with the token before would catch up.
    pub is_held: bool,
    /// How they travel.
    pub transport: Transport,
    /// For how long a browser keeps the cookies; `None`: until it closes.
    pub keep_for: Option<Duration>,
    /// Until the access token ends.
    pub expires_in: Duration,
}

/// What a new session needs to know.
#[derive(Debug)]
pub struct NewSession<'a> {
    /// The account.
    pub account: AccountId,
    /// How its tokens will travel.
    pub transport: Transport,
    /// Whether it lives for days.
    pub remember: bool,
    /// Whether a second factor was passed.
    pub has_second_factor: bool,
    /// From where.
    pub origin: &'a Origin,
}

/// The sessions of the house.
pub struct Sessions {
    pub(super) db: Db,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) rng: Arc<dyn Rng>,
    pub(super) config: SessionConfig,
    pub(super) signer: ArcSwap<TokenSigner>,
    /// Whatever began at or before this does not count, even where a restored database says otherwise.
    pub(super) epoch: AtomicI64,
    /// How many access tokens were signed since somebody last took the number.
    pub(super) signed: AtomicU64,
    pub(super) seal: SealKeys,
    pub(super) mirror: Mirror<SessionId, Live>,
    refreshes: Limiter,
}

impl Sessions {
    /// The service; `freshness` tells whether the feed is heard.
    pub fn new(
        db: Db,
        clock: Arc<dyn Clock>,
        rng: Arc<dyn Rng>,
        config: SessionConfig,
        signer: TokenSigner,
        seal: SealKeys,
        freshness: Arc<Freshness>,
    ) -> Self {
        Self {
            db,
            clock,
            rng,
            config,
            signer: ArcSwap::from_pointee(signer),
            epoch: AtomicI64::new(i64::MIN),
            signed: AtomicU64::new(0),
            seal,
            mirror: Mirror::new(freshness),
            refreshes: Limiter::new(REFRESHES, 1),
        }
    }

    /// Begins a session inside the transaction of a sign-in. Sessions beyond the account's number end, oldest
    /// first; the caller passes them to [`Sessions::forget`] once the transaction is committed.
    pub async fn begin(
        &self,
        tx: &mut Tx,
        new: &NewSession<'_>,
    ) -> Result<(Grant, Vec<SessionId>), SessionError> {
        let now = self.clock.now();
        let mut ended = store::list_live(tx, new.account, now).await?;
        ended.truncate((ended.len() + 1).saturating_sub(self.config.per_account as usize));
        for session in &ended {
            store::mark_ended(tx, *session, EndReason::Replaced, now).await?;
            let event = Event::of(EventName::TokenRevoked, new.account, new.origin).with(
                serde_json::json!({ "session": session, "reason": EndReason::Replaced.as_str() }),
            );
            audit::record(tx, &event, now, &*self.rng).await?;
        }
        let live = self.make(new, now);
        store::insert(tx, &live.row).await?;
        tx.announce(&changes(&ended), now).await?;
        Ok((self.grant(&live, now)?, ended))
    }

    fn make(&self, new: &NewSession<'_>, now: Timestamp) -> Live {
        let (idle, absolute) = self.spans(new.remember);
        let id: SessionId = self.rng.id(now);
        let key = Zeroizing::new(self.rng.bytes::<32>().to_vec());
        let expires_at = now.plus(absolute);
        let row = SessionRow {
            id,
            account: new.account,
            transport: new.transport,
            is_remembered: new.remember,
            sealed_key: self.seal.seal(&*self.rng, &store::associated(id), &key),
            rotation: Rotation::begun(now),
            created_at: self.after_epoch(now),
            idle_expires_at: now.plus(idle).min(expires_at),
            expires_at,
            ended_at: None,
            end_reason: None,
            fresh_at: now,
            second_factor_at: new.has_second_factor.then_some(now),
            address: new.origin.address.clone(),
            user_agent: new.origin.user_agent.clone(),
        };
        Live { row, key }
    }

    /// Whom an access token stands for, checked against its session (decision D6).
    pub async fn authenticate(&self, token: &str) -> Result<Actor, SessionError> {
        let now = self.clock.now();
        let verified = self
            .signer
            .load()
            .verify(token, now)
            .map_err(|rejection| SessionError::Unauthenticated(rejection.as_str()))?;
        let generation = verified.generation;
        let live = self
            .live_at_least(verified.session, generation, now)
            .await?;
        if live.row.account != verified.account {
            return Err(SessionError::Unauthenticated("wrong_account"));
        }
        if generation > live.row.rotation.generation {
            return Err(SessionError::Unauthenticated("unknown_generation"));
        }
        if generation > live.row.rotation.seen_generation {
            self.note_seen(&live, generation, now).await?;
        }
        if verified.is_expired {
            return Err(SessionError::TokenExpired);
        }
        Ok(actor(&live.row, verified.expires_at))
    }

    /// The public keys with which others verify access tokens.
    pub fn jwk_set(&self) -> serde_json::Value {
        self.signer.load().jwk_set(self.clock.now())
    }

    /// The session behind a refresh token that is live right now, without using the token up.
    pub async fn is_renewable(&self, refresh_token: &str) -> Result<bool, SessionError> {
        let now = self.clock.now();
        let Some(presented) = Presented::parse(refresh_token) else {
            return Ok(false);
        };
        match self.judge(&presented, now).await {
            Ok(decision) => Ok(!matches!(decision, Decision::Refuse | Decision::Reuse)),
            Err(SessionError::Unauthenticated(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// What a refresh with this token would come to, by the row itself.
    async fn judge(&self, presented: &Presented, now: Timestamp) -> Result<Decision, SessionError> {
        self.genuine(presented, now).await?;
        let live = self.load(presented.session, now).await?;
        Ok(decide(live.row.rotation, presented.generation, now))
    }

    /// Renews a session (decisions D1 to D3). The usual path is one conditional update.
    pub async fn refresh(
        &self,
        refresh_token: &str,
        transport: Transport,
        origin: &Origin,
    ) -> Result<Grant, SessionError> {
        let now = self.clock.now();
        let presented = Presented::parse(refresh_token)
            .ok_or(SessionError::Unauthenticated("refresh_malformed"))?;
        let live = self.genuine(&presented, now).await?;
        // Counted only for a genuine token: nobody else can use the session's share up.
        let counted = self.refreshes.count(&live.row.id.to_string(), now);
        counted.map_err(SessionError::Throttled)?;
        if live.row.transport != transport {
            return Err(SessionError::Unauthenticated("refresh_wrong_transport"));
        }
        if decide(live.row.rotation, presented.generation, now) == Decision::Rotate
            && let Some(rotated) = self.rotate(&live, now).await?
        {
            return self.grant(&rotated, now);
        }
        // Anything but the usual path is decided by the row itself, never by a copy. A turn without an answer was
        // overtaken: by a rotation, by the first use or by the end of the session, so there are few.
        loop {
            let live = self.load(presented.session, now).await?;
            if let Some(grant) = self
                .answer(&live, presented.generation, origin, now)
                .await?
            {
                return Ok(grant);
            }
        }
    }

    /// What a session's row has for a presented generation; `None` when the row has changed since it was read.
    async fn answer(
        &self,
        live: &Live,
        presented: u64,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<Option<Grant>, SessionError> {
        let state = live.row.rotation;
        match decide(state, presented, now) {
            Decision::Rotate => match self.rotate(live, now).await? {
                Some(rotated) => self.grant(&rotated, now).map(Some),
                None => Ok(None),
            },
            Decision::Resend => {
                let Some(resent) = self.resend(live, now).await? else {
                    return Ok(None);
                };
                if now.since(state.rotated_at) > OVERLAP {
                    tracing::info!(session = %live.row.id, "a refresh answer was lost; the same token is handed out again");
                }
                self.grant(&resent, now).map(Some)
            }
            Decision::Repeat => {
                if !state.successor_used() {
                    self.note_seen(live, presented, now).await?;
                }
                self.grant_held(live, now).map(Some)
            }
            Decision::Overlap => self.grant_held(live, now).map(Some),
            Decision::Reuse => {
                self.end_for_reuse(&live.row, origin, now).await?;
                Err(SessionError::Unauthenticated("refresh_reused"))
            }
            Decision::Refuse => Err(SessionError::Unauthenticated("unknown_generation")),
        }
    }

    fn grant_held(&self, live: &Live, now: Timestamp) -> Result<Grant, SessionError> {
        Ok(Grant {
            is_held: true,
            ..self.grant(live, now)?
        })
    }

    fn grant(&self, live: &Live, now: Timestamp) -> Result<Grant, SessionError> {
        let row = &live.row;
        let expires_at = now
            .plus(self.config.access_ttl)
            .min(row.expires_at)
            .min(row.idle_expires_at);
        let generation = row.rotation.generation;
        let access = self
            .signer
            .load()
            .sign(row.account, row.id, generation, now, expires_at);
        self.signed.fetch_add(1, Ordering::Relaxed);
        Ok(Grant {
            actor: actor(row, expires_at),
            access_token: Zeroizing::new(
                access.map_err(|error| SessionError::Token(error.to_string()))?,
            ),
            refresh_token: Zeroizing::new(refresh_token::derive(&live.key, row.id, generation)),
            is_held: false,
            transport: row.transport,
            keep_for: row.is_remembered.then(|| row.expires_at.since(now)),
            expires_in: expires_at.since(now),
        })
    }

    pub(super) fn spans(&self, remember: bool) -> (Duration, Duration) {
        if remember {
            (self.config.remember_idle, self.config.remember_absolute)
        } else {
            (self.config.idle, self.config.absolute)
        }
    }
}

pub(super) fn actor(row: &SessionRow, expires_at: Timestamp) -> Actor {
    Actor {
        account: row.account,
        session: row.id,
        expires_at,
        idle_expires_at: row.idle_expires_at,
        fresh_until: row.fresh_at.plus(FRESH),
        has_second_factor: row.second_factor_at.is_some(),
    }
}

pub(super) fn changes(sessions: &[SessionId]) -> Vec<Change> {
    sessions
        .iter()
        .map(|session| Change::Session(session.to_string()))
        .collect()
}
