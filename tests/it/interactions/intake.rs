//! `PUT /api/v1/interactions/{source}/{external_id}` on both databases.

use crate::app::{TestApp, call_body};
use afterword::access::principal::Scope;
use serde_json::{Value, json};

async fn answer(response: reqwest::Response) -> (u16, Value) {
    let status = response.status().as_u16();
    (status, response.json().await.unwrap())
}

#[tokio::test]
async fn what_comes_twice_is_stored_once() {
    for app in TestApp::on_both(|_| {}).await {
        let key = app.key(Scope::Ingest).await;
        let (status, first) = answer(app.put(&key, "phone/1", &call_body("jerry@example.net")).await).await;
        assert_eq!(status, 201, "{first}");
        assert_eq!(first["phase"], "final");
        assert_eq!(first["survey"], json!({ "state": "waiting", "reason": null }));
        assert_eq!(first["recording"], json!({ "state": "absent" }));
        let (status, second) = answer(app.put(&key, "phone/1", &call_body("jerry@example.net")).await).await;
        assert_eq!((status, &second["id"]), (200, &first["id"]));
    }
}

#[tokio::test]
async fn known_values_stay_and_the_phase_never_goes_back() {
    for app in TestApp::on_both(|_| {}).await {
        let key = app.key(Scope::Admin).await;
        app.put(&key, "phone/1", &call_body("jerry@example.net")).await;
        let later = json!({ "phase": "ended", "wait_ms": null, "talk_ms": 290_000, "future_field": { "a": 1 } });
        let (status, second) = answer(app.put(&key, "phone/1", &later).await).await;
        assert_eq!((status, &second["phase"]), (200, &json!("final")));
        let url = format!("{}/api/v1/interactions/{}", app.url, second["id"].as_str().unwrap());
        let seen: Value = app.client.get(url).bearer_auth(&key).send().await.unwrap().json().await.unwrap();
        assert_eq!((&seen["wait_ms"], &seen["talk_ms"]), (&json!(31_000), &json!(290_000)));
        assert_eq!((&seen["channel"], &seen["agent"]["name"]), (&json!("call"), &json!("Sydney Carton")));
        let text = seen.to_string();
        assert!(!text.contains("jerry") && !text.contains("Jerry"), "the customer shows: {text}");
    }
}

#[tokio::test]
async fn words_of_other_systems_are_kept_as_other() {
    for app in TestApp::on_both(|_| {}).await {
        let key = app.key(Scope::Admin).await;
        let body = json!({ "channel": "carrier pigeon", "direction": "sideways", "outcome": "eaten" });
        let (_, made) = answer(app.put(&key, "phone/1", &body).await).await;
        let url = format!("{}/api/v1/interactions/{}", app.url, made["id"].as_str().unwrap());
        let seen: Value = app.client.get(url).bearer_auth(&key).send().await.unwrap().json().await.unwrap();
        assert_eq!(
            (&seen["channel"], &seen["direction"], &seen["outcome"]),
            (&json!("other"), &json!("other"), &json!("other"))
        );
    }
}

#[tokio::test]
async fn a_chat_grows_message_by_message() {
    for app in TestApp::on_both(|_| {}).await {
        let key = app.key(Scope::Admin).await;
        let hello = json!({ "at": "2026-05-04T09:12:31Z", "from": "customer", "text": "Hello, مرحبا 👋 <b>bold</b>" });
        let reply = json!({ "at": "2026-05-04T09:12:58Z", "from": "supervisor", "text": "Good morning" });
        app.put(&key, "chat/1", &json!({ "channel": "chat", "messages": [hello] })).await;
        let (_, made) = answer(app.put(&key, "chat/1", &json!({ "messages": [hello, reply] })).await).await;
        let url = format!("{}/api/v1/interactions/{}", app.url, made["id"].as_str().unwrap());
        let seen: Value = app.client.get(url).bearer_auth(&key).send().await.unwrap().json().await.unwrap();
        assert_eq!(seen["messages"].as_array().unwrap().len(), 2);
        assert_eq!(seen["messages"][0]["text"], "Hello, مرحبا 👋 <b>bold</b>");
        assert_eq!(seen["messages"][1]["from"], "other");
    }
}

#[tokio::test]
async fn what_is_no_json_object_is_refused_and_nothing_is_stored() {
    let app = TestApp::start().await;
    let key = app.key(Scope::Admin).await;
    for broken in ["{", "", "\u{0}", "{\"a\":1}}", "[[[[", "[1,2]", "7"] {
        let request = app.client.put(format!("{}/api/v1/interactions/phone/bad", app.url)).bearer_auth(&key);
        let response = request.body(broken).send().await.unwrap();
        assert_eq!(response.headers()["content-type"], "application/problem+json", "{broken}");
        let (got, problem) = answer(response).await;
        assert_eq!((got, &problem["code"], &problem["status"]), (400, &json!("malformed"), &json!(400)), "{broken}");
    }
    for (name, code) in [("phone/%20", "missing"), (&*format!("phone/{}", "x".repeat(201)), "too_long")] {
        let (got, problem) = answer(app.put(&key, name, &json!({})).await).await;
        assert_eq!((got, problem["code"].as_str()), (422, Some(code)), "{problem}");
    }
    let huge = "x".repeat(20 << 20);
    let (got, problem) =
        answer(app.put(&key, "phone/bad", &json!({ "messages": [{ "from": "customer", "text": huge }] })).await).await;
    assert_eq!((got, &problem["code"]), (413, &json!("body_too_large")));
    assert!(!app.app.interactions.any().await.unwrap());
}

#[tokio::test]
async fn keys_open_only_what_their_scope_says() {
    let app = TestApp::start().await;
    let body = call_body("jerry@example.net");
    let (ingest, read) = (app.key(Scope::Ingest).await, app.key(Scope::Read).await);
    let list = |key: String| app.client.get(format!("{}/api/v1/interactions", app.url)).bearer_auth(key).send();
    assert_eq!(app.put(&read, "phone/1", &body).await.status(), 403);
    assert_eq!(app.put("aw_wrong", "phone/1", &body).await.status(), 401);
    assert_eq!(list(ingest.clone()).await.unwrap().status(), 403);
    assert_eq!(app.put(&ingest, "phone/1", &body).await.status(), 201);
    assert_eq!(list(read).await.unwrap().status(), 200);
    let keys = app.app.staff.keys().await.unwrap();
    for key in keys {
        app.app.staff.revoke_key(&key.id, &afterword::effects::Actor::System).await.unwrap();
    }
    assert_eq!(app.put(&ingest, "phone/2", &body).await.status(), 401);
}

#[tokio::test]
async fn many_at_once_about_one_call_make_one_row() {
    for app in TestApp::on_both(|_| {}).await {
        let key = app.key(Scope::Ingest).await;
        let body = call_body("jerry@example.net");
        let puts = (0..40).map(|_| app.put(&key, "phone/same", &body));
        let answers = futures_util::future::join_all(puts).await;
        let made = answers.iter().filter(|a| a.status() == 201).count();
        assert_eq!((made, answers.iter().filter(|a| a.status().is_success()).count()), (1, 40));
        assert_eq!(app.app.directory.agents().await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn the_rated_agent_stays_once_the_survey_is_decided() {
    for app in TestApp::on_both(|_| {}).await {
        let id = app.call("1", "jerry@example.net").await;
        app.pass(std::time::Duration::from_secs(600)).await;
        let mut body = call_body("jerry@example.net");
        body["agent"] = json!({ "external_id": "99", "name": "Somebody Else" });
        app.interaction("1", &body).await;
        let all = afterword::access::principal::Visible::All;
        let seen = app.app.interactions.find(&all, &id).await.unwrap().unwrap();
        if seen.survey_state != afterword::interactions::SurveyState::Waiting {
            assert_eq!(seen.agent_name.as_deref(), Some("Sydney Carton"));
        }
    }
}
