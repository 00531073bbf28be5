//! Read-only access to a database: for `afterword config check`, which changes nothing on disk.

use super::{Db, DbError, Sql};
use crate::config::DatabaseUrl;
use sqlx::Connection;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

/// Maximum wait for a server.
const MAX_WAIT: Duration = Duration::from_secs(5);

impl Db {
    /// Opens the database for reading only. `None` where SQLite has no file yet.
    ///
    /// Errors: no server answers, it rejects the credentials, or the file is not a database.
    pub async fn open_read_only(url: &DatabaseUrl) -> Result<Option<Self>, DbError> {
        let db = match url {
            DatabaseUrl::Sqlite(path) if !path.exists() => return Ok(None),
            DatabaseUrl::Sqlite(path) => {
                let options = SqliteConnectOptions::new().filename(path).read_only(true);
                // Reading in WAL mode creates side files, unless the database is declared immutable; where there is a
                // log, they exist already, and another process may write.
                let options = options.immutable(!has_log(path));
                let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await?;
                Self::Sqlite { write: pool.clone(), read: pool }
            }
            DatabaseUrl::Postgres(url) => {
                let options = PgConnectOptions::from_str(url)?.application_name("afterword config check");
                // A pool would wait for a server that rejects connections, without giving the reason.
                let first = tokio::time::timeout(MAX_WAIT, PgConnection::connect_with(&options)).await;
                first.unwrap_or(Err(sqlx::Error::PoolTimedOut))?.close().await?;
                let pool =
                    PgPoolOptions::new().max_connections(1).acquire_timeout(MAX_WAIT).connect_with(options).await?;
                Self::Pg { pool, answer_limit: MAX_WAIT }
            }
        };
        const TABLES: Sql = Sql::each("SELECT COUNT(*) FROM sqlite_schema", "SELECT COUNT(*) FROM pg_catalog.pg_class");
        let mut reader = db.read().await?;
        let _: Vec<(i64,)> = crate::fetch_all!(reader.conn(), TABLES => (i64,))?;
        drop(reader);
        Ok(Some(db))
    }
}

fn has_log(path: &Path) -> bool {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    Path::new(&log).exists()
}
