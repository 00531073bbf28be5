//! Working folders inside the models folder: the default temporary folder is often too small for a model.

use super::ModelError;
use super::alignment::Sidecar;
use std::fs::{self, File};
use std::path::Path;
use tempfile::TempDir;

/// Prefix of a working folder's name.
const PREFIX: &str = ".working-";
/// File in a working folder that is locked while its owner runs.
const LOCK: &str = "lock";
/// Name of that file until it is locked.
const UNLOCKED: &str = "lock.new";

/// A folder for unfinished files, removed when dropped.
#[derive(Debug)]
pub(super) struct WorkingFolder {
    folder: TempDir,
    _lock: File,
}

impl WorkingFolder {
    /// Makes a folder in the models folder, and removes those of processes that were killed.
    ///
    /// # Errors
    /// [`ModelError::Io`].
    pub(super) fn new(models: &Path) -> Result<Self, ModelError> {
        remove_orphans(models)?;
        // Absolute, because pip runs in another working folder.
        let folder =
            std::path::absolute(models).and_then(|all| tempfile::Builder::new().prefix(PREFIX).tempdir_in(all));
        let folder = folder.map_err(ModelError::io(models))?;
        let unlocked = folder.path().join(UNLOCKED);
        let io = ModelError::io(&unlocked);
        let lock = File::create(&unlocked).map_err(&io)?;
        lock.lock().map_err(&io)?;
        // The lock file has its name only while it is locked, so that no other process takes a new folder for an
        // orphan.
        fs::rename(&unlocked, folder.path().join(LOCK)).map_err(&io)?;
        Ok(Self { folder, _lock: lock })
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// Removes the working folders of processes that were killed.
///
/// # Errors
/// [`ModelError::Io`].
pub(super) fn remove_orphans(models: &Path) -> Result<(), ModelError> {
    for entry in fs::read_dir(models).map_err(ModelError::io(models))?.flatten() {
        if !entry.file_name().as_encoded_bytes().starts_with(PREFIX.as_bytes()) {
            continue;
        }
        let path = entry.path();
        if File::open(path.join(LOCK)).is_ok_and(|lock| lock.try_lock().is_ok()) {
            fs::remove_dir_all(&path).map_err(ModelError::io(&path))?;
        }
    }
    Ok(())
}

/// Renames a finished model to its target, with its sidecar. An earlier model of that name is replaced with its
/// sidecar.
///
/// # Errors
/// [`ModelError::Io`].
pub(super) fn install(finished: &Path, target: &Path) -> Result<(), ModelError> {
    Sidecar::remove(target)?;
    fs::rename(finished, target).map_err(ModelError::io(target))?;
    Sidecar::rename(finished, target)?;
    let folder = target.parent().unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(ModelError::io(folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_killed_processes_are_removed_and_those_in_use_stay() {
        let models = tempfile::tempdir().unwrap();
        let orphan = models.path().join(".working-orphan");
        fs::create_dir(&orphan).unwrap();
        fs::write(orphan.join(LOCK), "").unwrap();
        fs::write(orphan.join("model.bin"), "half").unwrap();
        fs::write(models.path().join("model.bin.part"), "half").unwrap();
        let first = WorkingFolder::new(models.path()).unwrap();
        assert!(!orphan.exists());
        let second = WorkingFolder::new(models.path()).unwrap();
        assert!(first.path().exists() && second.path().exists());
        drop((first, second));
        let left: Vec<_> = fs::read_dir(models.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["model.bin.part"]);
    }
}
