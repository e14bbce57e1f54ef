//! Work that one process at a time does, such as a rotation.

use std::time::Duration;

use concierge_core::time::Timestamp;

use super::{Db, On, StoreError, sql};

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
