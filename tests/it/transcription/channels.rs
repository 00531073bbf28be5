//! Speakers of channels: never guessed, set for a source, set afterwards, swapped.

use super::short_call;
use crate::app::{Session, TestApp};
use crate::support::heard::{heard, raw};
use afterword::access::Role;
use afterword::access::principal::Scope;
use afterword::audit::Filter;
use afterword::ids::InteractionId;
use afterword::paging::Cursor;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

/// Uploads nine seconds of a call without speakers of its channels; returns the call.
async fn unlabelled(app: &TestApp, source: &str) -> InteractionId {
    sent(app, source, "").await
}

/// Uploads nine seconds of a call; returns the call. `channels`: the speakers named by its sender, or empty.
async fn sent(app: &TestApp, source: &str, channels: &str) -> InteractionId {
    let key = app.key(Scope::Ingest).await;
    let url = format!("{}/api/v1/interactions/{source}/1", app.url);
    let body = crate::app::call_body("jerry@example.net");
    app.client.put(&url).bearer_auth(&key).json(&body).send().await.unwrap();
    let put = app.client.put(format!("{url}/recording?channels={channels}")).bearer_auth(&key).body(short_call(9));
    let stored: Value = put.send().await.unwrap().json().await.unwrap();
    stored["id"].as_str().unwrap().parse().unwrap()
}

/// Returns the speakers of a recording, and the id of its transcript.
async fn speakers_and_take(app: &TestApp, id: &InteractionId) -> (Vec<String>, String) {
    let recording = app.app.interactions.recording(id).await.unwrap().unwrap();
    (recording.speakers(), app.app.transcription.find(id).await.unwrap().take)
}

async fn get(session: &Session, path: &str) -> Value {
    session.api(Method::GET, path, None).await.json().await.unwrap()
}

/// Returns speaker and text of each segment.
async fn said(session: &Session, id: &InteractionId) -> Vec<(String, String)> {
    let transcript = get(session, &format!("/api/v1/interactions/{id}/transcript")).await;
    let text = |segment: &Value, field: &str| segment[field].as_str().unwrap().to_owned();
    let segments = transcript["segments"].as_array().unwrap();
    segments.iter().map(|segment| (text(segment, "speaker"), text(segment, "text"))).collect()
}

/// Returns the speakers of the measures with their shares, and the agent's share in lists.
async fn measured(session: &Session, id: &InteractionId) -> Vec<(String, f64)> {
    let measures = get(session, &format!("/api/v1/interactions/{id}/measures")).await;
    let speakers = measures["call"]["speakers"].as_array().unwrap();
    let one = |s: &Value| (s["speaker"].as_str().unwrap().to_owned(), s["talk_share"].as_f64().unwrap());
    speakers.iter().map(one).collect()
}

/// Returns the number of calls with a known share of the agent.
async fn with_agent_share(session: &Session) -> usize {
    let list = get(session, "/api/v1/interactions?sort=agent_share").await;
    list["items"].as_array().unwrap().len()
}

async fn found(session: &Session, speaker: &str) -> usize {
    let found = get(session, &format!("/api/v1/search?q=package&speaker={speaker}")).await;
    found["items"].as_array().unwrap().len()
}

fn with_speakers(said: &[(String, String)], names: [&str; 2]) -> Vec<(String, String)> {
    let name = |old: &str| names[usize::from(old == "channel-2")].to_owned();
    said.iter().map(|(speaker, text)| (name(speaker), text.clone())).collect()
}

#[tokio::test]
async fn speakers_are_channels_until_somebody_sets_them() {
    for app in TestApp::on_both(|_| {}).await {
        let id = unlabelled(&app, "phone").await;
        app.work().await;
        let supervisor = app.sign_in(Role::Supervisor, &["Orders"], None).await;
        let heard = said(&supervisor, &id).await;
        assert!(heard.iter().all(|(speaker, _)| speaker.starts_with("channel-")), "{heard:?}");
        let before = measured(&supervisor, &id).await;
        assert_eq!(before.iter().map(|(who, _)| who.as_str()).collect::<Vec<_>>(), ["channel-1", "channel-2"]);
        assert_eq!((with_agent_share(&supervisor).await, found(&supervisor, "customer").await), (0, 0));
        let page = supervisor.page(&format!("/interactions/{id}")).await;
        assert!(page.contains("Who speaks on which channel is not known") && page.contains("Channel 2"), "{page}");

        let address = format!("/api/v1/interactions/{id}/recording/channels");
        let set = |names: [&str; 2]| json!({ "channels": names });
        let agent_first = set(["agent", "customer"]);
        assert_eq!(supervisor.api(Method::PUT, &address, Some(&agent_first)).await.status(), 204);
        app.work().await;
        assert_eq!(said(&supervisor, &id).await, with_speakers(&heard, ["agent", "customer"]), "it was not heard anew");
        let shares = measured(&supervisor, &id).await;
        assert_eq!(shares, [("agent".to_owned(), before[0].1), ("customer".to_owned(), before[1].1)]);
        assert_eq!((with_agent_share(&supervisor).await, found(&supervisor, "customer").await), (1, 1));

        let form = [("channels", "customer,agent")];
        assert!(supervisor.page(&format!("/interactions/{id}")).await.contains("Swap speakers"));
        let path = format!("/interactions/{id}/channels");
        assert!(supervisor.post(&path, &form).await.headers()["location"].to_str().unwrap().ends_with("did=channels"));
        app.work().await;
        assert_eq!(said(&supervisor, &id).await, with_speakers(&heard, ["customer", "agent"]));
        assert_eq!((found(&supervisor, "agent").await, found(&supervisor, "customer").await), (1, 0));
        supervisor.post(&path, &[("channels", "agent,customer")]).await;
        app.work().await;
        assert_eq!(measured(&supervisor, &id).await, shares, "two swaps change nothing");

        let (status, code) = refusal(&supervisor, &address, &set(["agent", "parrot"])).await;
        assert_eq!((status, code.as_str()), (409, "channels_do_not_fit"));
        assert_eq!(refusal(&supervisor, &address, &json!({ "channels": ["agent"] })).await.0, 409);
        assert_eq!(refusal(&supervisor, &address, &json!({ "channels": ["agent,customer"] })).await.0, 409, "one name");
        assert_eq!(
            refusal(&supervisor, &address, &set(["agent", "agent"])).await.0,
            409,
            "nobody would be the customer"
        );
        let other = app.sign_in(Role::Supervisor, &["Billing"], None).await;
        assert_eq!(other.api(Method::PUT, &address, Some(&agent_first)).await.status(), 404);
        let agent = app.sign_in(Role::Agent, &["Orders"], Some("17")).await;
        assert_eq!(agent.api(Method::PUT, &address, Some(&agent_first)).await.status(), 403);

        let lines = app.app.audit.lines(&Filter::default(), &Cursor::start(), 50).await.unwrap().items;
        let set: Vec<_> = lines.iter().filter(|line| line.action == "recording.channels_set").collect();
        assert_eq!(set.len(), 3, "each change, and nothing that was refused");
    }
}

async fn refusal(session: &Session, address: &str, body: &Value) -> (u16, String) {
    let answer = session.api(Method::PUT, address, Some(body)).await;
    (answer.status().as_u16(), answer.json::<Value>().await.unwrap()["code"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn the_same_sound_once_more_keeps_the_speakers_that_somebody_set() {
    for app in TestApp::on_both(|_| {}).await {
        for (source, channels) in [("phone", ""), ("pbx", "agent,customer")] {
            let id = sent(&app, source, channels).await;
            app.work().await;
            let supervisor = app.sign_in(Role::Supervisor, &["Orders"], None).await;
            let address = format!("/api/v1/interactions/{id}/recording/channels");
            let body = json!({ "channels": ["customer", "agent"] });
            assert_eq!(supervisor.api(Method::PUT, &address, Some(&body)).await.status(), 204);
            app.work().await;
            let before = speakers_and_take(&app, &id).await;
            assert_eq!(before.0, ["customer", "agent"]);
            sent(&app, source, channels).await;
            sent(&app, source, "").await;
            app.work().await;
            assert_eq!(speakers_and_take(&app, &id).await, before, "{source}: the speakers, or transcribed anew");
        }
    }
}

#[tokio::test]
async fn a_sender_that_names_other_speakers_than_before_is_followed() {
    for app in TestApp::on_both(|_| {}).await {
        let id = sent(&app, "phone", "agent,customer").await;
        app.work().await;
        let supervisor = app.sign_in(Role::Supervisor, &["Orders"], None).await;
        let (_, take) = speakers_and_take(&app, &id).await;
        let heard = said(&supervisor, &id).await;
        for names in ["customer,agent", "unknown,agent", "agent,customer"] {
            assert_eq!(sent(&app, "phone", names).await, id);
            app.work().await;
            let expected = names.replace("unknown", "channel-1");
            let expected: Vec<String> = expected.split(',').map(str::to_owned).collect();
            assert_eq!(speakers_and_take(&app, &id).await, (expected, take.clone()), "renamed, not transcribed anew");
        }
        assert_eq!(said(&supervisor, &id).await, heard);
        let lines = app.app.audit.lines(&Filter::default(), &Cursor::start(), 50).await.unwrap().items;
        let set = lines.iter().filter(|line| line.action == "recording.channels_set" && line.name == "Afterword");
        assert_eq!(set.count(), 3, "{lines:?}");
    }
}

/// Names that are masked in one attribution and not in the other.
const NAMES: [&str; 3] = ["Quorn", "Zarquon", "Blee"];

#[tokio::test]
async fn a_wrong_swap_shows_no_name_that_was_masked() {
    for app in TestApp::on_both(|_| {}).await {
        let id = app.call("1", "jerry@example.net").await;
        assert_eq!(app.record("1", short_call(3)).await.status(), 201);
        let said = [
            (0, 900, "agent", "Thank you, Mrs. Quorn, and welcome."),
            (1_000, 1_900, "customer", "Hello, my name is Zarquon Blee."),
        ];
        app.work().await;
        heard(&app, &id, &said).await;
        let supervisor = app.sign_in(Role::Supervisor, &["Orders"], None).await;
        let shown =
            async || get(&supervisor, &format!("/api/v1/interactions/{id}/transcript")).await["segments"].to_string();
        let address = format!("/api/v1/interactions/{id}/recording/channels");
        let before = shown().await;
        assert!(!NAMES.iter().any(|name| before.contains(name)), "{before}");
        for names in [["customer", "agent"], ["agent", "customer"], ["customer", "unknown"], ["unknown", "agent"]] {
            let set = supervisor.api(Method::PUT, &address, Some(&json!({ "channels": names }))).await;
            assert_eq!(set.status(), 204, "{names:?}");
            app.work().await;
            let text = shown().await;
            for name in NAMES {
                assert!(!text.contains(name), "{names:?} shows {name}: {text}");
                let found = get(&supervisor, &format!("/api/v1/search?q={name}")).await;
                assert_eq!(found["items"], json!([]), "{names:?}");
            }
        }
    }
}

#[tokio::test]
async fn clips_keep_their_words_while_a_recording_is_transcribed_anew() {
    for app in TestApp::on_both(|_| {}).await {
        // Two channels with the same name: the channel of a word is unknown.
        let id = sent(&app, "phone", "customer,customer").await;
        app.work().await;
        let supervisor = app.sign_in(Role::Supervisor, &["Orders"], None).await;
        let take = format!("/api/v1/interactions/{id}/transcript/alternative");
        let model = json!({ "model": "test-voices.en" });
        assert_eq!(supervisor.api(Method::PUT, &take, Some(&model)).await.status(), 202);
        let fields = [("start", "0:00"), ("end", "0:09"), ("title", "t"), ("why", "w")];
        let flagged = supervisor.post(&format!("/interactions/{id}/clips"), &fields).await;
        let clip = flagged.headers()["location"].to_str().unwrap().split(['/', '?']).nth(2).unwrap().to_owned();
        app.work().await;
        let before = get(&supervisor, &format!("/api/v1/clips/{clip}")).await;
        assert_eq!((&before["sound"], &before["speakers"]), (&json!("ready"), &json!(["customer", "customer"])));
        assert_eq!(get(&supervisor, &take).await["state"], "done");

        let address = format!("/api/v1/interactions/{id}/recording/channels");
        let body = json!({ "channels": ["agent", "customer"] });
        assert_eq!(supervisor.api(Method::PUT, &address, Some(&body)).await.status(), 204);
        assert_eq!(
            supervisor.api(Method::GET, &take, None).await.status(),
            404,
            "the alternative transcript is dropped"
        );
        // Its turn comes late.
        raw(&app, "UPDATE jobs SET run_at = run_at + 777600000 WHERE kind = 'transcription'").await;
        app.pass(Duration::from_secs(8 * 24 * 3600)).await;
        let supervisor = app.sign_in_anew(&supervisor).await;
        let waiting = get(&supervisor, &format!("/api/v1/clips/{clip}")).await;
        assert_eq!((&waiting["sound"], &waiting["lines"]), (&json!("ready"), &before["lines"]));

        app.pass(Duration::from_secs(2 * 24 * 3600)).await;
        let supervisor = app.sign_in_anew(&supervisor).await;
        let after = get(&supervisor, &format!("/api/v1/clips/{clip}")).await;
        assert_eq!((&after["sound"], &after["speakers"]), (&json!("ready"), &json!(["agent", "customer"])));
        let speakers: Vec<_> = after["lines"].as_array().unwrap().iter().map(|line| &line["speaker"]).collect();
        assert!(speakers.contains(&&json!("agent")) && speakers.contains(&&json!("customer")), "{after}");
        let files = std::fs::read_dir(app.folder().join("recordings/clips")).unwrap();
        assert_eq!(files.count(), 1, "the old sound is removed");
    }
}

#[tokio::test]
async fn a_default_applies_to_its_source_and_to_recordings_that_fit() {
    let settings = |config: &mut afterword::config::Config| {
        config.recordings.channels = "agent,customer".into();
        config.recordings.channels_by_source = [("pbx".to_owned(), "customer,agent".to_owned())].into();
    };
    for app in TestApp::on_both(settings).await {
        let speakers = async |source: &str| {
            let id = unlabelled(&app, source).await;
            app.app.interactions.recording(&id).await.unwrap().unwrap().speakers()
        };
        assert_eq!(speakers("phone").await, ["agent", "customer"]);
        assert_eq!(speakers("pbx").await, ["customer", "agent"]);
        let key = app.key(Scope::Ingest).await;
        let url = format!("{}/api/v1/interactions/phone/2/recording", app.url);
        let mono = crate::audio::wav::Sound::silence(8_000, 1, 1).wav(crate::audio::wav::Coding::Pcm16);
        let stored: Value = app.client.put(url).bearer_auth(key).body(mono).send().await.unwrap().json().await.unwrap();
        let id = stored["id"].as_str().unwrap().parse().unwrap();
        assert_eq!(app.app.interactions.recording(&id).await.unwrap().unwrap().speakers(), ["unknown"]);
        app.work().await;
    }
}

#[tokio::test]
async fn one_channel_has_speakers_that_are_not_told_apart() {
    let app = TestApp::start().await;
    let id = app.call("1", "jerry@example.net").await;
    let mut sound = crate::audio::wav::Sound::demo("call-bad.flac", 9);
    let mixed = sound.channels[0].iter().zip(&sound.channels[1]).map(|(a, b)| a + b).collect();
    sound.channels = vec![mixed];
    let url = format!("{}/api/v1/interactions/phone/1/recording", app.url);
    let body = sound.wav(crate::audio::wav::Coding::Pcm16);
    app.client.put(url).bearer_auth(app.key(Scope::Ingest).await).body(body).send().await.unwrap();
    app.work().await;
    let supervisor = app.sign_in(Role::Supervisor, &["Orders"], None).await;
    let page = supervisor.page(&format!("/interactions/{id}")).await;
    assert!(page.contains("Speakers can’t be separated") && !page.contains("Swap speakers"), "{page}");
    let measures = get(&supervisor, &format!("/api/v1/interactions/{id}/measures")).await;
    let call = &measures["call"];
    assert!(call["speakers"][0]["talk_share"].is_null() && call["interruptions"].is_null(), "{measures}");
    assert!(call["overlap_ms"].is_null() && with_agent_share(&supervisor).await == 0);
}
