//! Readiness of this node: checked by writing, as a full disk and a held lock are not visible otherwise.

use super::App;
use crate::config::DatabaseUrl;
use crate::database::{DbError, Outage};
use crate::interactions::FolderError;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

/// Maximum age of a cached report, so that frequent health checks cost nothing.
const MAX_AGE: Duration = Duration::from_secs(1);
/// Maximum time for storing a row; a slower database is not ready.
const MAX_WRITE: Duration = Duration::from_secs(2);
/// Number of bytes that are written to a folder: more than may be free at the end of a file.
const PROBE_BYTES: usize = 64 * 1024;

/// Result of a readiness check.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Report {
    /// Whether the node can serve requests.
    pub ready: bool,
    /// Whether the database accepted a row.
    pub database: bool,
    /// Whether the schema is the one that this program needs.
    pub migrations: bool,
    /// Whether the folder of recordings accepted a file.
    pub store: bool,
    /// `ready`, `absent` or `loaded`; only transcripts wait for it.
    pub model: &'static str,
    /// Codes of the problems: `database_storage_full`, `store_missing`, …
    pub problems: Vec<String>,
}

/// The last report. One check at a time; concurrent requests wait for its result.
#[derive(Debug, Default)]
pub(super) struct Readiness(Mutex<Option<(Instant, Report)>>);

impl Readiness {
    pub async fn report(&self, app: &App) -> Report {
        let mut last = self.0.lock().await;
        if let Some((_, report)) = last.as_ref().filter(|(at, _)| at.elapsed() < MAX_AGE) {
            return report.clone();
        }
        let report = probe(app).await;
        let was_ready = last.as_ref().is_none_or(|(_, report)| report.ready);
        match (was_ready, report.ready) {
            (true, false) => tracing::error!(problems = ?report.problems, "not ready"),
            (false, true) => tracing::info!("ready again"),
            _ => {}
        }
        *last = Some((Instant::now(), report.clone()));
        report
    }
}

async fn probe(app: &App) -> Report {
    let (database, migrations, store) = tokio::join!(probe_database(app), probe_schema(app), probe_recordings(app));
    let all = [("database", &database), ("migrations", &migrations), ("store", &store)];
    let problems: Vec<_> =
        all.iter().filter_map(|(what, found)| Some(format!("{what}_{}", found.as_ref().err()?))).collect();
    Report {
        ready: problems.is_empty(),
        database: database.is_ok(),
        migrations: migrations.is_ok(),
        store: store.is_ok(),
        model: app.model_state(),
        problems,
    }
}

async fn probe_database(app: &App) -> Result<(), &'static str> {
    let written = timeout(MAX_WRITE, app.db.replace_meta("readiness", &app.clock.now().0.to_string())).await;
    written.map_err(|_| "busy")?.map_err(|error| code(&error))?;
    match &app.config.database.url {
        // Its log may have room for one row only.
        DatabaseUrl::Sqlite(path) => probe_folder(path.parent().unwrap_or(Path::new("."))).await,
        DatabaseUrl::Postgres(_) => Ok(()),
    }
}

async fn probe_recordings(app: &App) -> Result<(), &'static str> {
    app.interactions.probe_recordings_folder().await.map_err(|error| {
        tracing::warn!(%error, "recordings can't be stored");
        match error {
            FolderError::Missing(_) => "missing",
            FolderError::Foreign(_) => "foreign",
            FolderError::Io { source, .. } => io_code(&source),
            FolderError::Database(error) => code(&error),
        }
    })
}

async fn probe_schema(app: &App) -> Result<(), &'static str> {
    match app.db.pending().await {
        Ok(pending) if pending.0 == 0 => Ok(()),
        Ok(_) => Err("pending"),
        Err(_) => Err("unknown"),
    }
}

fn code(error: &DbError) -> &'static str {
    match error.outage() {
        Some(Outage::Full) => "storage_full",
        Some(Outage::Busy) => "busy",
        Some(Outage::Unavailable) => "unavailable",
        Some(Outage::Stopping) => "stopping",
        None => "failed",
    }
}

/// Checks that a file can be written to this folder, which must exist.
async fn probe_folder(folder: &Path) -> Result<(), &'static str> {
    let folder = if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder.to_owned() };
    let tried = tokio::task::spawn_blocking(move || write_and_remove(&folder)).await;
    tried.map_err(|_| "failed")?.map_err(|error| io_code(&error))
}

fn io_code(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "storage_full",
        io::ErrorKind::NotFound => "missing",
        _ => "failed",
    }
}

fn write_and_remove(folder: &Path) -> io::Result<()> {
    let path = folder.join(format!(".{}.probe", uuid::Uuid::new_v4()));
    let mut file = std::fs::File::create_new(&path)?;
    let written = file.write_all(&[0; PROBE_BYTES]).and_then(|()| file.sync_all());
    std::fs::remove_file(&path)?;
    written
}
