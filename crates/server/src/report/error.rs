//! What can be wrong with a report.

/// Why a report was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReportError {
    /// It is in neither of the two formats, or names no directive there is.
    #[error("it is no report of a browser")]
    Malformed,
    /// It is about a page of somebody else.
    #[error("it is about another site")]
    Foreign,
}
