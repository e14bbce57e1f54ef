//! A row of either engine, read by column name.

use sqlx::{Row as _, postgres::PgRow, sqlite::SqliteRow};

use super::StoreError;

/// One row of a result.
#[derive(Debug)]
pub struct Row(pub(super) RowInner);

#[derive(Debug)]
pub(super) enum RowInner {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

macro_rules! reader {
    ($(#[$doc:meta])* $name:ident -> $kind:ty) => {
        $(#[$doc])*
        pub fn $name(&self, column: &str) -> Result<$kind, StoreError> {
            let value = match &self.0 {
                RowInner::Sqlite(row) => row.try_get(column),
                RowInner::Postgres(row) => row.try_get(column),
            };
            value.map_err(StoreError::from)
        }
    };
}

impl Row {
    reader! { /// A text that is there.
    text -> String }
    reader! { /// A text or NULL.
    text_or_null -> Option<String> }
    reader! { /// A whole number that is there.
    int -> i64 }
    reader! { /// A whole number or NULL.
    int_or_null -> Option<i64> }
    reader! { /// Bytes that are there.
    bytes -> Vec<u8> }
    reader! { /// Bytes or NULL.
    bytes_or_null -> Option<Vec<u8>> }
}
