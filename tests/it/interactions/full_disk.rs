//! Response and remains of an upload when the disk is full.

use super::files::{files_in, sound, wait_for_store};
use super::recordings::wav;
use crate::app::TestApp;
use crate::support::skip;
use crate::training::leave_untranscribed;
use afterword::config::RecordingsUrl;
use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A file system of 2 MiB.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=2m", "tmpfs"]).arg(folder.path()).output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(Self(folder));
        }
        skip::tool("the right to mount a file system (run the tests as root)")
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

async fn refused(app: &TestApp, sound: Vec<u8>, folder: &Path) {
    let before = files_in(folder);
    let answer = app.record("1", sound).await;
    let (status, problem) = (answer.status().as_u16(), answer.json::<Value>().await.unwrap());
    assert_eq!((status, problem["code"].as_str()), (507, Some("storage_full")), "{problem}");
    assert_eq!((files_in(folder), files_in(&folder.join("incoming"))), (before, Vec::new()));
    assert_eq!(app.app.interactions.by_name("phone", "1").await.unwrap(), None, "nothing of it is stored");
}

#[tokio::test]
async fn a_full_disk_is_told_and_nothing_of_the_upload_stays() {
    let Some(disk) = SmallDisk::mount() else { return };
    let own_folder = || disk.path().join(uuid::Uuid::new_v4().to_string());
    for app in TestApp::on_both(|c| c.recordings.url = RecordingsUrl::File(own_folder())).await {
        let RecordingsUrl::File(folder) = app.app.config.recordings.url.clone();
        refused(&app, wav(2, 750_000), &folder).await;
        // A rejected upload frees its space.
        wait_for_store(&app, true).await;
        assert_eq!(app.record("2", sound(2)).await.status(), 201);
        leave_untranscribed(&app).await;

        let filler: PathBuf = disk.path().join("filler");
        let mut file = std::fs::File::create(&filler).unwrap();
        while file.write_all(&[0; 512]).is_ok() {}
        // A removed file that is still open keeps its space.
        drop(file);
        wait_for_store(&app, false).await;
        refused(&app, sound(1), &folder).await;
        std::fs::remove_file(&filler).unwrap();
        wait_for_store(&app, true).await;
        assert_eq!(app.record("1", sound(1)).await.status(), 201);
    }
}
