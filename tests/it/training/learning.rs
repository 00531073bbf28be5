//! Finishing clips, and progress.

use super::flagged;
use crate::app::TestApp;
use afterword::access::Role;
use reqwest::Method;
use serde_json::Value;
use std::time::Duration;

#[tokio::test]
async fn finishing_is_remembered_and_the_first_time_stays() {
    for app in TestApp::on_both(|_| {}).await {
        let first = flagged(&app, "First", "why", "").await;
        app.clock.advance(Duration::from_secs(60));
        flagged(&app, "Second", "why", "").await;
        let agent = app.sign_in(Role::Agent, &[], Some("17")).await;
        let page = agent.page("/learn").await;
        assert!(page.contains("0 of 2</b> finished") && !page.contains("<h2>Finished</h2>"), "{page}");
        assert!(page.find("Second") < page.find("First"), "the newest first");

        let path = format!("/api/v1/clips/{first}/completion");
        let once: Value = agent.api(Method::PUT, &path, None).await.json().await.unwrap();
        app.clock.advance(Duration::from_secs(60));
        let twice: Value = agent.api(Method::PUT, &path, None).await.json().await.unwrap();
        assert_eq!(once, twice);
        let page = agent.page("/learn").await;
        assert!(
            page.contains("1 of 2</b> finished")
                && page.contains("value=\"0.500\"")
                && page.contains("<h2>Finished</h2>"),
            "{page}"
        );
        assert!(agent.page(&format!("/library/{first}")).await.contains("You finished it"));
        assert!(agent.page("/library").await.contains("badge ok\">finished"));

        let other = app.sign_in(Role::Supervisor, &["Orders"], None).await;
        assert!(other.page("/learn").await.contains("0 of 2</b> finished"), "each has an own progress");

        let undo = agent.post(&format!("/library/{first}/completion"), &[("undo", "yes")]).await;
        assert_eq!(undo.headers()["location"], format!("/library/{first}?did=unfinished").as_str());
        assert!(agent.page("/learn").await.contains("0 of 2</b> finished"));
        let done = agent.post(&format!("/library/{first}/completion"), &[]).await;
        assert_eq!(done.headers()["location"], format!("/library/{first}?did=finished").as_str());
        assert!(agent.page(&format!("/library/{first}?did=finished")).await.contains("Marked as finished."));
        assert_eq!(agent.api(Method::DELETE, &path, None).await.status(), 204);
        assert_eq!(agent.api(Method::DELETE, &path, None).await.status(), 204, "twice is once");
    }
}

#[tokio::test]
async fn a_page_s_token_is_asked_for() {
    let app = TestApp::start().await;
    let id = flagged(&app, "Clip", "why", "").await;
    let agent = app.sign_in(Role::Agent, &[], Some("17")).await;
    let request = app.client.post(format!("{}/library/{id}/completion", app.url)).header("cookie", &agent.cookie);
    assert_eq!(request.form(&[("csrf", "wrong")]).send().await.unwrap().status(), 403);
    let request = app.client.put(format!("{}/api/v1/clips/{id}/completion", app.url)).header("cookie", &agent.cookie);
    assert_eq!(request.send().await.unwrap().status(), 403);
    assert_eq!(app.client.put(format!("{}/api/v1/clips/{id}/completion", app.url)).send().await.unwrap().status(), 401);
    assert_eq!(agent.post("/library/nonsense/completion", &[]).await.status(), 404);
}
