//! Macros that run a statement on either database.
//!
//! ```ignore
//! let team: Option<TeamRow> = fetch_optional!(conn, FIND => TeamRow, id)?;
//! let changed: u64 = execute!(conn, RENAME, id, name)?;
//! ```

use super::{Conn, DbError, Sql};
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use std::time::Duration;

/// A row type that can be read from both databases: `#[derive(sqlx::FromRow)]` or a tuple.
pub trait Row: for<'r> sqlx::FromRow<'r, SqliteRow> + for<'r> sqlx::FromRow<'r, PgRow> + Send + Unpin {}
impl<T> Row for T where T: for<'r> sqlx::FromRow<'r, SqliteRow> + for<'r> sqlx::FromRow<'r, PgRow> + Send + Unpin {}

/// Result of a query.
pub type Rows<T> = Result<Vec<T>, DbError>;

/// Runs a statement; returns the number of rows it changed.
#[macro_export]
macro_rules! execute {
    ($conn:expr, $sql:expr $(, $bind:expr)* $(,)?) => {
        match $conn {
            $crate::database::Conn::Sqlite(c) => sqlx::query($sql.sqlite)$(.bind($bind))*.execute(&mut *c).await
                .map(|done| done.rows_affected()).map_err($crate::database::DbError::from),
            $crate::database::Conn::Pg(c, limit) => {
                $crate::database::within(limit, sqlx::query($sql.pg)$(.bind($bind))*.execute(&mut *c)).await
                    .map(|done| done.rows_affected())
            }
        }
    };
}

/// Runs a query; returns all its rows.
#[macro_export]
macro_rules! fetch_all {
    ($conn:expr, $sql:expr => $row:ty $(, $bind:expr)* $(,)?) => {
        {
            $crate::typed_query!($sql => $row);
            $crate::fetch_with!(fetch_all, $conn, $sql => $row $(, $bind)*)
        }
    };
}

/// Runs a query with exactly one row.
#[macro_export]
macro_rules! fetch_one {
    ($conn:expr, $sql:expr => $row:ty $(, $bind:expr)* $(,)?) => {
        {
            $crate::typed_query!($sql => $row);
            $crate::fetch_with!(fetch_one, $conn, $sql => $row $(, $bind)*)
        }
    };
}

/// Runs a query with at most one row.
#[macro_export]
macro_rules! fetch_optional {
    ($conn:expr, $sql:expr => $row:ty $(, $bind:expr)* $(,)?) => {
        {
            $crate::typed_query!($sql => $row);
            $crate::fetch_with!(fetch_optional, $conn, $sql => $row $(, $bind)*)
        }
    };
}

/// Runs a query whose columns are `{packed …}`; returns all its rows, whose fields are in the order of the columns.
/// Each separate row is passed from the driver's thread, which costs more than most of the work to find it.
#[macro_export]
macro_rules! fetch_packed {
    ($conn:expr, $sql:expr => $row:ty $(, $bind:expr)* $(,)?) => {
        {
            $crate::typed_query!(packed $sql => $row);
            $crate::fetch_with!(fetch_one, $conn, $sql => (String,) $(, $bind)*)
                .and_then(|(rows,)| $crate::database::unpack::<$row>(&rows))
        }
    };
}

/// Returns the rows of a packed query.
pub fn unpack<T: serde::de::DeserializeOwned>(rows: &str) -> Rows<T> {
    serde_json::from_str(rows).map_err(|error| DbError::Other(sqlx::Error::Decode(error.into())))
}

/// Common part of the three.
#[doc(hidden)]
#[macro_export]
macro_rules! fetch_with {
    ($how:ident, $conn:expr, $sql:expr => $row:ty $(, $bind:expr)*) => {
        match $conn {
            $crate::database::Conn::Sqlite(c) => sqlx::query_as::<sqlx::Sqlite, $row>($sql.sqlite)$(.bind($bind))*
                .$how(&mut *c).await.map_err($crate::database::DbError::from),
            $crate::database::Conn::Pg(c, limit) => {
                let query = sqlx::query_as::<sqlx::Postgres, $row>($sql.pg)$(.bind($bind))*;
                $crate::database::within(limit, query.$how(&mut *c)).await
            }
        }
    };
}

/// Returns the server's reply, where it comes within `limit`.
///
/// Errors: [`DbError::Unavailable`] where none comes. PostgreSQL has its own time limits; this one is for a suspended
/// server or a network that drops everything, for which TCP would wait many minutes.
pub async fn within<T>(limit: Duration, answer: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, DbError> {
    match tokio::time::timeout(limit, answer).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(DbError::Unavailable(format!("no answer within {} s", limit.as_secs()))),
    }
}

/// Runs a statement without parameters: for tests that prepare every statement.
pub async fn execute_raw(conn: Conn<'_>, sql: Sql) -> Result<u64, DbError> {
    execute!(conn, sql)
}
