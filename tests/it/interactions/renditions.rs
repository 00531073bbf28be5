//! Recordings as WAV, made while they are sent: only while a client reads, and a limited number at a time.

use crate::app::TestApp;
use crate::audio::formats::tools;
use crate::support::served::Served;
use crate::training::leave_untranscribed;
use afterword::access::principal::Scope;
use reqwest::Response;
use serde_json::Value;
use std::process::Command;
use std::time::{Duration, Instant};

/// Maximum time until abandoned work ends. If it did not end, it would take several times as long.
const SOON: Duration = Duration::from_secs(5);

/// Returns twenty minutes of eight channels, whose last bytes take long to decode.
fn long_sound() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long.flac");
    let made = Command::new("ffmpeg")
        .args(["-v", "error", "-f", "lavfi", "-i", "anullsrc=r=48000:cl=7.1", "-t", "1200"])
        .args(["-c:a", "flac", "-compression_level", "0"])
        .arg(&path)
        .status();
    assert!(made.unwrap().success());
    std::fs::read(path).unwrap()
}

/// Requests the last bytes of a recording as WAV: all of it is decoded for them.
async fn ask(app: &TestApp, key: &str, id: &str) -> Response {
    let url = format!("{}/api/v1/interactions/{id}/recording?as=wav", app.url);
    app.client.get(url).bearer_auth(key).header("range", "bytes=-16").send().await.unwrap()
}

async fn wait_for(app: &TestApp, wanted: usize) -> Duration {
    let begun = Instant::now();
    while app.app.interactions.renditions() != wanted {
        assert!(begun.elapsed() < SOON * 12, "{} are being made, not {wanted}", app.app.interactions.renditions());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    begun.elapsed()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_ends_when_its_client_leaves_and_only_so_many_are_made() {
    let Some(()) = tools() else { return };
    let app = TestApp::start_with(|c| c.recordings.max_renditions = 1).await;
    let id = app.call("1", "jerry@example.net").await.to_string();
    let key = app.key(Scope::Admin).await;
    let url = format!("{}/api/v1/interactions/phone/1/recording", app.url);
    assert_eq!(app.client.put(url).bearer_auth(&key).body(long_sound()).send().await.unwrap().status(), 201);
    leave_untranscribed(&app).await;

    let answer = ask(&app, &key, &id).await;
    assert_eq!(answer.status(), 206);
    wait_for(&app, 1).await;
    drop(answer);
    assert!(wait_for(&app, 0).await < SOON, "it went on after its client had left");

    // One decodes, others wait for their turn, and the rest are rejected with a retry.
    let mut waiting = Vec::new();
    for _ in 0..16 {
        waiting.push(ask(&app, &key, &id).await);
    }
    assert!(waiting.iter().all(|answer| answer.status() == 206));
    let refused = ask(&app, &key, &id).await;
    assert_eq!((refused.status().as_u16(), refused.headers().contains_key("retry-after")), (503, true));
    assert_eq!(refused.json::<Value>().await.unwrap()["code"], "too_many_renditions");
    waiting.pop();
    wait_for(&app, 15).await;
    assert_eq!(ask(&app, &key, &id).await.status(), 206);
    drop(waiting);
    assert!(wait_for(&app, 0).await < SOON);
}

/// Conversions take turns: a short one is not blocked by a long one.
#[tokio::test(flavor = "multi_thread")]
async fn a_short_one_is_not_stuck_behind_a_long_one() {
    let Some(()) = tools() else { return };
    let app = TestApp::start_with(|c| c.recordings.max_renditions = 1).await;
    let key = app.key(Scope::Admin).await;
    let mut ids = Vec::new();
    for (call, sound) in [("long", long_sound()), ("short", crate::app::demo_sound("call-good.ogg"))] {
        ids.push(app.call(call, "jerry@example.net").await.to_string());
        let url = format!("{}/api/v1/interactions/phone/{call}/recording", app.url);
        assert_eq!(app.client.put(url).bearer_auth(&key).body(sound).send().await.unwrap().status(), 201);
    }
    leave_untranscribed(&app).await;
    let long = ask(&app, &key, &ids[0]).await;
    wait_for(&app, 1).await;
    let short = ask(&app, &key, &ids[1]).await.bytes().await.unwrap();
    assert_eq!(short.len(), 16);
    // The long one is still running.
    wait_for(&app, 1).await;
    drop(long);
    wait_for(&app, 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_is_told_to_stop_does_not_wait_for_one() {
    let Some(()) = tools() else { return };
    let mut served = Served::start(&[]).await;
    let api = format!("{}/api/v1/interactions", served.url);
    let put = served.client.put(format!("{api}/phone/1/recording")).bearer_auth(&served.key).body(long_sound());
    let stored: Value = put.send().await.unwrap().json().await.unwrap();
    let url = format!("{api}/{}/recording?as=wav", stored["id"].as_str().unwrap());
    let get = served.client.get(url).bearer_auth(&served.key).header("range", "bytes=-16");
    let answer = get.send().await.unwrap();
    assert_eq!(answer.status(), 206);
    let took = served.terminate();
    assert!(took < SOON * 3, "it took {took:?} to stop");
    drop(answer);
}
