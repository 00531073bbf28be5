//! `/` by role.

use super::{answer, chat_body, mails_go_out};
use crate::app::TestApp;
use afterword::access::Role;
use afterword::audit::Filter;
use afterword::paging::Cursor;

fn done(page: &str) -> usize {
    page.matches(r#"<li class="done">"#).count()
}

#[tokio::test]
async fn first_steps_are_ticked_by_what_is_there() {
    let app = TestApp::start().await;
    let admin = app.sign_in(Role::Admin, &[], None).await;
    let page = admin.page("/").await;
    assert_eq!(done(&page), 1, "the account alone");
    assert!(page.contains("Six steps") && page.contains(r#"<li class="now">"#));
    assert!(page.contains(&format!("curl -X PUT {}/api/v1/interactions/phone/first-1", app.url)), "a line that works");
    assert!(page.contains("admin-") && page.contains("@northwind.example"), "the survey comes to whoever tries");
    app.team("Orders").await;
    assert_eq!(done(&admin.page("/").await), 2);
    app.call("1", "jerry@example.net").await;
    let page = admin.page("/").await;
    assert_eq!(done(&page), 5, "the call has brought an agent, and the key is there");
    assert!(page.contains("Nothing needs you") && page.contains("Lost parcel"));
    mails_go_out(&app).await;
    let page = admin.page("/").await;
    assert!(!page.contains("First steps") && done(&page) == 0, "all are done");
}

#[tokio::test]
async fn an_answer_changes_nothing_on_an_administrators_desk() {
    let app = TestApp::start().await;
    let admin = app.sign_in(Role::Admin, &[], None).await;
    app.call("1", "jerry@example.net").await;
    mails_go_out(&app).await;
    let before = admin.page("/").await;
    for choice in ["linked", "apart"] {
        answer(&app, "jerry@example.net", &[("score", "1"), ("choice", choice)]).await;
        assert_eq!(admin.page("/").await, before, "{choice}");
    }
}

#[tokio::test]
async fn what_is_worth_a_listen_says_why_and_is_for_the_teams_supervisors() {
    let app = TestApp::start().await;
    for (n, score, choice) in [(1, "5", "linked"), (2, "1", "linked"), (3, "3", "linked"), (4, "1", "apart")] {
        app.call(&n.to_string(), &format!("c{n}@example.net")).await;
        mails_go_out(&app).await;
        answer(&app, &format!("c{n}@"), &[("score", score), ("choice", choice)]).await;
    }
    let page = app.sign_in(Role::Supervisor, &["Orders"], None).await.page("/").await;
    let looks = Filter { action: "responses.listed".into(), ..Filter::default() };
    let looks = app.app.audit.lines(&looks, &Cursor::start(), 10).await.unwrap();
    assert_eq!(looks.items.len(), 1, "the look is written down, once");
    let worth = &page[page.find("Conversations to review").unwrap()..page.find(r#"<h2>Newest"#).unwrap()];
    assert_eq!(worth.matches("row-link").count(), 2, "{worth}");
    assert!(worth.contains("A very good rating") && worth.contains("A very poor rating"));
    let other = app.sign_in(Role::Supervisor, &["Billing"], None).await.page("/").await;
    assert!(!other.contains("row-link") && other.contains("Conversations to review appear here"));
    let agent = app.sign_in(Role::Agent, &[], Some("17")).await.page("/").await;
    assert!(agent.contains("row-link") && !agent.contains("class=\"rating"), "own calls, and no single rating");
    assert!(agent.contains("Waiting for more answers"));
}

#[tokio::test]
async fn an_empty_desk_says_what_will_be_there() {
    let app = TestApp::start().await;
    let says = [
        (Role::Supervisor, "Your teams’ conversations will be here"),
        (Role::Agent, "Your calls and chats will be here"),
        (Role::Hr, "What HR never sees"),
    ];
    for (role, words) in says {
        assert!(app.sign_in(role, &[], None).await.page("/").await.contains(words), "{role:?}");
    }
}

#[tokio::test]
async fn new_agent_home_shows_clips_to_learn() {
    let app = TestApp::start().await;
    let new = app.sign_in(Role::Agent, &[], None).await;
    assert_eq!(new.get("/").await.status(), 200, "nothing to learn yet");
    let chat = app.interaction("1", &chat_body("jerry@example.net")).await;
    let supervisor = app.sign_in(Role::Supervisor, &["Billing"], None).await;
    let form = [("start", "0:00.0"), ("end", "8:31.0"), ("title", "Paid back"), ("why", "Says sorry."), ("skills", "")];
    let flagged = supervisor.post(&format!("/interactions/{chat}/clips"), &form).await;
    assert_eq!(flagged.status(), 303, "{}", flagged.text().await.unwrap());
    let led = new.get("/").await;
    assert_eq!((led.status().as_u16(), led.headers()["location"].to_str().unwrap()), (303, "/learn"));
    let old = app.sign_in(Role::Agent, &[], Some("18")).await;
    assert!(old.page("/").await.contains("Paid back"), "it is new to those who work already, too");
}
