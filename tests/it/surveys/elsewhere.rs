//! External answers, and surveys through the API; on both databases.

use super::answering::count;
use super::{SETTLED, answer, ask, mails, state_of};
use crate::anonymity::ripen_and_release;
use crate::app::{TestApp, call_body};
use afterword::access::principal::Scope;
use reqwest::Response;
use serde_json::{Value, json};

async fn send(app: &TestApp, key: &str, idempotency: Option<&str>, body: &Value) -> Response {
    let request = app.client.post(format!("{}/api/v1/surveys/standard/responses", app.url)).bearer_auth(key);
    let request = match idempotency {
        Some(key) => request.header("Idempotency-Key", key),
        None => request,
    };
    request.json(body).send().await.unwrap()
}

fn linked(external_id: &str, score: i64) -> Value {
    json!({ "choice": "linked", "interaction": { "source": "phone", "external_id": external_id }, "answers": [{ "question": 1, "value": score }] })
}

fn apart(score: i64) -> Value {
    json!({ "choice": "apart", "agent": { "source": "phone", "external_id": "17" }, "answers": [{ "question": 1, "value": score }, { "question": 3, "text": "Quick" }] })
}

#[tokio::test]
async fn an_apart_answer_is_counted_once_and_joined_to_nothing() {
    for app in TestApp::on_both(|config| config.anonymity.k = 3).await {
        let key = app.key(Scope::Ingest).await;
        app.call("1", "jerry@example.net").await;
        let retry = uuid::Uuid::new_v4().to_string();
        for _ in 0..3 {
            assert_eq!(send(&app, &key, Some(&retry), &apart(4)).await.status(), 204);
        }
        assert_eq!((count(&app, "sealed_answers").await, count(&app, "spent_tokens").await), (2, 1));
        assert_eq!(count(&app, "responses").await + count(&app, "invitations").await, 0);
        for _ in 0..2 {
            assert_eq!(send(&app, &key, None, &apart(5)).await.status(), 204);
        }
        assert_eq!(count(&app, "spent_tokens").await, 3);
        // Long after it was counted a retry is still no second answer.
        for _ in 0..4 {
            app.pass(super::PASS).await;
        }
        assert_eq!(count(&app, "releases").await, 2);
        assert_eq!(send(&app, &key, Some(&retry), &apart(1)).await.status(), 204);
        assert_eq!((count(&app, "sealed_answers").await, count(&app, "spent_tokens").await), (0, 3));
        // No submitted value is stored in the database in plain text.
        assert_eq!(count(&app, "audit_log WHERE action LIKE 'response%'").await, 0);
    }
}

#[tokio::test]
async fn a_linked_answer_stands_beside_its_conversation_and_nobody_is_asked_again() {
    for app in TestApp::on_both(|_| {}).await {
        let key = app.key(Scope::Ingest).await;
        let id = app.call("1", "jerry@example.net").await;
        assert_eq!(send(&app, &key, None, &linked("1", 2)).await.status(), 204);
        assert_eq!(send(&app, &key, None, &linked("1", 3)).await.status(), 204, "it can be changed for a while");
        assert_eq!((count(&app, "responses WHERE score = 3").await, count(&app, "responses").await), (1, 1));
        assert_eq!(count(&app, "invitations WHERE token_hash IS NULL AND address_sealed IS NULL").await, 1);
        app.pass(SETTLED).await;
        assert_eq!(state_of(&app, &id).await, ("skipped".into(), Some("asked_recently".into())));
        assert_eq!(mails(&app).len(), 0);
        // Customers invited by mail answer there.
        ask(&app, "asked").await;
        let refused = send(&app, &key, None, &linked("asked", 5)).await;
        assert_eq!(refused.status(), 409);
        assert_eq!(refused.json::<Value>().await.unwrap()["code"], "already_asked");
        assert_eq!(count(&app, "responses").await, 1);
    }
}

/// A sender of external answers knows them, and must not fill with them the batch of a customer who answered a mail.
#[tokio::test]
async fn answers_from_elsewhere_are_counted_with_their_like_alone() {
    for app in TestApp::on_both(|config| config.anonymity.k = 3).await {
        let key = app.key(Scope::Ingest).await;
        for choice in ["apart", "linked"] {
            let asked = ask(&app, &format!("asked-{choice}")).await;
            answer(&app, &asked, &[("score", "1"), ("choice", choice)]).await;
            for n in 0..2 {
                let name = format!("{choice}-{n}");
                app.call(&name, &format!("{name}@example.net")).await;
                let sent = if choice == "apart" { apart(5) } else { linked(&name, 5) };
                assert_eq!(send(&app, &key, None, &sent).await.status(), 204);
            }
        }
        assert_eq!(ripen_and_release(&app).await, 0, "two of theirs, and one who must not be found by them");
        assert_eq!(send(&app, &key, None, &apart(5)).await.status(), 204);
        app.call("third", "third@example.net").await;
        assert_eq!(send(&app, &key, None, &linked("third", 5)).await.status(), 204);
        assert_eq!(ripen_and_release(&app).await, 3, "apart: rating and comment; linked: rating");
        assert_eq!(count(&app, "release_counts WHERE value = 1").await, 0);
        for kind in ["apart_elsewhere", "linked_elsewhere"] {
            let sql: &'static str = format!("releases WHERE kind = '{kind}' AND question = 'score' AND n = 3").leak();
            assert_eq!(count(&app, sql).await, 1, "{kind}");
        }
    }
}

/// No mail was sent, so nothing about the conversation changes when its survey expires.
#[tokio::test]
async fn that_somebody_answered_elsewhere_shows_to_nobody_later() {
    for app in TestApp::on_both(|_| {}).await {
        let key = app.key(Scope::Ingest).await;
        let mut body = call_body("jerry@example.net");
        body["customer"].as_object_mut().unwrap().remove("email");
        let id = app.interaction("1", &body).await;
        app.pass(SETTLED).await;
        let before = state_of(&app, &id).await;
        assert_eq!(before, ("skipped".into(), Some("no_address".into())));
        assert_eq!(send(&app, &key, None, &linked("1", 2)).await.status(), 204);
        for _ in 0..4 {
            app.pass(std::time::Duration::from_secs(30 * 86_400)).await;
        }
        assert_eq!(count(&app, "invitations WHERE state = 'closed'").await, 1);
        assert_eq!(state_of(&app, &id).await, before);
    }
}

#[tokio::test]
async fn everything_wrong_is_said_and_nothing_is_recorded() {
    let app = TestApp::start().await;
    let (key, read) = (app.key(Scope::Ingest).await, app.key(Scope::Read).await);
    app.call("1", "jerry@example.net").await;
    let mut both = apart(4);
    both["interaction"] = json!({ "source": "phone", "external_id": "1" });
    let mut odd = apart(9);
    odd["answers"].as_array_mut().unwrap().push(json!({ "question": 8, "value": 1 }));
    let mut nobody = apart(4);
    nobody["agent"]["external_id"] = json!("18");
    nobody["team"] = json!("Nowhere");
    for (body, problems) in [
        (
            both,
            json!(["An apart answer names no interaction: nothing may join it to one. Name the agent or the team."]),
        ),
        (odd, json!(["Question 1 has no answer 9.", "The survey has no question 8."])),
        (nobody, json!(["There is no such agent.", "There is no such team."])),
        (linked("2", 4), json!(["There is no such interaction; send it first."])),
        (
            json!({ "choice": "linked", "answers": [] }),
            json!(["A linked answer names its interaction.", "Question 1 must be answered."]),
        ),
    ] {
        let refused = send(&app, &key, None, &body).await;
        assert_eq!(
            (refused.status().as_u16(), refused.headers()["content-type"].to_str().unwrap()),
            (422, "application/problem+json"),
            "{body}"
        );
        let said: Value = refused.json().await.unwrap();
        assert_eq!((&said["code"], &said["problems"]), (&json!("invalid_response"), &problems), "{body}");
    }
    for derived in ["call-4711", "886313e1-3b8a-5372-9b90-0c9aee199e5d"] {
        assert_eq!(send(&app, &key, Some(derived), &apart(4)).await.status(), 422, "{derived}");
    }
    for (body, status) in [
        (json!({}), 400),
        (json!({ "choice": "public", "answers": [] }), 400),
        (json!({ "choice": "apart", "answers": [{ "question": -1 }] }), 400),
    ] {
        assert_eq!(send(&app, &key, None, &body).await.status(), status, "{body}");
    }
    assert_eq!(send(&app, &read, None, &apart(4)).await.status(), 403);
    let mut old = apart(4);
    old["version"] = json!(7);
    assert_eq!(send(&app, &key, None, &old).await.status(), 404);
    for table in ["responses", "sealed_answers", "spent_tokens", "invitations"] {
        assert_eq!(count(&app, table).await, 0, "{table}");
    }
}

#[tokio::test]
async fn surveys_are_read_and_published_through_the_api() {
    for app in TestApp::on_both(|_| {}).await {
        let (admin, read) = (app.key(Scope::Admin).await, app.key(Scope::Read).await);
        let get = async |path: &str| -> Value {
            let answer =
                app.client.get(format!("{}/api/v1/surveys{path}", app.url)).bearer_auth(&read).send().await.unwrap();
            assert_eq!(answer.status(), 200, "{path}");
            answer.json().await.unwrap()
        };
        assert_eq!(get("").await["items"][0]["id"], "standard");
        assert_eq!(get("/standard").await["version"], 1);
        let mut definition = get("/standard/versions").await["items"][0]["definition"].clone();
        let publish = async |definition: &Value| {
            let request = app.client.post(format!("{}/api/v1/surveys/standard/versions", app.url)).bearer_auth(&admin);
            request.json(&json!({ "definition": definition })).send().await.unwrap()
        };
        assert_eq!(publish(&definition).await.json::<Value>().await.unwrap()["code"], "unchanged");
        definition["texts"]["en"]["intro"] = json!("Two questions.");
        assert_eq!(publish(&definition).await.status(), 201);
        assert_eq!(get("/standard").await["version"], 2);
        definition["questions"][1]["kind"] = json!("nps");
        let said: Value = publish(&definition).await.json().await.unwrap();
        assert_eq!(said["code"], "invalid_survey");
        assert!(said["problems"].as_array().unwrap().len() > 1, "{said}");
        assert_eq!(publish(&json!({ "questions": "none" })).await.status(), 422);
        assert_eq!(get("/standard/versions").await["items"].as_array().unwrap().len(), 2);
        let asked = super::ask_about(&app, "1", &call_body("jerry@example.net")).await;
        assert!(app.get(&asked.page()).await.text().await.unwrap().contains("Two questions."));
    }
}
