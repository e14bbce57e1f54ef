//! The use cases of a session: begin, authenticate, refresh, end.

use std::{sync::Arc, time::Duration};

use concierge_core::{
    account::AccountId,
    audit::EventName,
    session::{
        EndReason, SessionId, Transport,
        api::Scope,
        refresh::{Decision, Rotation, decide},
    },
    time::Timestamp,
};
use zeroize::Zeroizing;

use super::{
    error::SessionError,
    refresh_token::{self, Presented},
    store::{self, SessionRow},
};
use crate::{
    audit::{self, Event, Origin},
    config::SessionConfig,
    platform::{clock::Clock, jwt::TokenSigner, rng::Rng, seal::SealKey},
    store::{
        Db, StoreError, Tx,
        feed::{Change, Freshness},
        mirror::{Epoch, Mirror},
    },
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
}

/// The tokens of a session, fresh from the mint.
#[derive(Debug)]
pub struct Grant {
    /// Whose they are.
    pub actor: Actor,
    /// The access token.
    pub access_token: Zeroizing<String>,
    /// The refresh token.
    pub refresh_token: Zeroizing<String>,
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
    /// From where.
    pub origin: &'a Origin,
}

/// A live session's copy in memory: its row, and its key unsealed.
#[derive(Debug)]
struct Live {
    row: SessionRow,
    key: Zeroizing<Vec<u8>>,
}

/// The sessions of the house.
pub struct Sessions {
    db: Db,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    config: SessionConfig,
    signer: TokenSigner,
    seal: SealKey,
    mirror: Mirror<SessionId, Live>,
}

impl Sessions {
    /// The service; `freshness` tells whether the feed is heard.
    pub fn new(
        db: Db,
        clock: Arc<dyn Clock>,
        rng: Arc<dyn Rng>,
        config: SessionConfig,
        signer: TokenSigner,
        seal: SealKey,
        freshness: Arc<Freshness>,
    ) -> Self {
        Self {
            db,
            clock,
            rng,
            config,
            signer,
            seal,
            mirror: Mirror::new(freshness),
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
            sealed_key: self.seal.seal(&*self.rng, &associated(id), &key),
            rotation: Rotation::begun(now),
            created_at: now,
            idle_expires_at: now.plus(idle).min(expires_at),
            expires_at,
            ended_at: None,
            address: new.origin.address.clone(),
            user_agent: new.origin.user_agent.clone(),
        };
        Live { row, key }
    }

    /// Whom an access token stands for, checked against its session (decision D6).
    pub async fn authenticate(&self, token: &str) -> Result<Actor, SessionError> {
        let now = self.clock.now();
        let verified = self.signer.verify(token, now).map_err(|rejection| {
            tracing::debug!(reason = %rejection, "access token refused");
            SessionError::Unauthenticated("access token refused")
        })?;
        let claims = &verified.claims;
        let live = self
            .live_at_least(claims.sid, claims.generation, now)
            .await?;
        if live.row.account != claims.sub {
            return Err(SessionError::Unauthenticated(
                "the token's account is not the session's",
            ));
        }
        if claims.generation > live.row.rotation.generation {
            return Err(SessionError::Unauthenticated(
                "a generation that does not exist",
            ));
        }
        if claims.generation > live.row.rotation.seen_generation {
            self.note_seen(&live, claims.generation, now).await?;
        }
        if verified.is_expired {
            return Err(SessionError::TokenExpired);
        }
        Ok(actor(
            &live.row,
            Timestamp::from_millis(claims.exp.saturating_mul(1000)),
        ))
    }

    /// The session behind a refresh token that is live right now, without using the token up.
    pub async fn is_renewable(&self, refresh_token: &str) -> Result<bool, SessionError> {
        let now = self.clock.now();
        let Some(presented) = Presented::parse(refresh_token) else {
            return Ok(false);
        };
        match self.genuine(&presented, now).await {
            Ok(live) => Ok(!matches!(
                decide(live.row.rotation, presented.generation, now),
                Decision::Refuse | Decision::Reuse
            )),
            Err(SessionError::Unauthenticated(_)) => Ok(false),
            Err(error) => Err(error),
        }
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
            .ok_or(SessionError::Unauthenticated("not a refresh token"))?;
        let live = self.genuine(&presented, now).await?;
        if live.row.transport != transport {
            return Err(SessionError::Unauthenticated(
                "a session keeps its transport",
            ));
        }
        if decide(live.row.rotation, presented.generation, now) == Decision::Rotate {
            if let Some(rotated) = self.rotate(&live, now).await? {
                return self.grant(&rotated, now);
            }
        }
        // Anything but the usual path is decided by the row itself, never by a copy.
        let live = self.load(presented.session, now).await?;
        match decide(live.row.rotation, presented.generation, now) {
            Decision::Rotate => {
                let rotated = self
                    .rotate(&live, now)
                    .await?
                    .ok_or(SessionError::Unauthenticated("the session ended meanwhile"))?;
                self.grant(&rotated, now)
            }
            Decision::Repeat => {
                if !live.row.rotation.successor_used() {
                    self.note_seen(&live, presented.generation, now).await?;
                }
                self.grant(&live, now)
            }
            Decision::Overlap => self.grant(&live, now),
            Decision::LostResponse => {
                tracing::info!(session = %presented.session, "a refresh answer was lost; the same token is handed out again");
                self.grant(&live, now)
            }
            Decision::Reuse => {
                self.end_for_reuse(&live.row, origin, now).await?;
                Err(SessionError::Unauthenticated(
                    "an old refresh token: the session was ended",
                ))
            }
            Decision::Refuse => Err(SessionError::Unauthenticated(
                "a generation that does not exist",
            )),
        }
    }

    /// Ends the session behind either token, or with scope `all` every session of its account. An expired access
    /// token will do: whoever holds it may always sign out. Answers the account, when there was a live session.
    pub async fn sign_out(
        &self,
        access_token: Option<&str>,
        refresh_token: Option<&str>,
        scope: Option<Scope>,
        origin: &Origin,
    ) -> Result<Option<AccountId>, SessionError> {
        let now = self.clock.now();
        let Some((session, account)) = self.owner_of(access_token, refresh_token, now).await?
        else {
            return Ok(None);
        };
        let mut tx = self.db.begin().await?;
        let sessions = match scope.unwrap_or(self.config.sign_out_scope) {
            Scope::All => store::list_live(&mut tx, account, now).await?,
            Scope::Current => vec![session],
        };
        self.end(
            &mut tx,
            account,
            &sessions,
            EndReason::SignedOut,
            EventName::TokenRevoked,
            origin,
        )
        .await?;
        tx.commit().await?;
        self.forget(&sessions);
        Ok(Some(account))
    }

    /// Ends every session of an account inside a transaction; pass the answer to [`Sessions::forget`] after the commit.
    pub async fn end_all(
        &self,
        tx: &mut Tx,
        account: AccountId,
        reason: EndReason,
        origin: &Origin,
    ) -> Result<Vec<SessionId>, StoreError> {
        let sessions = store::list_live(tx, account, self.clock.now()).await?;
        self.end(
            tx,
            account,
            &sessions,
            reason,
            EventName::TokenRevoked,
            origin,
        )
        .await?;
        Ok(sessions)
    }

    /// Drops the copies of ended sessions. What another process ended arrives through [`Sessions::hear`].
    pub fn forget(&self, sessions: &[SessionId]) {
        for session in sessions {
            self.mirror.forget(session);
        }
    }

    /// Takes in a change that the feed announced.
    pub fn hear(&self, change: &Change) {
        if let Change::Session(id) = change {
            if let Ok(id) = id.parse() {
                self.mirror.forget(&id);
            }
        }
    }

    async fn end(
        &self,
        tx: &mut Tx,
        account: AccountId,
        sessions: &[SessionId],
        reason: EndReason,
        name: EventName,
        origin: &Origin,
    ) -> Result<(), StoreError> {
        let now = self.clock.now();
        for session in sessions {
            if store::mark_ended(tx, *session, reason, now).await? {
                let details = serde_json::json!({ "session": session, "reason": reason.as_str() });
                audit::record(
                    tx,
                    &Event::of(name, account, origin).with(details),
                    now,
                    &*self.rng,
                )
                .await?;
            }
        }
        tx.announce(&changes(sessions), now).await
    }

    async fn end_for_reuse(
        &self,
        row: &SessionRow,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        tracing::warn!(session = %row.id, began_at = %row.address, "an old refresh token came back: somebody has a copy");
        let mut tx = self.db.begin().await?;
        // The row is read again under the write lock: a rotation may have happened since it was judged.
        let current = store::find_by_id(&mut tx, row.id).await?;
        if current.is_some_and(|current| current.is_live(now)) {
            self.end(
                &mut tx,
                row.account,
                &[row.id],
                EndReason::Reuse,
                EventName::TokenReuse,
                origin,
            )
            .await?;
        }
        tx.commit().await?;
        self.forget(&[row.id]);
        Ok(())
    }

    async fn owner_of(
        &self,
        access_token: Option<&str>,
        refresh_token: Option<&str>,
        now: Timestamp,
    ) -> Result<Option<(SessionId, AccountId)>, SessionError> {
        if let Some(claims) = access_token
            .and_then(|token| self.signer.verify(token, now).ok())
            .map(|verified| verified.claims)
        {
            return Ok(Some((claims.sid, claims.sub)));
        }
        let Some(presented) = refresh_token.and_then(Presented::parse) else {
            return Ok(None);
        };
        match self.genuine(&presented, now).await {
            Ok(live) => Ok(Some((live.row.id, live.row.account))),
            Err(SessionError::Unauthenticated(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The live session of a presented token whose MAC is right.
    async fn genuine(
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
            Err(SessionError::Unauthenticated(
                "a refresh token with a wrong MAC",
            ))
        }
    }

    /// The live session, read anew when the copy can't know this generation or seems to have run out:
    /// another instance may have rotated it.
    async fn live_at_least(
        &self,
        id: SessionId,
        generation: u64,
        now: Timestamp,
    ) -> Result<Arc<Live>, SessionError> {
        match self.mirror.get(&id, now) {
            Some(live) if live.row.is_live(now) && generation <= live.row.rotation.generation => {
                Ok(live)
            }
            _ => self.load(id, now).await,
        }
    }

    async fn load(&self, id: SessionId, now: Timestamp) -> Result<Arc<Live>, SessionError> {
        let began = self.mirror.epoch();
        let row = store::find_by_id(&self.db, id)
            .await?
            .filter(|row| row.is_live(now));
        let row = row.ok_or(SessionError::Unauthenticated("no such live session"))?;
        let key = self.seal.open(&associated(id), &row.sealed_key);
        let key =
            Zeroizing::new(key.map_err(|_| StoreError::corrupt("session", "sealed_key", id))?);
        let live = Arc::new(Live { row, key });
        self.mirror.put(id, Arc::clone(&live), began);
        Ok(live)
    }

    async fn rotate(&self, live: &Live, now: Timestamp) -> Result<Option<Arc<Live>>, SessionError> {
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

    async fn note_seen(
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

    fn grant(&self, live: &Live, now: Timestamp) -> Result<Grant, SessionError> {
        let row = &live.row;
        let expires_at = now
            .plus(self.config.access_ttl)
            .min(row.expires_at)
            .min(row.idle_expires_at);
        let generation = row.rotation.generation;
        let access = self
            .signer
            .sign(row.account, row.id, generation, now, expires_at);
        Ok(Grant {
            actor: actor(row, expires_at),
            access_token: Zeroizing::new(
                access.map_err(|error| SessionError::Token(error.to_string()))?,
            ),
            refresh_token: Zeroizing::new(refresh_token::derive(&live.key, row.id, generation)),
            transport: row.transport,
            keep_for: row.is_remembered.then(|| row.expires_at.since(now)),
            expires_in: expires_at.since(now),
        })
    }

    fn spans(&self, remember: bool) -> (Duration, Duration) {
        if remember {
            (self.config.remember_idle, self.config.remember_absolute)
        } else {
            (self.config.idle, self.config.absolute)
        }
    }
}

fn actor(row: &SessionRow, expires_at: Timestamp) -> Actor {
    Actor {
        account: row.account,
        session: row.id,
        expires_at,
        idle_expires_at: row.idle_expires_at,
    }
}

fn associated(id: SessionId) -> String {
    format!("session/{id}")
}

fn changes(sessions: &[SessionId]) -> Vec<Change> {
    sessions
        .iter()
        .map(|session| Change::Session(session.to_string()))
        .collect()
}
