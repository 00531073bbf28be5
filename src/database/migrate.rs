//! Schema migrations, which are embedded; a database of a newer version is rejected.

use super::open::unlimited;
use super::{Db, DbError, Sql};
use crate::{fetch_all, fetch_one};
use sqlx::migrate::{MigrateError as SqlxMigrateError, Migrator};
use std::fs::File;
use std::path::Path;

static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");

/// Reason why the schema is not the one that this program needs.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The database was used by a newer version of Afterword.
    #[error(
        "the database was written by a newer version of Afterword: use that version, or restore a backup made before it"
    )]
    Newer,
    /// A migration failed; its transaction was rolled back.
    #[error("the database could not be brought up to date: {0}")]
    Failed(String),
    /// The database did not answer.
    #[error(transparent)]
    Database(#[from] DbError),
}

/// Number of pending migrations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pending(pub usize);

/// Waits until no other process migrates this SQLite file, as its migrator has no lock of its own; others wait until
/// the result is dropped. `None` where the file system does not support such locks.
async fn turn_of(file: &Path) -> Option<File> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned();
    let locked = tokio::task::spawn_blocking(move || {
        let folder = File::open(folder)?;
        folder.lock().map(|()| folder)
    });
    locked.await.ok()?.inspect_err(|error| tracing::warn!(%error, "the database's folder can't be locked")).ok()
}

impl Db {
    fn migrator(&self) -> &'static Migrator {
        match self {
            Self::Sqlite { .. } => &SQLITE,
            Self::Pg { .. } => &POSTGRES,
        }
    }

    /// Runs pending migrations.
    pub async fn migrate(&self) -> Result<(), MigrateError> {
        let done = match self {
            Self::Sqlite { write, .. } => {
                let _turn = turn_of(write.connect_options().get_filename()).await;
                SQLITE.run(write).await
            }
            Self::Pg { pool, .. } => {
                // Other migrating processes are waited for, and a large table takes long.
                let mut conn = unlimited(pool).await.map_err(DbError::from)?;
                POSTGRES.run_direct(None, &mut conn, false).await
            }
        };
        done.map_err(|error| match error {
            SqlxMigrateError::VersionMissing(_) | SqlxMigrateError::VersionTooNew(..) => MigrateError::Newer,
            other => MigrateError::Failed(other.to_string()),
        })
    }

    /// Returns the number of migrations that [`Db::migrate`] would run. Errors: the database is newer than the program.
    pub async fn pending(&self) -> Result<Pending, MigrateError> {
        const IS_NEW: Sql = Sql::each(
            "SELECT NOT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = '_sqlx_migrations')",
            "SELECT to_regclass('_sqlx_migrations') IS NULL",
        );
        const APPLIED: Sql = Sql::both("SELECT version FROM _sqlx_migrations");
        let known: Vec<i64> = self.migrator().iter().map(|m| m.version).collect();
        let mut reader = self.read().await?;
        let (is_new,) = fetch_one!(reader.conn(), IS_NEW => (bool,))?;
        if is_new {
            return Ok(Pending(known.len()));
        }
        let applied: Vec<(i64,)> = fetch_all!(reader.conn(), APPLIED => (i64,))?;
        if applied.iter().any(|(version,)| !known.contains(version)) {
            return Err(MigrateError::Newer);
        }
        Ok(Pending(known.len().saturating_sub(applied.len())))
    }
}
