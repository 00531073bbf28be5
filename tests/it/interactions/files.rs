//! Recordings and their files: no file without a row and no row without a file, whatever happens concurrently.

use super::recordings::wav;
use crate::app::{TestApp, demo_sound};
use crate::support::heard::raw;
use crate::training::leave_untranscribed;
use afterword::access::Role;
use afterword::access::principal::{Scope, Visible};
use afterword::database::Sql;
use afterword::fetch_with;
use afterword::interactions::{MAIN_PART, PartAddress, PartDetails, RecordingState};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);
const HOUR: Duration = Duration::from_secs(3_600);

/// Returns a short recording, different for each number.
pub fn sound(number: u32) -> Vec<u8> {
    let mut bytes = wav(2, 800);
    let end = bytes.len() - 4;
    bytes[end..].copy_from_slice(&number.to_le_bytes());
    bytes
}

/// Returns the files of a folder, without those of its subfolders.
pub fn files_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let files = entries.filter(|entry| entry.path().is_file());
    let mut names: Vec<_> = files.map(|file| file.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn folder(app: &TestApp) -> PathBuf {
    app.folder().join("recordings")
}

async fn column(app: &TestApp, sql: &'static str) -> Vec<String> {
    let mut reader = app.app.db.read().await.unwrap();
    let rows = fetch_with!(fetch_all, reader.conn(), Sql::both(sql) => (String,)).unwrap();
    let mut values: Vec<_> = rows.into_iter().map(|(value,)| value).collect();
    values.sort();
    values
}

async fn named(app: &TestApp) -> Vec<String> {
    column(app, "SELECT object_key FROM recordings").await
}

async fn to_be_removed(app: &TestApp) -> Vec<String> {
    column(app, "SELECT job_key FROM jobs WHERE kind = 'recording.discard'").await
}

async fn put(app: &TestApp, key: &str, call: &str, sound: Vec<u8>) -> u16 {
    let url = format!("{}/api/v1/interactions/phone/{call}/recording", app.url);
    app.client.put(url).bearer_auth(key).body(sound).send().await.unwrap().status().as_u16()
}

async fn problem(answer: reqwest::Response) -> (u16, String) {
    let status = answer.status().as_u16();
    (status, answer.json::<Value>().await.unwrap()["code"].as_str().unwrap_or_default().to_owned())
}

async fn state(app: &TestApp, id: &afterword::ids::InteractionId) -> RecordingState {
    app.app.interactions.find(&Visible::All, id).await.unwrap().unwrap().recording_state
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_at_the_same_moment_leave_one_file_for_each_row() {
    for app in TestApp::on_both(|_| {}).await {
        let key = app.key(Scope::Ingest).await;
        for call in 0..12 {
            let (app, key, name) = (&app, &key, call.to_string());
            // Two of the four are the same sound.
            let puts = [0, 1, 2, 2].map(|number| put(app, key, &name, sound(call * 10 + number)));
            for status in futures_util::future::join_all(puts).await {
                assert!((200..300).contains(&status), "{status}");
            }
        }
        leave_untranscribed(&app).await;
        app.work().await;
        assert_eq!(files_in(&folder(&app)), named(&app).await);
        assert_eq!(named(&app).await.len(), 12);
        assert_eq!(to_be_removed(&app).await, Vec::<String>::new(), "nothing waits to be removed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_meets_an_erasure_leaves_no_file() {
    for app in TestApp::on_both(|_| {}).await {
        let key = app.key(Scope::Admin).await;
        for round in 0..12u32 {
            let name = round.to_string();
            put(&app, &key, &name, sound(round)).await;
            let url = format!("{}/api/v1/interactions/phone/{name}", app.url);
            let erase = app.client.delete(url).bearer_auth(&key).send();
            let (status, erased) = tokio::join!(put(&app, &key, &name, sound(100 + round)), erase);
            // Stored after the erasure, or before it and erased, or rejected as erased.
            assert!(matches!(status, 200 | 201 | 409 | 503), "{status}");
            assert!(erased.unwrap().status().as_u16() < 500);
        }
        leave_untranscribed(&app).await;
        app.pass(HOUR).await;
        assert_eq!(files_in(&folder(&app)), named(&app).await);
    }
}

/// A client disconnects, or the process crashes, when the file is in place and its row is not written.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_whose_row_was_not_written_is_removed_by_a_job() {
    for app in TestApp::on_both(|_| {}).await {
        app.call("1", "jerry@example.net").await;
        let mut cut_off = Vec::new();
        for number in 0..200 {
            let before = files_in(&folder(&app));
            let body = futures_util::stream::iter([Ok::<_, std::io::Error>(sound(number).into())]);
            let address = PartAddress { source: "phone", external_id: "1", part: MAIN_PART };
            let upload = app.app.interactions.store_part(address, None, body, || Ok(PartDetails::default()));
            let placed = async {
                while files_in(&folder(&app)).iter().all(|file| before.contains(file)) {
                    tokio::task::yield_now().await;
                }
            };
            // The upload is dropped as soon as the file exists.
            tokio::select! {
                biased;
                () = placed => {}
                stored = upload => drop(stored.unwrap()),
            }
            let (named, waiting) = (named(&app).await, to_be_removed(&app).await);
            let files = files_in(&folder(&app)).into_iter();
            cut_off = files.filter(|file| !named.contains(file) && !before.contains(file)).collect();
            assert!(cut_off.iter().all(|file| waiting.contains(file)), "{cut_off:?} {waiting:?}");
            if !cut_off.is_empty() {
                break;
            }
        }
        assert!(!cut_off.is_empty(), "no upload was cut off between file and row: the test tried nothing");
        leave_untranscribed(&app).await;
        app.pass(Duration::from_secs(6 * 60)).await;
        assert_eq!(files_in(&folder(&app)), named(&app).await);
        assert_eq!(to_be_removed(&app).await, Vec::<String>::new());
    }
}

/// If the database rejects the row, nothing of the upload stays.
#[tokio::test]
async fn a_row_that_can_t_be_written_leaves_no_file() {
    let app = TestApp::start().await;
    app.call("1", "jerry@example.net").await;
    raw(&app, "CREATE TRIGGER no_recordings BEFORE INSERT ON recordings BEGIN SELECT RAISE(ABORT, 'no'); END").await;
    assert!(app.record("1", demo_sound("call-good.ogg")).await.status().as_u16() >= 500);
    assert_eq!((files_in(&folder(&app)), files_in(&folder(&app).join("incoming"))), (Vec::new(), Vec::new()));
    raw(&app, "DROP TRIGGER no_recordings").await;
    assert_eq!(app.record("1", demo_sound("call-good.ogg")).await.status(), 201);
    app.pass(HOUR).await;
    assert_eq!(files_in(&folder(&app)), named(&app).await, "the job of the first one takes nothing of the second");
}

/// Sets the age of a file, by its own clock.
fn age(path: &Path, age: Duration) {
    let file = std::fs::File::options().write(true).open(path).unwrap();
    let now = std::fs::metadata(path).unwrap().modified().unwrap();
    file.set_modified(now - age).unwrap();
}

#[tokio::test]
async fn old_rests_of_uploads_are_swept_and_uploads_under_way_are_left_alone() {
    let app = TestApp::start().await;
    app.record("1", sound(1)).await;
    let incoming = folder(&app).join("incoming");
    let (old, fresh) = (incoming.join("old.part"), incoming.join("fresh.part"));
    for path in [&old, &fresh] {
        std::fs::write(path, "half a recording").unwrap();
    }
    age(&old, HOUR * 7);
    age(&fresh, HOUR * 5);
    assert_eq!(app.app.interactions.sweep_incoming().await.unwrap(), 1);
    assert_eq!(files_in(&incoming), ["fresh.part"]);
}

/// Waits until readiness reports the state of the folder: a result is cached for a second.
pub async fn wait_for_store(app: &TestApp, ready: bool) {
    let said = async {
        loop {
            let answer = app.get("/readyz").await;
            let status = answer.status();
            if answer.json::<Value>().await.unwrap()["store"] == ready {
                assert_eq!(status, if ready { 200 } else { 503 });
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), said).await.expect("readiness follows within a second");
}

/// A share that is not mounted leaves an empty folder, or none.
#[tokio::test]
async fn a_folder_that_is_gone_is_said_to_be_gone_and_not_made_anew() {
    for app in TestApp::on_both(|_| {}).await {
        // Created for a new database.
        wait_for_store(&app, true).await;
        app.record("1", sound(1)).await;
        leave_untranscribed(&app).await;
        app.work().await;
        let id = app.call("1", "jerry@example.net").await;
        let (here, away) = (folder(&app), app.folder().join("away"));
        std::fs::rename(&here, &away).unwrap();
        let admin = app.sign_in(Role::Admin, &[], None).await;
        for mount_point in [false, true] {
            if mount_point {
                std::fs::create_dir(&here).unwrap();
            }
            let refused = app.record("2", sound(2)).await;
            assert_eq!(refused.headers()["retry-after"], "5");
            assert_eq!(problem(refused).await, (503, "store_unavailable".into()));
            wait_for_store(&app, false).await;
            let key = app.key(Scope::Read).await;
            for render in ["", "?as=wav"] {
                let url = format!("{}/api/v1/interactions/{id}/recording{render}", app.url);
                let played = app.client.get(url).bearer_auth(&key).send().await.unwrap();
                assert_eq!(problem(played).await, (503, "store_unavailable".into()));
            }
            // The daily comparison marks nothing as missing.
            app.pass(DAY).await;
            assert_eq!(state(&app, &id).await, RecordingState::Stored);
            assert_eq!(here.exists(), mount_point, "nothing makes it anew");
            assert_eq!(files_in(&here), Vec::<String>::new());
            let admin = app.sign_in_anew(&admin).await;
            assert!(admin.page("/admin").await.contains("mount it or put it back"));
        }
        std::fs::remove_dir(&here).unwrap();
        std::fs::rename(&away, &here).unwrap();
        assert_eq!(app.record("2", sound(2)).await.status(), 201);
        wait_for_store(&app, true).await;
        // Lost permanently: after an empty marker is created, the folder is new.
        std::fs::remove_dir_all(&here).unwrap();
        std::fs::create_dir_all(here.join(".afterword")).unwrap();
        assert_eq!(app.record("3", sound(3)).await.status(), 201);
    }
}

/// The folder of another database is not used, and not swept.
#[tokio::test]
async fn a_folder_of_another_database_is_refused() {
    let one = TestApp::start().await;
    one.record("1", sound(1)).await;
    let theirs = folder(&one);
    let other =
        TestApp::start_with(|c| c.recordings.url = afterword::config::RecordingsUrl::File(theirs.clone())).await;
    assert_eq!(problem(other.record("1", sound(2)).await).await, (503, "store_unavailable".into()));
    for file in files_in(&theirs) {
        age(&theirs.join(file), DAY * 3);
    }
    other.pass(DAY).await;
    assert_eq!(files_in(&theirs), named(&one).await);
}

#[tokio::test]
async fn what_is_missing_is_reported_and_what_nobody_names_is_removed() {
    for app in TestApp::on_both(|_| {}).await {
        let id = app.call("1", "jerry@example.net").await;
        for call in ["1", "2"] {
            assert_eq!(app.record(call, demo_sound("call-good.ogg")).await.status(), 201);
        }
        leave_untranscribed(&app).await;
        app.work().await;
        let stored = app.app.interactions.recording(&id).await.unwrap().unwrap();
        let (path, backup) = (app.app.interactions.recording_path(&stored), app.folder().join("backup"));
        std::fs::rename(&path, &backup).unwrap();
        // Old files: one without a row, a foreign one, and one that may still get its row.
        let names =
            ["5f0c9f4e-0b1f-4a3e-9d55-0a9a1d3c2b11.ogg", "notes.txt", "6f0c9f4e-0b1f-4a3e-9d55-0a9a1d3c2b11.ogg"];
        let [orphan, foreign, young] = names.map(|name| folder(&app).join(name));
        for path in [&orphan, &foreign, &young] {
            std::fs::write(path, b"sound").unwrap();
        }
        for path in [&orphan, &foreign] {
            age(path, HOUR * 7);
        }
        app.pass(DAY).await;
        assert!(!orphan.exists() && foreign.exists() && young.exists());

        assert_eq!(state(&app, &id).await, RecordingState::Missing);
        let key = app.key(Scope::Read).await;
        let get =
            async |path: &str| app.client.get(format!("{}{path}", app.url)).bearer_auth(&key).send().await.unwrap();
        let known: Value = get(&format!("/api/v1/interactions/{id}")).await.json().await.unwrap();
        assert_eq!(known["recording"]["state"], "missing");
        for render in ["", "?as=wav"] {
            let played = get(&format!("/api/v1/interactions/{id}/recording{render}")).await;
            assert_eq!(problem(played).await, (404, "recording_file_missing".into()));
        }
        assert_eq!(app.app.interactions.missing_recordings(9).await.unwrap(), (1, vec![id.clone()]));
        assert!(app.metrics().await.contains("recordings_missing 1"));
        let admin = app.sign_in(Role::Admin, &[], None).await;
        let setup = admin.page("/admin").await;
        assert!(setup.contains("1 recording has no file") && setup.contains(id.as_str()), "{setup}");
        assert!(admin.page(&format!("/interactions/{id}")).await.contains("The file of this recording is missing"));

        // Restored from a backup.
        std::fs::rename(&backup, &path).unwrap();
        app.pass(DAY).await;
        assert_eq!(state(&app, &id).await, RecordingState::Stored);
        // Removed again, and sent again: the same sound is stored, not taken as already stored.
        std::fs::remove_file(&path).unwrap();
        let url = format!("/api/v1/interactions/{id}/recording");
        assert_eq!(problem(get(&url).await).await.0, 404);
        assert_eq!(state(&app, &id).await, RecordingState::Missing, "whoever looks for it finds that it is gone");
        assert_eq!(app.record("1", demo_sound("call-good.ogg")).await.status(), 201);
        assert_eq!((state(&app, &id).await, get(&url).await.status().as_u16()), (RecordingState::Stored, 200));
        let admin = app.sign_in(Role::Admin, &[], None).await;
        assert!(!admin.page("/admin").await.contains("no file"));
    }
}

/// Retention and erasure remove the row, whether or not the file exists.
#[tokio::test]
async fn a_recording_without_its_file_can_be_erased() {
    for app in TestApp::on_both(|_| {}).await {
        app.call("1", "jerry@example.net").await;
        app.record("1", sound(1)).await;
        leave_untranscribed(&app).await;
        for file in files_in(&folder(&app)) {
            std::fs::remove_file(folder(&app).join(file)).unwrap();
        }
        let key = app.key(Scope::Admin).await;
        let url = format!("{}/api/v1/interactions/phone/1", app.url);
        assert_eq!(app.client.delete(url).bearer_auth(key).send().await.unwrap().status(), 200);
        app.work().await;
        assert_eq!((named(&app).await, to_be_removed(&app).await), (Vec::new(), Vec::new()));
        assert_eq!(column(&app, "SELECT kind FROM jobs WHERE state = 'failed'").await, Vec::<String>::new());
    }
}
