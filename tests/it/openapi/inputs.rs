//! Inputs that schemas forbid are rejected with a problem, on both databases; inputs that they allow are accepted.

use crate::app::TestApp;
use crate::surveys::{answer, ask};
use afterword::access::principal::Scope;
use reqwest::{Method, Response};
use serde_json::{Value, json};

/// Sends a request with a key of the scope admin; returns status and body.
async fn send(app: &TestApp, key: &str, method: Method, path: &str, body: Option<&str>) -> (u16, Value) {
    let request = app.client.request(method, format!("{}/api/v1/{path}", app.url)).bearer_auth(key);
    let request = match body {
        Some(body) => request.header("content-type", "application/json").body(body.to_owned()),
        None => request,
    };
    read(request.send().await.unwrap()).await
}

async fn read(answer: Response) -> (u16, Value) {
    (answer.status().as_u16(), answer.json().await.unwrap_or_default())
}

#[tokio::test]
async fn nul_characters_are_refused_wherever_they_stand() {
    for app in TestApp::on_both(|_| {}).await {
        let key = app.key(Scope::Admin).await;
        for (method, path, body) in [
            (Method::PUT, "interactions/a%00b/1", Some("{}")),
            (Method::GET, "audit?actor=%00", None),
            (Method::GET, "clips?q=a%00", None),
            (Method::GET, "search?q=a&queue=%00", None),
            (Method::GET, "surveys/%00", None),
            (Method::DELETE, "suppressions/%00", None),
            (Method::POST, "teams", Some(r#"{"name": "a\u0000"}"#)),
            (Method::POST, "agents", Some(r#"{"name": "a", "source": "\u0000", "external_id": "1"}"#)),
            (
                Method::POST,
                "webhooks",
                Some(r#"{"url": "https://a.example", "note": "\u0000", "events": ["release.made"]}"#),
            ),
        ] {
            let (status, problem) = send(&app, &key, method, path, body).await;
            assert_eq!(status, 400, "{path} {body:?}: {problem}");
            assert_eq!(problem["problems"], json!([]), "{path}");
        }
        let form = app.post("/sign-in", &[("email", "a\0b@example.com"), ("password", "0123456789")]).await;
        assert_eq!(form.status(), 400);
    }
}

#[tokio::test]
async fn a_customers_comment_with_a_nul_character_is_taken() {
    for app in TestApp::on_both(|_| {}).await {
        let asked = ask(&app, "nul").await;
        answer(&app, &asked, &[("score", "4"), ("comment", "thank\0you"), ("choice", "linked")]).await;
    }
}

#[tokio::test]
async fn members_that_are_not_known_may_hold_anything() {
    for app in TestApp::on_both(|_| {}).await {
        let key = app.key(Scope::Ingest).await;
        let body = r#"{"phase": "ended", "x\u0000": ["\u0000", {"y": "\ud83d\ude00\\u0000"}]}"#;
        let (status, answer) = send(&app, &key, Method::PUT, "interactions/phone/1", Some(body)).await;
        assert_eq!(status, 201, "{answer}");
    }
}

#[tokio::test]
async fn json_is_read_as_its_schema_says() {
    let app = TestApp::start().await;
    let key = app.key(Scope::Admin).await;
    let (status, answer) = send(&app, &key, Method::PUT, "interactions/phone/1", Some(r#"{"wait_ms": 31000.0}"#)).await;
    assert_eq!((status, &answer["warnings"]), (201, &json!([])), "31000.0 is an integer");
    for (path, body, detail) in [
        ("teams", r#"{"name": 5}"#, "name is a string."),
        ("agents", r#"{"source": "phone", "external_id": "1", "name": false}"#, "name is a string."),
        ("webhooks", r#"{"url": "https://a.example", "events": ["a", 1]}"#, "events.1 is a string."),
    ] {
        let (status, problem) = send(&app, &key, Method::POST, path, Some(body)).await;
        assert_eq!((status, &problem["detail"]), (400, &json!(detail)), "{body}");
    }
    let url = format!("{}/api/v1/teams", app.url);
    let (status, problem) = read(app.client.post(url).bearer_auth(&key).body("{}").send().await.unwrap()).await;
    assert_eq!((status, &problem["code"]), (415, &json!("unsupported_media_type")));
}

#[tokio::test]
async fn limits_and_times_out_of_range_are_refused() {
    let app = TestApp::start().await;
    let key = app.key(Scope::Admin).await;
    for path in ["interactions", "audit", "clips", "invitations", "suppressions"] {
        for (limit, code) in
            [("0", "bad_limit"), ("201", "bad_limit"), ("-1", "malformed"), ("4294967296", "malformed")]
        {
            let (status, problem) = send(&app, &key, Method::GET, &format!("{path}?limit={limit}"), None).await;
            assert_eq!((status, &problem["code"]), (400, &json!(code)), "{path} {limit}");
        }
        let (status, problem) = send(&app, &key, Method::GET, &format!("{path}?cursor=AAAA"), None).await;
        assert_eq!((status, &problem["code"]), (400, &json!("bad_cursor")), "{path}");
        assert_eq!(send(&app, &key, Method::GET, &format!("{path}?limit=200"), None).await.0, 200, "{path}");
    }
    for time in
        ["-000001-01-01T00:00:00Z", "0000-01-01T00:00:00+01:00", "10000-01-01T00:00:00Z", "2026-11-20T24:00:00Z"]
    {
        let body = json!({ "started_at": time }).to_string();
        let (_, answer) = send(&app, &key, Method::PUT, "interactions/phone/1", Some(&body)).await;
        assert_eq!(answer["warnings"][0]["code"], "invalid_time", "{time}");
        let (status, problem) = send(&app, &key, Method::GET, &format!("interactions?from={time}"), None).await;
        assert_eq!((status, &problem["code"]), (400, &json!("bad_filter")), "{time}");
    }
}
