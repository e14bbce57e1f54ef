//! Opening the database: the only place that knows how the two engines are set up.

use std::{
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use sqlx::{
    Connection as _, SqlitePool,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::{Db, Pools, StoreError};

/// How long a request waits for a connection before it is told to come back.
const ACQUIRE: Duration = Duration::from_secs(3);
/// How long SQLite waits for another process that writes.
const BUSY: Duration = Duration::from_secs(5);

impl Db {
    /// Opens the database of a `sqlite:` or `postgres://` URL; a SQLite file is made when it is missing.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        if url.starts_with("sqlite:") {
            Self::connect_sqlite(url).await
        } else {
            Self::connect_postgres(url).await
        }
    }

    /// Opens a database to look at it as it is: makes no file, closes none to others, sets no journal mode.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        if !url.starts_with("sqlite:") {
            return Self::connect_postgres(url).await;
        }
        let options = SqliteConnectOptions::from_str(url)?
            .create_if_missing(false)
            .busy_timeout(BUSY);
        let write = writer(options.clone()).await?;
        Self::with_readers(write, options).await
    }

    async fn connect_sqlite(url: &str) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::from_str(url)?
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // An acknowledged sign-out must survive a power cut: NORMAL would lose the last commits in WAL mode.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY);
        let write = writer(options.clone()).await?;
        close_to_others(options.get_filename())?;
        Self::with_readers(write, options).await
    }

    async fn with_readers(
        write: SqlitePool,
        options: SqliteConnectOptions,
    ) -> Result<Self, StoreError> {
        let read = SqlitePoolOptions::new()
            .max_connections(4)
            .acquire_timeout(ACQUIRE)
            .test_before_acquire(false)
            .connect_with(options.create_if_missing(false).read_only(true))
            .await?;
        Ok(Self {
            pools: Pools::Sqlite { read, write },
        })
    }

    async fn connect_postgres(url: &str) -> Result<Self, StoreError> {
        let options = PgConnectOptions::from_str(url)?.application_name("concierge");
        let pool = PgPoolOptions::new()
            .max_connections(16)
            .acquire_timeout(ACQUIRE)
            .connect_with(options)
            .await?;
        Ok(Self {
            pools: Pools::Postgres(pool),
        })
    }
}

/// The pool of the one writer.
async fn writer(options: SqliteConnectOptions) -> Result<SqlitePool, sqlx::Error> {
    SqlitePoolOptions::new()
        .max_connections(1)
        .min_connections(1)
        .acquire_timeout(ACQUIRE)
        .idle_timeout(None)
        .max_lifetime(None)
        // The one writer is local: asking whether it lives costs a round trip to its thread.
        .test_before_acquire(false)
        // A full disk ends a transaction inside SQLite, unknown to the driver: its own ROLLBACK then fails,
        // and it would refuse every further transaction. Such a connection is closed for a new one.
        .before_acquire(|connection, _| {
            let is_clean = !connection.is_in_transaction();
            Box::pin(async move { Ok(is_clean) })
        })
        .connect_with(options)
        .await
}

/// The file of a `sqlite:` URL; none for one that can't be read.
pub fn sqlite_file(url: &str) -> Option<PathBuf> {
    let options = SqliteConnectOptions::from_str(url).ok()?;
    Some(options.get_filename().to_owned())
}

/// The file holds password hashes: nobody but its owner reads it.
fn close_to_others(file: &Path) -> Result<(), StoreError> {
    use std::os::unix::fs::PermissionsExt;
    if !file.exists() {
        return Ok(());
    }
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600))
        .map_err(|error| StoreError::Unavailable(format!("{}: {error}", file.display())))
}
