//! Bringing the schema up to date. Migrations are embedded; a database of a newer version is refused, not guessed at.

use super::{Db, DbError};
use sqlx::migrate::{MigrateError as SqlxMigrateError, Migrator};

static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");

/// Why the schema is not the one this program needs.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// A newer Afterword was here.
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

/// How many migrations there are still to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pending(pub usize);

impl Db {
    fn migrator(&self) -> &'static Migrator {
        match self {
            Self::Sqlite { .. } => &SQLITE,
            Self::Pg(_) => &POSTGRES,
        }
    }

    /// Runs what is missing.
    pub async fn migrate(&self) -> Result<(), MigrateError> {
        let done = match self {
            Self::Sqlite { write, .. } => SQLITE.run(write).await,
            Self::Pg(pool) => POSTGRES.run(pool).await,
        };
        done.map_err(|error| match error {
            SqlxMigrateError::VersionMissing(_) | SqlxMigrateError::VersionTooNew(..) => MigrateError::Newer,
            other => MigrateError::Failed(other.to_string()),
        })
    }

    /// What [`Db::migrate`] would run; an error where the database is newer than the program.
    pub async fn pending(&self) -> Result<Pending, MigrateError> {
        const APPLIED: super::Sql = super::Sql::both("SELECT version FROM _sqlx_migrations");
        let known: Vec<i64> = self.migrator().iter().map(|m| m.version).collect();
        let mut reader = self.read().await?;
        // No table: nothing was ever run here.
        let applied: Vec<(i64,)> = crate::fetch_all!(reader.conn(), APPLIED => (i64,)).unwrap_or_default();
        if applied.iter().any(|(version,)| !known.contains(version)) {
            return Err(MigrateError::Newer);
        }
        Ok(Pending(known.len().saturating_sub(applied.len())))
    }
}
