//! One statement with its values, run on whichever engine is there.
//!
//! This is the one place that branches by engine for queries: the text and the values are the same on both.

use sqlx::{Postgres, Sqlite, postgres::PgArguments, query::Query, sqlite::SqliteArguments};

use super::{Db, Pools, Row, StoreError, Tx, TxInner, row::RowInner};

/// Begins a statement. The text is a literal: nothing from outside can get into it.
pub fn sql(text: &'static str) -> Statement {
    Statement {
        text,
        values: Vec::new(),
    }
}

/// A statement and the values of its `$1`, `$2`, ...
#[derive(Debug)]
pub struct Statement {
    text: &'static str,
    values: Vec<Value>,
}

/// A value in the three column types of the house.
#[derive(Debug)]
pub enum Value {
    /// TEXT
    Text(Option<String>),
    /// BIGINT
    Int(Option<i64>),
    /// BYTEA
    Bytes(Vec<u8>),
}

/// Where a statement runs.
#[derive(Debug)]
pub enum On<'a> {
    /// Outside a transaction, reading.
    Read(&'a Db),
    /// As a durable transaction of its own.
    Write(&'a Db),
    /// Inside a transaction.
    Tx(&'a mut Tx),
}

impl<'a> From<&'a Db> for On<'a> {
    fn from(db: &'a Db) -> Self {
        Self::Read(db)
    }
}
impl<'a> From<&'a mut Tx> for On<'a> {
    fn from(tx: &'a mut Tx) -> Self {
        Self::Tx(tx)
    }
}

macro_rules! value_from {
    ($($kind:ty, $value:ident => $make:expr;)+) => {
        $(impl From<$kind> for Value { fn from($value: $kind) -> Self { $make } })+
    };
}
value_from! {
    &str, value => Self::Text(Some(value.to_owned()));
    String, value => Self::Text(Some(value));
    Option<String>, value => Self::Text(value);
    Option<&str>, value => Self::Text(value.map(str::to_owned));
    i64, value => Self::Int(Some(value));
    Option<i64>, value => Self::Int(value);
    Vec<u8>, value => Self::Bytes(value);
}

macro_rules! on_engine {
    ($self:ident, $on:expr, $method:ident, $wrap:expr) => {
        match $on.into() {
            On::Read(Db {
                pools: Pools::Sqlite { read: pool, .. },
            })
            | On::Write(Db {
                pools: Pools::Sqlite { write: pool, .. },
            }) => $wrap.0($self.sqlite().$method(pool).await?),
            On::Read(Db {
                pools: Pools::Postgres(pool),
            })
            | On::Write(Db {
                pools: Pools::Postgres(pool),
            }) => $wrap.1($self.postgres().$method(pool).await?),
            On::Tx(Tx {
                inner: TxInner::Sqlite(tx),
                ..
            }) => $wrap.0($self.sqlite().$method(&mut **tx).await?),
            On::Tx(Tx {
                inner: TxInner::Postgres(tx),
                ..
            }) => $wrap.1($self.postgres().$method(&mut **tx).await?),
        }
    };
}

impl Statement {
    /// Gives the next placeholder its value.
    pub fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Runs it; answers how many rows it changed.
    pub async fn execute<'a>(self, on: impl Into<On<'a>>) -> Result<u64, StoreError> {
        let affected = (
            |done: sqlx::sqlite::SqliteQueryResult| done.rows_affected(),
            |done: sqlx::postgres::PgQueryResult| done.rows_affected(),
        );
        Ok(on_engine!(self, on, execute, affected))
    }

    /// Runs it; answers its one row, if there is one.
    pub async fn fetch_optional<'a>(
        self,
        on: impl Into<On<'a>>,
    ) -> Result<Option<Row>, StoreError> {
        let wrap = (
            |row: Option<_>| row.map(|row| Row(RowInner::Sqlite(row))),
            |row: Option<_>| row.map(|row| Row(RowInner::Postgres(row))),
        );
        Ok(on_engine!(self, on, fetch_optional, wrap))
    }

    /// Runs it; answers its one row, which is there by the statement's nature.
    pub async fn fetch_one<'a>(self, on: impl Into<On<'a>>) -> Result<Row, StoreError> {
        let wrap = (
            |row| Row(RowInner::Sqlite(row)),
            |row| Row(RowInner::Postgres(row)),
        );
        Ok(on_engine!(self, on, fetch_one, wrap))
    }

    /// Runs it; answers all rows.
    pub async fn fetch_all<'a>(self, on: impl Into<On<'a>>) -> Result<Vec<Row>, StoreError> {
        let wrap = (
            |rows: Vec<_>| {
                rows.into_iter()
                    .map(|row| Row(RowInner::Sqlite(row)))
                    .collect()
            },
            |rows: Vec<_>| {
                rows.into_iter()
                    .map(|row| Row(RowInner::Postgres(row)))
                    .collect()
            },
        );
        Ok(on_engine!(self, on, fetch_all, wrap))
    }

    fn sqlite(self) -> Query<'static, Sqlite, SqliteArguments> {
        let query = sqlx::query::<Sqlite>(self.text);
        self.values
            .into_iter()
            .fold(query, |query, value| match value {
                Value::Text(text) => query.bind(text),
                Value::Int(int) => query.bind(int),
                Value::Bytes(bytes) => query.bind(bytes),
            })
    }

    fn postgres(self) -> Query<'static, Postgres, PgArguments> {
        let query = sqlx::query::<Postgres>(self.text);
        self.values
            .into_iter()
            .fold(query, |query, value| match value {
                Value::Text(text) => query.bind(text),
                Value::Int(int) => query.bind(int),
                Value::Bytes(bytes) => query.bind(bytes),
            })
    }
}
