//! Compares the folder of recordings with the table, both ways.

use super::RecordingError;
use super::folder::{FolderError, on_disk};
use crate::database::DbError;
use crate::files::{MIN_ORPHAN_AGE, next_names};
use crate::ids::InteractionId;
use crate::interactions::Interactions;
use crate::interactions::store::files;
use std::fs::ReadDir;
use std::io::ErrorKind;
use std::path::Path;
use tokio_util::sync::CancellationToken;

/// Number of file names looked up at once.
const PAGE_SIZE: usize = 1000;

impl Interactions {
    /// Checks that the folder of recordings is available and is this database's; see [`FolderError`]. Creates it if the
    /// database has had none so far.
    pub async fn check_recordings_folder(&self) -> Result<(), FolderError> {
        self.inner.folder.check().await
    }

    /// As above, and checks that a file can be written: for readiness.
    pub async fn probe_recordings_folder(&self) -> Result<(), FolderError> {
        self.inner.folder.probe().await
    }

    /// Returns the number of recordings whose file is missing, and the interactions of up to `max` of them.
    pub async fn missing_recordings(&self, max: usize) -> Result<(i64, Vec<InteractionId>), DbError> {
        let mut reader = self.inner.db.read().await?;
        let count = files::count_missing(reader.conn()).await?;
        let max = i64::try_from(max).unwrap_or(i64::MAX);
        Ok((count, if count == 0 { Vec::new() } else { files::missing(reader.conn(), max).await? }))
    }

    /// Removes remains of uploads that a crash interrupted. Keeps files that a live node may still be receiving: an
    /// upload changes its file with every part received.
    pub async fn sweep_incoming(&self) -> Result<usize, FolderError> {
        self.inner.folder.check().await?;
        let folder = self.inner.folder.incoming();
        let removed = on_disk(move || {
            let mut files = match std::fs::read_dir(&folder) {
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(0),
                other => other?,
            };
            let old = next_names(&mut files, usize::MAX, |_| true, MIN_ORPHAN_AGE);
            Ok(remove_files(&folder, &old))
        });
        removed.await.map_err(|source| self.folder_failed(source))
    }

    /// Removes old files without a row, marks the recordings whose file is missing, and removes the mark of those whose
    /// file exists again. Returns the number of removed files. Reads the whole folder and the whole table: once a day
    /// is often enough. Ends early once `stop` is cancelled.
    pub async fn compare_files(&self, stop: &CancellationToken) -> Result<usize, FolderError> {
        let removed = self.sweep_incoming().await? + self.remove_orphans(stop).await?;
        self.mark_missing_files(stop).await?;
        let missing = files::count_missing(self.inner.db.read().await?.conn()).await?;
        if missing > 0 {
            tracing::error!(missing, "recordings have no file in their folder; /admin names them");
        }
        if removed > 0 {
            tracing::warn!(removed, "files that belonged to no recording were removed");
            metrics::counter!("recordings_orphans_removed").increment(removed as u64);
        }
        Ok(removed)
    }

    async fn remove_orphans(&self, stop: &CancellationToken) -> Result<usize, FolderError> {
        let folder = self.inner.folder.path().to_owned();
        let mut removed = 0;
        let mut open = on_disk({
            let folder = folder.clone();
            move || std::fs::read_dir(folder)
        })
        .await
        .map_err(|source| self.folder_failed(source))?;
        while !stop.is_cancelled() {
            let (rest, names) =
                on_disk(move || Ok(some_of(open))).await.map_err(|source| self.folder_failed(source))?;
            open = rest;
            if names.is_empty() {
                break;
            }
            let named = files::named(self.inner.db.read().await?.conn(), &names).await?;
            let orphans: Vec<_> = names.into_iter().filter(|name| !named.contains(name)).collect();
            let folder = folder.clone();
            let gone = on_disk(move || Ok(remove_files(&folder, &orphans))).await;
            removed += gone.map_err(|source| self.folder_failed(source))?;
        }
        Ok(removed)
    }

    async fn mark_missing_files(&self, stop: &CancellationToken) -> Result<(), FolderError> {
        let mut from = String::new();
        while !stop.is_cancelled() {
            let page = files::page(self.inner.db.read().await?.conn(), &from, PAGE_SIZE as i64).await?;
            let Some(last) = page.last() else { break };
            from.clone_from(&last.object_key);
            let folder = self.inner.folder.path().to_owned();
            let compared = on_disk(move || compare_page(&folder, page)).await;
            let (gone, found) = compared.map_err(|source| self.folder_failed(source))?;
            if gone.is_empty() && found.is_empty() {
                continue;
            }
            // If the share was unmounted meanwhile, nothing is marked.
            self.inner.folder.check().await?;
            let mut tx = self.inner.db.begin().await?;
            files::mark_missing(tx.conn(), &gone, self.now()).await?;
            files::mark_found(tx.conn(), &found).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// Records that the file of a recording or a part was not found. Returns the error for the reader: the folder is not
    /// available, or the file is missing.
    pub async fn note_missing_file(&self, id: &InteractionId, object_key: &str) -> RecordingError {
        match self.try_note_missing(id, object_key).await {
            Ok(()) => RecordingError::FileMissing,
            Err(error) => error,
        }
    }

    async fn try_note_missing(&self, id: &InteractionId, object_key: &str) -> Result<(), RecordingError> {
        self.inner.folder.check().await?;
        let mut tx = self.inner.db.begin().await?;
        files::mark_missing(tx.conn(), &[object_key.to_owned()], self.now()).await?;
        tx.commit().await?;
        tracing::error!(interaction = %id, "the file of a recording is missing");
        Ok(())
    }

    fn folder_failed(&self, source: std::io::Error) -> FolderError {
        FolderError::Io { path: self.inner.folder.path().display().to_string(), source }
    }
}

/// Returns the next names of recordings that are old enough to have their rows, and the rest of the folder.
fn some_of(mut files: ReadDir) -> (ReadDir, Vec<String>) {
    // Names given by this service; other files are not touched.
    let ours = |name: &str| name.split('.').next().is_some_and(|stem| uuid::Uuid::try_parse(stem).is_ok());
    let names = next_names(&mut files, PAGE_SIZE, ours, MIN_ORPHAN_AGE);
    (files, names)
}

/// Returns the keys of unmarked rows whose file is missing, and of marked rows whose file exists.
fn compare_page(folder: &Path, page: Vec<files::FileRow>) -> std::io::Result<(Vec<String>, Vec<String>)> {
    let (mut gone, mut found) = (Vec::new(), Vec::new());
    for row in page {
        match (folder.join(&row.object_key).try_exists()?, row.missing_since) {
            (false, None) => gone.push(row.object_key),
            (true, Some(_)) => found.push(row.object_key),
            (true, None) | (false, Some(_)) => {}
        }
    }
    Ok((gone, found))
}

/// Returns the number of removed files.
fn remove_files(folder: &Path, names: &[String]) -> usize {
    let gone = |name: &&String| match std::fs::remove_file(folder.join(name)) {
        Ok(()) => true,
        // Removed meanwhile by an upload that continued, or by another node's sweep.
        Err(error) if error.kind() == ErrorKind::NotFound => false,
        Err(error) => {
            tracing::warn!(%error, "a file that belongs to no recording could not be removed");
            false
        }
    };
    names.iter().filter(gone).count()
}
