//! Files with personal data: readable and writable only by the service's own user, whatever the umask is.

use std::fs::{DirBuilder, File, Metadata, OpenOptions, ReadDir};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::time::Duration;

/// Mode of files.
const FILE_MODE: u32 = 0o600;
/// Mode of folders.
const FOLDER_MODE: u32 = 0o700;
/// Permissions of the group and of others.
const SHARED_BITS: u32 = 0o077;

/// Creates a folder with mode 0700, and the missing ones above it. A folder that exists keeps its mode.
pub fn create_private_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(folder)
}

/// Creates a folder with mode 0700 inside one that must exist. A folder that exists keeps its mode.
///
/// Errors: `NotFound` where the folder above is missing.
pub fn create_private_subfolder(folder: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(FOLDER_MODE).create(folder) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        other => other,
    }
}

/// Returns options that open a file for writing and create it with mode 0600 where the caller asks for creation.
pub fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).mode(FILE_MODE);
    options
}

/// Syncs a folder: a file's new name survives a power cut only when its folder is synced too.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Removes all permissions of the group and of others. Returns whether there were any; links are not followed.
pub fn make_private(path: &Path) -> io::Result<bool> {
    let metadata = match std::fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    let mode = metadata.permissions().mode();
    if metadata.file_type().is_symlink() || mode & SHARED_BITS == 0 {
        return Ok(false);
    }
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode & !SHARED_BITS))?;
    Ok(true)
}

/// Minimum age of an unreferenced file that counts as abandoned: far above the timeout of a stalled upload, and the
/// time to write a row.
pub const MIN_ORPHAN_AGE: Duration = Duration::from_secs(6 * 3600);

/// Returns the names of up to `max` more files of a folder which are `wanted` and whose last change is at least
/// `min_age` ago. Empty at the end of the folder.
pub fn next_names(files: &mut ReadDir, max: usize, wanted: impl Fn(&str) -> bool, min_age: Duration) -> Vec<String> {
    let is_old = |metadata: &Metadata| {
        let age = metadata.modified().ok().and_then(|at| at.elapsed().ok());
        metadata.is_file() && age.is_some_and(|age| age >= min_age)
    };
    let mut names = Vec::new();
    for file in files.by_ref().flatten() {
        let name = file.file_name().to_string_lossy().into_owned();
        if wanted(&name) && file.metadata().is_ok_and(|metadata| is_old(&metadata)) {
            names.push(name);
        }
        if names.len() == max {
            break;
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn what_exists_loses_the_rights_of_others_once() {
        let root = tempfile::tempdir().unwrap();
        let (file, link) = (root.path().join("file"), root.path().join("link"));
        std::fs::write(&file, "x").unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        assert!(!make_private(&link).unwrap(), "links are not followed");
        assert!(make_private(&file).unwrap());
        assert_eq!(mode(&file), 0o600);
        assert!(!make_private(&file).unwrap());
        assert!(!make_private(&root.path().join("nowhere")).unwrap());
    }

    #[test]
    fn a_subfolder_needs_its_parent() {
        let root = tempfile::tempdir().unwrap();
        let missing = create_private_subfolder(&root.path().join("a/b")).unwrap_err();
        assert_eq!(missing.kind(), ErrorKind::NotFound);
        create_private_folder(&root.path().join("a/b")).unwrap();
        create_private_subfolder(&root.path().join("a/b")).unwrap();
        assert_eq!((mode(&root.path().join("a")), mode(&root.path().join("a/b"))), (0o700, 0o700));
    }
}
