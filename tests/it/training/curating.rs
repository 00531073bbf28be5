//! Changing, removing and restoring a clip.

use super::{flagged, get_clip, recorded_call, supervisor};
use crate::app::TestApp;
use afterword::access::Role;
use afterword::audit::Filter;
use afterword::ids::ClipId;
use afterword::paging::Cursor;
use reqwest::Method;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::Duration;

#[tokio::test]
async fn supervisors_of_the_team_change_and_others_do_not() {
    for app in TestApp::on_both(|_| {}).await {
        let id = flagged(&app, "Old title", "why", "Empathy").await;
        let own = supervisor(&app, "Orders").await;
        let form =
            [("title", "New title"), ("why", "New\r\nreason"), ("known", "Empathy"), ("known", "Calm"), ("skills", "")];
        let answer = own.post(&format!("/library/{id}"), &form).await;
        assert_eq!(answer.headers()["location"], format!("/library/{id}?did=changed").as_str());
        let (_, clip) = get_clip(&own, &id).await;
        assert_eq!(
            (&clip["title"], &clip["why"], &clip["skills"]),
            (&json!("New title"), &json!("New\nreason"), &json!(["Empathy", "Calm"]))
        );
        let answer = own.api(Method::PATCH, &format!("/api/v1/clips/{id}"), Some(&json!({ "skills": [] }))).await;
        let clip: Value = answer.json().await.unwrap();
        assert_eq!((&clip["title"], &clip["skills"]), (&json!("New title"), &json!([])));
        let answer = own.post(&format!("/library/{id}"), &[("title", ""), ("why", "kept <i>")]).await;
        assert_eq!(answer.status(), 422);
        let page = answer.text().await.unwrap();
        assert!(
            page.contains("flag-title-error")
                && page.contains("kept &#60;i&#62;")
                && page.contains("<details class=\"disclosure\" open>"),
            "{page}"
        );

        let other = supervisor(&app, "Billing").await;
        assert_eq!(other.post(&format!("/library/{id}"), &form).await.status(), 404);
        assert_eq!(other.post(&format!("/library/{id}/removal"), &[]).await.status(), 404);
        assert_eq!(other.api(Method::DELETE, &format!("/api/v1/clips/{id}"), None).await.status(), 404);
        let agent = app.sign_in(Role::Agent, &[], Some("17")).await;
        assert_eq!(agent.post(&format!("/library/{id}"), &form).await.status(), 403);
        assert_eq!(agent.api(Method::PATCH, &format!("/api/v1/clips/{id}"), Some(&json!({}))).await.status(), 403);
    }
}

#[tokio::test]
async fn what_is_taken_out_can_be_put_back_for_a_while() {
    for app in TestApp::on_both(|_| {}).await {
        let id = flagged(&app, "Gone and back", "why", "Calm").await;
        let own = supervisor(&app, "Orders").await;
        let agent = app.sign_in(Role::Agent, &[], Some("17")).await;
        let to = own.post(&format!("/library/{id}/removal"), &[]).await;
        assert_eq!(to.headers()["location"], format!("/library?removed={id}").as_str());
        assert!(own.page(&format!("/library?removed={id}")).await.contains("Put it back"));
        assert!(!agent.page(&format!("/library?removed={id}")).await.contains("Gone and back"));
        assert_eq!(agent.get(&format!("/library/{id}")).await.status(), 404);
        assert_eq!(agent.get(&format!("/api/v1/clips/{id}/audio")).await.status(), 404);
        assert!(own.page(&format!("/library/{id}")).await.contains("out of the library"));
        let list: Value = own.get("/api/v1/clips").await.json().await.unwrap();
        assert_eq!((list["items"].as_array().unwrap().len(), list["skills"].as_array().unwrap().len()), (0, 0));

        let back = own.post(&format!("/library/{id}/removal"), &[("undo", "yes")]).await;
        assert_eq!(back.headers()["location"], format!("/library/{id}?did=restored").as_str());
        assert!(agent.page(&format!("/library/{id}")).await.contains("Gone and back"));

        assert_eq!(own.api(Method::DELETE, &format!("/api/v1/clips/{id}"), None).await.status(), 204);
        assert_eq!(own.api(Method::DELETE, &format!("/api/v1/clips/{id}"), None).await.status(), 204, "twice is once");
        let clip: Value = own
            .api(Method::PATCH, &format!("/api/v1/clips/{id}"), Some(&json!({ "removed": false })))
            .await
            .json()
            .await
            .unwrap();
        assert_eq!(clip["removed_at"], Value::Null);
        let log = Filter { subject: format!("clip:{id}"), ..Filter::default() };
        let lines = app.app.audit.lines(&log, &Cursor::start(), 20).await.unwrap().items;
        let count = |action: &str| lines.iter().filter(|line| line.action == action).count();
        assert_eq!((count("clip.created"), count("clip.removed"), count("clip.restored")), (1, 2, 2));
    }
}

#[tokio::test]
async fn after_thirty_days_it_is_gone_its_sound_too() {
    for app in TestApp::on_both(|_| {}).await {
        let call = recorded_call(&app).await;
        super::transcribe(&app, &call, &[(12_050, 18_150, "agent", "I am very sorry to hear that.")]).await;
        let own = supervisor(&app, "Orders").await;
        let id = super::flag(&own, &call, &[("start", "0:12"), ("end", "0:14"), ("title", "t"), ("why", "w")]).await;
        app.work().await;
        let sound = the_sound(&app);
        own.post(&format!("/library/{id}/removal"), &[]).await;
        for day in 1..=32 {
            app.pass(Duration::from_secs(24 * 3600)).await;
            assert_eq!(sound.exists(), day <= 30, "day {day}");
        }
        // The session has expired as well.
        let own = supervisor(&app, "Orders").await;
        assert_eq!(own.get(&format!("/library/{id}")).await.status(), 404);
    }
}

/// Returns the sound file of the only clip.
fn the_sound(app: &TestApp) -> PathBuf {
    let folder = std::fs::read_dir(app.folder().join("recordings/clips")).unwrap();
    let files: Vec<PathBuf> = folder.map(|file| file.unwrap().path()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    files[0].clone()
}

#[tokio::test]
async fn clips_and_their_files_are_compared_both_ways() {
    for app in TestApp::on_both(|_| {}).await {
        let call = recorded_call(&app).await;
        super::transcribe(&app, &call, &[(12_050, 18_150, "agent", "I am very sorry to hear that.")]).await;
        let own = supervisor(&app, "Orders").await;
        let id = super::flag(&own, &call, &[("start", "0:12"), ("end", "0:14"), ("title", "t"), ("why", "w")]).await;
        app.work().await;
        let sound = the_sound(&app);
        let orphan = sound.with_file_name(format!("{}-{}.wav", ClipId::random(), ClipId::random()));
        let before = std::fs::read(&sound).unwrap();
        std::fs::rename(&sound, &orphan).unwrap();
        let written = std::fs::metadata(&orphan).unwrap().modified().unwrap();
        let file = std::fs::File::options().write(true).open(&orphan).unwrap();
        file.set_modified(written - Duration::from_secs(7 * 3600)).unwrap();
        assert_eq!(own.get(&format!("/api/v1/clips/{id}/audio")).await.status(), 404);
        app.pass(Duration::from_secs(24 * 3600)).await;
        assert!(!orphan.exists(), "no clip has this file");
        assert_eq!(std::fs::read(the_sound(&app)).unwrap(), before, "it is cut once more");
    }
}
