//! Folder of recordings: created once for a database, and expected from then on.
//!
//! An unmounted share leaves an empty folder behind, or none. Neither is taken for a new folder: recordings would go to
//! the wrong disk. So the database and the folder identify each other by an id stored in both.

use crate::database::{Db, DbError};
use crate::files::{create_private_folder, create_private_subfolder, private_file, sync_folder};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// Name under which the database keeps the id of its folder.
const META: &str = "recordings_folder";
/// Folder inside the folder of recordings that marks it. If empty, the folder is adopted by the next database that
/// checks it.
const MARKER: &str = ".afterword";
/// File inside the marker that holds the id.
const ID_FILE: &str = "id";
/// Folder for uploads in progress.
const INCOMING: &str = "incoming";
/// Number of bytes that [`Folder::probe`] writes: one disk block.
const PROBE_BYTES: usize = 4096;

/// Errors of the folder of recordings, with the remedy.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// The folder or its marker is missing.
    #[error(
        "the folder of recordings {0} is not there, or is not the one used so far: mount it or put it back; if it is lost for \
         good, create the empty folder {0}/{MARKER} to begin a new one"
    )]
    Missing(String),
    /// The marker holds another id.
    #[error(
        "the folder of recordings {0} belongs to another database: set recordings.url to the right folder; to hand this one \
         over, remove {0}/{MARKER}/{ID_FILE}"
    )]
    Foreign(String),
    /// Reading or writing there failed.
    #[error("the folder of recordings {path} can't be used: {source}")]
    Io {
        /// Path of the folder.
        path: String,
        /// Error of the operating system.
        source: io::Error,
    },
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DbError),
}

/// Marker found in a folder.
enum Marker {
    Id(String),
    Empty,
    Absent,
}

/// Folder of recordings, and the id that the database has for it.
pub(in crate::interactions) struct Folder {
    path: PathBuf,
    db: Db,
    id: OnceLock<String>,
}

impl Folder {
    pub fn new(path: PathBuf, db: Db) -> Self {
        Self { path, db, id: OnceLock::new() }
    }

    /// Returns the path of the recordings.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the path of uploads in progress.
    pub fn incoming(&self) -> PathBuf {
        self.path.join(INCOMING)
    }

    /// Checks that this is the database's folder. Creates it if the database has had none so far.
    pub async fn check(&self) -> Result<(), FolderError> {
        let id = self.id().await?;
        match self.marker().await? {
            Marker::Id(found) if found == id => Ok(()),
            Marker::Id(_) => Err(FolderError::Foreign(self.name())),
            Marker::Absent => Err(FolderError::Missing(self.name())),
            Marker::Empty => {
                let path = self.path.clone();
                self.blocking(move || write_id(&path.join(MARKER), &id)).await
            }
        }
    }

    /// As above, and checks that a file can be written.
    pub async fn probe(&self) -> Result<(), FolderError> {
        self.check().await?;
        let folder = self.incoming();
        self.blocking(move || {
            create_private_subfolder(&folder)?;
            let file = folder.join(format!(".probe-{}", uuid::Uuid::new_v4()));
            let written = write_new(&file, &[0; PROBE_BYTES]);
            written.and(std::fs::remove_file(&file))
        })
        .await
    }

    async fn id(&self) -> Result<String, FolderError> {
        if let Some(id) = self.id.get() {
            return Ok(id.clone());
        }
        let id = match self.db.meta(META).await? {
            Some(id) => id,
            None => self.introduce().await?,
        };
        Ok(self.id.get_or_init(|| id).clone())
    }

    /// Stores the id of the first folder in the database.
    async fn introduce(&self) -> Result<String, FolderError> {
        if let Marker::Id(_) = self.marker().await? {
            // Another node of this database may have been first; otherwise it is the folder of another database.
            return self.db.meta(META).await?.ok_or_else(|| FolderError::Foreign(self.name()));
        }
        // The folder first: after a crash between the two it is still adopted.
        let path = self.path.clone();
        self.blocking(move || create(&path)).await?;
        self.db.set_meta(META, &uuid::Uuid::new_v4().to_string()).await?;
        self.db.meta(META).await?.ok_or_else(|| FolderError::Missing(self.name()))
    }

    async fn marker(&self) -> Result<Marker, FolderError> {
        let marker = self.path.join(MARKER);
        self.blocking(move || match std::fs::read_to_string(marker.join(ID_FILE)) {
            Ok(id) if id.trim().is_empty() => Ok(Marker::Empty),
            Ok(id) => Ok(Marker::Id(id.trim().to_owned())),
            Err(error) if error.kind() == ErrorKind::NotFound && marker.is_dir() => Ok(Marker::Empty),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Marker::Absent),
            Err(error) => Err(error),
        })
        .await
    }

    fn name(&self) -> String {
        self.path.display().to_string()
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> Result<T, FolderError> {
        on_disk(work).await.map_err(|source| FolderError::Io { path: self.name(), source })
    }
}

/// Runs file operations on a blocking thread.
pub(in crate::interactions) async fn on_disk<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

/// Creates the folder with an empty marker, durably if the parent folder is readable.
fn create(path: &Path) -> io::Result<()> {
    create_private_folder(&path.join(MARKER))?;
    sync_folder(path)?;
    let above = path.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if let Err(error) = sync_folder(above) {
        tracing::warn!(%error, "the name of the new folder of recordings could not be made durable");
    }
    Ok(())
}

/// Written under a temporary name first: the file is complete or absent.
fn write_id(marker: &Path, id: &str) -> io::Result<()> {
    let part = marker.join(format!("{ID_FILE}.{}", uuid::Uuid::new_v4()));
    write_new(&part, id.as_bytes())?;
    std::fs::rename(&part, marker.join(ID_FILE))?;
    sync_folder(marker)
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = private_file().create_new(true).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
