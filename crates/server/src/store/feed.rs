//! The feed: what ended a session or changed an account, for every process that holds a copy in memory.
//!
//! An announcement is a row of the transaction it tells of. Positions follow commit order, because the one
//! row of `feed` stays locked until the commit. Each process polls; what it has not heard of for over a second
//! it no longer believes, and asks the database instead.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use concierge_core::time::Timestamp;

use super::{Db, On, StoreError, Tx, sql};

/// How often a process looks for news.
pub const POLL: Duration = Duration::from_millis(250);
/// Copies in memory are believed for this long after the last good poll.
const TRUST: Duration = Duration::from_secs(1);

/// What changed. Ids are text here: the store knows no capability.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// This session ended.
    Session(String),
    /// This account changed.
    Account(String),
    /// Keys were revoked or changed in a store, and whatever began before may have ended: every copy goes.
    Everything,
}

impl Tx {
    /// Tells every process of a change, once this transaction commits. Call it last: until the commit
    /// it keeps other announcers waiting.
    pub async fn announce(&mut self, changes: &[Change], now: Timestamp) -> Result<(), StoreError> {
        for change in changes {
            let (session, account) = match change {
                Change::Session(id) => (Some(id.as_str()), None),
                Change::Account(id) => (None, Some(id.as_str())),
                Change::Everything => (None, None),
            };
            let position =
                sql("UPDATE feed SET position = position + 1 WHERE id = 1 RETURNING position")
                    .fetch_one(&mut *self)
                    .await?
                    .int("position")?;
            sql("INSERT INTO revocation (position, session_id, account_id, at) VALUES ($1, $2, $3, $4)")
                .bind(position)
                .bind(session)
                .bind(account)
                .bind(now.as_millis())
                .execute(&mut *self)
                .await?;
        }
        Ok(())
    }
}

impl Db {
    /// The position of the newest announcement.
    pub async fn feed_position(&self) -> Result<i64, StoreError> {
        sql("SELECT position FROM feed WHERE id = 1")
            .fetch_one(self)
            .await?
            .int("position")
    }

    /// What was announced after a position, in order.
    pub async fn changes_since(&self, position: i64) -> Result<Vec<(i64, Change)>, StoreError> {
        let rows = sql("SELECT position, session_id, account_id FROM revocation WHERE position > $1 ORDER BY position")
            .bind(position)
            .fetch_all(self)
            .await?;
        rows.iter()
            .map(|row| {
                let at = row.int("position")?;
                let change = match (
                    row.text_or_null("session_id")?,
                    row.text_or_null("account_id")?,
                ) {
                    (Some(id), None) => Change::Session(id),
                    (None, Some(id)) => Change::Account(id),
                    (None, None) => Change::Everything,
                    _ => return Err(StoreError::corrupt("revocation", "session_id", at)),
                };
                Ok((at, change))
            })
            .collect()
    }

    /// Forgets announcements that every process has long heard.
    pub async fn delete_changes_before(&self, time: Timestamp) -> Result<u64, StoreError> {
        sql("DELETE FROM revocation WHERE at < $1")
            .bind(time.as_millis())
            .execute(On::Write(self))
            .await
    }
}

/// How old this process's knowledge is.
#[derive(Debug)]
pub struct Freshness(AtomicI64);

impl Default for Freshness {
    fn default() -> Self {
        Self(AtomicI64::new(i64::MIN))
    }
}

impl Freshness {
    /// Notes a poll that began at this time and succeeded.
    pub fn heard(&self, began: Timestamp) {
        self.0.store(began.as_millis(), Ordering::Release);
    }

    /// Whether copies in memory may be believed.
    pub fn is_good(&self, now: Timestamp) -> bool {
        let heard = self.0.load(Ordering::Acquire);
        // A clock that stepped back says nothing about how old the news is.
        let age = now.as_millis().saturating_sub(heard);
        (0..=i64::try_from(TRUST.as_millis()).unwrap_or(0)).contains(&age)
    }
}
