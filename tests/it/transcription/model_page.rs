//! A server without a speech model: recordings wait, an administrator fetches the model by a button, and they continue.

use super::fetch::{Answer, serve};
use super::short_call;
use crate::app::TestApp;
use afterword::access::Role;
use afterword::audit::Filter;
use afterword::effects::Actor;
use afterword::ids::InteractionId;
use afterword::paging::Cursor;
use afterword::transcription::models::{Entry, FetchSource, TEST_MODEL, entry};
use afterword::transcription::{FetchState, State};
use serde_json::Value;
use std::net::TcpListener;
use std::path::Path;

/// Returns an entry of a missing model: the test model's file under another name, from this URL.
fn from(url: String) -> Entry {
    let test_model = entry(TEST_MODEL).unwrap();
    Entry {
        name: "later".into(),
        file: "later.bin".into(),
        sources: vec![FetchSource::File { url }],
        ..test_model.clone()
    }
}

fn bytes() -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("models/test-voices.en-q5_0.bin")).unwrap()
}

/// Returns apps whose model is called `later`, in an empty folder, each with a waiting recording.
async fn waiting() -> Vec<(TestApp, InteractionId)> {
    let mut all = Vec::new();
    for app in TestApp::on_both(|config| {
        config.transcription.model = "later".into();
        config.transcription.models_dir = config.anonymity.key_file.with_file_name("models");
    })
    .await
    {
        let id = app.call("1", "jerry@example.net").await;
        assert_eq!(app.record("1", short_call(9)).await.status(), 201);
        app.work().await;
        assert_eq!(app.app.transcription.find(&id).await.unwrap().state, State::Waiting);
        all.push((app, id));
    }
    all
}

async fn state(app: &TestApp) -> (FetchState, String) {
    let fetch = app.app.transcription.model_status().await.unwrap().fetch.unwrap();
    (fetch.state, fetch.text)
}

#[tokio::test]
async fn the_button_fetches_the_model_and_recordings_go_on() {
    for (app, id) in waiting().await {
        let (url, _) = serve(bytes(), vec![Answer::Rest]);
        app.app.transcription.fetch_from(from(url));
        let admin = app.sign_in(Role::Admin, &[], None).await;
        let supervisor = app.sign_in(Role::Supervisor, &["Orders"], None).await;
        let call = format!("/interactions/{id}");
        for page in ["/", "/admin/model", "/admin/transcription", &call] {
            let page = admin.page(page).await;
            assert!(page.contains("Recordings wait for a speech model.") && page.contains("Get the model"), "{page}");
            assert!(page.contains("(8 MB)"), "{page}");
        }
        let page = supervisor.page(&call).await;
        assert!(page.contains("An administrator can get it") && !page.contains("Get the model"), "{page}");
        assert_eq!(supervisor.post("/admin/model/fetch", &[]).await.status(), 403);
        assert_eq!(api(&admin).await["state"], "absent");
        // Pressed several times at once, it is fetched and audited once.
        let presses = (0..6).map(|_| admin.post("/admin/model/fetch", &[]));
        for pressed in futures_util::future::join_all(presses).await {
            assert_eq!(pressed.status(), 303);
        }
        let page = admin.page("/admin/model").await;
        let done = "data-progress-done=\"The speech model is installed.\"";
        assert!(page.contains("is being fetched") && page.contains(done), "{page}");
        assert_eq!(api(&admin).await["state"], "waiting");
        app.work().await;
        assert_eq!(state(&app).await.0, FetchState::Done);
        assert_eq!(app.app.transcription.find(&id).await.unwrap().state, State::Done);
        assert_eq!(api(&admin).await["state"], "done");
        let page = admin.page("/admin/model").await;
        assert!(!page.contains("Recordings wait") && !page.contains("Get the model"), "{page}");
        let fetches = Filter { action: "model.fetched".into(), ..Filter::default() };
        assert_eq!(app.app.audit.lines(&fetches, &Cursor::start(), 100).await.unwrap().items.len(), 1);
        // On a node without the file the reason is that it is missing, not that the last fetch is done.
        std::fs::remove_file(app.folder().join("models/later.bin")).unwrap();
        let absent = api(&admin).await;
        assert_eq!(absent["state"], "absent");
        assert!(absent["reason"].as_str().unwrap().contains("no speech model is called \"later\""), "{absent}");
    }
}

async fn api(who: &crate::app::Session) -> Value {
    let answer = who.get("/api/v1/transcription/model").await;
    assert_eq!(answer.status(), 200);
    answer.json().await.unwrap()
}

#[tokio::test]
async fn a_failure_is_said_in_words_and_can_be_tried_again() {
    for (app, id) in waiting().await {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        app.app.transcription.fetch_from(from(format!("http://{address}/later.bin")));
        let admin = app.sign_in(Role::Admin, &[], None).await;
        admin.post("/admin/model/fetch", &[]).await;
        app.work().await;
        let (failed, why) = state(&app).await;
        assert!(failed == FetchState::Failed && why.contains("127.0.0.1 could not be reached"), "{why}");
        let page = admin.page("/admin/model").await;
        assert!(page.contains("could not be fetched") && page.contains("copy the file later.bin"), "{page}");
        assert!(page.contains("Try again"));
        assert_eq!(api(&admin).await["state"], "failed");
        let given_up = afterword::jobs::failed(&app.app.db).await.unwrap();
        assert!(given_up.is_empty(), "the page has the button: {given_up:?}");
        // The file is copied by hand: the recording continues automatically.
        std::fs::create_dir_all(app.folder().join("models")).unwrap();
        std::fs::write(app.folder().join("models/later.bin"), bytes()).unwrap();
        app.work().await;
        assert_eq!(app.app.transcription.find(&id).await.unwrap().state, State::Done);
        assert!(!admin.page("/admin/model").await.contains("Try again"));
    }
}

#[tokio::test]
async fn a_path_without_a_file_has_no_button() {
    let app = TestApp::start_with(|config| config.transcription.model = "missing.bin".into()).await;
    let admin = app.sign_in(Role::Admin, &[], None).await;
    let page = admin.page("/admin/model").await;
    assert!(page.contains("there is no speech model at missing.bin") && !page.contains("Get the model"), "{page}");
    let refused = admin.post("/admin/model/fetch", &[]).await;
    assert_eq!(refused.status(), 409);
    assert!(refused.text().await.unwrap().contains("set transcription.model"));
}

#[tokio::test]
async fn imported_models_are_shown_and_can_be_chosen() {
    let app = TestApp::start_with(|config| {
        config.transcription.models_dir = config.anonymity.key_file.with_file_name("models");
    })
    .await;
    std::fs::create_dir_all(app.folder().join("models")).unwrap();
    std::fs::write(app.folder().join("models/of-my-own.bin"), [bytes(), b"x".to_vec()].concat()).unwrap();
    assert_eq!(app.app.transcription.models_here(), [TEST_MODEL, "of-my-own"]);
    let page = app.sign_in(Role::Admin, &[], None).await.page("/admin/model").await;
    assert!(page.contains("<b>of-my-own</b> <small>Imported.</small>") && page.contains("8 MB"), "{page}");
    assert!(page.contains("transcription.model = \"of-my-own\""), "{page}");
    let id = app.call("1", "jerry@example.net").await;
    assert_eq!(app.record("1", short_call(9)).await.status(), 201);
    app.work().await;
    app.app.transcription.ask_again(&Actor::System, &id, "of-my-own", None).await.unwrap();
}
