//! Files with personal data can't be read by other users of the machine, whatever the umask is.

use crate::interactions::files::sound;
use crate::support::served::Served;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Returns everything below a folder that the group or others have any permission to.
fn open_to_others(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let metadata = entry.metadata().unwrap();
        if metadata.permissions().mode() & 0o077 != 0 {
            found.push(entry.path().strip_prefix(folder).unwrap().to_owned());
        }
        if metadata.is_dir() {
            found.extend(
                open_to_others(&entry.path()).into_iter().map(|below| Path::new(&entry.file_name()).join(below)),
            );
        }
    }
    found
}

fn open_everything(folder: &Path) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let is_dir = entry.file_type().unwrap().is_dir();
        let mode = if is_dir { 0o777 } else { 0o666 };
        std::fs::set_permissions(entry.path(), std::fs::Permissions::from_mode(mode)).unwrap();
        if is_dir {
            open_everything(&entry.path());
        }
    }
}

/// Removes the tests' own log, and the folder around the database, which may hold other files.
fn without_ours(found: Vec<PathBuf>) -> Vec<PathBuf> {
    found.into_iter().filter(|path| !["log", "data"].map(Path::new).contains(&path.as_path())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_reads_what_is_written() {
    let mut served = Served::start(&[]).await;
    let url = format!("{}/api/v1/interactions/phone/1/recording", served.url);
    let put = served.client.put(url).bearer_auth(&served.key).body(sound(1)).send();
    assert_eq!(put.await.unwrap().status(), 201);
    served.ask(1).await;
    let found = open_to_others(served.folder());
    assert_eq!(found, [PathBuf::from("log")], "others may read this");
    for file in ["data/afterword.db", "data/afterword.db-wal", "data/afterword.db-shm", "data/afterword.key"] {
        assert!(served.folder().join(file).exists(), "{file}");
    }
    for folder in ["mail", "data/mail-journal", "data/recordings", "data/recordings/incoming"] {
        assert!(served.folder().join(folder).is_dir(), "{folder}");
    }

    // Files of an earlier version are corrected, and reported.
    served.kill();
    open_everything(served.folder());
    served.serve().await;
    for _ in 0..200 {
        if without_ours(open_to_others(served.folder())).is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(without_ours(open_to_others(served.folder())), Vec::<PathBuf>::new());
    served.kill();
    assert_eq!(served.log().matches("are now the service's alone").count(), 1);
}
