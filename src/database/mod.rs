//! Two databases, one body of code: [`Db`] over native pools, statements as [`Sql`] constants, and macros that run the
//! same statement on either.
//!
//! SQLite has one connection that writes (a transaction there is `BEGIN IMMEDIATE`) and four that read; PostgreSQL has a pool.

mod batch;
mod meta;
mod migrate;
mod read_only;
mod run;
mod typed;
mod visible;

pub use batch::{BatchError, Batcher};
pub use meta::{STATEMENTS, replace_meta};
pub use migrate::{MigrateError, Pending};
pub use run::{Row, Rows, execute_raw, unpack};
#[cfg(debug_assertions)]
pub use typed::{TYPED_QUERIES, TypedQuery};
pub use visible::VisibleBinds;

use crate::config::DatabaseUrl;
use crate::files::{create_private_folder, private_file};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Postgres, Sqlite, Transaction};
use std::str::FromStr;
use std::time::Duration;

/// A statement's text in both dialects; placeholders are `$1`, `$2`, … in both.
#[derive(Debug, Clone, Copy)]
pub struct Sql {
    /// For SQLite.
    pub sqlite: &'static str,
    /// For PostgreSQL.
    pub pg: &'static str,
}

impl Sql {
    /// The same text for both.
    pub const fn both(text: &'static str) -> Self {
        Self { sqlite: text, pg: text }
    }
    /// A text for each.
    pub const fn each(sqlite: &'static str, pg: &'static str) -> Self {
        Self { sqlite, pg }
    }
}

/// Declares a store's statements as constants, and `STATEMENTS`, the list that a test prepares on both databases.
///
/// ```ignore
/// statements! {
///     FIND = "SELECT id, name FROM teams WHERE id = $1";
///     ADD = sqlite "…json_each($1)…", pg "…jsonb_array_elements($1::jsonb)…";
/// }
/// ```
#[macro_export]
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $($rest:tt)*)?) => { $crate::statements!(@next [] $($(#[$doc])* $name = $($rest)*)?); };
    (@next [$($done:ident)*] $(#[$doc:meta])* $name:ident = sqlite $sqlite:expr, pg $pg:expr; $($rest:tt)*) => {
        $(#[$doc])* const $name: $crate::database::Sql = $crate::database::Sql::each($sqlite, $pg);
        $crate::statements!(@next [$($done)* $name] $($rest)*);
    };
    (@next [$($done:ident)*] $(#[$doc:meta])* $name:ident = $text:expr; $($rest:tt)*) => {
        $(#[$doc])* const $name: $crate::database::Sql = $crate::database::Sql::both($text);
        $crate::statements!(@next [$($done)* $name] $($rest)*);
    };
    (@next [$($done:ident)*]) => {
        /// Every statement of this store, for the test that prepares them on both databases.
        pub const STATEMENTS: &[(&str, $crate::database::Sql)] = &[$((stringify!($done), $done)),*];
    };
}

/// What went wrong in the database. Texts are the driver's: for logs, never for customers.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// A unique constraint decided against us.
    #[error("that is there already")]
    Duplicate,
    /// A foreign key points at nothing.
    #[error("what it refers to is not there")]
    Missing,
    /// The disk is full or the database can't be written.
    #[error("the database can't be written: {0}")]
    Full(String),
    /// What one failed read or write means to each of those it was made for.
    #[error(transparent)]
    Shared(std::sync::Arc<DbError>),
    /// The process stops.
    #[error(transparent)]
    Stopping(#[from] BatchError),
    /// Anything else.
    #[error("database: {0}")]
    Other(sqlx::Error),
}

impl From<sqlx::Error> for DbError {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::error::ErrorKind;
        let Some(db) = error.as_database_error() else { return Self::Other(error) };
        match db.kind() {
            ErrorKind::UniqueViolation => Self::Duplicate,
            ErrorKind::ForeignKeyViolation => Self::Missing,
            // SQLITE_FULL, and PostgreSQL's class 53 (insufficient resources).
            _ if db.code().is_some_and(|c| c == "13" || c.starts_with("53")) => Self::Full(db.message().to_owned()),
            _ => Self::Other(error),
        }
    }
}

/// The database of this deployment. Cheap to clone.
#[derive(Clone, Debug)]
pub enum Db {
    /// One machine.
    Sqlite {
        /// The one connection that writes.
        write: SqlitePool,
        /// Those that read.
        read: SqlitePool,
    },
    /// Any number of nodes.
    Pg(PgPool),
}

/// A connection in either database, as statements take it.
#[derive(Debug)]
pub enum Conn<'a> {
    /// SQLite.
    Sqlite(&'a mut SqliteConnection),
    /// PostgreSQL.
    Pg(&'a mut PgConnection),
}

/// A connection for reading.
#[derive(Debug)]
pub enum Reader {
    /// SQLite.
    Sqlite(PoolConnection<Sqlite>),
    /// PostgreSQL.
    Pg(PoolConnection<Postgres>),
}

/// A transaction that writes; rolled back where it is dropped.
#[derive(Debug)]
pub enum Tx {
    /// SQLite.
    Sqlite(Transaction<'static, Sqlite>),
    /// PostgreSQL.
    Pg(Transaction<'static, Postgres>),
}

impl Reader {
    /// The connection for a statement.
    pub fn conn(&mut self) -> Conn<'_> {
        match self {
            Self::Sqlite(c) => Conn::Sqlite(c),
            Self::Pg(c) => Conn::Pg(c),
        }
    }
}

impl Tx {
    /// The connection for a statement.
    pub fn conn(&mut self) -> Conn<'_> {
        match self {
            Self::Sqlite(t) => Conn::Sqlite(t),
            Self::Pg(t) => Conn::Pg(t),
        }
    }
    /// Makes it last.
    pub async fn commit(self) -> Result<(), DbError> {
        match self {
            Self::Sqlite(t) => t.commit().await?,
            Self::Pg(t) => t.commit().await?,
        }
        Ok(())
    }
}

impl Conn<'_> {
    /// The same connection for one more statement.
    pub fn again(&mut self) -> Conn<'_> {
        match self {
            Self::Sqlite(c) => Conn::Sqlite(c),
            Self::Pg(c) => Conn::Pg(c),
        }
    }
}

impl Db {
    /// Opens the database; makes the file and its folder where SQLite has none yet. Migrates nothing.
    pub async fn open(url: &DatabaseUrl) -> Result<Self, DbError> {
        match url {
            DatabaseUrl::Sqlite(path) => {
                if let Some(folder) = path.parent() {
                    create_private_folder(folder).map_err(|e| DbError::Other(sqlx::Error::Io(e)))?;
                }
                // The files beside it (-wal, -shm) get its mode. Not opened where it is there: closing it would drop the
                // locks of other connections.
                match private_file().create_new(true).open(path) {
                    Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                        return Err(DbError::Other(sqlx::Error::Io(error)));
                    }
                    _ => {}
                }
                Self::open_sqlite(SqliteConnectOptions::new().filename(path)).await
            }
            DatabaseUrl::Postgres(url) => {
                let options = PgConnectOptions::from_str(url)?.application_name("afterword");
                let pool = PgPoolOptions::new().max_connections(16).acquire_timeout(Duration::from_secs(10));
                Ok(Self::Pg(pool.connect_with(options).await?))
            }
        }
    }

    async fn open_sqlite(options: SqliteConnectOptions) -> Result<Self, DbError> {
        let options = options
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(10))
            // What is deleted (addresses, sealed answers) is overwritten, not left in free pages.
            .pragma("secure_delete", "ON")
            // 16 MiB of log before it is copied into the database: what is written often is copied once.
            .pragma("wal_autocheckpoint", "4000");
        let write = SqlitePoolOptions::new()
            .max_connections(1)
            .acquire_timeout(Duration::from_secs(30))
            .test_before_acquire(false)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with(options.clone().pragma("cache_size", "-16000"))
            .await?;
        let read = SqlitePoolOptions::new()
            .max_connections(4)
            .test_before_acquire(false)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with(options.read_only(true).create_if_missing(false))
            .await?;
        Ok(Self::Sqlite { write, read })
    }

    /// A connection for reading what is committed.
    pub async fn read(&self) -> Result<Reader, DbError> {
        Ok(match self {
            Self::Sqlite { read, .. } => Reader::Sqlite(read.acquire().await?),
            Self::Pg(pool) => Reader::Pg(pool.acquire().await?),
        })
    }

    /// A transaction that may write. On SQLite it has the only one there is: keep it short, wait for nothing else in it.
    pub async fn begin(&self) -> Result<Tx, DbError> {
        Ok(match self {
            Self::Sqlite { write, .. } => Tx::Sqlite(write.begin_with("BEGIN IMMEDIATE").await?),
            Self::Pg(pool) => Tx::Pg(pool.begin().await?),
        })
    }

    /// Makes what was deleted or overwritten go from the disk now, not at some time: SQLite folds its log of changes into the
    /// file and empties it, PostgreSQL vacuums these tables. Does nothing about archives of either.
    pub async fn fold(&self, tables: &[&'static str]) -> Result<(), DbError> {
        match self {
            Self::Sqlite { write, .. } => {
                let mut conn = write.acquire().await?;
                // Readers in its way make it do less, and must not keep writers waiting for long.
                sqlx::query("PRAGMA busy_timeout = 200").execute(&mut *conn).await?;
                let folded = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut *conn).await;
                sqlx::query("PRAGMA busy_timeout = 10000").execute(&mut *conn).await?;
                folded?;
            }
            Self::Pg(pool) => {
                for table in tables {
                    sqlx::query(sqlx::AssertSqlSafe(format!("VACUUM {table}"))).execute(pool).await?;
                }
            }
        }
        Ok(())
    }

    /// Closes every connection; what was committed is safe without it.
    pub async fn close(&self) {
        match self {
            Self::Sqlite { write, read } => {
                read.close().await;
                write.close().await;
            }
            Self::Pg(pool) => pool.close().await,
        }
    }
}
