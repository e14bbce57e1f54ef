//! What can go wrong with the database, in the four kinds that callers tell apart.

/// A failure of the store. "Not found" is not one: finders answer `None`.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A unique rule refused the row. SQLite names no constraint, so neither does this.
    #[error("a row with this key exists already")]
    Conflict,
    /// A row holds what no version of the program writes.
    #[error("corrupt data: table {table}, column {column}, row {row}")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The row's key.
        row: String,
    },
    /// The database can't be reached, is locked, full or read-only: later it may work.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// Anything else the driver reports: a fault of ours.
    #[error("the database refused a statement: {0}")]
    Driver(String),
}

impl StoreError {
    /// Corrupt data with its address.
    pub fn corrupt(table: &'static str, column: &'static str, row: impl ToString) -> Self {
        Self::Corrupt {
            table,
            column,
            row: row.to_string(),
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::Error as E;
        match &error {
            E::Database(cause) if cause.is_unique_violation() => Self::Conflict,
            E::Database(cause) if is_passing(cause.code().as_deref()) => {
                Self::Unavailable(cause.to_string())
            }
            E::PoolTimedOut
            | E::PoolClosed
            | E::WorkerCrashed
            | E::Io(_)
            | E::Tls(_)
            | E::BeginFailed => Self::Unavailable(error.to_string()),
            _ => Self::Driver(error.to_string()),
        }
    }
}

/// Codes that say "not now" rather than "never".
///
/// SQLite (primary code in the low byte): 5 busy, 6 locked, 8 read-only, 10 I/O, 13 full, 14 can't open.
/// PostgreSQL classes: 08 connection, 40 rollback by conflict, 53 resources, 55 not in the right state,
/// 57 operator, 58 system.
fn is_passing(code: Option<&str>) -> bool {
    let Some(code) = code else { return false };
    if code.len() == 5 {
        return ["08", "40", "53", "55", "57", "58"]
            .iter()
            .any(|class| code.starts_with(class));
    }
    code.parse::<u32>()
        .is_ok_and(|code| matches!(code & 0xff, 5 | 6 | 8 | 10 | 13 | 14))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_passes_and_a_syntax_error_does_not() {
        for passing in ["5", "261", "13", "778", "08006", "57P01", "53100"] {
            assert!(is_passing(Some(passing)), "{passing}");
        }
        for lasting in ["1", "19", "42601", "23505"] {
            assert!(!is_passing(Some(lasting)), "{lasting}");
        }
        assert!(!is_passing(None));
    }
}
