//! Measures on the interaction's page and on the home page.

use super::{QUARREL, chat};
use crate::app::{TestApp, call_body};
use crate::support::heard::heard;
use crate::transcription::short_call;
use afterword::access::Role;

#[tokio::test]
async fn the_page_draws_a_call_and_says_its_figures() {
    let app = TestApp::start().await;
    let id = app.interaction("1", &call_body("jerry@example.net")).await;
    assert_eq!(app.record("1", short_call(1)).await.status(), 201);
    app.work().await;
    heard(&app, &id, QUARREL).await;
    let page = app.sign_in(Role::Supervisor, &["Orders"], None).await.page(&format!("/interactions/{id}")).await;
    assert!(page.contains("Silence of 20 seconds, at 0:19"), "the silence is a link with a name: {page}");
    // It links to the line that ends the silence, also without scripts.
    assert!(
        page.contains(r##"<a class="quiet" href="#t3-39000" data-moment="17500""##)
            && page.contains(r#"id="t3-39000""#)
    );
    assert!(page.contains("Agent interrupts the customer") && page.contains("1 long silence, 1 interruption"));
    assert!(page.contains("1 silence of over 8 seconds"));
    assert!(page.contains("the 0:51 on hold count as silence"), "{page}");
    assert!(!page.contains("style="), "the page's policy forbids it");
}

#[tokio::test]
async fn the_page_draws_a_chat_and_its_waits() {
    let app = TestApp::start().await;
    let messages =
        [(0, "customer", "Can I have it back?"), (480, "agent", "Are you still there?"), (500, "customer", "Yes!")];
    let id = app.interaction("1", &chat("18", 15, &messages)).await;
    app.work().await;
    let page = app.sign_in(Role::Supervisor, &["Billing"], None).await.page(&format!("/interactions/{id}")).await;
    assert!(page.contains("No reply for 15 minutes, to the end") && page.contains("A pressure message"), "{page}");
    assert!(page.contains("never answered") && page.contains("1 long wait, 1 pressure message"));
}

#[tokio::test]
async fn the_desk_says_why_something_is_worth_a_listen() {
    for app in TestApp::on_both(|_| {}).await {
        let quiet = app.call("1", "jerry@example.net").await;
        heard(&app, &quiet, &[(0, 2_000, "agent", "One moment."), (62_000, 63_000, "agent", "There it is.")]).await;
        app.call("2", "laura@example.net").await;
        app.interaction(
            "3",
            &chat("18", 20, &[(0, "customer", "Hello?"), (700, "agent", "I have not received a response.")]),
        )
        .await;
        app.work().await;
        let both = app.sign_in(Role::Supervisor, &["Orders", "Billing"], None).await.page("/").await;
        let worth = &both[both.find("Conversations to review").unwrap()..both.find("<h2>Newest").unwrap()];
        assert_eq!(worth.matches("row-link").count(), 2, "{worth}");
        assert!(worth.contains("Silence of 60 seconds"), "{worth}");
        assert!(worth.contains("The customer waits 20 minutes for a reply; a pressure message"), "{worth}");
        let one = app.sign_in(Role::Supervisor, &["Orders"], None).await.page("/").await;
        assert!(one.contains("Silence of") && !one.contains("pressure message"), "only one's own teams");
        app.clock.advance(std::time::Duration::from_secs(40 * 86_400));
        let later = app.sign_in(Role::Supervisor, &["Orders"], None).await.page("/").await;
        assert!(later.contains("Conversations to review appear here"), "what is long past is no work of today");
    }
}
