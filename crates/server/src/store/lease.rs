//! Work that one process at a time does, such as a rotation.

use std::time::Duration;

use concierge_core::time::Timestamp;

use super::{Db, On, StoreError, Tx, sql};

/// So many spans ahead, no clock of another process that is right has set a lease.
const STUCK: u32 = 6;

impl Db {
    /// Takes the lease for a while, or takes it again; `false` while somebody else holds it. A holder that dies
    /// keeps it until its time is up.
    pub async fn take_lease(
        &self,
        name: &str,
        holder: &str,
        span: Duration,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let taken = sql("INSERT INTO lease (name, holder, until) VALUES ($1, $2, $3)
                         ON CONFLICT (name) DO UPDATE SET holder = $2, until = $3
                         WHERE lease.until <= $4 OR lease.holder = $2")
        .bind(name)
        .bind(holder)
        .bind(now.plus(span).as_millis())
        .bind(now.as_millis())
        .execute(On::Write(self))
        .await?;
        Ok(taken == 1)
    }

    /// Takes a lease that ends much later than anybody takes it for: a clock was wrong, or somebody set it by hand. Only
    /// for work that asks [`Tx::holds_lease`] in each of its transactions.
    pub async fn take_stuck_lease(
        &self,
        name: &str,
        holder: &str,
        span: Duration,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let taken = sql("UPDATE lease SET holder = $2, until = $3 WHERE name = $1 AND until > $4")
            .bind(name)
            .bind(holder)
            .bind(now.plus(span).as_millis())
            .bind(now.plus(span.saturating_mul(STUCK)).as_millis())
            .execute(On::Write(self))
            .await?;
        Ok(taken == 1)
    }

    /// Takes the lease from whoever holds it.
    pub async fn seize_lease(
        &self,
        name: &str,
        holder: &str,
        span: Duration,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        sql("INSERT INTO lease (name, holder, until) VALUES ($1, $2, $3)
             ON CONFLICT (name) DO UPDATE SET holder = $2, until = $3")
        .bind(name)
        .bind(holder)
        .bind(now.plus(span).as_millis())
        .execute(On::Write(self))
        .await
        .map(|_| ())
    }

    /// Whether this holder has the lease right now. Whoever acts on it asks again in the transaction of the act.
    pub async fn has_lease(&self, name: &str, holder: &str) -> Result<bool, StoreError> {
        let row = sql("SELECT name FROM lease WHERE name = $1 AND holder = $2")
            .bind(name)
            .bind(holder)
            .fetch_optional(self)
            .await?;
        Ok(row.is_some())
    }

    /// Keeps the lease for a while from now, if this holder still has it.
    pub async fn keep_lease(
        &self,
        name: &str,
        holder: &str,
        span: Duration,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let kept = sql("UPDATE lease SET until = $3 WHERE name = $1 AND holder = $2")
            .bind(name)
            .bind(holder)
            .bind(now.plus(span).as_millis())
            .execute(On::Write(self))
            .await?;
        Ok(kept == 1)
    }

    /// Gives it back.
    pub async fn give_lease_back(&self, name: &str, holder: &str) -> Result<(), StoreError> {
        sql("DELETE FROM lease WHERE name = $1 AND holder = $2")
            .bind(name)
            .bind(holder)
            .execute(On::Write(self))
            .await
            .map(|_| ())
    }
}

impl Tx {
    /// Whether this holder still has the lease; if so, nobody takes it before this transaction ends.
    pub async fn holds_lease(&mut self, name: &str, holder: &str) -> Result<bool, StoreError> {
        let held = sql("UPDATE lease SET until = until WHERE name = $1 AND holder = $2")
            .bind(name)
            .bind(holder)
            .execute(self)
            .await?;
        Ok(held == 1)
    }
}
