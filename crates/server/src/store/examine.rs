//! What an engine says of itself. These questions read no table and mean something to one engine alone, so they are
//! not among the statements that both must understand.

use concierge_core::time::Timestamp;

use super::{Db, Pools, StoreError};

impl Db {
    /// The engine and its version, such as `SQLite 3.51.3`.
    pub async fn version(&self) -> Result<String, StoreError> {
        let (engine, version): (_, String) = match &self.pools {
            Pools::Sqlite { read, .. } => {
                let ask = sqlx::query_scalar("VALUES (sqlite_version())");
                ("SQLite", ask.fetch_one(read).await?)
            }
            Pools::Postgres(pool) => {
                let ask = sqlx::query_scalar("SHOW server_version");
                ("PostgreSQL", ask.fetch_one(pool).await?)
            }
        };
        Ok(format!("{engine} {version}"))
    }

    /// What SQLite finds wrong with its file, ten things at most; `None` where the engine looks after its files.
    pub async fn damage(&self) -> Result<Option<Vec<String>>, StoreError> {
        let Pools::Sqlite { read, .. } = &self.pools else {
            return Ok(None);
        };
        let mut lines: Vec<String> = sqlx::query_scalar("PRAGMA quick_check(10)")
            .fetch_all(read)
            .await?;
        lines.retain(|line| line != "ok");
        Ok(Some(lines))
    }

    /// The time on the database's clock; `None` where it is this machine's.
    pub async fn time(&self) -> Result<Option<Timestamp>, StoreError> {
        let Pools::Postgres(pool) = &self.pools else {
            return Ok(None);
        };
        let millis = sqlx::query_scalar(
            "VALUES (CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT))",
        )
        .fetch_one(pool)
        .await?;
        Ok(Some(Timestamp::from_millis(millis)))
    }

    /// The protocol that encrypts this connection, such as `TLSv1.3`, or that none does, as the server at its other
    /// end sees it; `None` where there is no connection.
    pub async fn encryption(&self) -> Result<Option<Option<String>>, StoreError> {
        let Pools::Postgres(pool) = &self.pools else {
            return Ok(None);
        };
        let ask = "/* PostgreSQL only */
            SELECT CASE WHEN ssl THEN version END FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
        Ok(Some(sqlx::query_scalar(ask).fetch_one(pool).await?))
    }
}
