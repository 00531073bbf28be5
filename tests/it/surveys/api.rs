//! The endpoints of invitations and suppressions.

use super::{SETTLED, ask, state_of};
use crate::app::TestApp;
use afterword::access::principal::Scope;
use reqwest::Method;
use serde_json::{Value, json};

async fn call(app: &TestApp, key: &str, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
    let request = app.client.request(method, format!("{}/api/v1{path}", app.url)).bearer_auth(key);
    let request = match body {
        Some(body) => request.json(&body),
        None => request,
    };
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap_or(Value::Null))
}

#[tokio::test]
async fn a_suppressed_address_is_not_asked_until_it_is_taken_off_the_list() {
    for app in TestApp::on_both(|_| {}).await {
        let key = app.key(Scope::Admin).await;
        let body = json!({ "address": " Jerry@Example.net" });
        let (status, entry) = call(&app, &key, Method::POST, "/suppressions", Some(body.clone())).await;
        assert_eq!((status, entry["reason"].as_str()), (201, Some("added")));
        assert_eq!(call(&app, &key, Method::POST, "/suppressions", Some(body)).await.0, 200);
        let bounced = json!({ "address": "gone@example.net", "reason": "bounced" });
        assert_eq!(call(&app, &key, Method::POST, "/suppressions", Some(bounced)).await.0, 201);
        let (_, all) = call(&app, &key, Method::GET, "/suppressions?limit=1", None).await;
        assert_eq!(all["items"].as_array().unwrap().len(), 1);
        let next = format!("/suppressions?limit=1&cursor={}", all["next"].as_str().unwrap());
        let (_, rest) = call(&app, &key, Method::GET, &next, None).await;
        assert_eq!(rest["items"].as_array().unwrap().len(), 1);
        assert!(rest["next"].is_null());
        assert!(!format!("{all}{rest}").contains("example"));
        let (_, one) = call(&app, &key, Method::GET, "/suppressions?address=jerry%40example.net", None).await;
        assert_eq!(one["items"], json!([entry]));

        let first = app.call("1", "jerry@example.net").await;
        let second = app.call("2", "gone@example.net").await;
        app.pass(SETTLED).await;
        assert_eq!(state_of(&app, &first).await.1.as_deref(), Some("added"));
        assert_eq!(state_of(&app, &second).await.1.as_deref(), Some("bounced"));
        let path = format!("/suppressions/{}", entry["id"].as_str().unwrap());
        assert_eq!(call(&app, &key, Method::DELETE, &path, None).await.0, 204);
        assert_eq!(call(&app, &key, Method::DELETE, &path, None).await.0, 404);
        ask(&app, "jerry").await;
    }
}

#[tokio::test]
async fn what_is_no_address_or_no_reason_is_refused() {
    let app = TestApp::start().await;
    let key = app.key(Scope::Admin).await;
    for (body, status) in [
        (json!({ "address": "jerry" }), 422),
        (json!({ "address": "a@b" }), 422),
        (json!({ "address": "jerry@example.net", "reason": "mood" }), 400),
        (json!({}), 400),
    ] {
        let (got, problem) = call(&app, &key, Method::POST, "/suppressions", Some(body.clone())).await;
        assert_eq!(got, status, "{body}");
        assert!(problem["code"].is_string());
    }
    let ingest = app.key(Scope::Ingest).await;
    assert_eq!(call(&app, &ingest, Method::GET, "/suppressions", None).await.0, 403);
    assert_eq!(call(&app, &key, Method::GET, "/suppressions?cursor=nonsense", None).await.0, 400);
    assert_eq!(call(&app, &key, Method::GET, "/invitations?state=answered", None).await.0, 400);
}

#[tokio::test]
async fn invitations_tell_states_and_reasons_and_no_secret() {
    let app = TestApp::start().await;
    let key = app.key(Scope::Read).await;
    let asked = ask(&app, "jerry").await;
    let mut missed = crate::app::call_body("other@example.net");
    missed["outcome"] = "missed".into();
    app.interaction("missed", &missed).await;
    app.pass(SETTLED).await;
    let before = call(&app, &key, Method::GET, "/invitations", None).await;
    let items = before.1["items"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    let skipped = items.iter().find(|item| item["external_id"] == "missed").unwrap();
    assert_eq!((skipped["state"].as_str(), skipped["reason"].as_str()), (Some("skipped"), Some("not_answered")));
    assert!(skipped["explanation"].as_str().unwrap().ends_with('.'));
    assert!(!before.1.to_string().contains(&asked.token) && !before.1.to_string().contains("example.net"));
    let (_, only) = call(&app, &key, Method::GET, "/invitations?state=sent", None).await;
    assert_eq!(only["items"].as_array().unwrap().len(), 1);
    // An answer changes nothing of it.
    super::answer(&app, &asked, &[("score", "1"), ("choice", "linked")]).await;
    assert_eq!(call(&app, &key, Method::GET, "/invitations", None).await, before);
}
