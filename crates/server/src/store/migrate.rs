//! Bringing the schema up to the program. Append-only; a schema newer than the program is refused.

use sqlx::migrate::{MigrateError, Migrator};

use super::{Db, Pools, StoreError, sql};

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// How far the schema is behind the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// The descriptions of the migrations still to run.
    pub migrations: Vec<String>,
}

impl Db {
    /// Runs what is missing, under the engine's lock, so that several instances may start at once.
    ///
    /// SQLite has no such lock: who comes second fails on what is there already, sees that less is left to do
    /// than before, and goes on from there.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        self.make_byte_order().await?;
        let mut before = self.pending_migrations().await?.migrations.len();
        loop {
            let done = match &self.pools {
                Pools::Sqlite { write, .. } => MIGRATIONS.run(write).await,
                Pools::Postgres(pool) => MIGRATIONS.run(pool).await,
            };
            let Err(error) = done else { return Ok(()) };
            let left = self.pending_migrations().await?.migrations.len();
            if left >= before {
                return Err(explain(error));
            }
            before = left;
        }
    }

    /// Gives PostgreSQL the byte order that SQLite calls `BINARY`, so that one schema can ask for it on both.
    async fn make_byte_order(&self) -> Result<(), StoreError> {
        let Pools::Postgres(pool) = &self.pools else {
            return Ok(());
        };
        let make =
            || sqlx::query("CREATE COLLATION IF NOT EXISTS \"BINARY\" FROM \"C\"").execute(pool);
        // Of two that start at once, one may find it there after having looked for it in vain.
        if make().await.is_err() {
            make().await?;
        }
        Ok(())
    }

    /// What [`Db::migrate`] would run; an error when the schema is newer than the program.
    pub async fn pending_migrations(&self) -> Result<Pending, StoreError> {
        let applied: Vec<i64> = match sql("SELECT version FROM _sqlx_migrations WHERE success")
            .fetch_all(self)
            .await
        {
            Ok(rows) => rows
                .iter()
                .map(|row| row.int("version"))
                .collect::<Result<_, _>>()?,
            // No table yet: nothing has ever run.
            Err(StoreError::Driver(_)) => Vec::new(),
            Err(error) => return Err(error),
        };
        if let Some(newer) = applied
            .iter()
            .find(|version| !MIGRATIONS.version_exists(**version))
        {
            return Err(newer_schema(*newer));
        }
        let missing = MIGRATIONS
            .iter()
            .filter(|migration| !applied.contains(&migration.version));
        Ok(Pending {
            migrations: missing
                .map(|migration| migration.description.to_string())
                .collect(),
        })
    }
}

fn explain(error: MigrateError) -> StoreError {
    match error {
        MigrateError::VersionMissing(version) => newer_schema(version),
        MigrateError::Execute(error) => error.into(),
        other => StoreError::Driver(other.to_string()),
    }
}

fn newer_schema(version: i64) -> StoreError {
    StoreError::Driver(format!(
        "the schema has migration {version}, which this program does not know; run the newer program, or restore the backup from before the upgrade"
    ))
}
