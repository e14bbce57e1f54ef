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
    pub async fn migrate(&self) -> Result<(), StoreError> {
        let done = match &self.pools {
            Pools::Sqlite { write, .. } => MIGRATIONS.run(write).await,
            Pools::Postgres(pool) => MIGRATIONS.run(pool).await,
        };
        done.map_err(explain)
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
