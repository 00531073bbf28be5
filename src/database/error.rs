//! Errors of the database, classified in the same way for both databases.

use super::BatchError;
use sqlx::error::{DatabaseError, ErrorKind};
use std::sync::Arc;

/// An error of the database. Texts are the driver's: for logs, never for customers.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// A unique constraint was violated.
    #[error("it exists already")]
    Duplicate,
    /// A foreign key constraint was violated.
    #[error("it refers to something that does not exist")]
    Missing,
    /// The disk is full, a quota is used up, or the file can't be written.
    #[error("the database can't be written: {0}")]
    Full(String),
    /// A lock or all connections were held for longer than the time limits in `[database]`.
    #[error("the database is busy: {0}")]
    Busy(String),
    /// A deadlock or serialization failure; this transaction was rolled back and can be retried at once.
    #[error("the database undid a transaction in favour of another: {0}")]
    Conflict(String),
    /// The database is unreachable, starting or stopping, or does not answer.
    #[error("the database can't be reached: {0}")]
    Unavailable(String),
    /// Error of a shared read or write, for each of its callers.
    #[error(transparent)]
    Shared(Arc<DbError>),
    /// The process stops.
    #[error(transparent)]
    Stopping(#[from] BatchError),
    /// Any other error: a fault of the program or of the schema.
    #[error("database: {0}")]
    Other(sqlx::Error),
}

/// Cause of an outage of the database. Ends by itself or by an operator's action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outage {
    /// No space to write.
    Full,
    /// Locked or overloaded.
    Busy,
    /// Unreachable.
    Unavailable,
    /// The process stops.
    Stopping,
}

impl DbError {
    /// Returns the outage that this error indicates; `None` for a fault, and for an error caused by the request itself.
    pub fn outage(&self) -> Option<Outage> {
        match self {
            Self::Full(_) => Some(Outage::Full),
            Self::Busy(_) | Self::Conflict(_) => Some(Outage::Busy),
            Self::Unavailable(_) => Some(Outage::Unavailable),
            Self::Stopping(_) => Some(Outage::Stopping),
            Self::Shared(inner) => inner.outage(),
            Self::Duplicate | Self::Missing | Self::Other(_) => None,
        }
    }

    /// Whether another write at this moment would fail in the same way, so that the items of a failed batch need not be
    /// tried one by one.
    pub fn fails_others_too(&self) -> bool {
        match self {
            Self::Shared(inner) => inner.fails_others_too(),
            Self::Conflict(_) => false,
            other => other.outage().is_some(),
        }
    }
}

impl From<sqlx::Error> for DbError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(inner) => classify(&**inner).unwrap_or(Self::Other(error)),
            sqlx::Error::PoolTimedOut => Self::Busy("no connection was free within database.acquire_timeout".into()),
            sqlx::Error::PoolClosed => Self::Stopping(BatchError),
            // A connection whose transaction is in an unknown state is closed when it is acquired the next time.
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::BeginFailed => Self::Unavailable(error.to_string()),
            _ => Self::Other(error),
        }
    }
}

fn classify(error: &dyn DatabaseError) -> Option<DbError> {
    match error.kind() {
        ErrorKind::UniqueViolation => return Some(DbError::Duplicate),
        ErrorKind::ForeignKeyViolation => return Some(DbError::Missing),
        _ => {}
    }
    let code = error.code()?;
    let kind: fn(String) -> DbError = match error.try_downcast_ref::<sqlx::postgres::PgDatabaseError>() {
        Some(_) => of_sqlstate(&code)?,
        None => of_sqlite(code.parse().ok()?)?,
    };
    Some(kind(format!("{} ({code})", error.message())))
}

/// Classifies PostgreSQL's SQLSTATE (Appendix A of its manual).
fn of_sqlstate(code: &str) -> Option<fn(String) -> DbError> {
    Some(match code {
        // disk_full
        "53100" => DbError::Full,
        // lock_not_available; query_canceled, by statement_timeout
        "55P03" | "57014" => DbError::Busy,
        // serialization_failure, deadlock_detected
        "40001" | "40P01" => DbError::Conflict,
        // read_only_sql_transaction: a standby; idle_in_transaction_session_timeout; io_error
        "25006" | "25P03" | "58030" => DbError::Unavailable,
        // Connection exceptions, insufficient resources, operator intervention (57P01: admin_shutdown).
        _ if ["08", "53", "57"].iter().any(|class| code.starts_with(class)) => DbError::Unavailable,
        _ => return None,
    })
}

/// Classifies SQLite's extended result code, whose lowest byte is the primary one (<https://sqlite.org/rescode.html>).
fn of_sqlite(code: i32) -> Option<fn(String) -> DbError> {
    const BUSY: i32 = 5;
    const LOCKED: i32 = 6;
    const NOMEM: i32 = 7;
    const READONLY: i32 = 8;
    const IOERR: i32 = 10;
    const FULL: i32 = 13;
    const CANTOPEN: i32 = 14;
    Some(match code & 0xff {
        FULL => DbError::Full,
        IOERR if is_failed_write(code >> 8) => DbError::Full,
        BUSY | LOCKED => DbError::Busy,
        // A file system that became read-only, a folder that is not mounted, too many open files.
        NOMEM | READONLY | IOERR | CANTOPEN => DbError::Unavailable,
        _ => return None,
    })
}

/// Whether an I/O error of SQLite came from writing or growing a file, as with a full disk or quota where the system
/// does not report `ENOSPC`. Not from syncing one: whether the transaction is on disk is unknown then.
fn is_failed_write(extension: i32) -> bool {
    const WRITE: i32 = 3;
    const TRUNCATE: i32 = 6;
    const SHMSIZE: i32 = 19;
    const SHMMAP: i32 = 21;
    [WRITE, TRUNCATE, SHMSIZE, SHMMAP].contains(&extension)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outage(kind: Option<fn(String) -> DbError>) -> Option<Outage> {
        kind.and_then(|kind| kind(String::new()).outage())
    }

    #[test]
    fn codes_of_sqlite_say_which_outage_it_is() {
        for (code, expected) in [
            // SQLITE_BUSY, _RECOVERY, _SNAPSHOT, _TIMEOUT; SQLITE_LOCKED
            (5, Some(Outage::Busy)),
            (261, Some(Outage::Busy)),
            (517, Some(Outage::Busy)),
            (773, Some(Outage::Busy)),
            (6, Some(Outage::Busy)),
            // SQLITE_FULL; SQLITE_IOERR_WRITE, _TRUNCATE, _SHMSIZE
            (13, Some(Outage::Full)),
            (778, Some(Outage::Full)),
            (1546, Some(Outage::Full)),
            (4874, Some(Outage::Full)),
            // SQLITE_IOERR_READ, _FSYNC, SQLITE_READONLY_DBMOVED, SQLITE_CANTOPEN
            (266, Some(Outage::Unavailable)),
            (1034, Some(Outage::Unavailable)),
            (1032, Some(Outage::Unavailable)),
            (14, Some(Outage::Unavailable)),
            // SQLITE_ERROR, SQLITE_CONSTRAINT_CHECK, SQLITE_CORRUPT: faults
            (1, None),
            (275, None),
            (11, None),
        ] {
            assert_eq!(outage(of_sqlite(code)), expected, "{code}");
        }
    }

    #[test]
    fn codes_of_postgresql_say_which_outage_it_is() {
        for (code, expected) in [
            ("53100", Some(Outage::Full)),
            ("53200", Some(Outage::Unavailable)),
            ("53300", Some(Outage::Unavailable)),
            ("55P03", Some(Outage::Busy)),
            ("57014", Some(Outage::Busy)),
            ("40001", Some(Outage::Busy)),
            ("40P01", Some(Outage::Busy)),
            ("57P01", Some(Outage::Unavailable)),
            ("57P03", Some(Outage::Unavailable)),
            ("08006", Some(Outage::Unavailable)),
            ("25006", Some(Outage::Unavailable)),
            ("42P01", None),
            ("22001", None),
        ] {
            assert_eq!(outage(of_sqlstate(code)), expected, "{code}");
        }
    }

    #[test]
    fn a_batch_is_not_tried_item_by_item_in_an_outage() {
        for (error, all) in [
            (DbError::Full(String::new()), true),
            (DbError::Shared(Arc::new(DbError::Busy(String::new()))), true),
            (DbError::Stopping(BatchError), true),
            (DbError::Conflict(String::new()), false),
            (DbError::Duplicate, false),
            (DbError::Other(sqlx::Error::RowNotFound), false),
        ] {
            assert_eq!(error.fails_others_too(), all, "{error}");
        }
    }
}
