//! Opening the database: pools, their time limits, and checks before a connection is reused.

use super::{Db, DbError};
use crate::config::{Database, DatabaseUrl};
use crate::files::{create_private_folder, private_file};
use sqlx::pool::PoolConnectionMetadata;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection};
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

/// Number of connections of the pool where `database.max_connections` is 0.
const PG_CONNECTIONS: u32 = 16;
/// Number of connections that read where `database.max_connections` is 0.
const SQLITE_READERS: u32 = 4;
/// Added to `database.statement_timeout`, after which PostgreSQL itself aborts a statement: time for its reply to
/// arrive.
const NETWORK: Duration = Duration::from_secs(5);
/// Maximum time for a reply to a ping before the connection is closed.
const PING: Duration = Duration::from_secs(2);
/// Idle time after which a connection is tested before it is used: the server may have closed it.
const TRUSTED: Duration = Duration::from_secs(1);
/// Maximum wait of [`Db::purge_deleted`] for readers and other processes.
const CHECKPOINT_WAIT: Duration = Duration::from_millis(200);

impl Db {
    /// Opens the database; creates SQLite's file and its folder where missing. Migrates nothing.
    pub async fn open(config: &Database) -> Result<Self, DbError> {
        match &config.url {
            DatabaseUrl::Sqlite(path) => open_sqlite(path, config).await,
            DatabaseUrl::Postgres(url) => open_postgres(url, config).await,
        }
    }

    /// Removes deleted and overwritten data from the disk at once: SQLite checkpoints its write-ahead log and truncates
    /// it, PostgreSQL vacuums these tables. Does not affect archives of either.
    ///
    /// Errors: the first one; PostgreSQL vacuums the other tables nevertheless.
    ///
    /// Works on a separate connection, which has other time limits than the pools and is closed afterwards.
    pub async fn purge_deleted(&self, tables: &[&'static str]) -> Result<(), DbError> {
        match self {
            Self::Sqlite { write, .. } => {
                // Held so that no writer of this process interferes.
                let _writer = write.acquire().await?;
                // Readers limit the checkpoint, and must not block writers for long.
                let options = (*write.connect_options()).clone().busy_timeout(CHECKPOINT_WAIT);
                let mut conn = options.connect().await?;
                sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut conn).await?;
                conn.close().await?;
            }
            Self::Pg { pool, .. } => {
                let mut conn = unlimited(pool).await?;
                let mut purged = Ok(());
                for table in tables {
                    let vacuum = sqlx::AssertSqlSafe(format!("VACUUM {table}"));
                    // One table that fails does not keep the others from it.
                    purged = purged.and(sqlx::query(vacuum).execute(&mut conn).await.map(drop));
                }
                conn.close().await?;
                purged?;
            }
        }
        Ok(())
    }
}

/// Returns a separate connection without time limits, for long statements: migrations and `VACUUM`.
pub(super) async fn unlimited(pool: &PgPool) -> Result<PgConnection, sqlx::Error> {
    let options = (*pool.connect_options()).clone();
    options.options([("statement_timeout", 0), ("lock_timeout", 0)]).connect().await
}

async fn open_sqlite(path: &Path, config: &Database) -> Result<Db, DbError> {
    create_private(path).map_err(|e| DbError::Other(sqlx::Error::Io(e)))?;
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(config.lock_timeout.0)
        // Deleted data (addresses, sealed responses) is overwritten, not left in free pages.
        .pragma("secure_delete", "ON")
        // 16 MiB of log before it is copied into the database: frequently written pages are copied once.
        .pragma("wal_autocheckpoint", "4000");
    let pool = || {
        SqlitePoolOptions::new()
            .acquire_timeout(config.acquire_timeout.0)
            .test_before_acquire(false)
            .idle_timeout(None)
            .max_lifetime(None)
    };
    let write = pool()
        .max_connections(1)
        .before_acquire(|conn, _| Box::pin(is_clean(conn)))
        .connect_with(options.clone().pragma("cache_size", "-16000"))
        .await?;
    let readers = if config.max_connections == 0 { SQLITE_READERS } else { config.max_connections };
    let read = pool().max_connections(readers).connect_with(options.read_only(true).create_if_missing(false)).await?;
    Ok(Db::Sqlite { write, read })
}

/// Creates the file and its folder, for their owner only. Its side files (-wal, -shm) get its mode.
fn create_private(path: &Path) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        create_private_folder(folder)?;
    }
    // Not opened where it exists: closing it would drop the locks of other connections.
    match private_file().create_new(true).open(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Whether the connection's last transaction has ended. SQLite rolls back by itself when the disk is full; sqlx's own
/// rollback then fails, its count of open transactions stays above zero, and no transaction can begin on that
/// connection any more (sqlx-sqlite 0.9, `ConnectionWorker`). A connection whose transaction has not ended is closed,
/// and another opened.
async fn is_clean(conn: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    let clean = !conn.is_in_transaction();
    if !clean {
        tracing::warn!("a transaction could not be rolled back; its connection is replaced");
    }
    Ok(clean)
}

async fn open_postgres(url: &str, config: &Database) -> Result<Db, DbError> {
    let limits = [
        ("statement_timeout", config.statement_timeout.0.as_millis()),
        ("lock_timeout", config.lock_timeout.0.as_millis()),
        // A node that is suspended in the middle of a transaction must not hold its locks for ever.
        ("idle_in_transaction_session_timeout", config.statement_timeout.0.as_millis()),
    ];
    let options = PgConnectOptions::from_str(url)?.application_name("afterword").options(limits);
    let connections = if config.max_connections == 0 { PG_CONNECTIONS } else { config.max_connections };
    let pool = PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(config.acquire_timeout.0)
        .test_before_acquire(false)
        .before_acquire(|conn, meta| Box::pin(is_alive(conn, meta)))
        // An aborted request may have left a statement or a rollback in progress.
        .after_release(|conn, _| Box::pin(answers(conn)))
        .connect_with(options)
        .await?;
    Ok(Db::Pg { pool, answer_limit: config.statement_timeout.0 + NETWORK })
}

async fn is_alive(conn: &mut PgConnection, meta: PoolConnectionMetadata) -> Result<bool, sqlx::Error> {
    if meta.idle_for < TRUSTED { Ok(true) } else { answers(conn).await }
}

/// Whether the server answers on this connection within [`PING`]. Errors, which close the connection: it does not.
async fn answers(conn: &mut PgConnection) -> Result<bool, sqlx::Error> {
    let late = |_| sqlx::Error::Io(std::io::ErrorKind::TimedOut.into());
    tokio::time::timeout(PING, conn.ping()).await.map_err(late)??;
    Ok(!conn.is_in_transaction())
}
