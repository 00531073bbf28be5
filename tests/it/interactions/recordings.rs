//! `PUT …/recording` and `GET …/recording`.

use crate::app::{TestApp, demo_sound};
use afterword::access::principal::{Scope, Visible};
use futures_util::StreamExt;
use serde_json::Value;
use std::time::Duration;

/// Returns the files in the folder of recordings.
fn files(app: &TestApp) -> Vec<String> {
    let mut names = Vec::new();
    for folder in ["recordings", "recordings/incoming"] {
        let Ok(entries) = std::fs::read_dir(app.folder().join(folder)) else { continue };
        names.extend(
            entries.flatten().filter(|e| e.path().is_file()).map(|e| e.file_name().to_string_lossy().into_owned()),
        );
    }
    names
}

async fn refused(app: &TestApp, sound: Vec<u8>, status: u16, code: &str) {
    let answer = app.record("1", sound).await;
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    let (got, problem) = (answer.status().as_u16(), answer.json::<Value>().await.unwrap());
    assert_eq!((got, problem["code"].as_str()), (status, Some(code)), "{problem}");
    assert_eq!(files(app), Vec::<String>::new(), "something of a refused recording stayed");
}

/// Returns a WAV of PCM-16 with this many channels and frames of silence.
pub fn wav(channels: u16, frames: u32) -> Vec<u8> {
    let block = u32::from(channels) * 2;
    let data = frames * block;
    let mut bytes = Vec::new();
    bytes.extend(b"RIFF");
    bytes.extend((36 + data).to_le_bytes());
    bytes.extend(b"WAVEfmt ");
    bytes.extend(16u32.to_le_bytes());
    bytes.extend(1u16.to_le_bytes());
    bytes.extend(channels.to_le_bytes());
    bytes.extend(8000u32.to_le_bytes());
    bytes.extend((8000 * block).to_le_bytes());
    bytes.extend(u16::try_from(block).unwrap_or(u16::MAX).to_le_bytes());
    bytes.extend(16u16.to_le_bytes());
    bytes.extend(b"data");
    bytes.extend(data.to_le_bytes());
    bytes.extend(vec![0; data as usize]);
    bytes
}

#[tokio::test]
async fn what_is_no_recording_is_refused_by_name_and_leaves_nothing() {
    let app = TestApp::start_with(|c| c.recordings.max_bytes = 3_000_000).await;
    refused(&app, Vec::new(), 422, "empty_audio").await;
    refused(&app, b"<html>not sound</html>".repeat(100), 415, "not_audio").await;
    refused(&app, wav(16, 8000), 422, "too_many_channels").await;
    refused(&app, wav(0, 8000), 422, "no_channels").await;
    refused(&app, wav(2, 0), 422, "empty_audio").await;
    refused(&app, wav(1, 2_000_000), 413, "recording_too_large").await;
    refused(&app, [&b"\x0B\x77"[..], &[0; 900]].concat(), 415, "unsupported_audio").await;
}

#[tokio::test]
async fn a_recording_may_come_before_its_call_and_twice() {
    for app in TestApp::on_both(|_| {}).await {
        let sound = demo_sound("call-good.flac");
        assert_eq!(app.record("1", sound.clone()).await.status(), 201);
        let id = app.call("1", "jerry@example.net").await;
        let first = app.app.interactions.recording(&id).await.unwrap().unwrap();
        assert_eq!((first.channels, first.format.as_str(), first.bytes), (2, "flac", sound.len() as i64));
        assert_eq!(app.record("1", sound).await.status(), 200);
        assert_eq!(app.app.interactions.recording(&id).await.unwrap().unwrap().object_key, first.object_key);
        assert_eq!(app.record("1", demo_sound("call-bad.ogg")).await.status(), 201);
        app.work().await;
        let second = app.app.interactions.recording(&id).await.unwrap().unwrap();
        assert_eq!(second.format, "ogg");
        assert!(second.peaks.is_some_and(|p| p.contains("channels")));
        assert_eq!(files(&app), [second.object_key], "the recording that was replaced is still there");
    }
}

#[tokio::test]
async fn two_uploads_at_once_leave_one_whole_recording() {
    let app = TestApp::start().await;
    let (good, bad) = (demo_sound("call-good.flac"), demo_sound("call-bad.flac"));
    let (a, b) = tokio::join!(app.record("1", good), app.record("1", bad));
    assert!(a.status().is_success() && b.status().is_success());
    app.work().await;
    let id = app.call("1", "jerry@example.net").await;
    let stored = app.app.interactions.recording(&id).await.unwrap().unwrap();
    let bytes = std::fs::read(app.app.interactions.recording_path(&stored)).unwrap();
    assert_eq!(afterword::vault::plain_hash(&bytes), stored.sha256);
    assert_eq!(files(&app).len(), 1);
}

#[tokio::test]
async fn an_upload_that_breaks_off_leaves_nothing() {
    let app = TestApp::start().await;
    let key = app.key(Scope::Ingest).await;
    let sound = demo_sound("call-good.flac");
    let head = bytes::Bytes::from(sound[..200_000].to_vec());
    let broken = futures_util::stream::iter([Ok(head), Err(std::io::Error::other("gone"))]).then(|chunk| async {
        tokio::task::yield_now().await;
        chunk
    });
    let url = format!("{}/api/v1/interactions/phone/1/recording", app.url);
    let sent = app
        .client
        .put(url)
        .bearer_auth(key)
        .header("content-length", sound.len())
        .body(reqwest::Body::wrap_stream(broken))
        .send()
        .await;
    assert!(sent.is_err() || !sent.unwrap().status().is_success());
    for _ in 0..200 {
        if files(&app).is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(files(&app), Vec::<String>::new());
}

#[tokio::test]
async fn ranges_are_served_and_listening_is_noted_once() {
    let app = TestApp::start().await;
    let sound = demo_sound("call-good.flac");
    app.record("1", sound.clone()).await;
    let id = app.call("1", "jerry@example.net").await;
    let key = app.key(Scope::Read).await;
    let url = format!("{}/api/v1/interactions/{id}/recording", app.url);
    let get = |range: &'static str| app.client.get(&url).bearer_auth(&key).header("range", range).send();
    let part = get("bytes=100-199").await.unwrap();
    assert_eq!(
        (part.status().as_u16(), part.headers()["content-range"].to_str().unwrap().to_owned()),
        (206, format!("bytes 100-199/{}", sound.len()))
    );
    assert_eq!(part.bytes().await.unwrap(), sound[100..200]);
    let end = get("bytes=-50").await.unwrap();
    assert_eq!(end.bytes().await.unwrap(), sound[sound.len() - 50..]);
    let open = get("bytes=1000000-").await.unwrap();
    assert_eq!((open.status().as_u16(), open.bytes().await.unwrap().len()), (206, sound.len() - 1_000_000));
    assert_eq!(get("bytes=99999999-").await.unwrap().status(), 416);
    let whole = get("bytes=0-1,5-6").await.unwrap();
    assert_eq!((whole.status().as_u16(), whole.bytes().await.unwrap().len()), (200, sound.len()));
    let etag = app.client.get(&url).bearer_auth(&key).send().await.unwrap().headers()["etag"].clone();
    assert_eq!(
        app.client.get(&url).bearer_auth(&key).header("if-none-match", etag).send().await.unwrap().status(),
        304
    );
    let filter = afterword::audit::Filter { action: "recording.played".into(), ..Default::default() };
    let lines = app.app.audit.lines(&filter, &afterword::paging::Cursor::start(), 50).await.unwrap();
    assert_eq!(lines.items.len(), 1, "one look, one line");
    assert!(app.app.interactions.find(&Visible::None, &id).await.unwrap().is_none());
}
