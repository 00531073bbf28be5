//! Files and folders at the start: permissions are restricted to the service, and incomplete uploads are deleted.

use super::App;
use crate::config::{Config, DatabaseUrl, MailUrl, RecordingsUrl};
use crate::files::make_private;
use std::ffi::OsString;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Sticky bit of a folder that everyone may write to, such as /tmp: its permissions are not changed.
const STICKY: u32 = 0o1000;

impl App {
    /// Prepares files and folders; to be called before serving or working. Failures are logged; none of them prevents
    /// the start.
    pub async fn prepare_files(&self) {
        let config = self.config.clone();
        // Hundreds of thousands of recordings take a while; runs in the background.
        drop(tokio::task::spawn_blocking(move || make_files_private(&config)));
        match self.interactions.sweep_incoming().await {
            Ok(0) => {}
            Ok(removed) => tracing::info!(removed, "what cut-off uploads had left was removed"),
            Err(error) => tracing::error!(%error, "recordings can't be stored"),
        }
    }
}

/// Removes the permissions of group and others from everything that holds personal data; logs how many files had some.
fn make_files_private(config: &Config) {
    let mut repaired = 0;
    let RecordingsUrl::File(recordings) = &config.recordings.url;
    let mut folders = vec![config.mail.journal.clone()];
    if let MailUrl::File(folder) = &config.mail.url {
        folders.push(folder.clone());
    }
    folders.extend(["", ".afterword", "incoming", "clips"].map(|name| recordings.join(name)));
    let mut repair = |path: &Path| match make_private(path) {
        Ok(done) => repaired += usize::from(done),
        Err(error) => tracing::warn!(path = %path.display(), %error, "others may read this, and it can't be changed"),
    };
    database_files(config).iter().for_each(|path| repair(path));
    repair(&config.anonymity.key_file);
    for folder in folders {
        let is_sticky = folder.metadata().is_ok_and(|metadata| metadata.permissions().mode() & STICKY != 0);
        if is_sticky {
            tracing::warn!(folder = %folder.display(), "everybody may write to this folder; choose one for Afterword alone");
        } else {
            repair(&folder);
        }
        match files_in(&folder) {
            Ok(files) => files.for_each(|path| repair(&path)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => tracing::warn!(folder = %folder.display(), %error, "this folder can't be read"),
        }
    }
    if repaired > 0 {
        tracing::info!(repaired, "files and folders that others could read are now the service's alone");
    }
}

/// Returns SQLite's file and its side files.
fn database_files(config: &Config) -> Vec<PathBuf> {
    let DatabaseUrl::Sqlite(path) = &config.database.url else { return Vec::new() };
    ["", "-wal", "-shm"]
        .map(|end| {
            let mut name = OsString::from(path);
            name.push(end);
            PathBuf::from(name)
        })
        .into()
}

/// Returns the files in a folder that this service may have written.
fn files_in(folder: &Path) -> io::Result<impl Iterator<Item = PathBuf>> {
    let ours = |path: &PathBuf| {
        path.extension().and_then(|end| end.to_str()).is_some_and(|end| matches!(end, "eml" | "part" | "sent"))
            || path.file_name().is_some_and(|name| name == "id")
            || path.file_stem().and_then(|stem| stem.to_str()).is_some_and(|stem| uuid::Uuid::try_parse(stem).is_ok())
    };
    let entries = std::fs::read_dir(folder)?.flatten();
    Ok(entries
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()))
        .map(|entry| entry.path())
        .filter(ours))
}
