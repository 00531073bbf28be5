//! Journal of mails that have left and are not yet settled in the database: a file for each batch, one line for each
//! mail, written the moment the server has accepted it. A process that is killed in between leaves the file; the next
//! one on this machine settles what it records and takes over the rest of the batch, before it sends anything.
//!
//! Lines are written to the operating system and not synced to disk: they survive the process, not the machine. After a
//! power cut a mail of the last batch may be sent twice.

use crate::files::{create_private_folder, private_file};
use crate::ids::MailId;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// File extension of journal files.
const ENDING: &str = "sent";

/// Folder of the journal.
#[derive(Debug, Clone)]
pub(super) struct Journal {
    folder: PathBuf,
}

/// Entries of a batch in progress. Locked while this lives, which distinguishes it from the journal of a dead process.
pub(super) struct Entries {
    file: File,
    path: PathBuf,
}

/// Journal of a process that has died.
pub(super) struct Orphan {
    /// Id of its batch.
    pub batch: String,
    /// Mails that have left.
    pub sent: Vec<MailId>,
    entries: Entries,
}

impl Journal {
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Creates the entries of a batch. Errors: nothing can be written; then nothing may be sent.
    pub fn begin(&self, batch: &str) -> io::Result<Entries> {
        create_private_folder(&self.folder)?;
        // Under a temporary name until it is locked, so that no process takes it for an orphan.
        let part = self.folder.join(format!(".{batch}.part"));
        let path = self.folder.join(format!("{batch}.{ENDING}"));
        let file = private_file().create(true).append(true).open(&part)?;
        file.lock()?;
        std::fs::rename(&part, &path)?;
        Ok(Entries { file, path })
    }

    /// Returns the journals that dead processes left on this machine.
    pub fn orphans(&self) -> Vec<Orphan> {
        let Ok(entries) = std::fs::read_dir(&self.folder) else { return Vec::new() };
        let paths = entries.flatten().map(|entry| entry.path());
        let paths = paths.filter(|path| path.extension().is_some_and(|ending| ending == ENDING));
        paths.filter_map(|path| orphan(&path).ok().flatten()).collect()
    }
}

fn orphan(path: &Path) -> io::Result<Option<Orphan>> {
    let mut file = OpenOptions::new().read(true).append(true).open(path)?;
    if file.try_lock().is_err() {
        return Ok(None);
    }
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    // An incomplete line is ignored: its mail counts as one that was on its way.
    let sent = text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')?.parse().ok()).collect();
    let batch = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_owned();
    Ok(Some(Orphan { batch, sent, entries: Entries { file, path: path.to_owned() } }))
}

impl Orphan {
    /// Deletes the journal once all of it is settled.
    pub fn forget(&self) {
        self.entries.forget();
    }
}

impl Entries {
    /// Records that this mail has left.
    pub fn sent(&self, id: &MailId) -> io::Result<()> {
        (&self.file).write_all(format!("{id}\n").as_bytes())
    }

    /// Deletes the entries once all of them are settled.
    pub fn forget(&self) {
        if let Err(error) = std::fs::remove_file(&self.path) {
            tracing::warn!(%error, "a file of mail.journal can't be removed; it is read again at the next start");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_dead_process_wrote_is_found_and_what_a_living_one_writes_is_not() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let journal = Journal::new(folder.path().join("journal"));
        assert!(journal.orphans().is_empty());
        let ids = [MailId::random(), MailId::random()];
        let entries = journal.begin("one")?;
        entries.sent(&ids[0])?;
        entries.sent(&ids[1])?;
        assert!(journal.orphans().is_empty(), "its process lives");
        (&entries.file).write_all(b"half a li")?;
        drop(entries);
        let orphans = journal.orphans();
        assert_eq!(orphans.len(), 1);
        assert_eq!((orphans[0].batch.as_str(), &orphans[0].sent[..]), ("one", &ids[..]));
        assert!(journal.orphans().is_empty(), "somebody settles it");
        orphans[0].forget();
        drop(orphans);
        assert!(journal.orphans().is_empty());
        Ok(())
    }
}
