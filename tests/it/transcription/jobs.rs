//! The durable job: waiting for a model, progress, a lost lease, changes during its run.

use super::{all_text, short_call};
use crate::app::{TestApp, demo_sound};
use afterword::access::Role;
use afterword::clock::SharedClock;
use afterword::ids::InteractionId;
use afterword::jobs::{Runner, RunnerOptions};
use afterword::transcription::{Speaker, State, Stored, Transcript};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

fn text(stored: &Stored) -> String {
    all_text(&Transcript { segments: stored.segments.clone(), ..Default::default() })
}

async fn stored(app: &TestApp, id: &InteractionId) -> Stored {
    app.app.transcription.find(id).await.unwrap()
}

/// Returns a call with a recording that is not transcribed yet.
async fn recorded(app: &TestApp, sound: Vec<u8>) -> InteractionId {
    let id = app.call("1", "jerry@example.net").await;
    assert_eq!(app.record("1", sound).await.status(), 201);
    id
}

/// Waits until the job has reached this state.
async fn until(app: &TestApp, id: &InteractionId, wanted: impl Fn(&Stored) -> bool) -> Stored {
    let begun = Instant::now();
    loop {
        let now = stored(app, id).await;
        if wanted(&now) {
            return now;
        }
        assert!(begun.elapsed() < Duration::from_secs(100), "still {now:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Returns the number of pending transcriptions.
async fn queued(app: &TestApp) -> usize {
    let backlog = afterword::jobs::backlog(&app.app.db).await.unwrap();
    backlog.iter().filter(|line| line.kind == afterword::interactions::TRANSCRIBE).count()
}

fn runner(app: &TestApp, only: &[&str]) -> Arc<Runner> {
    let clock: SharedClock = Arc::clone(&app.app.clock);
    let stop = CancellationToken::new();
    let only = only.iter().map(|kind| (*kind).to_owned()).collect();
    let options = RunnerOptions { only, ..RunnerOptions::default() };
    Arc::new(Runner::new(app.app.db.clone(), clock, app.app.jobs(), options, stop))
}

#[tokio::test]
async fn a_worker_for_transcription_alone_transcribes() {
    for app in TestApp::on_both(|_| {}).await {
        let id = recorded(&app, short_call(9)).await;
        runner(&app, &["mail"]).drain().await.unwrap();
        assert_eq!(stored(&app, &id).await.state, State::Waiting);
        runner(&app, &["transcription"]).drain().await.unwrap();
        assert_eq!(stored(&app, &id).await.state, State::Done);
        // No other job was run.
        let backlog = afterword::jobs::backlog(&app.app.db).await.unwrap();
        assert!(backlog.iter().any(|line| line.kind == afterword::interactions::INSPECT), "{backlog:?}");
    }
}

#[tokio::test]
async fn without_a_model_it_waits_and_says_why_and_goes_on_when_there_is_one() {
    let models = tempfile::tempdir().unwrap();
    let model = models.path().join("later.bin");
    let named = model.to_str().unwrap().to_owned();
    for app in TestApp::on_both(|config| config.transcription.model.clone_from(&named)).await {
        let _ = std::fs::remove_file(&model);
        let id = recorded(&app, short_call(9)).await;
        app.work().await;
        let waiting = stored(&app, &id).await;
        assert_eq!(waiting.state, State::Waiting);
        let why = waiting.reason.unwrap();
        assert!(why.contains("no speech model") && why.contains("later.bin"), "{why}");
        let supervisor = app.sign_in(Role::Supervisor, &["Orders"], None).await;
        let page = supervisor.page(&format!("/interactions/{id}")).await;
        assert!(page.contains("no speech model"), "the page does not say why");
        app.pass(Duration::from_secs(61)).await;
        assert_eq!(stored(&app, &id).await.state, State::Waiting, "it is still not there");
        let test_model = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/test-voices.en-q5_0.bin");
        std::fs::copy(test_model, &model).unwrap();
        // At once, not at the next check.
        app.work().await;
        let done = stored(&app, &id).await;
        assert_eq!((done.state, done.reason.as_deref()), (State::Done, None));
        assert_eq!(done.model.as_deref(), Some("test-voices.en"));
        assert!(text(&done).contains("package"), "{}", text(&done));
        let speakers: Vec<_> = done.segments.iter().map(|segment| segment.speaker).collect();
        assert!(speakers.contains(&Speaker::Agent) && speakers.contains(&Speaker::Customer), "{speakers:?}");
        assert_eq!(queued(&app).await, 0, "something is left to do");
    }
}

#[tokio::test]
async fn a_model_that_is_not_installed_is_named_with_the_command_that_fetches_it() {
    let app = TestApp::start_with(|config| config.transcription.model = "base-q5_1".into()).await;
    let id = recorded(&app, short_call(3)).await;
    app.work().await;
    let why = stored(&app, &id).await.reason.unwrap();
    assert!(why.contains("afterword models fetch base-q5_1"), "{why}");
}

#[tokio::test]
async fn progress_is_written_down_while_it_works() {
    let app = TestApp::start_with(|config| config.transcription.threads = 1).await;
    let sound = demo_sound("call-good.flac");
    let id = recorded(&app, sound).await;
    let watch = async {
        let seen = until(&app, &id, |now| now.progress > 0.0 || now.state == State::Done).await;
        (seen.state, seen.progress)
    };
    let (_, (state, progress)) = tokio::join!(app.work(), watch);
    assert!(state == State::Running && progress < 1.0, "{state:?} {progress}");
    assert_eq!(stored(&app, &id).await.state, State::Done);
}

#[tokio::test]
async fn two_workers_that_both_think_it_is_theirs_leave_one_transcript() {
    let app = TestApp::start_with(|config| config.transcription.threads = 1).await;
    let id = recorded(&app, short_call(40)).await;
    let other = runner(&app, &[]);
    let second = async {
        until(&app, &id, |now| now.state == State::Running).await;
        // The first one's lease has expired unnoticed.
        app.clock.advance(Duration::from_secs(31));
        other.drain().await.unwrap();
    };
    tokio::join!(app.work(), second);
    app.work().await;
    let done = stored(&app, &id).await;
    assert_eq!(done.state, State::Done);
    let mut starts: Vec<_> = done.segments.iter().map(|s| (s.start_ms, s.speaker)).collect();
    let all = starts.len();
    starts.dedup();
    assert!(all > 5 && starts.len() == all, "{starts:?}");
    assert_eq!(queued(&app).await, 0);
}

#[tokio::test]
async fn an_interaction_that_is_deleted_meanwhile_leaves_nothing() {
    for app in TestApp::on_both(|config| config.transcription.threads = 1).await {
        let id = recorded(&app, demo_sound("call-bad.ogg")).await;
        let deleted = async {
            until(&app, &id, |now| now.state == State::Running).await;
            let now = app.app.clock.now();
            let mut tx = app.app.db.begin().await.unwrap();
            let effects = afterword::interactions::delete(tx.conn(), &id, now).await.unwrap();
            effects.save(tx.conn(), now).await.unwrap();
            tx.commit().await.unwrap();
        };
        tokio::join!(app.work(), deleted);
        app.work().await;
        assert_eq!(stored(&app, &id).await, Stored::default());
        assert_eq!(queued(&app).await, 0, "it is tried again");
    }
}

#[tokio::test]
async fn a_recording_that_is_replaced_meanwhile_is_not_the_one_that_stays() {
    let app = TestApp::start_with(|config| config.transcription.threads = 1).await;
    let id = recorded(&app, demo_sound("call-good.flac")).await;
    let replaced = async {
        until(&app, &id, |now| now.state == State::Running).await;
        assert_eq!(app.record("1", short_call(9)).await.status(), 201);
    };
    tokio::join!(app.work(), replaced);
    app.work().await;
    let done = stored(&app, &id).await;
    assert_eq!(done.state, State::Done);
    assert!(!done.segments.is_empty() && done.segments.iter().all(|s| s.end_ms <= 9_000), "{}", text(&done));
}

#[tokio::test]
async fn a_recording_that_turns_out_to_be_damaged_has_failed_for_good() {
    let app = TestApp::start().await;
    let id = recorded(&app, short_call(9)).await;
    let recording = app.app.interactions.recording(&id).await.unwrap().unwrap();
    std::fs::write(app.app.interactions.recording_path(&recording), b"RIFF\0\0\0\0WAVEfmt nonsense").unwrap();
    app.work().await;
    let failed = stored(&app, &id).await;
    assert_eq!(failed.state, State::Failed);
    assert!(failed.reason.is_some_and(|why| !why.is_empty()));
    app.pass(Duration::from_secs(24 * 3_600)).await;
    assert_eq!(stored(&app, &id).await.state, State::Failed);
    // A failed transcription is not in progress: it can't be stopped, and keeps its reason.
    let supervisor = app.sign_in(Role::Supervisor, &["Orders"], None).await;
    let path = format!("/interactions/{id}/transcription");
    assert_eq!(supervisor.post(&path, &[("act", "stop")]).await.status(), 409);
    assert_eq!(stored(&app, &id).await.state, State::Failed);
}
