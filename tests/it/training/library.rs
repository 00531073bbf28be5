//! Finding clips.

use super::{flagged, get_clip, supervisor};
use crate::app::{Session, TestApp};
use afterword::access::Role;
use afterword::access::principal::Scope;
use serde_json::Value;
use std::time::Duration;

async fn titles(session: &Session, query: &str) -> Vec<String> {
    let list: Value = session.get(&format!("/api/v1/clips?{query}")).await.json().await.unwrap();
    list["items"].as_array().unwrap().iter().map(|clip| clip["title"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn words_skills_and_transcript_are_searched_without_case_and_accents() {
    for app in TestApp::on_both(|_| {}).await {
        flagged(&app, "Déjà vu", "Same fault, new answer", "Patience").await;
        app.clock.advance(Duration::from_secs(60));
        flagged(&app, "100% sure_thing", "Knows the price list", "patience, Knowledge").await;
        let session = supervisor(&app, "Orders").await;
        assert_eq!(titles(&session, "").await, ["100% sure_thing", "Déjà vu"], "newest first");
        assert_eq!(titles(&session, "q=DEJA").await, ["Déjà vu"]);
        assert_eq!(titles(&session, "q=d%C3%A9j%C3%A0+answer").await, ["Déjà vu"], "every word, wherever it stands");
        assert_eq!(titles(&session, "q=deja+price").await, [""; 0]);
        assert_eq!(titles(&session, "q=new+one+TODAY").await.len(), 2, "what was said");
        assert_eq!(titles(&session, "q=0%25+e_t").await, ["100% sure_thing"], "signs of LIKE mean themselves");
        assert_eq!(titles(&session, "q=%25%25").await, [""; 0]);
        assert_eq!(titles(&session, "skill=Patience").await.len(), 2, "one spelling of a skill");
        assert_eq!(titles(&session, "skill=Knowledge").await, ["100% sure_thing"]);
        assert_eq!(titles(&session, "q='%3B+DROP+TABLE").await, [""; 0]);
        let page = session.page("/library?q=zzz").await;
        assert!(page.contains("Nothing found"));
        let page = session.page("/library?skill=Patience").await;
        assert!(page.contains("Patience (2)") && page.contains("Déjà vu"), "{page}");
    }
}

#[tokio::test]
async fn pages_neither_skip_nor_repeat() {
    let app = TestApp::start().await;
    for n in 0..5 {
        flagged(&app, &format!("Clip {n}"), "why", "").await;
    }
    let session = supervisor(&app, "Orders").await;
    let mut seen = Vec::new();
    let mut query = "limit=2".to_owned();
    loop {
        let page: Value = session.get(&format!("/api/v1/clips?{query}")).await.json().await.unwrap();
        seen.extend(page["items"].as_array().unwrap().iter().map(|clip| clip["title"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        query = format!("limit=2&cursor={next}");
    }
    seen.sort();
    assert_eq!(seen, ["Clip 0", "Clip 1", "Clip 2", "Clip 3", "Clip 4"]);
}

#[tokio::test]
async fn everybody_who_learns_sees_every_clip_and_hr_none() {
    for app in TestApp::on_both(|_| {}).await {
        let id = flagged(&app, "For all", "why", "").await;
        for (role, teams, agent) in [
            (Role::Admin, &[][..], None),
            (Role::Supervisor, &["Billing"][..], None),
            (Role::Agent, &[][..], Some("17")),
        ] {
            let session = app.sign_in(role, teams, agent).await;
            let (status, clip) = get_clip(&session, &id).await;
            assert_eq!(
                (status, clip["may_change"].as_bool(), clip["interaction"].is_null()),
                (200, Some(false), true),
                "{role:?}"
            );
            let page = session.page(&format!("/library/{id}")).await;
            assert!(!page.contains("Take it out") && !page.contains("/interactions/"), "{role:?}");
            assert_eq!(page.contains("finished this"), role == Role::Agent);
        }
        let hr = app.sign_in(Role::Hr, &[], None).await;
        for path in [
            "/library".to_owned(),
            format!("/library/{id}"),
            "/learn".to_owned(),
            "/api/v1/clips".to_owned(),
            format!("/api/v1/clips/{id}/audio"),
        ] {
            assert_eq!(hr.get(&path).await.status(), 403, "{path}");
        }
        let key = app.key(Scope::Read).await;
        let answer = app.client.get(format!("{}/api/v1/clips/{id}", app.url)).bearer_auth(&key).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let answer =
            app.client.put(format!("{}/api/v1/clips/{id}/completion", app.url)).bearer_auth(&key).send().await.unwrap();
        assert_eq!(answer.status(), 403, "a program learns nothing");
    }
}

#[tokio::test]
async fn texts_are_text() {
    let app = TestApp::start().await;
    let id =
        flagged(&app, "<img src=x onerror=alert(1)>", "</p><script>alert(2)</script>\nשלום 🙂", "<b>bold</b>").await;
    let agent = app.sign_in(Role::Agent, &[], Some("17")).await;
    for path in [
        "/library".to_owned(),
        format!("/library/{id}"),
        "/learn".to_owned(),
        "/library?q=%3Cscript%3E&skill=%3Cb%3Ebold%3C/b%3E".to_owned(),
    ] {
        let page = agent.page(&path).await;
        assert!(
            !page.contains("<img src=x") && !page.contains("<script>alert") && !page.contains("<b>bold"),
            "{path}: {page}"
        );
    }
    assert!(agent.page(&format!("/library/{id}")).await.contains("שלום 🙂"));
}

#[tokio::test]
async fn an_empty_library_says_what_will_be_there() {
    let app = TestApp::start().await;
    app.call("1", "jerry@example.net").await;
    let agent = app.sign_in(Role::Agent, &[], Some("17")).await;
    assert!(agent.page("/library").await.contains("The library is empty so far"));
    assert!(agent.page("/learn").await.contains("Nothing to learn from yet"));
    assert!(supervisor(&app, "Orders").await.page("/library").await.contains("Open conversations"));
    assert_eq!(agent.get("/library/nonsense").await.status(), 404);
    assert_eq!(agent.get("/library/3f2a9c10-7c1e-4a8b-9d55-2f6f6f1f9a01").await.status(), 404);
}
