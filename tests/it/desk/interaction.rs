//! `/interactions/{id}`.

use super::{answer, chat_body, mails_go_out};
use crate::app::{Session, TestApp, demo_sound};
use afterword::access::Role;
use afterword::audit::Filter;
use afterword::paging::Cursor;

/// Returns the page without the parts that differ by session.
async fn page_of(session: &Session, path: &str) -> String {
    session.page(path).await.replace(&session.csrf, "")
}

#[tokio::test]
async fn a_linked_answer_stands_there_for_the_teams_supervisors_alone() {
    let app = TestApp::start().await;
    let path = format!("/interactions/{}", app.call("1", "jerry@example.net").await);
    mails_go_out(&app).await;
    let form =
        [("score", "4"), ("resolved", "yes"), ("comment", "She told me <i>what</i> happened."), ("choice", "linked")];
    answer(&app, "jerry@", &form).await;
    let supervisor = app.sign_in(Role::Supervisor, &["Orders"], None).await.page(&path).await;
    assert!(supervisor.contains("rating big r4") && supervisor.contains("Resolved"));
    assert!(supervisor.contains("She told me") && !supervisor.contains("<i>what"));
    assert!(!supervisor.contains("jerry") && !supervisor.contains("Jerry"), "nothing tells who it was");
    for (role, agent) in [(Role::Admin, None), (Role::Agent, Some("17"))] {
        let page = app.sign_in(role, &[], agent).await.page(&path).await;
        assert!(!page.contains("rating big") && !page.contains("She told me"), "{role:?}");
    }
    let looks = Filter { action: "response.viewed".into(), ..Filter::default() };
    assert_eq!(app.audit_lines(&looks).await, 1, "the supervisor's look is written down, and nobody else's is one");
    let unanswered = app.call("2", "john@example.net").await;
    app.sign_in(Role::Supervisor, &["Orders"], None).await.page(&format!("/interactions/{unanswered}")).await;
    assert_eq!(app.audit_lines(&looks).await, 2, "or the log would tell where there is an answer");
}

#[tokio::test]
async fn kept_apart_looks_like_never_answered() {
    let app = TestApp::start().await;
    let path = format!("/interactions/{}", app.call("1", "jerry@example.net").await);
    mails_go_out(&app).await;
    let supervisor = app.sign_in(Role::Supervisor, &["Orders"], None).await;
    let (page, list, desk) = (
        page_of(&supervisor, &path).await,
        page_of(&supervisor, "/interactions").await,
        page_of(&supervisor, "/").await,
    );
    answer(&app, "jerry@", &[("score", "1"), ("comment", "Never again."), ("choice", "apart")]).await;
    assert!(page.contains("No answer is linked to this recording"));
    assert_eq!(page_of(&supervisor, &path).await, page);
    assert_eq!(page_of(&supervisor, "/interactions").await, list);
    assert_eq!(page_of(&supervisor, "/").await, desk);
}

#[tokio::test]
async fn a_chat_shows_its_messages_and_its_long_wait() {
    let app = TestApp::start().await;
    let path = format!("/interactions/{}", app.interaction("1", &chat_body("jerry@example.net")).await);
    let page = app.sign_in(Role::Supervisor, &["Billing"], None).await.page(&path).await;
    assert!(page.contains("Chat with Lucie Manette") && page.contains("What was written"));
    assert!(page.contains("No message for 8 minutes") && page.contains("شكرا جزيلا 🙏"));
    assert!(!page.contains("<b>twice</b>"));
    assert!(page.contains(r#"id="flag""#) && !page.contains("data-player"), "it can be flagged, and has no sound");
    let looks = Filter { action: "transcript.viewed".into(), ..Filter::default() };
    assert_eq!(app.audit_lines(&looks).await, 1);
}

#[tokio::test]
async fn a_call_brings_player_waveform_and_the_state_of_its_transcript() {
    let app = TestApp::start_with(|config| config.transcription.model = "base.en".into()).await;
    let path = format!("/interactions/{}", app.call("1", "jerry@example.net").await);
    let supervisor = app.sign_in(Role::Supervisor, &["Orders"], None).await;
    let page = supervisor.page(&path).await;
    assert!(page.contains("No recording yet") && !page.contains(r#"id="flag""#));
    assert_eq!(app.record("1", demo_sound("call-good.ogg")).await.status(), 201);
    let page = supervisor.page(&path).await;
    assert!(
        page.contains("data-player") && page.contains("data-progress") && page.contains("waits for the speech model")
    );
    app.work().await;
    let page = supervisor.page(&path).await;
    assert!(page.contains("data-waveform") && page.contains(r#"data-channels="agent,customer""#));
    let agent = app.sign_in(Role::Agent, &[], Some("17")).await.page(&path).await;
    assert!(agent.contains("data-player") && !agent.contains(r#"id="flag""#), "agents flag nothing");
}

#[tokio::test]
async fn a_skipped_survey_says_why() {
    let app = TestApp::start().await;
    let path = format!("/interactions/{}", app.call("1", "").await);
    mails_go_out(&app).await;
    let page = app.sign_in(Role::Admin, &[], None).await.page(&path).await;
    assert!(page.contains("not surveyed") && page.contains("No e-mail address of the customer is known."), "{page}");
}

#[tokio::test]
async fn what_is_no_id_is_no_page() {
    let app = TestApp::start().await;
    let admin = app.sign_in(Role::Admin, &[], None).await;
    for id in ["7d8f6c1e-0000-4000-8000-000000000000", "x", "%3Cscript%3E", "..%2F..%2Fadmin"] {
        assert_eq!(admin.get(&format!("/interactions/{id}")).await.status(), 404, "{id}");
    }
}

impl TestApp {
    /// Returns the number of matching audit entries.
    async fn audit_lines(&self, filter: &Filter) -> usize {
        self.app.audit.lines(filter, &Cursor::start(), 100).await.unwrap().items.len()
    }
}
