//! Operation of the queue: viewed recordings have priority, unwanted ones are stopped, the backlog is reported.

use super::checkpoints::long_call;
use super::short_call;
use crate::app::{Session, TestApp, call_body, demo_sound};
use afterword::access::Role;
use afterword::access::principal::Scope;
use afterword::clock::SharedClock;
use afterword::config::Config;
use afterword::ids::InteractionId;
use afterword::jobs::{Runner, RunnerOptions};
use afterword::transcription::{State, Stored};
use reqwest::Method;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

async fn stored(app: &TestApp, id: &InteractionId) -> Stored {
    app.app.transcription.find(id).await.unwrap()
}

async fn until_running(app: &TestApp, id: &InteractionId) {
    let begun = Instant::now();
    while stored(app, id).await.state != State::Running {
        assert!(begun.elapsed() < Duration::from_secs(100), "it never began");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Returns a recorded call of a team.
async fn recorded(app: &TestApp, number: &str, team: &str, sound: Vec<u8>) -> InteractionId {
    let mut body = call_body("jerry@example.net");
    body["team"] = json!(team);
    body["agent"] = json!({ "external_id": format!("of {team}"), "name": "Sydney Carton" });
    let id = app.interaction(number, &body).await;
    assert_eq!(app.record(number, sound).await.status(), 201);
    id
}

async fn queue(admin: &Session) -> Value {
    let answer = admin.api(Method::GET, "/api/v1/transcription/queue", None).await;
    assert_eq!(answer.status(), 200);
    answer.json().await.unwrap()
}

#[tokio::test]
async fn opened_recording_is_transcribed_first() {
    for app in TestApp::on_both(|_| {}).await {
        let first = recorded(&app, "1", "Orders", short_call(3)).await;
        app.clock.advance(Duration::from_secs(1));
        let second = recorded(&app, "2", "Orders", short_call(3)).await;
        let admin = app.sign_in(Role::Admin, &[], None).await;
        let next = |queue: &Value| -> Vec<String> {
            let lines = queue["next"].as_array().unwrap();
            lines.iter().map(|line| line["interaction"].as_str().unwrap().to_owned()).collect()
        };
        let before = queue(&admin).await;
        assert_eq!(next(&before), [first.to_string(), second.to_string()]);
        assert_eq!((before["waiting"].as_i64(), before["waiting_ms"].as_i64()), (Some(2), Some(6_000)));
        assert!(before.get("speed").is_none_or(Value::is_null), "nothing was made yet: {before}");
        let supervisor = app.sign_in(Role::Supervisor, &["Orders"], None).await;
        assert!(supervisor.page(&format!("/interactions/{second}")).await.contains("first because you opened it"));
        let after = queue(&admin).await;
        assert_eq!(next(&after), [second.to_string(), first.to_string()]);
        assert_eq!(
            (after["next"][0]["urgent"].as_bool(), after["next"][1]["urgent"].as_bool()),
            (Some(true), Some(false))
        );
        assert!(admin.page("/admin/transcription").await.contains("goes first"));

        app.work().await;
        let done = queue(&admin).await;
        assert_eq!((done["waiting"].as_i64(), next(&done).len()), (Some(0), 0));
        assert!(done["speed"].as_f64().is_some_and(|speed| speed > 0.0), "{done}");
        let metrics = app.metrics().await;
        for name in ["transcription_waiting 0", "transcription_running 0", "transcription_speed_ratio "] {
            assert!(metrics.contains(name), "{name} is not in the metrics");
        }
    }
}

#[tokio::test]
async fn a_running_transcription_is_stopped_and_begun_anew() {
    for app in TestApp::on_both(|config| config.transcription.threads = 1).await {
        let id = recorded(&app, "1", "Orders", demo_sound("call-good.flac")).await;
        let supervisor = app.sign_in(Role::Supervisor, &["Orders"], None).await;
        let (path, page) = (format!("/interactions/{id}/transcription"), format!("/interactions/{id}"));
        let stopped = async {
            until_running(&app, &id).await;
            let answer = supervisor.post(&path, &[("act", "stop")]).await;
            assert_eq!(
                (answer.status().as_u16(), answer.headers()["location"].to_str().unwrap()),
                (303, &*format!("{page}?did=stopped"))
            );
        };
        tokio::join!(app.work(), stopped);
        app.work().await;
        let now = stored(&app, &id).await;
        assert_eq!((now.state, now.segments.len()), (State::Cancelled, 0));
        assert!(supervisor.page(&page).await.contains("Stopped by Some Supervisor"));
        // There is nothing to stop any more, and the request does no harm.
        assert_eq!(supervisor.post(&path, &[("act", "stop")]).await.status(), 409);
        assert_eq!(supervisor.post(&path, &[("act", "begin")]).await.status(), 303);
        app.work().await;
        assert_eq!(stored(&app, &id).await.state, State::Done);
        assert_eq!(supervisor.post(&path, &[("act", "begin")]).await.status(), 409, "it is done");
    }
}

#[tokio::test]
async fn one_that_waits_is_stopped_too_and_a_new_recording_is_heard_all_the_same() {
    for app in TestApp::on_both(|_| {}).await {
        let id = recorded(&app, "1", "Orders", short_call(3)).await;
        let key = app.key(Scope::Admin).await;
        let work = format!("{}/api/v1/interactions/{id}/transcript/work", app.url);
        let stop = || app.client.delete(&work).bearer_auth(&key).send();
        assert_eq!(stop().await.unwrap().status(), 204);
        let again = stop().await.unwrap();
        assert_eq!(again.status(), 409);
        assert_eq!(again.json::<Value>().await.unwrap()["code"], "transcription_not_under_way");
        app.work().await;
        assert_eq!(stored(&app, &id).await.state, State::Cancelled);
        assert_eq!(app.record("1", short_call(9)).await.status(), 201);
        app.work().await;
        assert_eq!(stored(&app, &id).await.state, State::Done);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn six_short_recordings_do_not_wait_for_two_long_ones() {
    let short = |config: &mut Config| {
        config.transcription.threads = 1;
        config.transcription.short = "30s".parse().unwrap();
    };
    for app in TestApp::on_both(short).await {
        let mut long = Vec::new();
        for number in ["long-1", "long-2"] {
            long.push(recorded(&app, number, "Orders", long_call(20)).await);
        }
        let stop = CancellationToken::new();
        let clock: SharedClock = Arc::clone(&app.app.clock);
        let node = Runner::new(app.app.db.clone(), clock, app.app.jobs(), RunnerOptions::default(), stop.clone());
        let running = tokio::spawn(Arc::new(node).run());
        until(&app, &long, State::Running, 1).await;
        let mut short = Vec::new();
        for number in 1..=6 {
            short.push(recorded(&app, &number.to_string(), "Orders", short_call(9)).await);
        }
        let admin = app.sign_in(Role::Admin, &[], None).await;
        let page = admin.page("/admin/transcription").await;
        assert!(page.contains("up to 30 seconds") && page.contains("its turn"), "the page does not say who waits");
        until(&app, &short, State::Done, 6).await;
        assert_eq!(in_state(&app, &long, State::Done).await, 0, "the short ones waited for a long one");
        assert_eq!(in_state(&app, &long, State::Running).await, 1, "a long one took the place of short ones");
        stop.cancel();
        running.await.unwrap();
    }
}

/// Returns how many of these are in a state.
async fn in_state(app: &TestApp, ids: &[InteractionId], wanted: State) -> usize {
    let states = app.app.transcription.states(ids).await.unwrap();
    states.iter().filter(|(_, state)| *state == wanted).count()
}

/// Waits until that many of these are in a state.
async fn until(app: &TestApp, ids: &[InteractionId], wanted: State, how_many: usize) {
    let begun = Instant::now();
    while in_state(app, ids, wanted).await < how_many {
        assert!(begun.elapsed() < Duration::from_secs(100), "fewer than {how_many} are {wanted:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn only_the_own_teams_supervisor_stops_it() {
    let app = TestApp::start().await;
    let id = recorded(&app, "1", "Orders", short_call(3)).await;
    let path = format!("/interactions/{id}/transcription");
    let agent = app.sign_in(Role::Agent, &[], Some("of Orders")).await;
    let other = app.sign_in(Role::Supervisor, &["Returns"], None).await;
    let hr = app.sign_in(Role::Hr, &[], None).await;
    for (who, status) in [(&agent, 403), (&other, 404), (&hr, 403)] {
        assert_eq!(who.post(&path, &[("act", "stop")]).await.status(), status);
        assert_eq!(who.get(&format!("/interactions/{id}/alternative")).await.status(), status);
        assert_eq!(who.get(&format!("/interactions/{id}/transcript/0")).await.status(), status);
    }
    app.work().await;
    let done = stored(&app, &id).await;
    assert_eq!(done.state, State::Done);
    // In the API, too, it does not exist for the other team, and can't be changed by it.
    let base = format!("/api/v1/interactions/{id}");
    for (method, path, body) in [
        (Method::PUT, "/transcript/segments/0", Some(json!({ "text": "Not theirs" }))),
        (Method::DELETE, "/transcript/segments/0", None),
        (Method::GET, "/transcript/corrections", None),
        (Method::PUT, "/transcript/alternative", Some(json!({ "model": "test-voices.en" }))),
        (Method::GET, "/transcript/alternative", None),
        (Method::DELETE, "/transcript/alternative", None),
        (Method::PUT, "/transcript/choice", Some(json!({ "alternative": "x" }))),
        (Method::DELETE, "/transcript/work", None),
        (Method::PUT, "/transcript/work", None),
        (Method::GET, "/transcript?words=original", None),
        (Method::GET, "/recording?as=wav", None),
        (Method::GET, "/measures", None),
    ] {
        let answer = other.api(method.clone(), &format!("{base}{path}"), body.as_ref()).await;
        assert_eq!(answer.status(), 404, "{method} {path}");
        // The agent sees the call, but may neither correct it nor see the unmasked text.
        let own = agent.api(method.clone(), &format!("{base}{path}"), body.as_ref()).await.status();
        let sees = matches!(path, "/transcript/corrections" | "/recording?as=wav" | "/measures");
        assert_eq!(own, if sees { 200 } else { 403 }, "{method} {path}");
    }
    assert_eq!(stored(&app, &id).await, done);
}
