//! Recordings of several files: directions, legs, a voicemail.

use super::files::files_in;
use crate::app::{TestApp, call_body};
use crate::audio::wav::{Coding, Sound, alike};
use crate::support::heard::raw;
use afterword::access::Role;
use afterword::access::principal::Scope;
use afterword::config::Config;
use afterword::ids::InteractionId;
use afterword::interactions::Recording;
use reqwest::Response;
use serde_json::{Value, json};
use std::time::Duration;

/// Apps on both databases whose recordings wait for a speech model.
async fn without_model(change: impl Fn(&mut Config)) -> Vec<TestApp> {
    TestApp::on_both(|config| {
        config.transcription.models_dir = config.anonymity.key_file.with_file_name("models");
        change(config);
    })
    .await
}

/// A caller of the API.
pub struct Sender<'a> {
    pub app: &'a TestApp,
    key: String,
}

impl<'a> Sender<'a> {
    pub async fn new(app: &'a TestApp) -> Self {
        Self { app, key: app.key(Scope::Admin).await }
    }

    fn url(&self, path: &str) -> String {
        format!("{}/api/v1/interactions/{path}", self.app.url)
    }

    /// Uploads a part of call 1; `place`: its name, and its parameters.
    async fn send(&self, place: &str, sound: Vec<u8>) -> Response {
        let request = self.app.client.put(self.url(&format!("phone/1/recordings/{place}")));
        request.bearer_auth(&self.key).body(sound).send().await.unwrap()
    }

    pub async fn put(&self, place: &str, sound: Vec<u8>) -> u16 {
        self.send(place, sound).await.status().as_u16()
    }

    async fn refused(&self, place: &str, sound: Vec<u8>) -> (u16, String) {
        let answer = self.send(place, sound).await;
        let status = answer.status().as_u16();
        (status, answer.json::<Value>().await.unwrap()["code"].as_str().unwrap_or_default().to_owned())
    }

    async fn delete(&self, part: &str) -> u16 {
        let request = self.app.client.delete(self.url(&format!("phone/1/recordings/{part}")));
        request.bearer_auth(&self.key).send().await.unwrap().status().as_u16()
    }

    async fn get(&self, path: &str) -> Response {
        self.app.client.get(self.url(path)).bearer_auth(&self.key).send().await.unwrap()
    }

    /// Returns the names of the parts of a call, as listed.
    async fn listed(&self, id: &InteractionId) -> Vec<Value> {
        let list: Value = self.get(&format!("{id}/recordings")).await.json().await.unwrap();
        list["items"].as_array().unwrap().clone()
    }

    async fn recording(&self, id: &InteractionId) -> Recording {
        self.app.app.interactions.recording(id).await.unwrap().unwrap()
    }

    /// Returns speakers and sound of the recording.
    async fn sound(&self, id: &InteractionId) -> (String, Sound) {
        let recording = self.recording(id).await;
        (recording.speakers().join(","), Sound::read(&self.app.app.interactions.recording_path(&recording)))
    }

    /// Returns the files on disk; all of them must be of the recording or its parts.
    async fn files(&self, id: &InteractionId) -> Vec<String> {
        let recording = self.app.app.interactions.recording(id).await.unwrap();
        let parts = self.app.app.interactions.parts(id).await.unwrap();
        let keys = parts.into_iter().map(|part| part.object_key);
        let mut named: Vec<_> = keys.chain(recording.map(|recording| recording.object_key)).collect();
        named.sort();
        named.dedup();
        assert_eq!(files_in(&self.app.folder().join("recordings")), named);
        assert_eq!(files_in(&self.app.folder().join("recordings/incoming")), Vec::<String>::new());
        named
    }
}

/// Returns some seconds of one side of a call, as WAV: 0 is the agent's.
pub fn side(call: &str, seconds: u32, channel: usize) -> Vec<u8> {
    let sound = Sound::demo(&format!("{call}.flac"), seconds);
    Sound { rate: sound.rate, channels: vec![sound.channels[channel].clone()] }.wav(Coding::Pcm16)
}

fn both_sides(call: &str, seconds: u32) -> Sound {
    Sound::demo(&format!("{call}.flac"), seconds)
}

/// Returns the sound with its channels exchanged.
fn exchanged(mut sound: Sound) -> Sound {
    sound.channels.reverse();
    sound
}

fn seconds(sound: &Sound) -> f64 {
    sound.channels[0].len() as f64 / f64::from(sound.rate)
}

#[tokio::test]
async fn two_directions_become_one_stereo_recording() {
    for app in without_model(|_| {}).await {
        let id = app.call("1", "jerry@example.net").await;
        let sender = Sender::new(&app).await;
        assert_eq!(sender.put("rx?channels=customer", side("call-good", 9, 1)).await, 201);
        let alone = sender.recording(&id).await;
        assert_eq!((alone.channels, sender.files(&id).await.len()), (1, 1), "one part is used as it is");
        assert_eq!(sender.put("tx?channels=agent", side("call-good", 9, 0)).await, 201);
        app.work().await;
        let (speakers, sound) = sender.sound(&id).await;
        let whole = both_sides("call-good", 9);
        assert_eq!((speakers.as_str(), seconds(&sound)), ("agent,customer", 9.0));
        for (is, was) in sound.channels.iter().zip(&whole.channels) {
            assert!(alike(is, was) > 0.99);
        }
        assert_eq!(sender.files(&id).await.len(), 3);
        assert!(sender.recording(&id).await.peaks.is_some());
        // The same again changes nothing; an offset for the same sound takes effect.
        let before = sender.recording(&id).await;
        assert_eq!(sender.put("rx?channels=customer", side("call-good", 9, 1)).await, 200);
        app.work().await;
        assert_eq!(sender.recording(&id).await.object_key, before.object_key);
        assert_eq!(sender.put("rx?channels=customer&offset_ms=500", side("call-good", 9, 1)).await, 200);
        app.work().await;
        let (_, late) = sender.sound(&id).await;
        assert_eq!(seconds(&late), 9.5);
        assert!(alike(&late.channels[0], &whole.channels[0]) > 0.99);
        assert!(alike(&late.channels[1][4_000..], &whole.channels[1]) > 0.99);
        assert_eq!(sender.files(&id).await.len(), 3, "the recording before is removed");
    }
}

#[tokio::test]
async fn legs_follow_one_another_and_speakers_keep_their_channel() {
    for app in without_model(|_| {}).await {
        let id = app.call("1", "jerry@example.net").await;
        let sender = Sender::new(&app).await;
        let (first, second) = (both_sides("call-good", 9), both_sides("call-bad", 9));
        let other_way_round = exchanged(both_sides("call-bad", 9)).wav(Coding::Pcm16);
        // The second leg has the greater name and comes first.
        assert_eq!(sender.put("leg-2?channels=customer,agent&offset_ms=10000", other_way_round).await, 201);
        assert_eq!(sender.put("leg-1?channels=agent,customer&offset_ms=0", first.wav(Coding::MuLaw)).await, 201);
        app.work().await;
        let (speakers, sound) = sender.sound(&id).await;
        assert_eq!((speakers.as_str(), seconds(&sound)), ("agent,customer", 19.0));
        for at in 0..2 {
            assert!(alike(&sound.channels[at][..72_000], &first.channels[at]) > 0.9);
            assert!(alike(&sound.channels[at][80_000..], &second.channels[at]) > 0.99);
            assert!(sound.channels[at][72_800..80_000].iter().all(|sample| *sample == 0.0), "a pause between them");
        }
        // A voicemail without an offset follows, at the end, on a channel of its own.
        assert_eq!(sender.put("voicemail", side("call-good", 5, 1)).await, 201);
        app.work().await;
        let (speakers, sound) = sender.sound(&id).await;
        assert_eq!((speakers.as_str(), seconds(&sound)), ("agent,customer,channel-3", 24.0));
        assert!(alike(&sound.channels[2][19 * 8_000..], &first.channels[1]) > 0.99);
        let listed = sender.listed(&id).await;
        let names: Vec<_> = listed.iter().map(|part| part["part"].as_str().unwrap()).collect();
        assert_eq!(names, ["leg-2", "leg-1", "voicemail"], "in the order of their receipt");
        assert_eq!((&listed[2]["channels"], &listed[2]["offset_ms"]), (&json!(["unknown"]), &Value::Null));
        assert_eq!((&listed[0]["duration_ms"], &listed[0]["format"]), (&json!(9_000), &json!("wav")));
    }
}

#[tokio::test]
async fn parts_can_be_replaced_and_deleted() {
    for app in without_model(|_| {}).await {
        let id = app.call("1", "jerry@example.net").await;
        let sender = Sender::new(&app).await;
        assert_eq!(app.record("1", both_sides("call-good", 6).wav(Coding::Pcm16)).await.status(), 201);
        sender.put("leg-2?channels=agent,customer", both_sides("call-bad", 4).wav(Coding::Pcm16)).await;
        app.work().await;
        assert_eq!((seconds(&sender.sound(&id).await.1), sender.files(&id).await.len()), (10.0, 3));
        // The recording without a name is the part `main`: its replacement keeps its place.
        assert_eq!(app.record("1", both_sides("call-good", 7).wav(Coding::Pcm16)).await.status(), 201);
        app.work().await;
        let sound = sender.sound(&id).await.1;
        assert_eq!((seconds(&sound), sender.files(&id).await.len()), (11.0, 3));
        assert!(alike(&sound.channels[0][7 * 8_000..], &both_sides("call-bad", 4).channels[0]) > 0.99);

        let part = sender.get(&format!("{id}/recordings/leg-2")).await;
        let whole = part.bytes().await.unwrap();
        assert_eq!(whole, both_sides("call-bad", 4).wav(Coding::Pcm16));
        let range = app.client.get(sender.url(&format!("{id}/recordings/leg-2"))).bearer_auth(&sender.key);
        let range = range.header("range", "bytes=100-199").send().await.unwrap();
        assert_eq!((range.status().as_u16(), range.bytes().await.unwrap()), (206, whole.slice(100..200)));
        assert_eq!(sender.get(&format!("{id}/recordings/none")).await.status(), 404);

        assert_eq!((sender.delete("none").await, sender.delete("main").await), (404, 204));
        app.work().await;
        let parts = app.app.interactions.parts(&id).await.unwrap();
        let recording = sender.recording(&id).await;
        assert_eq!((parts.len(), &parts[0].object_key), (1, &recording.object_key), "the last one is used as it is");
        assert_eq!(sender.files(&id).await.len(), 1);
        raw(&app, "UPDATE transcripts SET state = 'done'").await;
        assert_eq!(sender.delete("leg-2").await, 204);
        app.work().await;
        assert_eq!(sender.files(&id).await, Vec::<String>::new());
        assert_eq!(sender.get(&format!("{id}/recording")).await.status(), 404);
        let transcript: Value = sender.get(&format!("{id}/transcript")).await.json().await.unwrap();
        assert_ne!(transcript["state"], "done", "{transcript}");
        assert!(sender.listed(&id).await.is_empty());
    }
}

#[tokio::test]
async fn a_part_that_does_not_fit_is_refused_and_leaves_nothing() {
    let app = without_model(|c| c.recordings.max_bytes = 400_000).await.remove(0);
    let id = app.call("1", "jerry@example.net").await;
    let sender = Sender::new(&app).await;
    let short = || super::recordings::wav(1, 800);
    for (place, code) in [
        ("a%20b", "bad_part"),
        (&"x".repeat(65), "bad_part"),
        ("ok?offset_ms=-1", "bad_part"),
        ("ok?offset_ms=99999999", "bad_part"),
        ("ok?channels=agent,customer", "channels_do_not_fit"),
    ] {
        assert_eq!(sender.refused(place, short()).await, (422, code.to_owned()), "{place}");
    }
    assert_eq!(sender.files(&id).await, Vec::<String>::new());
    assert_eq!(sender.put("one", super::recordings::wav(1, 150_000)).await, 201);
    assert_eq!(sender.refused("two", super::recordings::wav(1, 60_000)).await, (413, "recording_too_large".to_owned()));
    assert_eq!(sender.put("one", super::recordings::wav(1, 170_000)).await, 201, "it takes its own place");
    for number in 2..=16 {
        assert_eq!(sender.put(&format!("p{number}"), super::files::sound(number)).await, 201);
    }
    assert_eq!(sender.refused("p17", super::files::sound(17)).await, (422, "too_many_parts".to_owned()));
    assert_eq!(
        sender.refused("p2?offset_ms=21600000", super::files::sound(99)).await,
        (422, "audio_too_long".to_owned())
    );
    app.work().await;
    assert_eq!(sender.listed(&id).await.len(), 16);
    assert_eq!(sender.files(&id).await.len(), 17);
    let strangers = app.sign_in(Role::Supervisor, &["Billing"], None).await;
    for path in ["recordings", "recordings/one"] {
        assert_eq!(strangers.get(&format!("/api/v1/interactions/{id}/{path}")).await.status(), 404, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_that_come_at_the_same_moment_are_all_in_the_recording() {
    for app in without_model(|_| {}).await {
        let sender = Sender::new(&app).await;
        let places: Vec<_> = (0..8).map(|number| format!("p{number}?offset_ms={}", number * 1000)).collect();
        let puts = places.iter().zip(0..).map(|(place, number)| sender.put(place, super::files::sound(number)));
        let statuses = futures_util::future::join_all(puts).await;
        assert!(statuses.iter().all(|status| *status == 201), "{statuses:?}");
        app.work().await;
        let id = app.call("1", "jerry@example.net").await;
        assert_eq!(sender.files(&id).await.len(), 9);
        assert_eq!(seconds(&sender.sound(&id).await.1), 7.1);
    }
}

#[tokio::test]
async fn the_page_lists_the_files() {
    let app = without_model(|_| {}).await.remove(0);
    let id = app.call("1", "jerry@example.net").await;
    let sender = Sender::new(&app).await;
    let supervisor = app.sign_in(Role::Supervisor, &["Orders"], None).await;
    sender.put("leg-1?channels=agent,customer", both_sides("call-good", 9).wav(Coding::Pcm16)).await;
    app.work().await;
    let address = format!("/interactions/{id}");
    assert!(!supervisor.page(&address).await.contains("Files of the recording"), "one file is the recording itself");
    sender.put("voicemail", side("call-good", 65, 1)).await;
    app.work().await;
    let page = supervisor.page(&address).await;
    for there in ["Files of the recording", "leg-1", "Agent, Customer", "voicemail", "1:05", "0:09"] {
        assert!(page.contains(there), "{there}: {page}");
    }
    let link = format!("/api/v1/interactions/{id}/recordings/leg-1");
    assert!(page.contains(&format!("href=\"{link}\"")) && supervisor.get(&link).await.status() == 200);
}

/// The transcript, measures and clips of an assembled recording follow a swap, and a late part keeps it.
#[tokio::test]
async fn an_assembled_recording_is_transcribed_and_its_speakers_are_swapped() {
    for app in TestApp::on_both(|_| {}).await {
        let id = app.call("1", "jerry@example.net").await;
        let sender = Sender::new(&app).await;
        sender.put("a?channels=customer", side("call-good", 9, 0)).await;
        sender.put("b?channels=agent", side("call-good", 9, 1)).await;
        app.work().await;
        let supervisor = app.sign_in(Role::Supervisor, &["Orders"], None).await;
        let get = async |path: String| -> Value {
            supervisor.api(reqwest::Method::GET, &path, None).await.json().await.unwrap()
        };
        let spoken = async || -> Vec<(String, String)> {
            let transcript = get(format!("/api/v1/interactions/{id}/transcript")).await;
            let text = |s: &Value, field: &str| s[field].as_str().unwrap().to_owned();
            let segments = transcript["segments"].as_array().unwrap().iter();
            segments.map(|s| (text(s, "speaker"), text(s, "text"))).collect()
        };
        let before = spoken().await;
        assert!(before.iter().any(|(who, _)| who == "agent") && before.iter().any(|(who, _)| who == "customer"));
        let fields = [("start", "0:00"), ("end", "0:09"), ("title", "t"), ("why", "w")];
        let flagged = supervisor.post(&format!("/interactions/{id}/clips"), &fields).await;
        let clip = flagged.headers()["location"].to_str().unwrap().split(['/', '?']).nth(2).unwrap().to_owned();
        app.work().await;
        let shares = |measures: &Value| -> Vec<(String, String)> {
            let speakers = measures["call"]["speakers"].as_array().unwrap().iter();
            speakers.map(|s| (s["speaker"].to_string(), s["talk_share"].to_string())).collect()
        };
        let measured = shares(&get(format!("/api/v1/interactions/{id}/measures")).await);
        let key = sender.recording(&id).await.object_key;

        // The names were wrong.
        supervisor.post(&format!("/interactions/{id}/channels"), &[("channels", "customer,agent")]).await;
        app.work().await;
        let other = |who: &str| {
            if who.contains("agent") { who.replace("agent", "customer") } else { who.replace("customer", "agent") }
        };
        let swapped: Vec<_> = before.iter().map(|(who, text)| (other(who), text.clone())).collect();
        assert_eq!(spoken().await, swapped);
        let mut expected: Vec<_> = measured.iter().map(|(who, share)| (other(who), share.clone())).collect();
        let mut now = shares(&get(format!("/api/v1/interactions/{id}/measures")).await);
        expected.sort();
        now.sort();
        assert_eq!(now, expected);
        let cut = get(format!("/api/v1/clips/{clip}")).await;
        assert_eq!((&cut["sound"], &cut["speakers"]), (&json!("ready"), &json!(["customer", "agent"])));
        assert_eq!(sender.recording(&id).await.object_key, key, "nothing was uploaded or assembled again");

        // A late leg: the recording is assembled and transcribed again, with the speakers as they were set.
        sender.put("c?channels=agent,customer", both_sides("call-bad", 9).wav(Coding::Pcm16)).await;
        app.work().await;
        assert_ne!(sender.recording(&id).await.object_key, key);
        let again = spoken().await;
        assert!(again.len() > swapped.len(), "{again:?}");
        let first: Vec<_> = swapped.iter().map(|(who, _)| who).collect();
        assert_eq!(again.iter().take(first.len()).map(|(who, _)| who).collect::<Vec<_>>(), first, "{again:?}");
    }
}

#[tokio::test]
async fn retention_erasure_and_the_daily_comparison_know_the_parts() {
    for app in without_model(|c| c.retention.recordings = "30d".parse().unwrap()).await {
        let sender = Sender::new(&app).await;
        let id = app.interaction("1", &call_body("jerry@example.net")).await;
        sender.put("a", super::files::sound(1)).await;
        sender.put("b", super::files::sound(2)).await;
        app.work().await;
        assert_eq!(sender.files(&id).await.len(), 3);
        let path = app.app.interactions.part_path(&app.app.interactions.parts(&id).await.unwrap()[0]);
        let aside = path.with_extension("aside");
        std::fs::rename(&path, &aside).unwrap();
        let stop = tokio_util::sync::CancellationToken::new();
        app.app.interactions.compare_files(&stop).await.unwrap();
        assert_eq!(app.app.interactions.missing_recordings(5).await.unwrap(), (1, vec![id.clone()]));
        let gone = sender.get(&format!("{id}/recordings/a")).await;
        assert_eq!(gone.status(), 404);
        std::fs::rename(&aside, &path).unwrap();
        app.app.interactions.compare_files(&stop).await.unwrap();
        assert_eq!(app.app.interactions.missing_recordings(5).await.unwrap().0, 0);
        assert_eq!(sender.files(&id).await.len(), 3);

        app.pass(Duration::from_secs(40 * 86_400)).await;
        app.work().await;
        assert_eq!(sender.files(&id).await, Vec::<String>::new(), "retention");
        sender.put("a", super::files::sound(3)).await;
        sender.put("b", super::files::sound(4)).await;
        let sender = Sender::new(&app).await;
        let erased = app.client.delete(sender.url("phone/1")).bearer_auth(&sender.key).send().await.unwrap();
        assert!(erased.status().is_success());
        app.work().await;
        assert_eq!(files_in(&app.folder().join("recordings")), Vec::<String>::new(), "erasure");
    }
}
