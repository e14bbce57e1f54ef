//! The database: SQLite or PostgreSQL behind one door, spoken to in one SQL text.
//!
//! Guarantees: a committed write is durable; a dropped [`Tx`] leaves nothing; on SQLite there is one writer,
//! and a write transaction holds it from its first statement (`BEGIN IMMEDIATE`), so a check and its act
//! can't be torn apart.

pub mod budget;
mod connect;
mod error;
mod examine;
pub mod feed;
mod lease;
mod migrate;
pub mod mirror;
pub mod reseal;
mod row;
mod statement;

use sqlx::{PgPool, Postgres, Sqlite, SqlitePool, Transaction};

pub use connect::sqlite_file;
pub use error::StoreError;
pub use migrate::Pending;
pub use row::Row;
pub use statement::{On, Statement, sql};

/// Rows that one statement of the hourly tidying deletes at most: on SQLite every writer waits for it. Even so
/// 240,000 go a day.
pub const TIDIED_AT_ONCE: i64 = 10_000;

/// The database, cheap to clone.
#[derive(Clone, Debug)]
pub struct Db {
    pools: Pools,
}

#[derive(Clone, Debug)]
enum Pools {
    /// Readers never wait for the writer (WAL); the writer pool has one connection.
    Sqlite {
        read: SqlitePool,
        write: SqlitePool,
    },
    Postgres(PgPool),
}

/// A write transaction. Dropping it rolls back.
pub struct Tx {
    inner: TxInner,
    after_commit: Vec<Box<dyn FnOnce() + Send>>,
}

#[derive(Debug)]
enum TxInner {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

/// What a pool of connections stands at.
#[derive(Debug, Clone, Copy)]
pub struct Connections {
    /// Which pool.
    pub pool: &'static str,
    /// At work right now.
    pub used: u32,
    /// Open, and waiting for work.
    pub idle: u32,
    /// How many there may be.
    pub most: u32,
}

impl Connections {
    fn of<D: sqlx::Database>(name: &'static str, pool: &sqlx::Pool<D>) -> Self {
        let idle = u32::try_from(pool.num_idle()).unwrap_or_default();
        Self {
            pool: name,
            used: pool.size().saturating_sub(idle),
            idle,
            most: pool.options().get_max_connections(),
        }
    }
}

impl Db {
    /// Opens a write transaction; on SQLite it waits for its turn as the one writer.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        let inner = match &self.pools {
            Pools::Sqlite { write, .. } => {
                TxInner::Sqlite(write.begin_with("BEGIN IMMEDIATE").await?)
            }
            Pools::Postgres(pool) => TxInner::Postgres(pool.begin().await?),
        };
        Ok(Tx {
            inner,
            after_commit: Vec::new(),
        })
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        sql("SELECT position FROM feed WHERE id = 1")
            .fetch_optional(self)
            .await
            .map(|_| ())
    }

    /// How many connections are open, for whoever watches.
    pub fn connections(&self) -> Vec<Connections> {
        match &self.pools {
            Pools::Sqlite { read, write } => {
                vec![
                    Connections::of("read", read),
                    Connections::of("write", write),
                ]
            }
            Pools::Postgres(pool) => vec![Connections::of("all", pool)],
        }
    }

    /// The engine's name.
    pub fn engine(&self) -> &'static str {
        match &self.pools {
            Pools::Sqlite { .. } => "sqlite",
            Pools::Postgres(_) => "postgres",
        }
    }

    /// Closes every connection, so that SQLite folds its write-ahead log into the file.
    pub async fn close(&self) {
        match &self.pools {
            Pools::Sqlite { read, write } => {
                read.close().await;
                write.close().await;
            }
            Pools::Postgres(pool) => pool.close().await,
        }
    }
}

impl std::fmt::Debug for Tx {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tx")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}

impl Tx {
    /// Does this once the transaction is committed, and never if it is not: for what tells the world of it.
    pub fn after_commit(&mut self, act: impl FnOnce() + Send + 'static) {
        self.after_commit.push(Box::new(act));
    }

    /// Makes everything of the transaction durable, or nothing.
    pub async fn commit(self) -> Result<(), StoreError> {
        match self.inner {
            TxInner::Sqlite(tx) => tx.commit().await?,
            TxInner::Postgres(tx) => tx.commit().await?,
        }
        self.after_commit.into_iter().for_each(|act| act());
        Ok(())
    }
}
