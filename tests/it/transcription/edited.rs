//! Corrections by supervisors, and alternative transcripts by other models.

use super::{hear, short_call};
use crate::app::{Session, TestApp};
use afterword::access::Role;
use afterword::ids::InteractionId;
use afterword::transcription::models::{ModelFolders, Trial};
use afterword::transcription::{Engine, EngineConfig, State, Stored};
use reqwest::Method;
use serde_json::{Value, json};
use std::path::Path;

async fn stored(app: &TestApp, id: &InteractionId) -> Stored {
    app.app.transcription.find(id).await.unwrap()
}

/// Returns a call with a finished transcript, and a supervisor of its team.
async fn transcribed(app: &TestApp) -> (InteractionId, Session) {
    let id = app.call("1", "jerry@example.net").await;
    assert_eq!(app.record("1", short_call(9)).await.status(), 201);
    app.work().await;
    assert_eq!(stored(app, &id).await.state, State::Done);
    (id, app.sign_in(Role::Supervisor, &["Orders"], None).await)
}

async fn put(who: &Session, path: &str, body: Value) -> (u16, Value) {
    let answer = who.api(Method::PUT, path, Some(&body)).await;
    (answer.status().as_u16(), answer.json().await.unwrap_or_default())
}

#[tokio::test]
async fn a_correction_is_what_everybody_sees_and_the_machines_words_stay() {
    for app in TestApp::on_both(|_| {}).await {
        let (id, supervisor) = transcribed(&app).await;
        let before = stored(&app, &id).await;
        let path = format!("/api/v1/interactions/{id}/transcript");
        let machine = before.segments[0].text.clone();
        let text = format!("Good morning, {machine}");
        let (status, segment) =
            put(&supervisor, &format!("{path}/segments/0"), json!({ "text": text, "seen": 0 })).await;
        assert_eq!((status, segment["text"].as_str()), (200, Some(text.as_str())));
        assert_eq!(
            (segment["corrected"]["machine_text"].as_str(), segment["corrected"]["times"].as_i64()),
            (Some(&*machine), Some(1))
        );
        assert_eq!(segment["corrected"]["by"], "Some Supervisor");
        let words: Vec<_> = segment["words"].as_array().unwrap().iter().map(|w| w["text"].as_str().unwrap()).collect();
        assert_eq!(words.join(" "), text);
        for end in [".txt", ".vtt", ".srt"] {
            let file = supervisor.api(Method::GET, &format!("{path}{end}"), None).await.text().await.unwrap();
            assert!(file.contains("Good morning, "), "{file}");
        }
        let page = supervisor.page(&format!("/interactions/{id}")).await;
        assert!(page.contains("Corrected by Some Supervisor"), "the page does not say who");
        // The segment can be played even where the browser does not support the recording's format.
        let line = supervisor.page(&format!("/interactions/{id}/transcript/0")).await;
        assert!(line.contains("/recording?as=wav#t="), "{line}");
        // Another user with an older version of the page gets an error, and loses nothing.
        let line = format!("/interactions/{id}/transcript/0");
        let late = supervisor.post(&line, &[("text", "My own words"), ("seen", "0")]).await;
        assert_eq!(late.status(), 409);
        let late = late.text().await.unwrap();
        assert!(late.contains("My own words") && late.contains("meanwhile"), "{late}");
        assert_eq!(supervisor.post(&line, &[("undo", "yes"), ("seen", "1")]).await.status(), 303);
        let after = stored(&app, &id).await;
        assert_eq!((&after.segments, after.corrections.len()), (&before.segments, 0));
        let history: Value =
            supervisor.api(Method::GET, &format!("{path}/corrections"), None).await.json().await.unwrap();
        let steps: Vec<_> = history["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|step| (step["number"].as_i64(), step["text"].as_str()))
            .collect();
        assert_eq!(steps, [(Some(1), Some(text.as_str())), (Some(2), None)]);
    }
}

#[tokio::test]
async fn what_is_no_line_is_refused() {
    let app = TestApp::start().await;
    let (id, supervisor) = transcribed(&app).await;
    let before = stored(&app, &id).await;
    let path = |seq: &str| format!("/api/v1/interactions/{id}/transcript/segments/{seq}");
    for (seq, text, status) in [
        ("0", "".to_owned(), 422),
        ("0", " \n ".to_owned(), 422),
        ("0", "x".repeat(5_001), 422),
        ("0", "a\u{0}b".to_owned(), 400),
        ("9999", "There is no such line".to_owned(), 404),
        ("-1", "Nor this".to_owned(), 400),
    ] {
        assert_eq!(put(&supervisor, &path(seq), json!({ "text": text })).await.0, status, "{seq}: {text:?}");
    }
    assert_eq!(stored(&app, &id).await, before);
    let long = "ä".repeat(5_000);
    assert_eq!(put(&supervisor, &path("0"), json!({ "text": long })).await.0, 200);
    assert_eq!(stored(&app, &id).await.segments[0].text, long);
}

/// Installs an unknown model that is nearly the test model, already tried.
async fn second_model(folder: &Path) -> String {
    let test_model = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/test-voices.en-q5_0.bin");
    let mut bytes = std::fs::read(test_model).unwrap();
    let spare = bytes.windows(8).position(|name| name == b"<unused>").unwrap();
    bytes[spare + 1] = b'U';
    let model = folder.join("other.bin");
    std::fs::write(&model, bytes).unwrap();
    let model = model.to_str().unwrap().to_owned();
    let mut config = EngineConfig::new(ModelFolders::only("no-such-folder"), model.as_str());
    config.trial = Trial::with_program(env!("CARGO_BIN_EXE_afterword"));
    hear(&Engine::new(config), &short_call(3)).await.unwrap();
    model
}

#[tokio::test]
async fn two_models_are_compared_then_chosen_between_and_back_again() {
    let models = tempfile::tempdir().unwrap();
    let other = second_model(models.path()).await;
    for app in TestApp::on_both(|config| config.transcription.model.clone_from(&other)).await {
        let (id, supervisor) = transcribed(&app).await;
        let path = format!("/api/v1/interactions/{id}/transcript");
        let (status, _) =
            put(&supervisor, &format!("{path}/segments/0"), json!({ "text": "Only in the first take." })).await;
        assert_eq!(status, 200);
        let first = stored(&app, &id).await;
        assert_eq!(first.model.as_deref(), Some("other"));
        let asked = put(&supervisor, &format!("{path}/alternative"), json!({ "model": "test-voices.en" })).await;
        assert_eq!(asked.0, 202);
        let take = async || -> Value {
            supervisor.api(Method::GET, &format!("{path}/alternative"), None).await.json().await.unwrap()
        };
        assert_eq!(take().await["state"], "waiting");
        assert_eq!(stored(&app, &id).await, first, "what is shown has changed");
        app.work().await;
        let second = take().await;
        assert_eq!((second["state"].as_str(), second["model"].as_str()), (Some("done"), Some("test-voices.en")));
        assert!(
            second["second"]["words"].as_u64().unwrap() > 3 && second["shown"]["differing"].as_u64().unwrap() > 0,
            "{second}"
        );
        let page = supervisor.page(&format!("/interactions/{id}/alternative")).await;
        assert!(page.contains("<del>") && page.contains("<ins>") && page.contains("1 corrected line belongs"));

        let choose = async |take: &Value| {
            put(&supervisor, &format!("{path}/choice"), json!({ "alternative": take["id"] })).await.0
        };
        assert_eq!(choose(&second).await, 204);
        let shown = stored(&app, &id).await;
        assert_eq!((shown.model.as_deref(), shown.corrections.len()), (Some("test-voices.en"), 0));
        assert_eq!(choose(&second).await, 409, "that one is shown already");
        let aside = take().await;
        assert_eq!(aside["model"], "other");
        assert_eq!(choose(&aside).await, 204);
        let back = stored(&app, &id).await;
        assert_eq!(
            (&back.segments, &back.corrections),
            (&first.segments, &first.corrections),
            "undone, it is not as it was"
        );
        let dropped = supervisor.api(Method::DELETE, &format!("{path}/alternative"), None).await;
        assert_eq!(dropped.status(), 204);
        assert_eq!(supervisor.api(Method::GET, &format!("{path}/alternative"), None).await.status(), 404);
        assert_eq!(stored(&app, &id).await.segments, first.segments);
    }
}

#[tokio::test]
async fn a_second_take_wants_a_model_that_is_here_and_a_first_one() {
    let app = TestApp::start().await;
    let id = app.call("1", "jerry@example.net").await;
    let supervisor = app.sign_in(Role::Supervisor, &["Orders"], None).await;
    let path = format!("/api/v1/interactions/{id}/transcript/alternative");
    let code = async |body: Value| {
        let (status, answer) = put(&supervisor, &path, body).await;
        (status, answer["code"].as_str().unwrap_or_default().to_owned())
    };
    let ours = json!({ "model": "test-voices.en" });
    assert_eq!(code(ours.clone()).await, (404, "recording_not_found".into()));
    app.record("1", short_call(3)).await;
    assert_eq!(code(ours.clone()).await, (409, "transcript_not_done".into()));
    for model in ["large", "base-q5_1", "/etc/passwd", "../models/test-voices.en-q5_0.bin", ""] {
        assert_eq!(code(json!({ "model": model })).await, (422, "model_not_usable".into()), "{model}");
    }
    app.work().await;
    assert_eq!(code(json!({ "model": "test-voices.en", "language": "klingon" })).await.0, 422);
    // A language that the model does not support fails next to the transcript, which stays.
    assert_eq!(code(json!({ "model": "test-voices.en", "language": "de" })).await.0, 202);
    app.work().await;
    let take: Value = supervisor.api(Method::GET, &path, None).await.json().await.unwrap();
    assert_eq!(take["state"], "failed");
    assert!(supervisor.page(&format!("/interactions/{id}/alternative")).await.contains("could not be made"));
    assert_eq!(stored(&app, &id).await.state, State::Done);
}

#[tokio::test]
async fn a_second_take_that_is_dropped_while_it_is_made_comes_not_back() {
    let app = TestApp::start_with(|config| config.transcription.threads = 1).await;
    let (id, supervisor) = transcribed(&app).await;
    let path = format!("/api/v1/interactions/{id}/transcript/alternative");
    assert_eq!(put(&supervisor, &path, json!({ "model": "test-voices.en" })).await.0, 202);
    let dropped = async {
        while app.app.transcription.alternative(&id).await.unwrap().is_some_and(|take| take.state == State::Waiting) {
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
        supervisor.api(Method::DELETE, &path, None).await.status()
    };
    let (_, status) = tokio::join!(app.work(), dropped);
    assert_eq!(status, 204);
    app.work().await;
    assert_eq!(app.app.transcription.alternative(&id).await.unwrap(), None);
}
