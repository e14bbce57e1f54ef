//! How many failures an account may have, counted in the database before the work: neither a restart nor parallel
//! tries give anybody more.
//!
//! An attempt counts as a failure until it succeeds. Owners are named by text: the store knows no capability.

use std::time::Duration;

use concierge_core::time::Timestamp;

use super::{Db, On, StoreError, Tx, sql};

/// Failures are counted by the hour, from the first.
const HOUR: Duration = Duration::from_secs(3600);

/// A purpose with its limits.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    /// The stable word of the table.
    pub purpose: &'static str,
    /// Failures an hour.
    pub an_hour: i64,
    /// Failures one after the other; from then on it is closed until something else opens it.
    pub in_a_row: i64,
}

impl Budget {
    /// Counts an attempt, if there is one left; answers its number in the row of failures, or how long to wait. One
    /// statement: of any number of parallel attempts as many get through as are left.
    pub async fn count_attempt(
        &self,
        db: &Db,
        account: &str,
        now: Timestamp,
    ) -> Result<Result<i64, Duration>, StoreError> {
        let row = sql(
            "INSERT INTO budget (account_id, purpose, failures, in_a_row, began_at) VALUES ($1, $2, 1, 1, $3)
             ON CONFLICT (account_id, purpose) DO UPDATE SET
                 failures = CASE WHEN budget.began_at <= $4 THEN 1 ELSE budget.failures + 1 END,
                 began_at = CASE WHEN budget.began_at <= $4 THEN $3 ELSE budget.began_at END,
                 in_a_row = budget.in_a_row + 1
             WHERE (budget.began_at <= $4 OR budget.failures < $5) AND budget.in_a_row < $6
             RETURNING in_a_row",
        )
        .bind(account)
        .bind(self.purpose)
        .bind(now.as_millis())
        .bind(now.minus(HOUR).as_millis())
        .bind(self.an_hour)
        .bind(self.in_a_row)
        .fetch_optional(On::Write(db))
        .await?;
        match row {
            Some(row) => Ok(Ok(row.int("in_a_row")?)),
            None => self.wait(db, account, now).await.map(Err),
        }
    }

    /// Until the hour is over; a whole hour where waiting alone does not help.
    async fn wait(&self, db: &Db, account: &str, now: Timestamp) -> Result<Duration, StoreError> {
        let row =
            sql("SELECT in_a_row, began_at FROM budget WHERE account_id = $1 AND purpose = $2")
                .bind(account)
                .bind(self.purpose)
                .fetch_optional(db)
                .await?;
        let Some(row) = row else {
            return Ok(Duration::from_secs(1));
        };
        if row.int("in_a_row")? >= self.in_a_row {
            return Ok(HOUR);
        }
        let open_at = Timestamp::from_millis(row.int("began_at")?).plus(HOUR);
        Ok(open_at.since(now).max(Duration::from_secs(1)))
    }

    /// Takes an attempt back that succeeded. The failures of the hour stay: whoever knows half of it gains nothing by
    /// the owner's coming and going.
    pub async fn mark_success(&self, tx: &mut Tx, account: &str) -> Result<(), StoreError> {
        sql("UPDATE budget SET failures = failures - 1, in_a_row = 0 WHERE account_id = $1 AND purpose = $2")
            .bind(account)
            .bind(self.purpose)
            .execute(tx)
            .await
            .map(|_| ())
    }

    /// Opens it again, whatever was counted.
    pub async fn clear(&self, tx: &mut Tx, account: &str) -> Result<(), StoreError> {
        sql("DELETE FROM budget WHERE account_id = $1 AND purpose = $2")
            .bind(account)
            .bind(self.purpose)
            .execute(tx)
            .await
            .map(|_| ())
    }
}
