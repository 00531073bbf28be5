//! From a call or chat to a clip with its own text and sound.

use super::{chat, flag, get_clip, leave_untranscribed, recorded_call, supervisor, transcribe};
use crate::app::{TestApp, demo_sound};
use afterword::access::Role;
use afterword::audit::Filter;
use afterword::interactions;
use afterword::paging::Cursor;
use serde_json::{Value, json};
use std::time::Duration;

const FIELDS: [(&str, &str); 3] =
    [("title", "Owning the mistake"), ("why", "Says sorry, and what happens next."), ("skills", "Empathy, next step")];

fn span<'a>(start: &'a str, end: &'a str) -> Vec<(&'a str, &'a str)> {
    [("start", start), ("end", end)].into_iter().chain(FIELDS).collect()
}

#[tokio::test]
async fn a_call_s_span_gets_its_own_masked_words_and_sound() {
    for app in TestApp::on_both(|_| {}).await {
        let call = recorded_call(&app).await;
        transcribe(
            &app,
            &call,
            &[
                (500, 5_770, "agent", "My name is Alice."),
                (12_050, 18_150, "agent", "I am very sorry to hear that."),
                (21_630, 24_230, "customer", "Sure, it is four seven two nine one, emma@example.net."),
                (29_160, 32_040, "customer", "Twelve Park Street."),
            ],
        )
        .await;
        let supervisor = supervisor(&app, "Orders").await;
        let id = flag(&supervisor, &call, &span("0:12.0", "0:25")).await;
        let (_, clip) = get_clip(&supervisor, &id).await;
        assert_eq!(
            (&clip["sound"], &clip["length_ms"], &clip["channel"]),
            (&json!("cutting"), &json!(13_000), &json!("call"))
        );
        assert_eq!(clip["skills"], json!(["Empathy", "next step"]));
        assert_eq!(
            clip["lines"],
            json!([
                { "start_ms": 50, "end_ms": 6_150, "speaker": "agent", "text": "I am very sorry to hear that." },
                { "start_ms": 9_630, "end_ms": 12_230, "speaker": "customer", "text": "Sure, it is four seven two nine one, [e-mail]." },
            ])
        );
        assert!(supervisor.page(&format!("/library/{id}")).await.contains("The sound is being cut"));
        assert_eq!(supervisor.get(&format!("/api/v1/clips/{id}/audio")).await.status(), 404);

        app.work().await;
        let (_, clip) = get_clip(&supervisor, &id).await;
        assert_eq!((&clip["sound"], &clip["speakers"]), (&json!("ready"), &json!(["agent", "customer"])));
        let whole = supervisor.get(&format!("/api/v1/clips/{id}/audio")).await;
        assert_eq!((whole.status().as_u16(), whole.headers()["content-type"].to_str().unwrap()), (200, "audio/wav"));
        let whole = whole.bytes().await.unwrap();
        // 13 s of two channels of 16 bit at 8 kHz, and the header.
        assert!(whole.len().abs_diff(13 * 8_000 * 4 + 44) < 8_000, "{}", whole.len());
        let part = app.client.get(format!("{}/api/v1/clips/{id}/audio", app.url)).header("cookie", &supervisor.cookie);
        let part = part.header("range", "bytes=4-7").send().await.unwrap();
        assert_eq!((part.status().as_u16(), part.bytes().await.unwrap().as_ref()), (206, &whole[4..8]));
        let peaks: Value = supervisor.get(&format!("/api/v1/clips/{id}/peaks")).await.json().await.unwrap();
        assert_eq!(peaks["channels"].as_array().unwrap().len(), 2);
        let page = supervisor.page(&format!("/library/{id}")).await;
        assert!(page.contains("data-player") && page.contains("class=\"masked\">e-mail<"), "{page}");
    }
}

#[tokio::test]
async fn a_clip_follows_when_the_speakers_of_its_recording_are_swapped() {
    for app in TestApp::on_both(|_| {}).await {
        let call = recorded_call(&app).await;
        let said = [(12_050, 18_150, "agent", "I am very sorry to hear that."), (21_630, 24_230, "customer", "Sure.")];
        transcribe(&app, &call, &said).await;
        let supervisor = supervisor(&app, "Orders").await;
        let id = flag(&supervisor, &call, &span("0:12.0", "0:25")).await;
        app.work().await;
        let address = format!("/api/v1/interactions/{call}/recording/channels");
        let swapped = json!({ "channels": ["customer", "agent"] });
        let answer = supervisor.api(reqwest::Method::PUT, &address, Some(&swapped)).await;
        assert_eq!(answer.status(), 204);
        app.work().await;
        let (_, clip) = get_clip(&supervisor, &id).await;
        assert_eq!((&clip["sound"], &clip["speakers"]), (&json!("ready"), &json!(["customer", "agent"])));
        let speakers: Vec<_> = clip["lines"].as_array().unwrap().iter().map(|line| &line["speaker"]).collect();
        assert_eq!(speakers, ["customer", "agent"]);
    }
}

#[tokio::test]
async fn the_clip_lives_on_when_its_call_goes() {
    for app in TestApp::on_both(|_| {}).await {
        let call = recorded_call(&app).await;
        transcribe(&app, &call, &[(12_050, 18_150, "agent", "I am very sorry to hear that.")]).await;
        let supervisor = supervisor(&app, "Orders").await;
        let id = flag(&supervisor, &call, &span("0:12", "0:20")).await;
        app.work().await;
        let mut tx = app.app.db.begin().await.unwrap();
        let effects = interactions::delete(tx.conn(), &call, app.app.clock.now()).await.unwrap();
        effects.save(tx.conn(), app.app.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        app.work().await;
        let (status, clip) = get_clip(&supervisor, &id).await;
        assert_eq!((status, &clip["interaction"], &clip["sound"]), (200, &Value::Null, &json!("ready")));
        assert_eq!(clip["lines"][0]["text"], "I am very sorry to hear that.");
        assert_eq!(supervisor.get(&format!("/api/v1/clips/{id}/audio")).await.status(), 200);
        assert!(supervisor.page(&format!("/library/{id}")).await.contains("is deleted; the clip stays"));
    }
}

#[tokio::test]
async fn what_can_t_be_cut_any_more_says_why() {
    let app = TestApp::start().await;
    let call = recorded_call(&app).await;
    transcribe(&app, &call, &[(12_050, 18_150, "agent", "I am very sorry to hear that.")]).await;
    let supervisor = supervisor(&app, "Orders").await;
    let id = flag(&supervisor, &call, &span("0:12", "0:20")).await;
    assert!(app.record("1", demo_sound("call-bad.ogg")).await.status().is_success());
    leave_untranscribed(&app).await;
    app.work().await;
    let (_, clip) = get_clip(&supervisor, &id).await;
    assert_eq!(clip["sound"], "failed");
    assert!(clip["sound_problem"].as_str().unwrap().contains("another recording"), "{clip}");
    assert!(supervisor.page(&format!("/library/{id}")).await.contains("There is no sound."));
}

#[tokio::test]
async fn words_come_when_the_transcript_does() {
    for app in TestApp::on_both(|_| {}).await {
        let call = recorded_call(&app).await;
        let supervisor = supervisor(&app, "Orders").await;
        let id = flag(&supervisor, &call, &span("0:12", "0:20")).await;
        let (_, clip) = get_clip(&supervisor, &id).await;
        assert_eq!(clip["lines"], Value::Null);
        assert!(supervisor.page(&format!("/library/{id}")).await.contains("not transcribed yet"));
        transcribe(&app, &call, &[(12_050, 18_150, "agent", "Crystal clear words.")]).await;
        app.pass(Duration::from_secs(60)).await;
        let (_, clip) = get_clip(&supervisor, &id).await;
        assert_eq!(clip["lines"][0]["text"], "Crystal clear words.", "{clip}");
        let found: Value = supervisor.get("/api/v1/clips?q=crystal").await.json().await.unwrap();
        assert_eq!(found["items"].as_array().unwrap().len(), 1, "they are searched, too");
    }
}

#[tokio::test]
async fn a_chat_s_messages_are_masked() {
    for app in TestApp::on_both(|_| {}).await {
        let chat = chat(&app, "1", "Orders").await;
        let supervisor = supervisor(&app, "Orders").await;
        let id = flag(&supervisor, &chat, &span("0:10", "0:30")).await;
        let (_, clip) = get_clip(&supervisor, &id).await;
        assert_eq!(clip["sound"], "none");
        assert_eq!(
            clip["lines"],
            json!([
                { "start_ms": 0, "end_ms": 10_000, "speaker": "customer", "text": "Reach me at [e-mail] or [phone]" },
                { "start_ms": 10_000, "end_ms": 20_000, "speaker": "agent", "text": "I am sorry, [name]. I send a new one today." },
            ])
        );
        let page = supervisor.page(&format!("/library/{id}")).await;
        assert!(!page.contains("jerry@example.net") && !page.contains("data-player"));
    }
}

#[tokio::test]
async fn spans_that_can_t_be_are_refused_and_nothing_typed_is_lost() {
    let app = TestApp::start().await;
    let call = recorded_call(&app).await;
    let unrecorded = app.call("2", "jerry@example.net").await;
    let supervisor = supervisor(&app, "Orders").await;
    let path = format!("/interactions/{call}/clips");
    for (start, end) in [
        ("0:20", "0:12"),
        ("0:12", "0:12.5"),
        ("1:00", "2:00"),
        ("5:00", "5:10"),
        ("soon", "0:20"),
        ("", ""),
        ("-1", "0:20"),
        ("0:00", "99:00:00"),
    ] {
        let answer = supervisor.post(&path, &span(start, end)).await;
        assert_eq!(answer.status(), 422, "{start} {end}");
        let page = answer.text().await.unwrap();
        assert!(
            page.contains("Owning the mistake")
                && page.contains("Empathy, next step")
                && page.contains("flag-span-error"),
            "{page}"
        );
    }
    let many = (0..11).map(|n| format!("s{n}")).collect::<Vec<_>>().join(",");
    let long = "x".repeat(2001);
    for (title, why, skills, refused) in
        [("", "why", "", "title"), ("<b>t</b>", "", "", "why"), ("t", &long, "", "why"), ("t", "why", &many, "skills")]
    {
        let fields = [("start", "0:12"), ("end", "0:20"), ("title", title), ("why", why), ("skills", skills)];
        let answer = supervisor.post(&path, &fields).await;
        assert_eq!(answer.status(), 422);
        let page = answer.text().await.unwrap();
        assert!(page.contains(&format!("flag-{refused}-error")) && !page.contains("<b>t</b>"), "{page}");
    }
    let answer = supervisor.post(&format!("/interactions/{unrecorded}/clips"), &span("0:12", "0:20")).await;
    assert_eq!(answer.status(), 409);
    let body = json!({ "interaction": call, "start_ms": 70_000, "end_ms": 90_000, "title": "t", "why": "w" });
    let answer = supervisor.api(reqwest::Method::POST, "/api/v1/clips", Some(&body)).await;
    let problem: Value = answer.json().await.unwrap();
    assert_eq!((&problem["status"], &problem["code"]), (&json!(422), &json!("bad_span")));
    let list: Value = supervisor.get("/api/v1/clips").await.json().await.unwrap();
    assert!(list["items"].as_array().unwrap().is_empty(), "nothing was stored by any of these");
}

#[tokio::test]
async fn only_supervisors_of_the_team_flag() {
    for app in TestApp::on_both(|_| {}).await {
        let chat = chat(&app, "1", "Orders").await;
        let path = format!("/interactions/{chat}/clips");
        let body =
            json!({ "interaction": chat, "start_ms": 0, "end_ms": 5_000, "title": "t", "why": "w", "skills": [] });
        for (role, teams, agent, status) in [
            (Role::Supervisor, &["Billing"][..], None, 404),
            (Role::Agent, &[][..], Some("17"), 403),
            (Role::Hr, &[][..], None, 403),
            (Role::Admin, &[][..], None, 403),
            (Role::Supervisor, &["Billing", "Orders"][..], None, 201),
        ] {
            let session = app.sign_in(role, teams, agent).await;
            let form = session.post(&path, &span("0:00", "0:05")).await;
            let api = session.api(reqwest::Method::POST, "/api/v1/clips", Some(&body)).await;
            assert_eq!(api.status(), status, "{role:?}");
            assert_eq!(form.status(), if status == 201 { 303 } else { status }, "{role:?}");
        }
        let created = Filter { action: "clip.created".into(), ..Filter::default() };
        assert_eq!(app.app.audit.lines(&created, &Cursor::start(), 10).await.unwrap().items.len(), 2);
    }
}
