//! Mail as files: one `.eml` each, written atomically.

use super::outcome::SendError;
use super::transport::Outgoing;
use crate::files::{create_private_folder, private_file, sync_folder};
use crate::ids::MailId;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Folder that mail is written to.
pub(super) struct Folder {
    path: PathBuf,
}

impl Folder {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Writes the mail under a name that sorts by time and is stable over retries.
    pub(super) async fn write(&self, id: &MailId, mail: &Outgoing) -> Result<(), SendError> {
        let folder = self.path.clone();
        let name = format!("{}-{id}", mail.created.to_jiff().strftime("%Y%m%dT%H%M%SZ"));
        let bytes = mail.bytes.clone();
        let written = tokio::task::spawn_blocking(move || write(&folder, &name, &bytes)).await;
        match written {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(SendError::Stopped(format!("the mail folder can't be written: {error}"))),
            Err(_) => Err(SendError::NotNow("writing the mail broke off".into())),
        }
    }

    /// Checks that the folder is writable. Errors: the reason in words.
    pub(super) fn try_out(&self) -> Result<(), String> {
        let tried = create_private_folder(&self.path).and_then(|()| tempfile_in(&self.path));
        tried.map_err(|error| format!("the mail folder can't be written: {error}"))
    }
}

/// Writes a temporary file and renames it, each step synced to disk before the next: a crash leaves no partial mail.
fn write(folder: &Path, name: &str, bytes: &[u8]) -> std::io::Result<()> {
    create_private_folder(folder)?;
    let unfinished = folder.join(format!(".{name}.part"));
    let mut file = private_file().create(true).truncate(true).open(&unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&unfinished, folder.join(format!("{name}.eml")))?;
    sync_folder(folder)
}

fn tempfile_in(folder: &Path) -> std::io::Result<()> {
    let path = folder.join(format!(".{}.part", uuid::Uuid::new_v4()));
    private_file().create_new(true).open(&path)?;
    std::fs::remove_file(path)
}
