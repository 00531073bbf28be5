//! `GET …/transcript`, and the same as files.

use super::short_call;
use crate::app::TestApp;
use afterword::access::Role;
use afterword::access::principal::Scope;
use reqwest::Method;
use serde_json::Value;

#[tokio::test]
async fn the_transcript_is_there_for_its_team_only() {
    for app in TestApp::on_both(|_| {}).await {
        let id = app.call("1", "jerry@example.net").await;
        let path = format!("/api/v1/interactions/{id}/transcript");
        let ours = app.sign_in(Role::Supervisor, &["Orders"], None).await;
        let others = app.sign_in(Role::Supervisor, &["Returns"], None).await;
        let get = async |session: &crate::app::Session, end: &str| {
            session.api(Method::GET, &format!("{path}{end}"), None).await
        };
        let none = get(&ours, "").await;
        assert_eq!(none.status(), 404);
        assert_eq!(none.json::<Value>().await.unwrap()["code"], "transcript_not_found");

        app.record("1", short_call(9)).await;
        let waiting: Value = get(&ours, "").await.json().await.unwrap();
        assert_eq!(
            (waiting["state"].as_str(), &waiting["segments"]),
            (Some("waiting"), &Value::from(Vec::<u8>::new()))
        );
        let early = get(&ours, ".vtt").await;
        assert_eq!(early.status(), 409);
        assert_eq!(early.json::<Value>().await.unwrap()["code"], "transcript_not_done");

        app.work().await;
        let done: Value = get(&ours, "").await.json().await.unwrap();
        assert_eq!((done["state"].as_str(), done["language"].as_str()), (Some("done"), Some("en")));
        assert_eq!(done["model"], "test-voices.en");
        assert!(done["progress"].is_null() && done["reason"].is_null(), "{done}");
        let segments = done["segments"].as_array().unwrap();
        assert!(!segments.is_empty());
        for segment in segments {
            assert!(matches!(segment["speaker"].as_str(), Some("agent" | "customer")), "{segment}");
            assert!(segment["start_ms"].as_u64() < segment["end_ms"].as_u64(), "{segment}");
            assert!(segment["confidence"].as_f64().is_some_and(|c| (0.0..=1.0).contains(&c)));
            for word in segment["words"].as_array().unwrap() {
                assert!(word["start_ms"].is_u64() && word["end_ms"].is_u64() && word["confidence"].is_f64());
                assert!(segment["text"].as_str().unwrap().contains(word["text"].as_str().unwrap()));
            }
        }
        for (end, media, begin) in [
            (".vtt", "text/vtt; charset=utf-8", "WEBVTT\n\n00:00:"),
            (".srt", "application/x-subrip; charset=utf-8", "1\n00:00:"),
            (".txt", "text/plain; charset=utf-8", "[00:0"),
        ] {
            let file = get(&ours, end).await;
            assert_eq!((file.status().as_u16(), file.headers()["content-type"].to_str().unwrap()), (200, media));
            let text = file.text().await.unwrap();
            assert!(text.starts_with(begin) && text.contains("Customer"), "{text}");
        }
        for end in ["", ".vtt", ".srt", ".txt"] {
            let hidden = get(&others, end).await;
            assert_eq!(hidden.status(), 404, "{end}");
            assert_eq!(hidden.json::<Value>().await.unwrap()["code"], "interaction_not_found");
            assert_eq!(app.get(&format!("{path}{end}")).await.status(), 401, "{end}");
        }
        let key = app.key(Scope::Read).await;
        let by_key = app.client.get(format!("{}{path}", app.url)).bearer_auth(key).send().await.unwrap();
        assert_eq!(by_key.status(), 200);
    }
}

#[tokio::test]
async fn ids_that_are_none_are_not_found() {
    let app = TestApp::start().await;
    let key = app.key(Scope::Read).await;
    for id in ["nonsense", "00000000-0000-4000-8000-000000000000"] {
        let url = format!("{}/api/v1/interactions/{id}/transcript", app.url);
        assert_eq!(app.client.get(url).bearer_auth(&key).send().await.unwrap().status(), 404, "{id}");
    }
}
