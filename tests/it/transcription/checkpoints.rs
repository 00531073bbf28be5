//! An interrupted transcription continues from its checkpoint; checkpoints are kept no longer than they are needed.

use super::short_call;
use crate::app::{TestApp, demo_sound};
use crate::audio::wav::{Coding, Sound};
use crate::support::heard::{delete, raw};
use crate::support::served::Served;
use afterword::access::Role;
use afterword::clock::SharedClock;
use afterword::config::Config;
use afterword::database::Sql;
use afterword::fetch_all;
use afterword::ids::InteractionId;
use afterword::jobs::{Runner, RunnerOptions};
use afterword::transcription::{State, Stored};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// Replacement of the words recognised before the interruption.
const MARK: &str = "kept from before";

fn one_thread(config: &mut Config) {
    config.transcription.threads = 1;
}

async fn stored(app: &TestApp, id: &InteractionId) -> Stored {
    app.app.transcription.find(id).await.unwrap()
}

/// Returns the number of stored windows, of all recordings.
async fn kept(app: &TestApp) -> usize {
    const KEPT: Sql = Sql::both("SELECT seq FROM transcript_checkpoints");
    fetch_all!(app.app.db.read().await.unwrap().conn(), KEPT => (i64,)).unwrap().len()
}

/// Runs due jobs until two windows are stored, then stops like the program.
async fn interrupt(app: &TestApp) {
    let stop = CancellationToken::new();
    let clock: SharedClock = Arc::clone(&app.app.clock);
    let node = Runner::new(app.app.db.clone(), clock, app.app.jobs(), RunnerOptions::default(), stop.clone());
    let running = tokio::spawn(Arc::new(node).run());
    let begun = Instant::now();
    while kept(app).await < 2 {
        assert!(begun.elapsed() < Duration::from_secs(100), "nothing is kept");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    stop.cancel();
    running.await.unwrap();
}

/// Returns a recorded call whose transcription was interrupted.
async fn interrupted(app: &TestApp) -> InteractionId {
    let id = app.call("1", "jerry@example.net").await;
    assert_eq!(app.record("1", demo_sound("call-good.flac")).await.status(), 201);
    interrupt(app).await;
    id
}

/// Changes the stored words, so that their use is visible.
async fn mark(app: &TestApp) {
    let segment =
        json!([{ "start_ms": 100, "end_ms": 900, "speaker": "agent", "text": MARK, "confidence": 1.0, "words": [] }]);
    let (sqlite, pg) = (
        format!(
            "UPDATE transcript_checkpoints SET content = json_set(content, '$.segments', json('{segment}')) WHERE seq = 0"
        ),
        format!(
            "UPDATE transcript_checkpoints SET content = jsonb_set(content::jsonb, '{{segments}}', '{segment}'::jsonb)::text WHERE seq = 0"
        ),
    );
    raw(
        app,
        if matches!(app.app.config.database.url, afterword::config::DatabaseUrl::Sqlite(_)) { &sqlite } else { &pg },
    )
    .await;
}

fn has_mark(stored: &Stored) -> bool {
    stored.segments.iter().any(|segment| segment.text.contains(MARK))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_heard_before_a_stop_is_not_heard_again() {
    for app in TestApp::on_both(one_thread).await {
        let id = interrupted(&app).await;
        let waiting = stored(&app, &id).await;
        assert!(waiting.state == State::Waiting && waiting.progress > 0.0, "{waiting:?}");
        let admin = app.sign_in(Role::Admin, &[], None).await;
        assert!(admin.page("/admin/transcription").await.contains("goes on at"));
        mark(&app).await;
        app.work().await;
        let done = stored(&app, &id).await;
        assert_eq!(done.state, State::Done);
        assert!(has_mark(&done), "it began anew");
        assert_eq!(kept(&app).await, 0, "it is finished, and what was kept for it is still there");
        // Except for the mark it equals the result of an uninterrupted attempt.
        assert_eq!(app.record("1", short_call(3)).await.status(), 201);
        app.work().await;
        assert_eq!(app.record("1", demo_sound("call-good.flac")).await.status(), 201);
        app.work().await;
        let whole = stored(&app, &id).await;
        let behind = |stored: &Stored| stored.segments.iter().rev().take(10).cloned().collect::<Vec<_>>();
        assert_eq!(behind(&done), behind(&whole));
        assert!(whole.segments.len() > 10 && !has_mark(&whole));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_transcript_goes_on_too() {
    for app in TestApp::on_both(one_thread).await {
        let id = app.call("1", "jerry@example.net").await;
        assert_eq!(app.record("1", demo_sound("call-good.flac")).await.status(), 201);
        app.work().await;
        let supervisor = app.sign_in(Role::Supervisor, &["Orders"], None).await;
        let path = format!("/api/v1/interactions/{id}/transcript/alternative");
        let model = json!({ "model": "test-voices.en" });
        assert_eq!(supervisor.api(reqwest::Method::PUT, &path, Some(&model)).await.status(), 202);
        interrupt(&app).await;
        mark(&app).await;
        let take = async || -> Value { supervisor.api(reqwest::Method::GET, &path, None).await.json().await.unwrap() };
        let waiting = take().await;
        assert!(waiting["state"] == "waiting" && waiting["progress"].as_f64().unwrap() > 0.0, "{waiting}");
        app.work().await;
        let done = take().await;
        assert_eq!((&done["state"], kept(&app).await), (&json!("done"), 0));
        assert!(done["segments"].to_string().contains(MARK), "it began anew");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_recording_takes_nothing_over() {
    for app in TestApp::on_both(one_thread).await {
        let id = interrupted(&app).await;
        mark(&app).await;
        assert_eq!(app.record("1", demo_sound("call-bad.flac")).await.status(), 201);
        app.work().await;
        let done = stored(&app, &id).await;
        assert_eq!((done.state, has_mark(&done), kept(&app).await), (State::Done, false, 0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_goes_on_with_is_removed() {
    for app in TestApp::on_both(one_thread).await {
        let supervisor = {
            app.team("Orders").await;
            app.sign_in(Role::Supervisor, &["Orders"], None).await
        };
        let id = interrupted(&app).await;
        let stopped = supervisor.post(&format!("/interactions/{id}/transcription"), &[("act", "stop")]).await;
        assert_eq!((stopped.status().as_u16(), kept(&app).await), (303, 0), "stopped");

        let begun = supervisor.post(&format!("/interactions/{id}/transcription"), &[("act", "begin")]).await;
        assert_eq!(begun.status(), 303);
        interrupt(&app).await;
        // As retention deletes transcripts.
        let mut tx = app.app.db.begin().await.unwrap();
        afterword::transcription::remove(tx.conn(), std::slice::from_ref(&id)).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(kept(&app).await, 0, "its words were removed");

        interrupt(&app).await;
        // As retention deletes recordings.
        raw(&app, "DELETE FROM recordings").await;
        raw(&app, "DELETE FROM recording_parts").await;
        app.work().await;
        assert_eq!(kept(&app).await, 0, "its recording is gone");

        assert_eq!(app.record("1", demo_sound("call-good.flac")).await.status(), 201);
        interrupt(&app).await;
        // A crash may leave rows without a job; they are deleted by the sweep.
        raw(&app, "DELETE FROM jobs WHERE kind = 'transcription'").await;
        app.pass(Duration::from_secs(3_601)).await;
        assert_eq!(kept(&app).await, 0, "swept");

        assert_eq!(app.record("1", demo_sound("call-bad.flac")).await.status(), 201);
        interrupt(&app).await;
        delete(&app, &id).await;
        assert_eq!(kept(&app).await, 0, "erased");
    }
}

/// Returns some minutes of speech.
pub(super) fn long_call(times: usize) -> Vec<u8> {
    let mut sound = Sound::demo("call-good.flac", 60);
    for channel in &mut sound.channels {
        *channel = channel.repeat(times);
    }
    sound.wav(Coding::MuLaw)
}

/// Starts the program, with one thread for transcription.
async fn served() -> Served {
    Served::start(&[("AFTERWORD__TRANSCRIPTION__THREADS", "1")]).await
}

async fn upload(served: &Served, name: &str, sound: Vec<u8>) -> String {
    let url = format!("{}/api/v1/interactions/phone/{name}/recording?channels=agent,customer", served.url);
    let answer = served.client.put(url).bearer_auth(served.key()).body(sound).send().await.unwrap();
    let answer: Value = answer.json().await.unwrap();
    answer["interaction"].as_str().or(answer["id"].as_str()).unwrap_or_else(|| panic!("{answer}")).to_owned()
}

async fn transcript(served: &Served, id: &str) -> Value {
    let url = format!("{}/api/v1/interactions/{id}/transcript", served.url);
    served.client.get(url).bearer_auth(served.key()).send().await.unwrap().json().await.unwrap()
}

/// Waits until the transcript meets the condition.
async fn until(served: &Served, id: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let begun = Instant::now();
    loop {
        let now = transcript(served, id).await;
        if wanted(&now) {
            return now;
        }
        assert!(begun.elapsed() < Duration::from_secs(200), "still {now}: {}", served.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn progress(transcript: &Value) -> f64 {
    transcript["progress"].as_f64().unwrap_or(0.0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_programs_recording_is_taken_up_soon_and_goes_on() {
    let mut served = served().await;
    let id = upload(&served, "long", long_call(6)).await;
    let before = progress(&until(&served, &id, |now| progress(now) > 0.1).await);
    served.kill();
    let killed = Instant::now();
    served.serve().await;
    let shown = transcript(&served, &id).await;
    assert!(progress(&shown) >= before, "what was heard is gone: {shown}");
    let after = until(&served, &id, |now| progress(now) > before || now["state"] == "done").await;
    assert!(killed.elapsed() < Duration::from_secs(20), "it was taken up after {:?}", killed.elapsed());
    assert!(progress(&after) > before || after["state"] == "done", "{after}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recording_that_ends_the_program_each_time_is_given_up_with_the_reason() {
    let mut served = served().await;
    let id = upload(&served, "deadly", long_call(20)).await;
    let database = served.folder().join("data/afterword.db");
    for _ in 0..5 {
        until(&served, &id, |now| now["state"] == "running").await;
        served.kill();
        // Its lease has run out.
        let mut conn = <sqlx::SqliteConnection as sqlx::Connection>::connect(database.to_str().unwrap()).await.unwrap();
        for sql in
            ["UPDATE jobs SET lease_until = 0 WHERE kind = 'transcription'", "UPDATE transcripts SET state = 'waiting'"]
        {
            sqlx::query(sql).execute(&mut conn).await.unwrap();
        }
        sqlx::Connection::close(conn).await.unwrap();
        served.serve().await;
    }
    let failed = until(&served, &id, |now| now["state"] != "waiting").await;
    let why = "the program ended 5 times while it worked on this recording";
    assert_eq!((failed["state"].as_str(), failed["reason"].as_str()), (Some("failed"), Some(why)));
}
