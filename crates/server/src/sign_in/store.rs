//! SQL of the `throttle` and `device` tables: counts of failures, and the devices an account has signed in from.

use std::time::Duration;

use concierge_core::{account::AccountId, sign_in::ladder, time::Timestamp};

use crate::store::{Db, On, StoreError, TIDIED_AT_ONCE, Tx, sql};

/// For so long a browser keeps the device cookie, counted from the last sign-in.
const DEVICE_LIFE: Duration = Duration::from_secs(400 * 24 * 3600);

/// An attempt that was counted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counted {
    /// The count, this attempt included.
    pub(super) failures: i64,
    /// When the next attempt may come, should this one fail.
    pub(super) open_at: Timestamp,
}

/// Counts an attempt before the work, if the wait after the last failure is over. One statement: of 200
/// parallel guesses three get through. `None`: come back at [`find_open_at`].
///
/// The waits are those of `concierge_core::sign_in::ladder`; a test compares the two.
pub(super) async fn mark_attempt(
    db: &Db,
    digest: &str,
    now: Timestamp,
) -> Result<Option<Counted>, StoreError> {
    let row = sql(
        "INSERT INTO throttle (digest, failures, open_at, changed_at) VALUES ($1, 1, $2, $2)
         ON CONFLICT (digest) DO UPDATE SET
             failures = throttle.failures + 1,
             changed_at = $2,
             open_at = $2 + CASE
                 WHEN throttle.failures + 1 < 3 THEN 0
                 WHEN throttle.failures + 1 < 9 THEN 1000
                 WHEN throttle.failures + 1 < 25 THEN 3000
                 WHEN throttle.failures + 1 < 50 THEN 5000
                 WHEN throttle.failures + 1 < 100 THEN 10000
                 ELSE 86400000 END
         WHERE throttle.open_at <= $2
         RETURNING failures, open_at",
    )
    .bind(digest)
    .bind(now.as_millis())
    .fetch_optional(On::Write(db))
    .await?;
    row.map(|row| {
        Ok(Counted {
            failures: row.int("failures")?,
            open_at: Timestamp::from_millis(row.int("open_at")?),
        })
    })
    .transpose()
}

/// When the next attempt may come.
pub(super) async fn find_open_at(db: &Db, digest: &str) -> Result<Option<Timestamp>, StoreError> {
    let row = sql("SELECT open_at FROM throttle WHERE digest = $1")
        .bind(digest)
        .fetch_optional(db)
        .await?;
    row.map(|row| row.int("open_at").map(Timestamp::from_millis))
        .transpose()
}

/// Takes a counted attempt back after a success. A wait that a later failure set stays.
pub(super) async fn mark_refunded(
    tx: &mut Tx,
    digest: &str,
    counted: Counted,
    now: Timestamp,
) -> Result<(), StoreError> {
    sql("UPDATE throttle SET failures = failures - 1,
                open_at = CASE WHEN open_at = $2 THEN $3 ELSE open_at END, changed_at = $3
         WHERE digest = $1")
    .bind(digest)
    .bind(counted.open_at.as_millis())
    .bind(now.as_millis())
    .execute(tx)
    .await
    .map(|_| ())
}

/// Forgets the count of a name, and with it the wait.
pub(super) async fn delete_count(tx: &mut Tx, digest: &str) -> Result<(), StoreError> {
    sql("DELETE FROM throttle WHERE digest = $1")
        .bind(digest)
        .execute(tx)
        .await
        .map(|_| ())
}

/// Forgets counts that no wait hangs on any more, and devices whose cookie is gone.
pub(super) async fn delete_stale(db: &Db, now: Timestamp) -> Result<u64, StoreError> {
    let counts = sql("DELETE FROM throttle WHERE changed_at < $1")
        .bind(now.minus(ladder::wait(ladder::LAST_STEP)).as_millis())
        .execute(On::Write(db))
        .await?;
    let devices = sql("DELETE FROM device WHERE (account_id, digest) IN
             (SELECT account_id, digest FROM device WHERE seen_at < $1 ORDER BY seen_at LIMIT $2)")
    .bind(now.minus(DEVICE_LIFE).as_millis())
    .bind(TIDIED_AT_ONCE)
    .execute(On::Write(db))
    .await?;
    Ok(counts + devices)
}

/// Forgets every count of a name.
pub async fn delete_counts(tx: &mut Tx, now: Timestamp) -> Result<u64, StoreError> {
    sql("DELETE FROM throttle WHERE changed_at <= $1")
        .bind(now.as_millis())
        .execute(tx)
        .await
}

/// Counts an attempt from a known device; `None` when the device is unknown, or void after ten failures.
pub(super) async fn mark_device_attempt(
    db: &Db,
    account: AccountId,
    digest: &str,
    now: Timestamp,
) -> Result<Option<i64>, StoreError> {
    let row = sql("UPDATE device SET failures = failures + 1,
                          voided_at = CASE WHEN failures + 1 >= 10 THEN $3 ELSE voided_at END
                   WHERE account_id = $1 AND digest = $2 AND voided_at IS NULL RETURNING failures")
    .bind(account.to_string())
    .bind(digest)
    .bind(now.as_millis())
    .fetch_optional(On::Write(db))
    .await?;
    row.map(|row| row.int("failures")).transpose()
}

/// Whether an account has ever signed in with a browser: only then is another one new. An emergency forgets every device,
/// and a thief may be the first to come after it: so it has, too, when it is older and nobody has signed in since.
pub(super) async fn has_had_devices(tx: &mut Tx, account: AccountId) -> Result<bool, StoreError> {
    let row = sql("SELECT id FROM account WHERE id = $1 AND
             (EXISTS (SELECT 1 FROM device WHERE account_id = $1)
              OR EXISTS (SELECT 1 FROM key_epoch WHERE epoch >= account.created_at AND NOT EXISTS
                             (SELECT 1 FROM session WHERE account_id = $1 AND created_at > key_epoch.epoch)))")
        .bind(account.to_string())
        .fetch_optional(tx)
        .await?;
    Ok(row.is_some())
}

/// Whether an account has signed in from a device that is not void.
pub(super) async fn has_device(
    tx: &mut Tx,
    account: AccountId,
    digest: &str,
) -> Result<bool, StoreError> {
    let row = sql(
        "SELECT digest FROM device WHERE account_id = $1 AND digest = $2 AND voided_at IS NULL",
    )
    .bind(account.to_string())
    .bind(digest)
    .fetch_optional(tx)
    .await?;
    Ok(row.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_waits_in_sql_are_those_of_the_ladder() {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite:{}", folder.path().join("ladder.db").display());
        let db = Db::connect(&url).await.expect("a database");
        db.migrate().await.expect("migrated");
        let mut now = Timestamp::from_millis(1_000_000);
        for failures in 1..=101 {
            let counted = mark_attempt(&db, "digest", now)
                .await
                .expect("counted")
                .expect("open");
            assert_eq!(counted.failures, failures);
            assert_eq!(
                counted.open_at,
                now.plus(ladder::wait(failures)),
                "{failures}"
            );
            now = counted.open_at;
        }
    }
}
