//! Recordings in a format that no browser plays are played as WAV.

use crate::app::{Session, TestApp};
use crate::audio::formats::{one, tools};
use crate::audio::wav::{Sound, alike};
use crate::journey::sign_in;
use crate::support::browser::{Browser, View};
use afterword::access::Role;
use afterword::access::principal::Scope;
use serde_json::Value;

async fn send(app: &TestApp, id: &str, kind: &str, sound: Vec<u8>) -> (u16, Value) {
    let key = app.key(Scope::Ingest).await;
    let url = format!("{}/api/v1/interactions/phone/{id}/recording", app.url);
    let answer = app.client.put(url).bearer_auth(key).header("content-type", kind).body(sound).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test]
async fn what_has_no_head_is_told_by_its_content_type() {
    let Some(()) = tools() else { return };
    let app = TestApp::start().await;
    let g722 = one("a.g722");
    let (status, problem) = send(&app, "1", "application/octet-stream", g722.clone()).await;
    assert_eq!((status, problem["code"].as_str()), (415, Some("not_audio")), "{problem}");
    for (id, kind, sound, format, rate) in [
        ("1", "audio/G722", g722, "g722", 16_000),
        ("2", "audio/x-gsm", one("raw.gsm"), "gsm", 8_000),
        ("3", "audio/PCMU;rate=8000", one("raw.ulaw"), "ulaw", 8_000),
        // The content is used, not its declared type.
        ("4", "audio/gsm", one("a.opus"), "opus", 48_000),
        ("5", "text/plain", one("wav49.wav"), "wav-gsm", 8_000),
    ] {
        let (status, answer) = send(&app, id, kind, sound).await;
        assert_eq!(status, 201, "{kind}: {answer}");
        let id = answer["id"].as_str().unwrap().parse().unwrap();
        let stored = app.app.interactions.recording(&id).await.unwrap().unwrap();
        assert_eq!((stored.format.as_str(), stored.sample_rate), (format, rate), "{kind}");
    }
}

#[tokio::test]
async fn the_wav_of_a_recording_is_its_sound_in_any_range() {
    let Some(()) = tools() else { return };
    let app = TestApp::start().await;
    let id = app.call("1", "jerry@example.net").await;
    send(&app, "1", "audio/wav", one("wav49.wav")).await;
    app.work().await;
    let key = app.key(Scope::Read).await;
    let url = format!("{}/api/v1/interactions/{id}/recording?as=wav", app.url);
    let get = |range: &'static str| app.client.get(&url).bearer_auth(&key).header("range", range).send();
    let answer = app.client.get(&url).bearer_auth(&key).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), &answer.headers()["content-type"]), (200, &"audio/wav".parse().unwrap()));
    let told: usize = answer.headers()["content-length"].to_str().unwrap().parse().unwrap();
    let whole = answer.bytes().await.unwrap();
    assert_eq!((whole.len(), &whole[..4]), (told, &b"RIFF"[..]));
    let folder = tempfile::tempdir().unwrap();
    let (ours, stored) = (folder.path().join("ours.wav"), folder.path().join("stored.wav"));
    std::fs::write(&ours, &whole).unwrap();
    std::fs::write(&stored, one("wav49.wav")).unwrap();
    let (ours, stored) = (Sound::read(&ours), Sound::read(&stored));
    assert!(ours.channels[0].len().abs_diff(stored.channels[0].len()) < 8);
    assert!(alike(&ours.channels[0], &stored.channels[0]) > 0.9999);
    for (range, bytes) in [
        ("bytes=0-99", &whole[..100]),
        ("bytes=10001-70003", &whole[10_001..70_004]),
        ("bytes=-5", &whole[whole.len() - 5..]),
        ("bytes=90000-", &whole[90_000..]),
    ] {
        let part = get(range).await.unwrap();
        assert_eq!(part.status().as_u16(), 206, "{range}");
        assert!(part.bytes().await.unwrap() == bytes, "{range}");
    }
    assert_eq!(get("bytes=99999999-").await.unwrap().status(), 416);
    let strange = app.client.get(url.replace("wav", "mp3")).bearer_auth(&key).send().await.unwrap();
    assert_eq!(strange.status(), 400);
}

/// Plays the page's recording; returns its length, the position after a while, and the source.
async fn play(browser: &Browser, app: &TestApp, session: &Session, id: &str) -> (f64, f64, String) {
    sign_in(browser, app, session).await;
    browser.goto(format!("{}/interactions/{id}", app.url)).await.unwrap();
    let script = r"const [done] = arguments; const audio = document.querySelector('audio');
        const fail = (why) => done([0, 0, why]);
        audio.muted = true;
        audio.querySelector('source:last-of-type').addEventListener('error', () => fail('no source'));
        const begin = () => { audio.currentTime = 3; audio.play().catch((error) => fail(String(error))); };
        audio.addEventListener('timeupdate', () => { if (audio.currentTime > 3.3) done([Number.isFinite(audio.duration) ? audio.duration : Number(document.querySelector('.seek').max), audio.currentTime, audio.currentSrc]); });
        if (audio.readyState >= 1) begin(); else audio.addEventListener('loadedmetadata', begin);";
    let said = browser.execute_async(script, vec![]).await.unwrap();
    serde_json::from_value(said.json().clone()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_plays_what_it_does_not_know() {
    let (Some(()), Some(browser)) = (tools(), Browser::open(View::DESKTOP).await) else { return };
    let app = TestApp::start().await;
    let session = app.sign_in(Role::Supervisor, &["Orders"], None).await;
    for (name, sound, rendered) in [
        ("gsm", "raw.gsm", true),
        ("wav49", "wav49.wav", true),
        ("adpcm", "ima.wav", true),
        ("amr", "a.amr", true),
        ("mulaw", "mulaw.wav", false),
        ("opus", "a.opus", false),
        ("webm", "live.webm", false),
    ] {
        let id = app.call(name, "jerry@example.net").await.to_string();
        assert_eq!(send(&app, name, "audio/wav", one(sound)).await.0, 201, "{name}");
        app.work().await;
        browser.delete_all_cookies().await.unwrap();
        let (length, position, source) = play(&browser, &app, &session, &id).await;
        assert!((length - 6.013).abs() < 0.1 && position > 3.2, "{name}: {length} s, at {position}: {source}");
        assert_eq!(source.ends_with("?as=wav"), rendered, "{name}: {source}");
        assert_eq!(browser.complaints().await, Vec::<String>::new(), "{name}");
    }
}
