//! Measures of calls and chats, over the API, in lists, on pages.

mod lists;
mod pages;
mod real;

use crate::app::{Session, TestApp, call_body};
use crate::support::heard::{delete, heard, raw};
use afterword::access::Role;
use afterword::ids::InteractionId;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

/// Returns a chat of this agent that ended at `end` minutes: (seconds since ten o'clock, sender, text).
pub fn chat(agent: &str, end: u32, messages: &[(u32, &str, &str)]) -> Value {
    let at = |s: u32| format!("2026-11-20T10:{:02}:{:02}Z", s / 60, s % 60);
    let message = |(s, from, text): &(u32, &str, &str)| json!({ "at": at(*s), "from": from, "text": text });
    json!({
        "channel": "chat", "phase": "final", "outcome": "answered", "started_at": at(0), "ended_at": at(end * 60),
        "agent": { "external_id": agent, "name": "Lucie Manette" }, "team": "Billing", "queue": "Billing-EN", "tags": ["charged twice"],
        "messages": messages.iter().map(message).collect::<Vec<_>>()
    })
}

/// Both speak, one interrupts the other, and there are twenty seconds of silence.
pub const QUARREL: &[(i64, i64, &str, &str)] = &[
    (1_000, 9_000, "agent", "Good morning, this is Sydney, how can I help you today?"),
    (9_500, 16_000, "customer", "You charged me twice for the same printer, and I want my money back."),
    (15_000, 19_000, "agent", "What is your invoice number, please?"),
    (39_000, 41_000, "customer", "It is on the bill."),
];

async fn measures(session: &Session, id: &InteractionId) -> (u16, Value) {
    let answer = session.api(Method::GET, &format!("/api/v1/interactions/{id}/measures"), None).await;
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test]
async fn a_call_is_measured_when_its_transcript_is_there_and_again_when_it_changes() {
    for app in TestApp::on_both(|_| {}).await {
        let id = app.call("1", "jerry@example.net").await;
        let ours = app.sign_in(Role::Supervisor, &["Orders"], None).await;
        app.work().await;
        let (status, none) = measures(&ours, &id).await;
        assert_eq!((status, none["code"].as_str()), (404, Some("measures_not_found")));
        heard(&app, &id, QUARREL).await;
        let (_, m) = measures(&ours, &id).await;
        let call = &m["call"];
        assert_eq!(
            (call["dead_air"].as_array().unwrap().len(), call["dead_air_ms"].as_i64()),
            (1, Some(20_000)),
            "{m}"
        );
        assert_eq!(call["longest_silence"], json!({ "start_ms": 19_000, "end_ms": 39_000 }));
        assert_eq!(call["interruptions"][0]["by"], "agent", "{m}");
        assert_eq!((call["overlap_ms"].as_i64(), call["length_ms"].is_null()), (Some(1_000), true));
        let share: f64 = call["speakers"].as_array().unwrap().iter().map(|s| s["talk_share"].as_f64().unwrap()).sum();
        assert!((share - 1.0).abs() < 1e-9 && m["chat"].is_null());
        heard(&app, &id, &QUARREL[..2]).await;
        let (_, again) = measures(&ours, &id).await;
        assert_eq!(
            (again["call"]["dead_air_ms"].as_i64(), again["call"]["interruptions"].as_array().unwrap().len()),
            (Some(0), 0)
        );
        let others = app.sign_in(Role::Supervisor, &["Billing"], None).await;
        assert_eq!(measures(&others, &id).await.0, 404);
        delete(&app, &id).await;
        assert_eq!(measures(&ours, &id).await.0, 404);
    }
}

#[tokio::test]
async fn a_chat_is_measured_as_its_messages_come() {
    for app in TestApp::on_both(|_| {}).await {
        let asked = (0, "customer", "Can I have my money back?");
        let id = app.interaction("1", &chat("18", 20, &[asked])).await;
        let ours = app.sign_in(Role::Supervisor, &["Billing"], None).await;
        app.work().await;
        let (_, m) = measures(&ours, &id).await;
        assert_eq!(m["chat"]["longest_wait"], json!({ "message": 0, "ms": 1_200_000, "answered": false }), "{m}");
        assert!(m["chat"]["first_reply_ms"].is_null() && m["call"].is_null());
        let more = [
            asked,
            (400, "agent", "Are you still there?"),
            (420, "customer", "Yes."),
            (480, "agent", "It is on its way."),
            (490, "customer", "Thanks!"),
        ];
        app.interaction("1", &chat("18", 20, &more)).await;
        app.work().await;
        let (_, m) = measures(&ours, &id).await;
        assert_eq!((m["chat"]["first_reply_ms"].as_i64(), &m["chat"]["nags"]), (Some(480_000), &json!([1])), "{m}");
        assert_eq!(m["chat"]["messages"], json!({ "customer": 3, "agent": 2, "bot": 0, "system": 0, "other": 0 }));
    }
}

#[tokio::test]
async fn what_is_unknown_is_null() {
    let app = TestApp::start().await;
    let mut body = chat("18", 9, &[(0, "customer", "Hello?"), (60, "agent", "Good morning.")]);
    for message in body["messages"].as_array_mut().unwrap() {
        message.as_object_mut().unwrap().remove("at");
    }
    let id = app.interaction("1", &body).await;
    app.work().await;
    let admin = app.sign_in(Role::Admin, &[], None).await;
    let (_, m) = measures(&admin, &id).await;
    for unknown in ["first_reply_ms", "median_reply_ms", "longest_wait"] {
        assert!(m["chat"][unknown].is_null(), "{unknown}: {m}");
    }
    let mono = app.call("2", "").await;
    heard(&app, &mono, &[(0, 5_000, "unknown", "Hello, I lost my parcel.")]).await;
    let (_, m) = measures(&admin, &mono).await;
    assert!(m["call"]["interruptions"].is_null() && m["call"]["speakers"][0]["talk_share"].is_null(), "{m}");
}

#[tokio::test]
async fn what_was_never_measured_or_by_other_rules_is_caught_up() {
    for app in TestApp::on_both(|config| config.transcription.dead_air = "25s".parse().unwrap()).await {
        let id = app.call("1", "jerry@example.net").await;
        heard(&app, &id, QUARREL).await;
        let admin = app.sign_in(Role::Admin, &[], None).await;
        assert_eq!(measures(&admin, &id).await.1["call"]["dead_air_ms"], 0, "twenty seconds are not over 25");
        raw(&app, "DELETE FROM measures").await;
        raw(&app, "UPDATE search_state SET rules_version = 0").await;
        raw(&app, "DELETE FROM search_lines").await;
        app.pass(Duration::from_secs(3601)).await;
        assert_eq!(measures(&admin, &id).await.0, 200);
        let found: Value = admin.api(Method::GET, "/api/v1/search?q=invoice", None).await.json().await.unwrap();
        assert_eq!(found["items"].as_array().unwrap().len(), 1, "{found}");
        raw(&app, "UPDATE measures SET dead_air_after_ms = 1").await;
        app.pass(Duration::from_secs(3601)).await;
        assert_eq!(measures(&admin, &id).await.1["call"]["dead_air_after_ms"], 25_000);
    }
}

#[tokio::test]
async fn a_real_recording_is_measured_to_its_end() {
    let app = TestApp::start().await;
    let id = app.interaction("1", &call_body("jerry@example.net")).await;
    app.record("1", crate::transcription::short_call(30)).await;
    app.work().await;
    let admin = app.sign_in(Role::Admin, &[], None).await;
    let (status, m) = measures(&admin, &id).await;
    assert_eq!((status, m["call"]["length_ms"].as_i64()), (200, Some(30_000)), "{m}");
    let speakers: Vec<_> =
        m["call"]["speakers"].as_array().unwrap().iter().map(|s| s["speaker"].as_str().unwrap()).collect();
    assert_eq!(speakers, ["agent", "customer"]);
    assert!(m["call"]["speech_ms"].as_i64().unwrap() > 5_000);
}
