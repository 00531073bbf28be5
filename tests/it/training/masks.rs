//! Masked parts of a clip are silent in its sound, and no others.

use super::{chat, flag, get_clip, leave_untranscribed, supervisor};
use crate::app::{Session, TestApp};
use crate::audio::wav::{Coding, Sound};
use crate::support::skip;
use crate::transcription::{hear as hear_once, short_call};
use afterword::access::Role;
use afterword::audit::Filter;
use afterword::database::Sql;
use afterword::execute;
use afterword::ids::InteractionId;
use afterword::paging::Cursor;
use afterword::transcription::models::{ModelFolders, Trial};
use afterword::transcription::{Engine, EngineConfig};
use serde_json::{Value, json};
use std::time::Duration;

const FIELDS: [(&str, &str); 2] = [("title", "Emma Clark is heard"), ("why", "Listen to Emma, call 0306 999 0123.")];

pub fn form<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    FIELDS.into_iter().chain(more.iter().copied()).collect()
}

/// Returns a call of twenty seconds, with the same tone on both channels throughout.
pub async fn tone(app: &TestApp) -> (InteractionId, Sound) {
    let body = json!({
        "channel": "call", "phase": "final", "agent": { "external_id": "17", "name": "Sydney Carton" }, "team": "Orders",
        "customer": { "email": "emma@example.net", "name": "Emma Clark" }
    });
    let id = app.interaction("1", &body).await;
    let wave = |at: u32| 0.5 * (at as f32 * 440.0 * std::f32::consts::TAU / 8_000.0).sin();
    let sound = Sound { rate: 8_000, channels: vec![(0..160_000).map(wave).collect(); 2] };
    assert!(app.record("1", sound.wav(Coding::Pcm16)).await.status().is_success());
    leave_untranscribed(app).await;
    (id, sound)
}

/// Stores a transcript with a word every half second.
pub async fn transcribe(app: &TestApp, id: &InteractionId, lines: &[(i64, &str, &str)]) {
    const DONE: Sql = Sql::both(
        "INSERT INTO transcripts (interaction_id, state, progress, model, language, updated_at) VALUES ($1, 'done', 1, 'base', 'en', $2)",
    );
    const SEGMENT: Sql = Sql::both(
        "INSERT INTO segments (interaction_id, seq, start_ms, end_ms, speaker, text, confidence, words) VALUES ($1, $2, $3, $4, $5, $6, 0.9, $7)",
    );
    let mut tx = app.app.db.begin().await.unwrap();
    execute!(tx.conn(), DONE, id, app.app.clock.now()).unwrap();
    for (seq, (start, speaker, text)) in lines.iter().enumerate() {
        let words: Vec<Value> = text
            .split(' ')
            .enumerate()
            .map(|(at, word)| {
                let start = start + at as i64 * 500;
                json!({ "start_ms": start, "end_ms": start + 400, "text": word, "confidence": 0.9 })
            })
            .collect();
        let end = start + words.len() as i64 * 500 - 100;
        execute!(tx.conn(), SEGMENT, id, seq as i64, *start, end, *speaker, *text, Value::from(words).to_string())
            .unwrap();
    }
    tx.commit().await.unwrap();
}

/// Returns the clip's samples, by channel, as learners get them.
pub async fn hear(session: &Session, clip: &str) -> Sound {
    let answer = session.get(&format!("/api/v1/clips/{clip}/audio")).await;
    assert_eq!(answer.status(), 200);
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), answer.bytes().await.unwrap()).unwrap();
    Sound::read(file.path())
}

/// Checks that the given parts are silent, and that the rest, beyond a fade of 20 ms, equals the recording from this ms
/// on.
pub fn compare(heard: &Sound, recorded: &Sound, from_ms: usize, silences: &[(usize, usize)]) {
    let rate = heard.rate as usize / 1000;
    for (channel, (heard, recorded)) in heard.channels.iter().zip(&recorded.channels).enumerate() {
        for (at, sample) in heard.iter().enumerate() {
            let inside =
                |pad: usize| silences.iter().any(|(a, b)| at + pad * rate >= a * rate && at < (b + pad) * rate);
            if inside(0) {
                assert_eq!(*sample, 0.0, "channel {channel} at {} ms", at / rate);
            } else if !inside(21) {
                let original = recorded[from_ms * rate + at];
                assert!(
                    (sample - original).abs() < 0.001,
                    "channel {channel} at {} ms: {sample} {original}",
                    at / rate
                );
            }
        }
    }
}

#[tokio::test]
async fn a_spoken_card_number_is_silent_in_the_clip_on_every_channel() {
    for app in TestApp::on_both(|_| {}).await {
        let (call, sound) = tone(&app).await;
        let card = "Yes, four one one one one one one one one one one one one one one one okay.";
        transcribe(
            &app,
            &call,
            &[(500, "agent", "Your card please?"), (4_000, "customer", card), (14_000, "agent", "Thanks, Emma.")],
        )
        .await;
        let supervisor = supervisor(&app, "Orders").await;
        let id = flag(&supervisor, &call, &form(&[("start", "0:02"), ("end", "0:18")])).await;
        app.work().await;
        let (_, clip) = get_clip(&supervisor, &id).await;
        let texts: Vec<_> =
            clip["lines"].as_array().unwrap().iter().map(|line| line["text"].as_str().unwrap()).collect();
        assert_eq!(texts, ["Yes, [card number] okay.", "Thanks, [name]."]);
        assert_eq!(clip["title"], "[name] is heard");
        assert_eq!(clip["why"], "Listen to [name], call [phone].");
        // The sixteen words from 4.5 s to 12.4 s and the name at 14.5 s, 80 ms more on either side; the clip begins at 2 s.
        let silences = json!([{ "start_ms": 2_420, "end_ms": 10_480 }, { "start_ms": 12_420, "end_ms": 12_980 }]);
        assert_eq!(clip["silences"], silences);
        compare(&hear(&supervisor, &id).await, &sound, 2_000, &[(2_420, 10_480), (12_420, 12_980)]);
        // The waveform shows it.
        let peaks: Value = supervisor.get(&format!("/api/v1/clips/{id}/peaks")).await.json().await.unwrap();
        let bars = peaks["channels"][1].as_array().unwrap();
        let quiet = bars.iter().filter(|bar| bar.as_u64() == Some(0)).count() as f64 / bars.len() as f64;
        assert!((0.45..0.60).contains(&quiet), "{quiet}");
        let page = supervisor.page(&format!("/library/{id}")).await;
        assert!(
            page.contains("silenced in the sound: 2 stretches") && page.contains("class=\"masked\">card number<"),
            "{page}"
        );
    }
}

#[tokio::test]
async fn more_can_be_silenced_by_hand_and_a_mistake_left_in() {
    for app in TestApp::on_both(|_| {}).await {
        let (call, sound) = tone(&app).await;
        transcribe(&app, &call, &[(4_000, "customer", "It is 0306 999 0123 from the Blue Lagoon shop")]).await;
        let supervisor = supervisor(&app, "Orders").await;
        let more = [
            ("start", "0:02"),
            ("end", "0:18"),
            ("silence", "0:14 to 0:15.5\n0:16-0:17"),
            ("mask_words", "blue lagoon"),
        ];
        let path = format!("/interactions/{call}/clips");

        let looking: Vec<_> = form(&more).into_iter().chain([("look", "yes")]).collect();
        let looked = supervisor.post(&path, &looking).await;
        assert_eq!(looked.status(), 200);
        let page = looked.text().await.unwrap();
        assert!(page.contains("class=\"masked\">phone<") && page.contains("class=\"masked\">masked<"), "{page}");
        assert!(
            page.contains("value=\"4000:0:phone\"") && !page.contains("It is 0306") && !page.contains("Lagoon shop"),
            "{page}"
        );
        let none: Value = supervisor.get("/api/v1/clips").await.json().await.unwrap();
        assert!(none["items"].as_array().unwrap().is_empty(), "looking makes nothing");

        let keep: Vec<_> = form(&more).into_iter().chain([("keep", "4000:0:phone"), ("keep", "4000:0:name")]).collect();
        let id = flag(&supervisor, &call, &keep).await;
        app.work().await;
        let (_, clip) = get_clip(&supervisor, &id).await;
        assert_eq!(clip["lines"][0]["text"], "It is 0306 999 0123 from the [masked] shop");
        let silences = [(5_420, 6_480), (12_000, 13_500), (14_000, 15_000)];
        assert_eq!(clip["silences"], json!(silences.map(|(a, b)| json!({ "start_ms": a, "end_ms": b }))));
        compare(&hear(&supervisor, &id).await, &sound, 2_000, &silences);
        let audit = Filter { action: "clip.mask_removed".into(), ..Filter::default() };
        let lines = app.app.audit.lines(&audit, &Cursor::start(), 10).await.unwrap().items;
        assert_eq!(lines.len(), 1);
        let detail = lines[0].detail.clone().unwrap();
        assert!(detail.contains("4000:0:phone") && !detail.contains("0:name") && !detail.contains("0306"), "{detail}");

        let refused = supervisor.post(&path, &form(&[("start", "0:02"), ("end", "0:18"), ("silence", "soon")])).await;
        assert_eq!(refused.status(), 422);
        assert!(refused.text().await.unwrap().contains("flag-masks-error"));
    }
}

#[tokio::test]
async fn no_sound_is_cut_before_its_words_are_known() {
    let app = TestApp::start().await;
    let (call, sound) = tone(&app).await;
    let supervisor = supervisor(&app, "Orders").await;
    let id = flag(&supervisor, &call, &form(&[("start", "0:02"), ("end", "0:18")])).await;
    app.work().await;
    let (_, clip) = get_clip(&supervisor, &id).await;
    assert_eq!(clip["sound"], "cutting");
    assert_eq!(supervisor.get(&format!("/api/v1/clips/{id}/audio")).await.status(), 404);
    assert!(supervisor.page(&format!("/library/{id}")).await.contains("cut when the transcript is ready"));
    transcribe(&app, &call, &[(4_000, "customer", "I am Emma Clark")]).await;
    app.pass(Duration::from_secs(60)).await;
    let (_, clip) = get_clip(&supervisor, &id).await;
    assert_eq!((&clip["sound"], &clip["lines"][0]["text"]), (&json!("ready"), &json!("I am [name]")));
    compare(&hear(&supervisor, &id).await, &sound, 2_000, &[(2_920, 3_980)]);

    // If it is never transcribed, there is no sound, and the page says why.
    app.call("2", "jerry@example.net").await;
    assert!(app.record("2", sound.wav(Coding::Pcm16)).await.status().is_success());
    leave_untranscribed(&app).await;
    let second = app.call("2", "jerry@example.net").await;
    let id = flag(&supervisor, &second, &form(&[("start", "0:02"), ("end", "0:18")])).await;
    app.work().await;
    app.pass(Duration::from_secs(8 * 24 * 3600)).await;
    let later = app.sign_in(Role::Supervisor, &["Orders"], None).await;
    let (_, clip) = get_clip(&later, &id).await;
    assert!(clip["sound_problem"].as_str().unwrap_or_default().contains("never transcribed"), "{clip}");
}

#[tokio::test]
async fn a_chat_s_masks_can_be_looked_at_and_left_in_too() {
    let app = TestApp::start().await;
    let chat = chat(&app, "1", "Orders").await;
    let supervisor = supervisor(&app, "Orders").await;
    let body = json!({
        "interaction": chat, "start_ms": 0, "end_ms": 30_000, "title": "t", "why": "w",
        "mask_words": ["parcel"], "keep": ["m1:1:phone", "m1:1:name"]
    });
    let answer = supervisor.api(reqwest::Method::POST, "/api/v1/clips", Some(&body)).await;
    assert_eq!(answer.status(), 201);
    let clip: Value = answer.json().await.unwrap();
    let texts: Vec<_> = clip["lines"].as_array().unwrap().iter().map(|line| line["text"].as_str().unwrap()).collect();
    assert_eq!(
        texts,
        [
            "Where is my [masked]?",
            "Reach me at [e-mail] or +44 306 999 0123",
            "I am sorry, [name]. I send a new one today."
        ]
    );
}

#[tokio::test]
async fn what_a_model_hears_is_silent_from_end_to_end() {
    let maker = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tools/scripted_model.py");
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("scripted.bin");
    let script = "Hello there. Card 4111111111111111 okay.";
    let made = std::process::Command::new("python3").arg(maker).arg(&model).arg(script).status();
    if !made.is_ok_and(|status| status.success()) {
        skip::tool::<()>("python3, which makes the scripted speech model");
        return;
    }
    let named = model.to_str().unwrap().to_owned();
    // An unknown model is first tested in a process of its own.
    let mut config = EngineConfig::new(ModelFolders::only("no-such-folder"), named.as_str());
    config.trial = Trial::with_program(env!("CARGO_BIN_EXE_afterword"));
    hear_once(&Engine::new(config), &short_call(3)).await.unwrap();
    for app in TestApp::on_both(|config| config.transcription.model.clone_from(&named)).await {
        let sound = Sound::demo("call-bad.flac", 20);
        let call = app.call("1", "jerry@example.net").await;
        assert!(app.record("1", sound.wav(Coding::Pcm16)).await.status().is_success());
        app.work().await;
        let admin = app.sign_in(Role::Admin, &[], None).await;
        let path = format!("/api/v1/interactions/{call}/transcript");
        let masked: Value = admin.get(&path).await.json().await.unwrap();
        let text = masked.to_string();
        assert!(text.contains("[card number]") && !text.contains("41111111"), "{masked}");
        let original: Value = admin.get(&format!("{path}?words=original")).await.json().await.unwrap();
        assert!(original.to_string().contains("41111111"), "{original}");
        let supervisor = supervisor(&app, "Orders").await;
        let id = flag(&supervisor, &call, &form(&[("start", "0:00"), ("end", "0:20")])).await;
        app.work().await;
        let (_, clip) = get_clip(&supervisor, &id).await;
        let stretches = clip["silences"].as_array().unwrap();
        assert!(!stretches.is_empty() && !clip.to_string().contains("41111111"), "{clip}");
        let ms = |one: &Value, name: &str| one[name].as_u64().unwrap() as usize;
        let silences: Vec<_> = stretches.iter().map(|one| (ms(one, "start_ms"), ms(one, "end_ms"))).collect();
        compare(&hear(&supervisor, &id).await, &sound, 0, &silences);
        // Every transcribed card number is in one of them.
        for word in original["segments"].as_array().unwrap().iter().flat_map(|s| s["words"].as_array().unwrap()) {
            if word["text"].as_str().unwrap().contains("1111") {
                let (from, to) = (ms(word, "start_ms"), ms(word, "end_ms").min(20_000));
                assert!(silences.iter().any(|(a, b)| *a <= from && to <= *b), "{word} is to be heard: {silences:?}");
            }
        }
    }
}
