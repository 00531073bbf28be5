//! Returned mail in a folder: a Maildir, or plain files that end in `.eml`.
//!
//! A file is read, its consequences are stored, and only then is it moved to `done/` (or `unread/`, where it is not a
//! mail): after a crash in between it is read again, which is idempotent. A file that cannot be read or moved does not
//! block the others. Programs that put files here write them under a temporary name, beginning with a dot or ending in
//! `.part`, and rename them.

use super::Handed;
use crate::files::create_private_folder;
use crate::mail::Mail;
use crate::mail::reader::MAX_MAIL_BYTES;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use tokio_util::sync::CancellationToken;

/// Folder of files that were read.
const DONE: &str = "done";
/// Folder of files that are not mail.
const UNREAD: &str = "unread";
/// Maximum number of files read in one run; the next comes within a minute.
const MAX_FILES_PER_RUN: usize = 5_000;

/// Reads the waiting files; returns their number.
pub(super) async fn fetch(mail: &Mail, folder: &Path, stop: &CancellationToken) -> Result<usize, String> {
    let root = folder.to_owned();
    let waiting = on_disk(move || waiting(&root)).await.map_err(|error| said(folder, "read", &error))?;
    let (mut all, mut stays) = (0, None);
    for path in waiting {
        if stop.is_cancelled() {
            break;
        }
        let file = path.clone();
        let bytes = match on_disk(move || head(&file)).await {
            Ok(bytes) => bytes,
            // Removed by another process; or unreadable, and stays until the administrator corrects that.
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => {
                tracing::warn!(%error, "a file of returned mail can't be read: it stays where it is");
                continue;
            }
        };
        let handed = mail.take_mail(bytes, "folder").await.map_err(|error| error.to_string())?;
        let to = folder.join(if handed == Handed::Unreadable { UNREAD } else { DONE });
        match on_disk(move || put_away(&path, &to)).await {
            Ok(()) => all += 1,
            // Its content was stored; it is read again the next time, which is idempotent.
            Err(error) => stays = stays.or(Some(error)),
        }
    }
    match stays {
        None => Ok(all),
        Some(error) => Err(said(folder, "written", &error)),
    }
}

fn said(folder: &Path, what: &str, error: &std::io::Error) -> String {
    format!("the folder of returned mail {} can't be {what}: {error}", folder.display())
}

async fn on_disk<T: Send + 'static>(work: impl FnOnce() -> std::io::Result<T> + Send + 'static) -> std::io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(std::io::Error::other)?
}

/// Returns the waiting files, by name. A Maildir has `new` and `cur`.
fn waiting(root: &Path) -> std::io::Result<Vec<PathBuf>> {
    let is_maildir = root.join("new").is_dir() && root.join("cur").is_dir();
    let folders = if is_maildir { vec![root.join("new"), root.join("cur")] } else { vec![root.to_owned()] };
    let mut found = Vec::new();
    for folder in folders {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let wanted = !name.starts_with('.') && (is_maildir || name.to_lowercase().ends_with(".eml"));
            // Symbolic links are not followed: they could lead anywhere.
            if wanted && entry.file_type()?.is_file() {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    found.truncate(MAX_FILES_PER_RUN);
    Ok(found)
}

/// Returns the part of a file that is parsed.
fn head(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(MAX_MAIL_BYTES as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Moves a file; never overwrites another one.
fn put_away(path: &Path, to: &Path) -> std::io::Result<()> {
    create_private_folder(to)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let free = std::iter::once(name.clone()).chain((2..).map(|n| format!("{name}.{n}"))).map(|name| to.join(name));
    for target in free {
        // A link fails where the file exists already, unlike a rename.
        match std::fs::hard_link(path, &target) {
            Ok(()) => return std::fs::remove_file(path),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                if same_file(path, &target) {
                    return std::fs::remove_file(path);
                }
            }
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Whether both names are of one file, as after a crash between creating the one and removing the other.
fn same_file(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let of = |path: &Path| std::fs::metadata(path).map(|data| (data.dev(), data.ino()));
    matches!((of(one), of(other)), (Ok(one), Ok(other)) if one == other)
}
