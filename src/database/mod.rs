//! Database access on two databases with one code: [`Db`] over native pools, statements as [`Sql`] constants, and
//! macros that run the same statement on either.
//!
//! SQLite has one connection that writes (a transaction there is `BEGIN IMMEDIATE`) and four that read; PostgreSQL has
//! a pool.

mod batch;
mod clock;
mod error;
mod meta;
mod migrate;
mod open;
mod read_only;
mod run;
mod statement;
mod typed;
mod visible;

pub use batch::{BatchError, Batcher};
pub use clock::DatabaseClock;
pub use error::{DbError, Outage};
pub use meta::{meta, replace_meta};
pub use migrate::{MigrateError, Pending};
pub use run::{Row, Rows, execute_raw, unpack, within};
pub use statement::{Dialect, Sql, expand, expanded_len};
#[cfg(debug_assertions)]
pub use statement::{STATEMENTS, Statement};
#[cfg(debug_assertions)]
pub use typed::{TYPED_QUERIES, TypedQuery};
pub use visible::VisibleBinds;

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnection, PgPool};
use sqlx::sqlite::{SqliteConnection, SqlitePool};
use sqlx::{Postgres, Sqlite, Transaction};
use std::time::Duration;

/// The database of this deployment. Cheap to clone.
#[derive(Clone, Debug)]
pub enum Db {
    /// SQLite: one machine.
    Sqlite {
        /// Pool of the one connection that writes.
        write: SqlitePool,
        /// Pool of the connections that read.
        read: SqlitePool,
    },
    /// PostgreSQL: any number of nodes.
    Pg {
        /// Pool of connections.
        pool: PgPool,
        /// Maximum time for the reply to a statement before the server counts as unreachable.
        answer_limit: Duration,
    },
}

/// A connection to either database, the argument of statements.
#[derive(Debug)]
pub enum Conn<'a> {
    /// SQLite.
    Sqlite(&'a mut SqliteConnection),
    /// PostgreSQL, and the maximum time for a reply.
    Pg(&'a mut PgConnection, Duration),
}

/// A connection for reading.
#[derive(Debug)]
pub enum Reader {
    /// SQLite.
    Sqlite(PoolConnection<Sqlite>),
    /// PostgreSQL, and the maximum time for a reply.
    Pg(PoolConnection<Postgres>, Duration),
}

/// A transaction that writes; rolled back where it is dropped.
#[derive(Debug)]
pub enum Tx {
    /// SQLite.
    Sqlite(Transaction<'static, Sqlite>),
    /// PostgreSQL, and the maximum time for a reply.
    Pg(Transaction<'static, Postgres>, Duration),
}

impl Reader {
    /// Returns the connection for a statement.
    pub fn conn(&mut self) -> Conn<'_> {
        match self {
            Self::Sqlite(c) => Conn::Sqlite(c),
            Self::Pg(c, limit) => Conn::Pg(c, *limit),
        }
    }
}

impl Tx {
    /// Returns the connection for a statement.
    pub fn conn(&mut self) -> Conn<'_> {
        match self {
            Self::Sqlite(t) => Conn::Sqlite(t),
            Self::Pg(t, limit) => Conn::Pg(t, *limit),
        }
    }
    /// Commits. After an [`Outage::Unavailable`] it is unknown whether it was committed: the reply may have been lost.
    pub async fn commit(self) -> Result<(), DbError> {
        match self {
            Self::Sqlite(t) => Ok(t.commit().await?),
            Self::Pg(t, limit) => within(limit, t.commit()).await,
        }
    }
}

impl Conn<'_> {
    /// Returns the same connection for one more statement.
    pub fn reborrow(&mut self) -> Conn<'_> {
        match self {
            Self::Sqlite(c) => Conn::Sqlite(c),
            Self::Pg(c, limit) => Conn::Pg(c, *limit),
        }
    }
}

impl Db {
    /// Returns a connection for reading committed data.
    pub async fn read(&self) -> Result<Reader, DbError> {
        Ok(match self {
            Self::Sqlite { read, .. } => Reader::Sqlite(read.acquire().await?),
            Self::Pg { pool, answer_limit } => {
                let conn = pool.acquire().await.map_err(|error| no_connection(pool, error.into()))?;
                Reader::Pg(conn, *answer_limit)
            }
        })
    }

    /// Begins a transaction that may write. On SQLite it has the only writing connection: keep it short, and wait for
    /// nothing else in it.
    ///
    /// Errors: [`DbError::Busy`] when it has not begun within `database.acquire_timeout`, for want of a connection or
    /// because another process holds SQLite's write lock.
    pub async fn begin(&self) -> Result<Tx, DbError> {
        match self {
            Self::Sqlite { write, .. } => {
                let begin = write.begin_with("BEGIN IMMEDIATE");
                let begun = tokio::time::timeout(write.options().get_acquire_timeout(), begin).await;
                Ok(Tx::Sqlite(begun.map_err(|_| DbError::Busy("the write lock was not to be had in time".into()))??))
            }
            Self::Pg { pool, answer_limit } => {
                let begun = within(*answer_limit, pool.begin()).await;
                Ok(Tx::Pg(begun.map_err(|error| no_connection(pool, error))?, *answer_limit))
            }
        }
    }

    /// Closes every connection; committed data is safe without it.
    pub async fn close(&self) {
        match self {
            Self::Sqlite { write, read } => {
                read.close().await;
                write.close().await;
            }
            Self::Pg { pool, .. } => pool.close().await,
        }
    }
}

/// Returns the same error; [`DbError::Unavailable`] where the pool had room for another connection, so that none could
/// be opened.
fn no_connection(pool: &PgPool, error: DbError) -> DbError {
    match error {
        DbError::Busy(_) if pool.size() < pool.options().get_max_connections() => {
            DbError::Unavailable("no connection could be opened within database.acquire_timeout".into())
        }
        other => other,
    }
}
